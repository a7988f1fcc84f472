"""Measure what the chapters show from records, and write ``book/results/measures/NAME.json``.

Usage: ``python book/measures.py [NAME…] [--list] [--stale]``

Without names, all. A record has a hash of the code that made it: ``--list`` says which are out of
date, ``--stale`` measures those again. Run it from a clean checkout, so that the recorded commit is
the code that ran. No times that a page compares are measured here: ``book/timings.py`` does that.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import yaml

from lctem_core.errors import InputError
from lctem_core.evaluate.records import Measure, read_record, write_record
from lctem_core.provenance import commit
from lctem_core.train import demonstration, scoring

BOOK = Path(__file__).resolve().parent
RESULTS = BOOK / "results" / "measures"


def _table1_test() -> dict:
    """The test images of Table 1, from ``book/studies.yaml``."""
    test = yaml.safe_load((BOOK / "studies.yaml").read_text("utf8"))["table1"]["test"]
    return {name: test[name] for name in ("recipe", "number", "seed")} | {"camera": test["size"]}


MEASURES = {
    # Chapter 02.
    "short-training": Measure(
        demonstration.training_on_pairs,
        {
            "pairs": {
                "recipe": "mixed", "number": 240, "seed": 2, "camera": 832, "least_contrast": 0.3,
            },
            "config": {
                "encoder": "resnet18", "shuffle": 4, "depth": 4, "loss": "ssim", "crop": 256,
                "batch": 16, "epochs": 8, "rate": 1e-3, "schedule": "cosine", "mosaic": 0,
                "split": "grouped", "validate_every": 1, "workers": 0, "seed": 2,
            },
        },
    ),
    "dry-look": Measure(
        scoring.dry_look,
        {
            "recipes": ["paper", "wide"], "number": 60, "seed": 9001, "camera": 1024,
            "sigmas": list(scoring.SIGMAS),
        },
        ("weights/dry-look.json",),
    ),
    "faithful-look": Measure(
        scoring.faithful_look,
        {"number": 60, "seed": 9001, "sigmas": list(scoring.SIGMAS)},
        ("weights/faithful.json",),
    ),
    # Chapter 03.
    "untreated": Measure(scoring.untreated, _table1_test()),
}  # fmt: skip


def state(name: str) -> str:
    """``up to date``, ``to do``, or what of a record is out of date."""
    path, measure = RESULTS / f"{name}.json", MEASURES[name]
    if not path.exists():
        return "to do"
    record = read_record(path)
    changed = [] if record.current else ["code"]
    if record.arguments != json.loads(json.dumps(measure.arguments)):
        changed.append("arguments")
    return f"out of date, other {' and '.join(changed)}" if changed else "up to date"


def main() -> None:
    """Measure, or list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help=f"of {', '.join(MEASURES)}; all without")
    parser.add_argument("--list", action="store_true", help="say what is there, measure nothing")
    parser.add_argument("--stale", action="store_true", help="leave out what is up to date")
    given = parser.parse_args()
    if unknown := set(given.name) - set(MEASURES):
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    made_by = commit()  # the code that is loaded now; the first record changes the tree
    if made_by.endswith("+changes") and not given.list:
        sys.exit("measures: the checkout has changes that no commit holds; commit first")
    for name in given.name or MEASURES:
        found = state(name)
        if given.list or (given.stale and found == "up to date"):
            print(f"{name}: {found}", flush=True)
            continue
        begun = time.perf_counter()
        write_record(RESULTS / f"{name}.json", MEASURES[name], made_by)
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"measures: {error}")
