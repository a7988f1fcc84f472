"""Errors that a user can correct: wrong input, and a part of the package that is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Input that cannot be used; the message says what to do about it.

    Parameters
    ----------
    expected : str
        What would have been accepted.
    got : str
        What came instead.
    todo : str
        What the user can do now, a full sentence.
    """

    def __init__(self, expected: str, got: str, todo: str) -> None:
        super().__init__(f"Expected {expected}; got {got}. {todo}")

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _said, (str(self),)  # a worker process hands it over by its text


def _said(text: str) -> InputError:
    error = InputError.__new__(InputError)
    error.args = (text,)
    return error


class MissingExtra(InputError):
    """Something that needs packages which the light installation does not bring.

    Parameters
    ----------
    what : str
        What needs them.
    extra : str
        Name of the optional dependencies in ``pyproject.toml``.
    package : str
        The package that is missing.
    """

    def __init__(self, what: str, extra: str, package: str) -> None:
        ValueError.__init__(
            self,
            f"{what[0].upper()}{what[1:]} needs {package}, which is not installed: "
            f"pip install 'lctem-core[{extra}]'",
        )


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Turn a failing import of another package into one line that says what to install.

    Parameters
    ----------
    extra : str
        Name of the optional dependencies that bring the package.
    what : str
        What needs them, such as ``training``.

    Raises
    ------
    MissingExtra
        If a package cannot be found.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if not package or package == "lctem_core":
            raise
        raise MissingExtra(what, extra, package) from error
