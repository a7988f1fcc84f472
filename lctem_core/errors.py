"""The one error for input that a user can correct."""

from __future__ import annotations


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
