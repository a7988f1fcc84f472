"""Measure what chapter 04 compares, on this machine, and record it in ``book/results/timing``.

Usage: ``python book/timings.py NAME [--budget SECONDS] [--largest SIZE]``

Nothing else should run meanwhile. The name is the machine's, in words that a reader understands,
such as ``epyc-avx512-2-cores``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lctem_core.benchmark import measure
from lctem_core.outputs import replacing

RESULTS = Path(__file__).resolve().parent / "results" / "timing"


def main() -> None:
    """Measure and write ``NAME.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the machine")
    parser.add_argument("--budget", type=float, default=40.0, help="seconds per size")
    parser.add_argument("--largest", type=int, default=4096, help="largest side in pixels")
    given = parser.parse_args()
    sizes = [size for size in (256, 512, 1024, 2048, 4096) if size <= given.largest]
    content = measure(
        sizes, largest={"paper": 1024, "dry-look": 1024}, repeats=60, budget=given.budget,
        path_repeats=200, loss_frames=100,
    )  # fmt: skip
    path = RESULTS / f"{given.name}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")
    print(path)


if __name__ == "__main__":
    main()
