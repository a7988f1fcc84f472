"""The two pages that the build writes: results (paper / here / verdict) and status."""

from __future__ import annotations

import ast
import math
from collections import Counter
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from lctem_core import paper
from lctem_core.errors import InputError

VERDICTS = ("agrees", "differs", "not comparable", "not run", "no counterpart")
#: Names under which a chapter that audits glues its findings, see `lctem_core.paper.Audit.glued`:
#: {id of a value: [(label of a section, verdict)]}, and {verdict: number of claims}.
AUDIT, AUDIT_COUNTS = "audit_of_values", "audit_counts"


class BuildError(Exception):
    """What stops the build, in words for the one who runs it."""


def circumstances(**facts: Any) -> dict[str, Any]:
    """Provenance of a run, with the device that it could use."""
    import torch

    from lctem_core.provenance import provenance

    facts = provenance(**facts)
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    return facts | {"device": gpu or facts["processor"]}


# Results -----------------------------------------------------------------------------------------


def read_values(path: Path = paper.PATH) -> list[dict[str, Any]]:
    """The paper's values with all that is noted about them."""
    try:
        return paper.read_entries(path)
    except InputError as error:
        raise BuildError(str(error)) from error


def glued(notebook: NotebookNode) -> dict[str, str]:
    """Text of everything a notebook glued, by name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("scrapbook")
            if record:
                found[record["name"]] = output["data"].get(f"{record['mime_prefix']}text/plain", "")
    return found


def our_value(entry: dict[str, Any], records: list[dict[str, Any]]) -> tuple[Any, str]:
    """Glued value that an entry names, and the notebook that glued it."""
    here, notebook = entry["here"], entry["notebook"]
    glue_by = {record["notebook"]: record["glued"] for record in records}
    if here not in glue_by.get(notebook, ()):
        found = ", ".join(name for name, glued in glue_by.items() if here in glued) or "none"
        raise BuildError(
            f"paper_values.yaml, {entry['id']}: {here!r} must be glued by notebook {notebook}; "
            f"found: {found}."
        )
    text = glue_by[notebook][here]
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = None
    if not paper.is_number(value) and not isinstance(value, str):
        raise BuildError(
            f"paper_values.yaml, {entry['id']}: {here!r} was glued as {text!r}, neither a plain "
            f"number nor a text. Use glue({here!r}, float(x), display=False)."
        )
    return value, notebook


def verdict(entry: dict[str, Any], ours: Any) -> str:
    """One of `VERDICTS` for the paper's value and ours."""
    if entry["comparison"] == "none":
        return "no counterpart"
    if entry["comparison"] == "not comparable":
        return "not comparable"
    value = entry["value"]
    # A notebook says so where data that cannot be shipped is not on the machine.
    if isinstance(ours, str) and ours.startswith("not run"):
        return "not run"
    if paper.is_number(value) != paper.is_number(ours):
        raise BuildError(
            f"paper_values.yaml, {entry['id']}: {value!r} cannot be compared with {ours!r}; both "
            "must be numbers or both texts."
        )
    if isinstance(value, str):
        return "agrees" if value.split() == ours.split() else "differs"
    # A little slack, so that 0.1 + 0.2 agrees with 0.3.
    allowed = entry.get("tolerance", 0) + 1e-9 * abs(value)
    return "agrees" if abs(ours - value) <= allowed else "differs"


def number(value: Any) -> str:
    """A number as the book prints it: 1,204; 29.52; 4.5×10⁸. A text stays as it is."""
    if not paper.is_number(value) or not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e7:
        text = f"{int(value):,}"
    elif 1e-3 <= abs(value) < 1e7:
        text = f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.5g}"
    else:
        mantissa, exponent = f"{value:.3e}".split("e")
        power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"{float(mantissa):g}×10{power}"
    return text.replace("-", "−")


def audited(records: list[dict[str, Any]]) -> dict[str, str]:
    """Links to the sections of all chapters that audit a value, by its id; Markdown."""
    found: dict[str, list[tuple[str, str]]] = {}
    for record in records:
        for id, sections in ast.literal_eval(record["glued"].get(AUDIT, "{}")).items():
            found.setdefault(id, []).extend(sections)
    return {
        # A section may have several findings of one verdict; the end of its label says what about.
        id: "; ".join(
            dict.fromkeys(
                f"{section.removeprefix('audit-').replace('-', ' ')} {{ref}}`{verdict} <{section}>`"
                for section, verdict in sections
            )
        )
        for id, sections in found.items()
    }


def audit_summary(records: list[dict[str, Any]]) -> str:
    """What the chapters that audit found, in a sentence of Markdown; empty if none did."""
    claims: Counter[str] = Counter()
    chapters = []
    for record in records:
        if AUDIT in record["glued"]:
            claims.update(ast.literal_eval(record["glued"][AUDIT_COUNTS]))
            chapters.append(f"{{doc}}`notebooks/{record['notebook']}`")
    if not chapters:
        return ""
    listed = ", ".join(f"{name} {count}" for name, count in claims.items())
    return (
        f"{claims.total()} claims of the paper are audited in {', '.join(chapters)}: {listed}. "
        f"They concern {len(audited(records))} of these values."
    )


def results_page(values: list[dict[str, Any]], records: list[dict[str, Any]]) -> str:
    """Markdown of the results table, with the counts of the verdicts above it."""
    rows, counts, audit = [], dict.fromkeys(VERDICTS, 0), audited(records)
    for entry in values:
        ours, link, unit = None, "—", entry["unit"]
        if entry.get("here"):
            ours, notebook = our_value(entry, records)
            link = f"[{number(ours)}](notebooks/{notebook}.ipynb) {unit}"
        found = verdict(entry, ours)
        counts[found] += 1
        printed = f"{number(entry['value'])} {unit}"
        data = entry.get("data") or "—"
        shown = f"[{found}]{{.verdict .{found.replace(' ', '-')}}}. {entry['reason']}"
        if entry["id"] in audit:
            shown += f" [Audit: {audit[entry['id']]}.]{{.audit}}"
        rows.append([entry["quantity"], entry["where"], printed, link, data, shown])
    head = ["Quantity", "Where", "Paper", "Here", "Our data", "Verdict"]
    summary = ", ".join(f"{name} {count}" for name, count in counts.items())
    profiles = " and ".join(sorted({record["profile"] for record in records})) or "no"
    return (
        f"Executed at the **{profiles}** profile. Of {len(values)} values: {summary}.\n\n"
        f"{audit_summary(records)}\n\n" + _table("results", head, rows, "22 18 10 10 16 24")
    )


def status_page(records: list[dict[str, Any]]) -> str:
    """Markdown of the table of runs."""
    head = ["Notebook", "Profile", "Time", "Memory", "Device", "Date", "Commit"]
    rows, software = [], {}
    for record in records:
        link = f"[{record['notebook']}](notebooks/{record['notebook']}.ipynb)"
        stale = " (its source has changed since)" if record.get("stale") else ""
        rows.append([
            link + stale,
            record["profile"],
            duration(record["seconds"]),
            gigabytes(record),
            record["device"],
            record["date"],
            f"`{record['commit']}`",
        ])  # fmt: skip
        versions = {"Python": record["python"], **record["versions"]}
        listed = ", ".join(f"{package} {version}" for package, version in versions.items())
        software.setdefault(listed, []).append(record["notebook"])
    total = duration(sum(record["seconds"] for record in records))
    used = (f"- {', '.join(notebooks)}: {listed}" for listed, notebooks in software.items())
    return "\n".join([
        f"All notebooks together took {total}.\n",
        _table("status", head, rows, "20 10 9 9 26 13 13"),
        "Software:\n",
        *used,
        "",
    ])  # fmt: skip


def gigabytes(record: dict[str, Any]) -> str:
    """Largest memory of a notebook's kernel and its processes."""
    return f"{record['memory'] / 2**30:.1f} GiB" if record.get("memory") else "—"


def duration(seconds: float) -> str:
    """A time in seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _table(name: str, head: list[str], rows: list[list[str]], widths: str) -> str:
    """A MyST list-table, whose cells may hold Markdown."""
    lines = ["```````{list-table}", ":header-rows: 1", f":widths: {widths}"]
    lines += [f":class: {name}-table", ""]
    for row in [head, *rows]:
        cells = [" ".join(str(cell).split()) for cell in row]
        lines += [f"{'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]
    return "\n".join([*lines, "```````", ""])
