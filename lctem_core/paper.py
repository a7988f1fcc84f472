"""What an audit of printed numbers needs: their values, findings with a verdict, a few measures.

Nothing of the paper is typed here: its values are read from ``book/paper_values.yaml``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from lctem_core.errors import InputError

REPRODUCES = "reproduces"
CORRECTED = "reproduces with a corrected relation"
CANNOT_BOTH = "cannot both hold"
UNCHECKED = "cannot be checked here"
VERDICTS = (REPRODUCES, CORRECTED, CANNOT_BOTH, UNCHECKED)


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
    values : mapping
        The paper's values by id, as from `read_values`.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._known = set(values)
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


# The paper's values --------------------------------------------------------------------------


def read_values(path: str | Path) -> dict[str, Any]:
    """The paper's values by id.

    Parameters
    ----------
    path : str or Path
        ``book/paper_values.yaml``; its head explains the entries.

    Returns
    -------
    dict
        Numbers and texts as printed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        text = InputError("the paper's values", f"no file at {path}", "Run in the source tree.")
        raise FileNotFoundError(str(text))
    return {entry["id"]: entry["value"] for entry in yaml.safe_load(path.read_text("utf8"))}


def read_cells(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Tables S1 and S2 of the supplement as columns, a row per cell.

    Parameters
    ----------
    values : mapping
        As from `read_values`.

    Returns
    -------
    dict of ndarray, (6,)
        ``window`` and ``window_actual`` [µm], ``spacer`` [µm], ``a`` [1/µm], ``b`` [µm],
        ``g_upper`` and ``g_lower`` [1/µm], ``h_upper`` and ``h_lower`` [µm].
    """
    prefix, suffix = "tableS1.", ".b"
    names = [
        id.removeprefix(prefix).removesuffix(suffix)
        for id in values
        if id.startswith(prefix) and id.endswith(suffix)
    ]
    sizes = [name.removeprefix("w").split("_s") for name in names]  # w50_s500: µm and nm
    columns = {"window": [float(w) for w, _ in sizes], "spacer": [float(s) / 1e3 for _, s in sizes]}
    for table, column in (
        *(("tableS1", column) for column in ("window_actual", "a", "b")),
        *(("tableS2", column) for column in ("g_upper", "g_lower", "h_upper", "h_lower")),
    ):
        # The tables give curvatures in 1/mm.
        scale = 1e-3 if column in ("a", "g_upper", "g_lower") else 1.0
        columns[column] = [scale * values[f"{table}.{name}.{column}"] for name in names]
    return {column: np.array(numbers) for column, numbers in columns.items()}


# Measures ------------------------------------------------------------------------------------
