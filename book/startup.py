"""How long the light core takes to start, and how much memory: printed, or recorded with a name.

Usage: ``python book/startup.py [FRAME] [--repeats 7] [--record NAME]``

Every measurement is a new process with a warm cache, and nothing else should run meanwhile. With a
name, in words that a reader understands, such as ``epyc-avx2-2-cores``, the numbers go into
``book/results/startup/NAME.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lctem_core.files import replacing
from lctem_core.io.published import sample_frame
from lctem_core.provenance import provenance

RESULTS = Path(__file__).resolve().parent / "results" / "startup"
#: What the issue of a light core asked for: seconds, and mebibytes where memory was asked for.
AIMS = {
    "lctem --help": (0.5, None),
    "lctem refine FRAME OUT": (2.0, 400),
    "Refiner.load()": (1.0, None),
}


def commands(frame: Path, folder: Path) -> dict[str, list[str]]:
    """Processes that are timed, by the names of `AIMS`."""
    program = [sys.executable, "-m", "lctem_core.cli"]
    load = (
        "import time; begun = time.perf_counter(); from lctem_core import Refiner; Refiner.load();"
        "print(time.perf_counter() - begun)"
    )
    return {
        "lctem --help": [*program, "--help"],
        "lctem refine FRAME OUT": [*program, "refine", str(frame), str(folder / "out.tif")],
        "Refiner.load()": [sys.executable, "-c", load],
    }


def once(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory [MiB] of a new process."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    if command[-2] == "-c":  # the interpreter's own start does not count
        seconds = float(printed)
    return seconds, used.ru_maxrss / 1024


def measure(frame: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Median, least and greatest time, and the greatest memory, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        timed = commands(frame, Path(folder))
        for command in timed.values():
            once(command)  # fills the caches
        runs = {name: [] for name in timed}
        for _ in range(repeats):
            for name, command in timed.items():
                runs[name].append(once(command))
    return {
        name: {
            "median [s]": statistics.median(seconds for seconds, _ in found),
            "least [s]": min(seconds for seconds, _ in found),
            "greatest [s]": max(seconds for seconds, _ in found),
            "memory [MiB]": max(memory for _, memory in found),
        }
        for name, found in runs.items()
    }


def main() -> None:
    """Measure, print, and record if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frame", nargs="?", type=Path, help="by default the authors' frame")
    parser.add_argument("--repeats", type=int, default=7, help="processes of each kind")
    parser.add_argument("--record", metavar="NAME", help="name of the machine")
    given = parser.parse_args()
    content = measure(given.frame or sample_frame(), given.repeats)
    for name, found in content.items():
        seconds, memory = AIMS[name]
        met = found["median [s]"] <= seconds and (not memory or found["memory [MiB]"] <= memory)
        aim = f"{seconds} s" + (f", {memory} MiB" if memory else "")
        print(
            f"{name:<24} {found['median [s]']:.2f} s ({found['least [s]']:.2f} to "
            f"{found['greatest [s]']:.2f}), {found['memory [MiB]']:.0f} MiB; "
            f"aim {aim}: {'met' if met else 'missed'}"
        )
    if given.record:
        path = RESULTS / f"{given.record}.json"
        with replacing(path) as temporary:
            told = {"startup": content, "repeats": given.repeats, "provenance": provenance()}
            temporary.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf8")
        print(path)


if __name__ == "__main__":
    main()
