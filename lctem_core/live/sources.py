"""Camera frames as they come in, and the clock that paces a replay."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lctem_core.errors import InputError


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """One frame of a camera.

    Attributes
    ----------
    counts : ndarray, (H, W)
        Any real type. It must not be overwritten later: copy a camera's live view.
    time : float
        End of the exposure on the stream's clock [s].
    index : int
        Number of the frame since the start, missing ones included.
    exposure : float or None
        [s]
    late : bool
        Whether it was delivered more than one frame after it was due.
    """

    counts: np.ndarray
    time: float
    index: int
    exposure: float | None = None
    late: bool = False


class Clock(Protocol):
    """Time as a stream sees it."""

    def now(self) -> float:
        """Monotonic time [s]."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait [s]."""
        ...


class WallClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Monotonic time [s]."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait [s]."""
        time.sleep(seconds)


def replay(
    images: Iterable[np.ndarray],
    fps: float | None,
    *,
    seconds: float | None = None,
    stalls: Mapping[int, float] | None = None,
    clock: Clock | None = None,
) -> Iterator[CameraFrame]:
    """Play images as a camera would deliver them.

    Frame i is due i / fps after the first one, no matter when the one before it was taken. A
    consumer that was held up gets the frames that are due in a burst, marked late.

    Parameters
    ----------
    images : iterable of ndarray, (H, W)
        Read as they are due.
    fps : float or None
        Frames per second; None plays as fast as frames are taken.
    seconds : float, optional
        Stop after this time of the recording [s].
    stalls : mapping of int to float, optional
        How much later the camera delivers some frames [s], by index; the frames that follow come in
        a burst.
    clock : Clock, optional
        By default the machine's.

    Yields
    ------
    CameraFrame
        Its time is when it was due; its exposure is the time between two frames.

    Raises
    ------
    InputError
        If the rate or the duration is not above 0.
    """
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise InputError("a frame rate above 0 per second", repr(fps), "The paper's is 100.")
    if seconds is not None and not seconds > 0:
        raise InputError("a duration above 0 s", repr(seconds), "Leave it out to play everything.")
    return _replay(images, fps, seconds, stalls or {}, clock or WallClock())


def _replay(
    images: Iterable[np.ndarray],
    fps: float | None,
    seconds: float | None,
    stalls: Mapping[int, float],
    clock: Clock,
) -> Iterator[CameraFrame]:
    period = 1 / fps if fps else None
    number = None if seconds is None or fps is None else max(1, round(seconds * fps))
    start = None
    for index, image in enumerate(images):
        now = clock.now()
        if number is not None and index >= number:
            return
        # The first exposure starts when the first image has been read.
        start = now if start is None else start
        if period is None:
            if seconds is not None and now - start >= seconds:
                return
            yield CameraFrame(image, now, index)
            continue
        due = start + (index + 1) * period
        wait = due + stalls.get(index, 0.0) - now
        if wait > 0:
            clock.sleep(wait)
        yield CameraFrame(image, due, index, period, late=clock.now() - due > period)
