"""Statistics of a stream: where its frames and its time went, in fixed memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

#: A histogram's bins: 1 % wide, from a microsecond to 1,000 s.
_RATIO, _LEAST, _BINS = 1.01, 1e-6, 2084


class Histogram:
    """Counts of durations in bins of 1 %; gives their percentiles without keeping them."""

    def __init__(self) -> None:
        self._bins = np.zeros(_BINS, np.int64)
        self.count, self.total, self.largest = 0, 0.0, 0.0

    def add(self, seconds: float) -> None:
        """Count one duration [s]; a shorter one than a microsecond counts as a microsecond."""
        at = int(np.log(max(seconds, _LEAST) / _LEAST) / np.log(_RATIO))
        self._bins[min(at, _BINS - 1)] += 1
        self.count += 1
        self.total += seconds
        self.largest = max(self.largest, seconds)

    def percentile(self, percent: float) -> float:
        """Duration [s] that `percent` of the durations do not exceed, to 1 %; NaN without any."""
        if not self.count:
            return float("nan")
        rank = max(1, int(np.ceil(percent / 100 * self.count)))
        at = int(np.searchsorted(np.cumsum(self._bins), rank))
        return min(_LEAST * _RATIO ** (at + 0.5), self.largest)

    @property
    def mean(self) -> float:
        """Mean duration [s]; NaN without any."""
        return self.total / self.count if self.count else float("nan")


class Memory:
    """Memory of this process while a stream runs [MiB]."""

    #: Refined frames after which everything is allocated.
    WARM = 100

    def __init__(self) -> None:
        #: When the stream was warm, at the last sample, and the most of all samples.
        self.early = self.late = self.largest = float("nan")
        self._process: Any = None

    def sample(self, refined: int) -> None:
        """Measure it, if `refined` frames are enough for everything to be allocated."""
        if refined < self.WARM:
            return
        if self._process is None:
            import psutil

            self._process = psutil.Process()
        self.late = self._process.memory_info().rss / 2**20
        if np.isnan(self.early):
            self.early = self.largest = self.late
        self.largest = max(self.largest, self.late)


@dataclass
class Statistics:
    """What happened to every frame, and how long it took.

    Each frame that was seen is in exactly one of `invalid`, `skipped`, `failed` and `refined` once
    the stream has ended.

    Attributes
    ----------
    seen : int
        Frames that came from the source.
    invalid : int
        Of these, frames that are no finite images; they are not integrated.
    skipped : int
        Frames that were integrated, but a newer one came before the refiner was free.
    failed : int
        Frames that the refiner refused.
    refined : int
    late : int
        Frames that the source delivered later than one frame after they were due.
    restarts : int
        How often the integration started again.
    latency : Histogram
        From the end of the exposure to the refined frame.
    stages : dict of Histogram
        By stage: reduce, integrate, wait (for room in a lossless queue), refine, and each sink's.
    sinks : dict of SinkReport
    memory : Memory
    problem : str
        The last reason why a frame was invalid or failed.
    interrupted : bool
        Whether the stream was stopped from the keyboard.
    seconds : float
        From the first frame to the last result [s].
    runtime : str
        Name of what the network ran in; empty if unknown.
    """

    seen: int = 0
    invalid: int = 0
    skipped: int = 0
    failed: int = 0
    refined: int = 0
    late: int = 0
    restarts: int = 0
    latency: Histogram = field(default_factory=Histogram)
    stages: dict[str, Histogram] = field(default_factory=dict)
    sinks: dict[str, SinkReport] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    problem: str = ""
    interrupted: bool = False
    seconds: float = 0.0
    runtime: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside; stages may be timed in several threads at once."""
        started = perf_counter()
        yield
        seconds = perf_counter() - started
        with self._lock:
            self.stages.setdefault(name, Histogram()).add(seconds)

    def as_dict(self) -> dict[str, float | int | str]:
        """Plain numbers for a log: counts, milliseconds, and each sink's own."""
        counts = ("seen", "refined", "skipped", "failed", "invalid", "late", "restarts", "seconds")
        plain: dict[str, float | int | str] = {name: getattr(self, name) for name in counts}
        if self.runtime:
            plain["runtime"] = self.runtime
        for percent in (50, 95, 99):
            plain[f"latency p{percent} [ms]"] = 1e3 * self.latency.percentile(percent)
        for name, stage in self.stages.items():
            plain[f"{name} p50 [ms]"] = 1e3 * stage.percentile(50)
            plain[f"{name} p95 [ms]"] = 1e3 * stage.percentile(95)
        for name, sink in self.sinks.items():
            plain |= {f"{name}: written": sink.written, f"{name}: dropped": sink.dropped}
            for percent in (50, 95):
                plain[f"{name}: age p{percent} [ms]"] = 1e3 * sink.age.percentile(percent)
            if sink.problem:
                plain[f"{name}: problem"] = sink.problem
        if not np.isnan(self.memory.early):
            plain |= {
                "memory early [MiB]": self.memory.early, "memory late [MiB]": self.memory.late,
            }  # fmt: skip
        if self.interrupted:
            plain["interrupted"] = "by Ctrl-C"
        return plain


@dataclass
class SinkReport:
    """What one sink got.

    Attributes
    ----------
    written : int
        Frames that it took: shown, or recorded.
    dropped : int
        Frames that it did not get: a newer one came first, or the sink had failed.
    age : Histogram
        From the end of a frame's exposure until the sink had taken it.
    waited : float
        How long the stream waited for the sink [s].
    problem : str
        Why it was switched off; empty while it works.
    """

    written: int = 0
    dropped: int = 0
    age: Histogram = field(default_factory=Histogram)
    waited: float = 0.0
    problem: str = ""
