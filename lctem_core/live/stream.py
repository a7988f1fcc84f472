"""Refinement of a stream of frames, while it runs.

::

    source ─► reduce ─► integrate ─► newest frame ─► refine ─┬► newest frame ─► display
     (thread 1, every frame)              (thread 2)         └► queue ─► recorder   (a thread each)

A display never holds back the camera: frames that it cannot show are skipped and counted, and so
are frames that the refiner has no time for. Every frame is refined only where something is
recorded; a slow step then holds back the source, and the stream says for how long. The method's
window takes every camera frame in any case. All queues are bounded.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np

from lctem_core.errors import InputError
from lctem_core.io.frames import check_shape
from lctem_core.live.methods import Method
from lctem_core.live.sinks import Sink
from lctem_core.live.sources import CameraFrame, Clock, WallClock
from lctem_core.live.statistics import SinkReport, Statistics
from lctem_core.refine.preprocess import reduce_longer

#: Frames that a queue of a recording holds.
BUFFER = 32
#: How long a stopped stream waits for a source that gives nothing [s].
PATIENCE = 2.0


@dataclass(frozen=True, eq=False)
class _Item:
    image: np.ndarray
    time: float


class _Queue:
    """Hands items from one thread to another.

    Parameters
    ----------
    lossless : bool
        Wait for room; otherwise a new item replaces the old one.
    size : int
        Of a lossless queue.
    """

    def __init__(self, lossless: bool, size: int) -> None:
        self.lossless, self.size = lossless, size if lossless else 1
        self._items: deque[_Item] = deque()
        self._changed = threading.Condition()
        self.ended = self._refuses = False
        #: Items that were not handed on.
        self.dropped = 0

    def put(self, item: _Item) -> None:
        """Add an item."""
        with self._changed:
            if self.lossless:
                self._changed.wait_for(lambda: len(self._items) < self.size or self._refuses)
            if self._refuses or self.ended:
                self.dropped += 1
                return
            while len(self._items) >= self.size:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()

    def get(self) -> _Item | None:
        """Next item; None when there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self.ended)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """No more items will come; those in the queue are still handed out."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def refuse(self) -> None:
        """Drop the last item that was taken, those in the queue, and all that come."""
        with self._changed:
            self.dropped += 1 + len(self._items)
            self._items.clear()
            self._refuses = True
            self._changed.notify_all()


class _Step(threading.Thread):
    """A thread that says when it is done; an interrupted `join` may take a live one for dead."""

    def __init__(self, name: str, work: Callable[..., None], *given: object) -> None:
        super().__init__(name=name, daemon=True)
        self.done = threading.Event()
        self._work, self._given = work, given

    def run(self) -> None:
        """Do the work, then say that it is done."""
        try:
            self._work(*self._given)
        finally:
            self.done.set()


# Of all streams of the process, as OpenCV's number of threads is.
_running = 0
_opencv_threads = 1
_counting = threading.Lock()


@contextmanager
def _opencv_without_threads() -> Iterator[None]:
    """Keep OpenCV to the thread that calls it, until the last stream has ended.

    Its own threads wait for work by spinning, on the cores that the network needs.
    """
    global _running, _opencv_threads
    with _counting:
        if not _running:
            _opencv_threads = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _running += 1
    try:
        yield
    finally:
        with _counting:
            _running -= 1
            if not _running:
                cv2.setNumThreads(_opencv_threads)


class Stream:
    """A source, a method and sinks, put together.

    Parameters
    ----------
    source : iterable of CameraFrame
        See `lctem_core.live.sources`.
    method : Method
        What is done with the frames: ``methods.load("sum")``, or ``Method(refiner)``.
    sinks : sequence of Sink
    size : int or None
        Longer side to which frames are reduced before they are integrated [px]; None leaves them.
    clock : Clock, optional
        Of the frames' times; by default the machine's.

    Attributes
    ----------
    statistics : Statistics
        May be read while the stream runs.

    Examples
    --------
    >>> stream = Stream(replay(movie, fps=100), methods.load("sum"), [recorder("out.zarr")])
    >>> print(stream.run().as_dict())
    """

    def __init__(
        self,
        source: Iterable[CameraFrame],
        method: Method,
        sinks: Sequence[Sink] = (),
        *,
        size: int | None = 512,
        clock: Clock | None = None,
    ) -> None:
        self.source, self.method, self.sinks, self.size = source, method, tuple(sinks), size
        self.clock = clock or WallClock()
        self.statistics = Statistics(runtime=method.runtime)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._waiting: float | None = None
        self._incoming = _Queue(any(sink.lossless for sink in self.sinks), BUFFER)
        self._outgoing: list[_Queue] = []
        self._reports: list[SinkReport] = []
        for sink in self.sinks:
            name = sink.name
            while name in self.statistics.sinks:
                name += "'"
            report = self.statistics.sinks[name] = SinkReport()
            self._reports.append(report)
            self._outgoing.append(_Queue(sink.lossless, BUFFER))

    def stop(self) -> None:
        """End the stream after the frame that is being taken; earlier frames are still refined."""
        self._stop.set()

    def run(self) -> Statistics:
        """Run until the source ends, `stop` is called, or Ctrl-C; then close the sinks.

        Returns
        -------
        Statistics

        Raises
        ------
        Exception
            What the source raised, after all earlier frames have been refined and written. Errors
            of sinks, and frames that cannot be refined, are in the statistics instead.
        """
        with _opencv_without_threads():
            self._run_steps()
        for queue, report in zip(self._outgoing, self._reports, strict=True):
            report.dropped = queue.dropped
        if self._error is not None:
            raise self._error
        return self.statistics

    def _run_steps(self) -> None:
        steps = [
            _Step("capture", self._capture),
            _Step("refine", self._refine),
            *(
                _Step(one[0].name, self._feed, *one)
                for one in zip(self.sinks, self._outgoing, self._reports, strict=True)
            ),
        ]
        started = self.clock.now()
        for step in steps:
            step.start()
        for step in steps:
            while not step.done.is_set():
                try:
                    step.done.wait(0.1)  # without a time, Ctrl-C would have to wait on Windows
                    if step is steps[0] and self._source_is_stuck():
                        break
                    self.statistics.memory.sample(self.statistics.refined)
                except KeyboardInterrupt:
                    self.statistics.interrupted = True
                    self._stop.set()
        self.statistics.seconds = self.clock.now() - started

    def _source_is_stuck(self) -> bool:
        """Whether a stopped stream should wait no more for its source; its queue is then ended."""
        since = self._waiting
        if since is None or not self._stop.is_set() or time.monotonic() - since < PATIENCE:
            return False
        self.statistics.problem = f"the source gave nothing for {PATIENCE:g} s and was left behind"
        self._incoming.end()
        return True

    def _capture(self) -> None:
        try:
            source = iter(self.source)
            while not self._stop.is_set():
                self._waiting = time.monotonic()
                frame = next(source, None)
                self._waiting = None
                if frame is None or self._incoming.ended:  # `run` may have given up waiting
                    break
                self._take(frame)
        except BaseException as error:  # raised again by `run`, in the caller's thread
            self._error = error
        finally:
            self._incoming.end()

    def _take(self, frame: CameraFrame) -> None:
        seen = self.statistics
        seen.seen += 1
        seen.late += frame.late
        try:
            with seen.stage("reduce"):
                image = np.asarray(frame.counts)
                check_shape(image, "frame")
                if self.size is not None:
                    # One thread, as for OpenCV's own functions while a stream runs.
                    image = reduce_longer(image, self.size, threads=1)
            if self.method.window is not None:
                with seen.stage("integrate"):
                    image = self.method.push(image, frame.time, frame.exposure)
                seen.restarts = self.method.restarts
        except InputError as error:
            seen.invalid += 1
            seen.problem = str(error)
            return
        with seen.stage("wait"):
            self._incoming.put(_Item(image, frame.time))
        seen.skipped = self._incoming.dropped

    def _refine(self) -> None:
        seen = self.statistics
        while (item := self._incoming.get()) is not None:
            try:
                with seen.stage("refine"):
                    refined = self.method.refine(item.image)
            except Exception as error:  # one frame that cannot be refined does not end a session
                seen.failed += 1
                seen.problem = str(error)
                continue
            seen.refined += 1
            seen.latency.add(self.clock.now() - item.time)
            for queue, report in zip(self._outgoing, self._reports, strict=True):
                before = self.clock.now()
                queue.put(_Item(refined, item.time))
                report.waited += self.clock.now() - before
        for queue in self._outgoing:
            queue.end()

    def _feed(self, sink: Sink, queue: _Queue, report: SinkReport) -> None:
        due, finish = -np.inf, sink.close
        try:
            while True:
                wait = due - self.clock.now()
                if wait > 0:  # meanwhile a newer frame may replace the next one
                    self.clock.sleep(wait)
                item = queue.get()
                if item is None:
                    break
                due = self.clock.now() + sink.interval
                with self.statistics.stage(f"sink {sink.name}"):
                    sink.write(item.image, item.time)
                report.written += 1
                report.age.add(self.clock.now() - item.time)
        except Exception as error:  # a full disk or a closed window must not end the session
            report.problem = f"{type(error).__name__}: {error}"
            queue.refuse()
            refused = isinstance(error, InputError)  # the frame, before any of it was written
            finish = sink.close if refused else sink.abandon
        try:
            finish()
        except Exception as error:
            report.problem = report.problem or f"{type(error).__name__}: {error}"
