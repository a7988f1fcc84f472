"""The two pages that the build writes: results (paper / here / verdict) and status.

``book/paper_values.yaml`` is a list of entries; texts are Markdown::

    - id: psnr                  # unique
      quantity: PSNR of refined validation images
      value: 29.52              # as printed: a number, or a text
      unit: dB
      where: Table 1
      tolerance: 0.05           # absolute, in the same unit; exact without it
      here: psnr_validation     # name under which a notebook glues our number
      notebook: 02_training     # only if several notebooks glue that name
      data: simulated pairs, grouped split
      comparison: same          # or: not comparable, none
      reason: what a reader must know when the numbers differ or cannot be compared
"""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import yaml
from nbformat import NotebookNode

REQUIRED = ("id", "quantity", "value", "where", "comparison")
OPTIONAL = ("unit", "tolerance", "here", "notebook", "data", "reason")
COMPARISONS = ("same", "not comparable", "none")
VERDICTS = ("agrees", "differs", "not comparable", "not run", "no counterpart")
#: Name under which the audit glues its findings: {id of a value: [(label of a section, verdict)]}.
AUDIT = "audit_of_values"


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


def read_values(path: Path) -> list[dict[str, Any]]:
    """Read and check the paper's values."""
    try:
        entries = yaml.safe_load(path.read_text("utf8")) or []
    except (OSError, yaml.YAMLError) as error:
        raise BuildError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(entries, list):
        raise BuildError(f"{path.name} must be a list of entries.")
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        known = isinstance(entry, dict) and entry.get("id")
        if problem := _problem(entry) or (f"id {known} occurs twice" if known in seen else None):
            raise BuildError(f"{path.name}, entry {number} ({known or 'no id'}): {problem}.")
        seen.add(known)
    return entries


def _problem(entry: Any) -> str | None:
    """What is wrong with an entry, if anything."""
    if not isinstance(entry, dict):
        return "it is not a mapping"
    if missing := [field for field in REQUIRED if entry.get(field) in (None, "")]:
        return f"{', '.join(missing)} missing"
    if unknown := set(entry) - {*REQUIRED, *OPTIONAL}:
        return f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(OPTIONAL)}"
    value, tolerance = entry["value"], entry.get("tolerance")
    comparison, here = entry["comparison"], entry.get("here")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return f"value must be a number or a text, not {value!r}"
    if tolerance is not None and (not _is_number(tolerance) or tolerance < 0):
        return f"tolerance must be a number of at least 0, not {tolerance!r}"
    if tolerance is not None and not _is_number(value):
        return f"a tolerance needs a number as value, not {value!r}"
    if comparison not in COMPARISONS:
        return f"comparison must be one of {', '.join(COMPARISONS)}, not {comparison!r}"
    if comparison != "same" and not entry.get("reason"):
        return f"comparison {comparison!r} needs a reason"
    if comparison == "same" and not here:
        return "comparison 'same' needs here, the name of a glued number"
    if comparison == "none" and here:
        return "comparison 'none' cannot have here; use 'not comparable'"
    if here and not entry.get("data"):
        return "here needs data, what our number was computed from"
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


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
    here, notebook = entry["here"], entry.get("notebook")
    sources = [
        record
        for record in records
        if here in record["glued"] and notebook in (None, record["notebook"])
    ]
    if len(sources) != 1:
        wanted = f"notebook {notebook}" if notebook else "one notebook"
        found = ", ".join(record["notebook"] for record in sources) or "none"
        raise BuildError(
            f"paper_values.yaml, {entry['id']}: {here!r} must be glued by {wanted}; found: {found}."
        )
    text = sources[0]["glued"][here]
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        value = None
    if not _is_number(value) and not isinstance(value, str):
        raise BuildError(
            f"paper_values.yaml, {entry['id']}: {here!r} was glued as {text!r}, neither a plain "
            f"number nor a text. Use glue({here!r}, float(x), display=False)."
        )
    return value, sources[0]["notebook"]


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
    if _is_number(value) != _is_number(ours):
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
    if not _is_number(value) or not math.isfinite(value):
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
    """Links to the sections of the audit that concern a value, by its id; Markdown."""
    glued = [record["glued"][AUDIT] for record in records if AUDIT in record["glued"]]
    findings = ast.literal_eval(glued[0]) if glued else {}
    return {
        # A section may have several findings of one verdict; the end of its label says what about.
        id: "; ".join(
            dict.fromkeys(
                f"{section.removeprefix('audit-').replace('-', ' ')} {{ref}}`{verdict} <{section}>`"
                for section, verdict in found
            )
        )
        for id, found in findings.items()
    }


def results_page(values: list[dict[str, Any]], records: list[dict[str, Any]]) -> str:
    """Markdown of the results table, with the counts of the verdicts above it."""
    rows, counts, audit = [], dict.fromkeys(VERDICTS, 0), audited(records)
    for entry in values:
        ours, link, unit = None, "—", entry.get("unit") or ""
        if entry.get("here"):
            ours, notebook = our_value(entry, records)
            link = f"[{number(ours)}](notebooks/{notebook}.ipynb) {unit}"
        found = verdict(entry, ours)
        counts[found] += 1
        paper = f"{number(entry['value'])} {unit}"
        reason = f". {entry['reason']}" if entry.get("reason") else ""
        data = entry.get("data") or "—"
        shown = f"[{found}]{{.verdict .{found.replace(' ', '-')}}}{reason}"
        if entry["id"] in audit:
            shown += f" [Audit: {audit[entry['id']]}.]{{.audit}}"
        rows.append([entry["quantity"], entry["where"], paper, link, data, shown])
    head = ["Quantity", "Where", "Paper", "Here", "Our data", "Verdict"]
    summary = ", ".join(f"{name} {count}" for name, count in counts.items())
    also = ""
    if audit:
        also = f" The {{doc}}`audit <notebooks/07_audit_data>` looks at {len(audit)} of them."
    profiles = " and ".join(sorted({record["profile"] for record in records})) or "no"
    return (
        f"Executed at the **{profiles}** profile. Of {len(values)} values: {summary}.{also}\n\n"
        + _table("results", head, rows, "22 18 10 10 16 24")
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
