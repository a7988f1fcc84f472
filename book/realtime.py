"""Refine a simulated camera for a minute at its own speed, and record it for chapter 06.

Usage: ``python book/realtime.py NAME [--seconds 60] [--repeats 3] [--soak FRAMES]``

Nothing else should run meanwhile. The name is the machine's, in words that a reader understands,
such as ``epyc-avx512-2-cores``.
"""

from __future__ import annotations

import argparse
import json
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil

from lctem_core.evaluate.timing import machine, peak
from lctem_core.files import replacing
from lctem_core.live.methods import method
from lctem_core.live.replay import run
from lctem_core.live.sources import replay
from lctem_core.live.stream import Stream
from lctem_core.provenance import provenance
from lctem_core.refine import runtimes
from lctem_core.simulate.session import simulated_camera

RESULTS = Path(__file__).resolve().parent / "results" / "realtime"
#: Arguments of `lctem_core.live.replay.run` by way.
WAYS = {
    "none": {},
    "8 bits": {"runtime": "openvino-int8"},
    "sum": {"integrate": "sum"},
    "temporal": {"integrate": "temporal"},
}


def main() -> None:
    """Measure and write ``NAME.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the machine")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each replay")
    parser.add_argument("--fps", type=float, default=100.0)
    parser.add_argument("--repeats", type=int, default=3, help="replays of each way, in turns")
    parser.add_argument("--soak", type=int, default=100_000, help="small frames in a row")
    given = parser.parse_args()
    if given.repeats < 1:
        parser.error("--repeats of 1 or more")
    content = {"machine": machine(), "provenance": provenance(), "fps": given.fps}
    ways = dict(WAYS)
    int8 = ways["8 bits"]["runtime"]
    if obstacle := runtimes.obstacle(int8, runtimes.device_of(None, int8)):
        del ways["8 bits"]
        print(f"8 bits left out: {obstacle}")
    runs: dict[str, list[dict]] = {way: [] for way in ways}
    for _ in range(given.repeats):
        for way, arguments in ways.items():
            # A rented machine may be half as fast a minute later. So the ways take turns, and how
            # fast it was is part of the log.
            before = peak()
            log = run(fps=given.fps, seconds=given.seconds, **arguments).as_dict()
            runs[way].append(log | {"peak [GFLOP/s]": [before / 1e9, peak() / 1e9]})
    content["ways"] = {way: middle(logs) for way, logs in runs.items()}
    content["soak"] = soak(given.soak)
    path = RESULTS / f"{given.name}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")
    print(path)


def middle(logs: list[dict]) -> dict:
    """Log of the run whose 95th percentile is the middle one, with the main numbers of all."""
    ordered = sorted(logs, key=lambda log: log["latency p95 [ms]"])
    kept = ("refined", "seen", "latency p50 [ms]", "latency p95 [ms]", "peak [GFLOP/s]")
    return ordered[len(ordered) // 2] | {"runs": [{key: log[key] for key in kept} for log in logs]}


def soak(frames: int) -> dict[str, float]:
    """Memory of the process after a tenth of many small frames, and after all of them [MiB]."""
    pool = simulated_camera(12, size=64, dose=100.0)
    memory, process = {}, psutil.Process()

    def watched():
        for number, frame in zip(range(frames), cycle(pool), strict=False):
            if number in (frames // 10, frames - 1):
                memory[number] = process.memory_info().rss / 2**20
            yield frame

    seen = Stream(replay(watched(), None), method("sum", np.float32), size=None).run()
    first, last = (memory[key] for key in sorted(memory))
    return {"frames": frames, "seconds": seen.seconds, "early": first, "late": last}


if __name__ == "__main__":
    main()
