"""Records: what was measured beforehand, kept with the code and the arguments that gave it.

A record is a JSON file that one command writes and a page reads. It holds a hash of the code that
the measure ran. When that code has changed, the record may not be what the present code gives, and
whoever shows it can say so.
"""

from __future__ import annotations

import importlib
import inspect
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lctem_core.errors import InputError
from lctem_core.files import PACKAGE, replacing, source_hash, sources
from lctem_core.provenance import provenance


@dataclass(frozen=True)
class Measure:
    """A function of the core whose result is worth recording.

    Attributes
    ----------
    function : callable
        A module's own function, of arguments and result that JSON can hold.
    arguments : dict
        What it is called with.
    reads : tuple of str
        Text files below the package that it reads besides code, such as the card of weights.
    """

    function: Callable[..., Any]
    arguments: dict[str, Any]
    reads: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """Hash of the code that it runs, and of the files that it reads."""
        file = Path(inspect.getfile(self.function)).resolve()
        return source_hash(sources(file) | {file} | {PACKAGE / name for name in self.reads})


@dataclass(frozen=True)
class Record:
    """A recorded measure.

    Attributes
    ----------
    found : object
        What the function returned, as JSON gives it back.
    arguments : dict
        What it was called with.
    provenance : dict
        Commit, date, processor, versions, and ``seconds`` that it took.
    current : bool
        Whether the code and the files that it read are still those that made it.
    """

    found: Any
    arguments: dict[str, Any]
    provenance: dict[str, Any]
    current: bool

    def __str__(self) -> str:
        made = self.provenance
        told = f"recorded on {made['date']} from commit {made['commit']}, {made['seconds']:.0f} s"
        return told if self.current else f"{told}; OUT OF DATE: the code has changed since"


def write_record(path: str | Path, measure: Measure, commit: str | None = None) -> Path:
    """Measure, and write the record.

    Parameters
    ----------
    path : str or Path
        Of the JSON file.
    measure : Measure
    commit : str, optional
        Of the code that runs, by default what the source tree is at now. A command that writes
        several records asks once: its first record changes the tree.

    Returns
    -------
    Path
    """
    code = measure.code  # as loaded: a long measure must not see a later edit
    begun = time.perf_counter()
    found = measure.function(**measure.arguments)
    made = provenance(seconds=round(time.perf_counter() - begun, 1))
    content = {
        "measure": f"{measure.function.__module__}.{measure.function.__qualname__}",
        "arguments": measure.arguments,
        "reads": measure.reads,
        "code": code,
        "found": found,
        "provenance": made | ({"commit": commit} if commit else {}),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")
    return Path(path)


def read_record(path: str | Path) -> Record:
    """Read a record, and see whether its code is still the present one.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Record

    Raises
    ------
    InputError
        If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            f"a record {path.name}", f"none in {path.parent}",
            f"Make it: python book/measures.py {path.stem}",
        )  # fmt: skip
    content = json.loads(path.read_text("utf8"))
    arguments = content["arguments"]
    try:
        module, name = content["measure"].rsplit(".", 1)
        function = getattr(importlib.import_module(module), name)
        current = Measure(function, arguments, tuple(content["reads"])).code == content["code"]
    except (ImportError, AttributeError, FileNotFoundError):  # moved, or gone
        current = False
    return Record(content["found"], arguments, content["provenance"], current)
