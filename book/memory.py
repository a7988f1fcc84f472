"""How much memory a notebook takes at most: its kernel and the processes that it starts."""

from __future__ import annotations

import threading
from types import TracebackType

import psutil


class PeakMemory:
    """Watches the children of this process while a block runs.

    Attributes
    ----------
    bytes : int
        Largest sum of their resident memory seen so far [byte].
    """

    def __init__(self, interval: float = 0.25) -> None:
        self.bytes, self._interval = 0, interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        own = psutil.Process()
        while True:
            total = 0
            for child in own.children(recursive=True):
                try:
                    total += child.memory_info().rss
                except psutil.NoSuchProcess:  # it ended meanwhile
                    continue
            self.bytes = max(self.bytes, total)
            if self._stopped.wait(self._interval):
                return
