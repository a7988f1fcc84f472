"""Measurements that take minutes: made once, recorded with what made them, read by the book.

A record holds the content, the parameters, where it was made, and a fingerprint: a hash of the code
that computes it and of the weights that it uses. `Measure.get` says whether that still stands.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lctem_core.errors import InputError
from lctem_core.files import PACKAGE, replacing, source_hash, sources
from lctem_core.networks.weights import weights_path
from lctem_core.provenance import provenance

#: Folder of the records below the repository's root.
RESULTS = Path("book", "results")


@dataclass(frozen=True)
class Result:
    """What a measurement gave, and whether that can still be relied on.

    Attributes
    ----------
    content : dict
        Numbers, texts and lists of them.
    provenance : dict
        Commit, date, machine and versions.
    stale : tuple of str
        What changed since it was recorded; empty if nothing did.
    fresh : bool
        Measured just now, not read from a record.
    """

    content: dict[str, Any]
    provenance: dict[str, Any]
    stale: tuple[str, ...] = ()
    fresh: bool = False

    @property
    def standing(self) -> str:
        """One sentence for the page."""
        if self.fresh:
            return "Measured while this page was built."
        made = f"Recorded at commit {self.provenance['commit']} ({self.provenance['date']})"
        if self.stale:
            return f"**Out of date.** {made}; since then changed: {', '.join(self.stale)}."
        return f"{made} by the code and the weights of this page."


@dataclass(frozen=True)
class Measure:
    """A function whose result is recorded.

    Attributes
    ----------
    name : str
        Of the record, ``FOLDER/NAME`` below ``book/results``.
    function : callable
        Keyword arguments with defaults, those of the record -> a dict of numbers, texts, and lists
        or arrays of them.
    weights : tuple of str
        Names of the shipped weights that it uses.
    """

    name: str
    function: Callable[..., dict[str, Any]]
    weights: tuple[str, ...] = ()

    def path(self, root: Path) -> Path:
        """Of the record in a repository."""
        return Path(root, RESULTS, f"{self.name}.json")

    def parameters(self, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """All parameters: the given ones, the defaults of the others."""
        bound = inspect.signature(self.function).bind(**(given or {}))
        bound.apply_defaults()
        return _plain(dict(bound.arguments))

    def fingerprint(self) -> dict[str, str]:
        """Hashes of what the result depends on, by name."""
        file = Path(sys.modules[self.function.__module__].__file__ or "")
        files = (sources(file) | {file}) - {Path(__file__).resolve()}
        inside = [path for path in files if path.is_relative_to(PACKAGE)]
        found = {"the code": source_hash(path for path in inside if path.suffix == ".py")}
        for name in self.weights:
            content = weights_path(name).read_bytes()
            found[f"the weights {name}"] = hashlib.sha256(content).hexdigest()[:16]
        return found

    def record(self, root: Path, commit: str | None = None, **given: Any) -> Path:
        """Measure and write the record.

        Parameters
        ----------
        root : Path
            Of the repository.
        commit : str, optional
            Of the code that runs; by default what the source tree is at now, which another record
            may have changed.
        **given
            Parameters that differ from the defaults.

        Returns
        -------
        Path
        """
        begun = time.process_time()
        before = self.fingerprint()
        content = self.function(**given)
        if self.fingerprint() != before:
            raise InputError(
                "code and weights that stay as they are during a measurement",
                "changed files", "Commit the changes and measure again.",
            )  # fmt: skip
        made = provenance(cpu_seconds=round(time.process_time() - begun))
        whole = {
            "parameters": self.parameters(given),
            "fingerprint": before,
            "provenance": made | ({"commit": commit} if commit else {}),
            "content": content,
        }
        path = self.path(root)
        with replacing(path) as temporary:
            temporary.write_text(text_of(whole), "utf8")
        return path

    def get(self, root: Path, recompute: bool = False, **given: Any) -> Result:
        """Result with these parameters: read from the record, or measured now.

        Parameters
        ----------
        root : Path
            Of the repository.
        recompute : bool
            Measure it now, which may take minutes, and leave the record as it is.
        **given
            Parameters that differ from the defaults.

        Returns
        -------
        Result
            A record of other parameters is given, too; `Result.stale` then names them.

        Raises
        ------
        InputError
            If there is no record.
        """
        wanted = self.parameters(given)
        if recompute:
            return Result(_plain(self.function(**given)), provenance(), fresh=True)
        path = self.path(root)
        if not path.exists():
            raise InputError(f"a record {path}", "none", "Measure it: recompute=True.")
        there = json.loads(path.read_text("utf8"))
        now, then = self.fingerprint(), there["fingerprint"]
        stale = [what for what in now | then if now.get(what) != then.get(what)]
        stale += [
            f"{name} ({there['parameters'].get(name)}, not {value})"
            for name, value in wanted.items()
            if there["parameters"].get(name) != value
        ]
        return Result(there["content"], there["provenance"], tuple(stale))


def text_of(content: dict[str, Any]) -> str:
    """JSON, indented, with every list of numbers, or of such lists, on a line of its own."""
    text = json.dumps(_plain(content), indent=1)
    for numbers in (r"\[[^][{}\"]*\]", r"\[\s*(?:\[[^][{}\"]*\],?\s*)+\]"):
        text = re.sub(numbers, lambda one: " ".join(one[0].split()), text)
    return text + "\n"


def _plain(value: Any) -> Any:
    """The same as JSON would give it back, floats with six digits that count."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}")
    return value.item() if isinstance(value, np.generic) else value
