"""Does a live run keep up with the camera? The aims, run by run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

#: Least share of the frames that is to be refined, and the most that the 95th percentile of the
#: latency may be [ms].
LEAST_SHARE, MOST_LATENCY = 0.99, 20.0

#: What a log is: `lctem_core.live.statistics.Statistics.as_dict`; in a record also ``runs``, the
#: main numbers of every run of this way.
Log = Mapping[str, Any]


def read_records(folder: str | Path) -> dict[str, dict[str, Any]]:
    """Records of ``book/realtime.py`` by name."""
    paths = sorted(Path(folder).glob("*.json"))
    return {path.stem: json.loads(path.read_text("utf8")) for path in paths}


def refined_share(log: Log) -> float:
    """Share of the camera's frames that were refined."""
    return log["refined"] / log["seen"]


def runs_of(log: Log) -> list[Log]:
    """Every run of a way: those of a record, or the only one."""
    return list(log.get("runs", [log]))


def keeps_up(log: Log) -> bool:
    """Whether one run meets both aims."""
    return refined_share(log) >= LEAST_SHARE and log["latency p95 [ms]"] <= MOST_LATENCY


def aims_met(log: Log) -> str:
    """In how many of its runs a way meets the aims: met, missed, or ``met in 2 of 3``."""
    each = [keeps_up(one) for one in runs_of(log)]
    if len(set(each)) == 1:
        return "met" if each[0] else "missed"
    return f"met in {sum(each)} of {len(each)}"


def median_over_runs(log: Log, what: str) -> float:
    """Median of a number over the runs of a way."""
    return float(np.median([one[what] for one in runs_of(log)]))


def ratios(records: Iterable[Mapping[str, Any]], what: str, way: str, to: str) -> list[float]:
    """A number of one way over that of another, for each record.

    Parameters
    ----------
    records : iterable of dict
        As of `read_records`.
    what : str
        Such as ``latency p50 [ms]``; the median over the runs is taken.
    way, to : str
        Names in ``ways``.

    Returns
    -------
    list of float
    """
    return [
        median_over_runs(one["ways"][way], what) / median_over_runs(one["ways"][to], what)
        for one in records
    ]


def longest_soak(records: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Memory in the newest record's long run: ``frames``, ``early`` and ``late`` [MiB]."""
    return max(records.values(), key=lambda one: one["provenance"]["date"])["soak"]
