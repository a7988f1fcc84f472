"""Measure what the chapters show from records, and write ``book/results/NAME.json``.

Usage: ``python book/measures.py [NAME…] [--stale] [--list]``

Names are those of the records below ``book/results``, such as ``weights/dry-look``; all without,
which takes about 40 minutes on two cores. A record says which code and which weights made it, and
the chapters say when these have changed: ``--stale`` makes only such records again. No times are
measured here that a page compares: ``book/timings.py`` does that.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lctem_core.errors import InputError
from lctem_core.evaluate.compare import COMPARISON
from lctem_core.evaluate.dose_curve import CURVES
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.motion import MOTION
from lctem_core.evaluate.real_pairs import PAIRS
from lctem_core.evaluate.session_scores import SESSION
from lctem_core.provenance import commit
from lctem_core.train import demonstration, overview, scoring

ROOT = Path(__file__).resolve().parents[1]
MEASURES: dict[str, Measure] = {
    one.name: one
    for one in (
        overview.PAIRS, overview.FRAMES, scoring.UNTREATED, scoring.FAITHFUL, scoring.DRY,
        demonstration.SHORT, COMPARISON, PAIRS, CURVES, SESSION, MOTION,
    )
}  # fmt: skip


def main() -> None:
    """Measure what is asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="of records; all without")
    parser.add_argument("--stale", action="store_true", help="only what is missing or out of date")
    parser.add_argument("--list", action="store_true", help="say what stands, measure nothing")
    given = parser.parse_args()
    if unknown := set(given.names) - set(MEASURES):
        parser.error(f"no record {', '.join(sorted(unknown))}; known: {', '.join(MEASURES)}")
    made_at = commit()  # before the first record changes the tree
    if made_at.endswith("+changes") and not given.list:
        parser.error("the source tree has changes that no commit holds; commit them first")
    for name in given.names or MEASURES:
        standing = standing_of(name)
        if given.list or (given.stale and not standing):
            print(f"{name}: {standing or 'stands'}", flush=True)
        else:
            print(MEASURES[name].record(ROOT, made_at), flush=True)


def standing_of(name: str) -> str:
    """What is wrong with a record; empty if nothing is."""
    if not MEASURES[name].path(ROOT).exists():
        return "missing"
    return ", ".join(MEASURES[name].get(ROOT).stale)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"measures: {error}")
