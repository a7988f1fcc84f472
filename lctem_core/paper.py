"""The paper's printed values, read from one file, and findings about them with a verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from lctem_core.errors import InputError

#: Every number of the paper, once, with its place; the head of the file explains the fields.
PATH = Path(__file__).with_name("paper_values.yaml")
REQUIRED = ("id", "quantity", "value", "unit", "where", "comparison", "reason")
OPTIONAL = ("tolerance", "here", "notebook", "data")
COMPARISONS = ("same", "not comparable", "none")

REPRODUCES = "reproduces"
CORRECTED = "reproduces with a corrected relation"
CANNOT_BOTH = "cannot both hold"
UNCHECKED = "cannot be checked here"
VERDICTS = (REPRODUCES, CORRECTED, CANNOT_BOTH, UNCHECKED)


# The paper's values --------------------------------------------------------------------------


@cache
def values() -> Mapping[str, int | float | str]:
    """The paper's values by id, as printed: a number, or a text for a range, bound or ratio.

    They come with the package, so that they are found from any working directory.
    """
    return MappingProxyType({entry["id"]: entry["value"] for entry in read_entries()})


def bounds(id: str) -> tuple[float, float]:
    """Both ends of a range that is printed as ``0.1–0.2`` or ``1–1,000``.

    Raises
    ------
    InputError
        If the value of this id is no range, or there is none.
    """
    printed = values().get(id)
    match = re.fullmatch(r"([\d.,]+)–([\d.,]+)", str(printed))
    if not match:
        raise InputError("the id of a range of the paper", f"{id}: {printed}", f"See {PATH.name}.")
    low, high = (float(part.replace(",", "")) for part in match.groups())
    return low, high


def read_entries(path: str | Path = PATH) -> list[dict[str, Any]]:
    """Read and check all that is noted about the paper's values.

    Parameters
    ----------
    path : str or Path
        A list of entries in YAML. Each has the fields `REQUIRED`, may have the fields `OPTIONAL`,
        and has an id of its own.

    Returns
    -------
    list of dict

    Raises
    ------
    InputError
        If the file cannot be read, or an entry breaks a rule.
    """
    path = Path(path)
    # The parser in C is ten times faster; PyYAML has it in all its wheels.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        entries = yaml.load(path.read_text("utf8"), loader) or []
    except (OSError, yaml.YAMLError) as error:
        raise InputError(
            "the paper's values", f"{path.name}, which cannot be read: {error}", "Correct the file."
        ) from error
    if not isinstance(entries, list):
        raise InputError(f"a list of entries in {path.name}", type(entries).__name__, "Correct it.")
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        known = isinstance(entry, dict) and entry.get("id")
        if problem := _problem(entry) or (f"id {known} occurs twice" if known in seen else None):
            raise InputError(
                f"entries as the head of {PATH.name} explains",
                f"in {path.name}, entry {number} ({known or 'no id'}): {problem}", "Correct it.",
            )  # fmt: skip
        seen.add(known)
    return entries


def _problem(entry: Any) -> str | None:
    """What is wrong with an entry, if anything."""
    if not isinstance(entry, dict):
        return "it is not a mapping"
    missing = [f for f in REQUIRED if entry.get(f) is None or (f != "unit" and entry[f] == "")]
    if missing:
        return f"{', '.join(missing)} missing"
    if unknown := set(entry) - {*REQUIRED, *OPTIONAL}:
        return f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(OPTIONAL)}"
    value, tolerance = entry["value"], entry.get("tolerance")
    comparison, here = entry["comparison"], entry.get("here")
    if not is_number(value) and not isinstance(value, str):
        return f"value must be a number or a text, not {value!r}"
    if tolerance is not None and (not is_number(tolerance) or tolerance < 0):
        return f"tolerance must be a number of at least 0, not {tolerance!r}"
    if tolerance is not None and not (is_number(value) and comparison == "same"):
        return f"a tolerance needs a number as value and comparison 'same', not {value!r}"
    if comparison not in COMPARISONS:
        return f"comparison must be one of {', '.join(COMPARISONS)}, not {comparison!r}"
    if comparison == "none":
        ours = [field for field in ("here", "notebook", "data") if entry.get(field)]
        return f"comparison 'none' cannot have {', '.join(ours)}" if ours else None
    if not here:
        return f"comparison {comparison!r} needs here, the name of a glued number"
    lacking = [field for field in ("notebook", "data") if not entry.get(field)]
    return f"here needs {', '.join(lacking)}: where our number is from" if lacking else None


def is_number(value: Any) -> bool:
    """Whether a value is a number; YAML's true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


# Findings ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One claim of the paper beside what was recomputed.

    Attributes
    ----------
    section : str
        Label of the page's section that recomputes it.
    claim : str
        What it is about, in a few words.
    paper, recomputed : str
        What is printed, and what the cell found.
    verdict : str
        One of `VERDICTS`.
    values : tuple of str
        Ids of the paper's values that it concerns.
    """

    section: str
    claim: str
    paper: str
    recomputed: str
    verdict: str
    values: tuple[str, ...] = ()


class Audit:
    """Findings in the order in which they were added; a repeated claim replaces the earlier one.

    Parameters
    ----------
    known : iterable of str, optional
        Ids that a finding may concern; by default those of the paper's values.
    """

    def __init__(self, known: Iterable[str] | None = None) -> None:
        self._known = set(values() if known is None else known)
        self._findings: dict[tuple[str, str], Finding] = {}

    def add(
        self,
        section: str,
        claim: str,
        *,
        paper: str,
        recomputed: str,
        verdict: str,
        values: Sequence[str] = (),
    ) -> None:
        """Add a finding; the parameters are those of `Finding`.

        Raises
        ------
        InputError
            For a verdict that is not in `VERDICTS`, or an id that the paper's values lack.
        """
        if verdict not in VERDICTS:
            raise InputError(f"a verdict of: {', '.join(VERDICTS)}", repr(verdict), "Use one.")
        if unknown := sorted(set(values) - self._known):
            raise InputError(
                "ids of the paper's values", ", ".join(unknown), "Correct the id, or add the entry."
            )
        found = Finding(section, claim, paper, recomputed, verdict, tuple(values))
        self._findings[section, claim] = found

    @property
    def findings(self) -> list[Finding]:
        """All findings."""
        return list(self._findings.values())

    def counts(self) -> dict[str, int]:
        """Number of findings by verdict, in the order of `VERDICTS`."""
        counted = Counter(finding.verdict for finding in self.findings)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    def overview(self) -> str:
        """Table of all claims in Markdown, each with a link to its section."""
        rows = [f"| [{f.claim}](#{f.section}) | {f.verdict} |" for f in self.findings]
        return "\n".join(["| claim | verdict |", "|---|---|", *rows])

    def report(self, section: str) -> str:
        """Findings of one section in Markdown."""
        text = "\n\n".join(
            f"**{f.claim}**\n\n- Paper: {f.paper}\n- Recomputed: {f.recomputed}\n"
            f"- Verdict: **{f.verdict}**"
            for f in self.findings
            if f.section == section
        )
        return re.sub(r"(?<!\w)-(?=\d)", "−", text)  # a formatted negative number

    def of_values(self) -> dict[str, list[tuple[str, str]]]:
        """Section and verdict of the findings that concern each of the paper's values, by id."""
        found: dict[str, list[tuple[str, str]]] = {}
        for finding in self.findings:
            for value in finding.values:
                found.setdefault(value, []).append((finding.section, finding.verdict))
        return found

    def glued(self) -> dict[str, Any]:
        """What a chapter records of its findings, by the name to glue it under.

        The build reads the last two: `counts` and `of_values`.
        """
        counts = self.counts()
        return {
            "n_findings": len(self.findings),
            "n_reproduces": counts[REPRODUCES],
            "n_corrected": counts[CORRECTED],
            "n_cannot_both": counts[CANNOT_BOTH],
            "n_unchecked": counts[UNCHECKED],
            "audit_counts": counts,
            "audit_of_values": self.of_values(),
        }


def judged(holds: bool | None, otherwise: str = CANNOT_BOTH) -> str:
    """Verdict of a comparison: reproduces, or `otherwise`; None where the data were missing."""
    if holds is None:
        return UNCHECKED
    return REPRODUCES if holds else otherwise
