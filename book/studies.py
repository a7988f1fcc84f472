"""Train what the studies of ``book/studies.yaml`` lack, and record it in ``book/results``.

Usage: ``python book/studies.py [STUDY…] [--cache FOLDER] [--part K/N]``, and one of ``--list``,
``--renew`` and ``--stale``.

A killed run continues where it was. ``--part 1/2`` takes every second run, so that two processes,
or two machines, share the work. A record whose images the present simulator does not draw any more
is stale: ``--list`` says so, and ``--stale`` makes it again. After an edit of the simulator that
changes no image, ``--renew`` notes the edited code in the records.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import yaml

from lctem_core.errors import InputError
from lctem_core.train import study

BOOK = Path(__file__).resolve().parent


def main() -> None:
    """Do the runs in the order of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="*", help="names of studies; all without")
    parser.add_argument("--cache", type=Path, default=BOOK.parent / "_build" / "studies",
                        help="images, stores and unfinished trainings")  # fmt: skip
    parser.add_argument("--results", type=Path, default=BOOK / "results", help="the records")
    parser.add_argument("--part", default="1/1", metavar="K/N", help="every N-th run from the K-th")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="say what is there, train nothing")
    told = "note the edited simulator in records whose images it still draws"
    instead.add_argument("--renew", action="store_true", help=told)
    instead.add_argument("--stale", action="store_true", help="make stale records again, too")
    options = parser.parse_args()
    described = yaml.safe_load((BOOK / "studies.yaml").read_text("utf8"))
    part, parts = (int(number) for number in options.part.split("/"))
    runs = list(study.read_studies(described, options.study))[part - 1 :: parts]
    failed: list[str] = []
    for number, run in enumerate(runs, 1):
        content = study.read_record(run, options.results)
        title = f"{number}/{len(runs)} {run.study}/{run.name}"
        if options.renew and study.renew(run, options.results):
            print(f"{title}: renewed", flush=True)
            continue
        reason = study.stale(content) if content else ""
        if options.list or options.renew or (content and not (reason and options.stale)):
            state = f"stale. {reason}" if reason else "recorded" if content else "to do"
            print(f"{title}: {state}", flush=True)
            continue
        begun = time.perf_counter()
        try:
            study.record(run, options.results, options.cache, again=content is not None)
        except InputError as error:  # weights that cannot be had, say: the others go on
            failed.append(f"{title}: {error}")
            print(failed[-1], file=sys.stderr, flush=True)
            continue
        print(f"{title}: {time.perf_counter() - begun:.0f} s", flush=True)
    if failed:
        sys.exit(f"studies: {len(failed)} of {len(runs)} runs were not done, see above")


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"studies: {error}")
