"""Integration of successive camera frames: what is refined is then less noisy, and older.

Each class here takes every camera frame with its time and returns what is to be refined: an
`Integrator` one image, `Means` several. They count camera frames, whether or not these are refined.
They start again, and say why in `restarted`, when shape, type or exposure of the frames changes (a
sum across such a change would mean nothing), when time stamps go back, and after a gap in them, if
one is given.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

import cv2
import numpy as np

from lctem_core.errors import InputError, needs
from lctem_core.io.frames import check_finite, check_shape
from lctem_core.refine.adaptive import windows

if TYPE_CHECKING:
    from lctem_core.live.drift import Shift


class Window(ABC):
    """The last camera frames, and when they no longer belong together.

    Parameters
    ----------
    n : int
        Number of camera frames.
    gap : float, optional
        Start again where two frames are further apart than this [s].

    Attributes
    ----------
    count : int
        Frames in the last result; less than `n` while warming up.
    restarts : int
        How often it started again.
    restarted : str
        Why it did so the last time; empty if it never did.

    Raises
    ------
    InputError
        If `n` is not a whole number of 1 or more, or `gap` not above 0 s.
    """

    def __init__(self, n: int = 10, *, gap: float | None = None) -> None:
        if not (isinstance(n, int | np.integer) and n >= 1):
            raise InputError("a whole number of frames of 1 or more", repr(n), "10 is the paper's.")
        if gap is not None and not gap > 0:
            raise InputError("a gap above 0 s", repr(gap), "Leave it out to bridge gaps.")
        self.n, self.gap = int(n), gap
        self.restarts, self.restarted = 0, ""
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._time = -math.inf
        self._kind: tuple[object, ...] | None = None
        self.count = 0

    def push(self, frame: np.ndarray, time: float, exposure: float | None = None) -> np.ndarray:
        """Take the next camera frame.

        Parameters
        ----------
        frame : ndarray, (H, W)
            Counts, any real type; not kept, the caller may overwrite it.
        time : float
            End of the exposure [s].
        exposure : float, optional
            [s]

        Returns
        -------
        ndarray, (H, W) or (K, H, W)
            What is to be refined; the caller may change it.

        Raises
        ------
        InputError
            If the frame is not a real, finite image with a finite time. Nothing has then changed.
        """
        frame = np.asarray(frame)
        check_shape(frame, "frame")
        check_finite(frame, "frame")
        if not math.isfinite(time):
            raise InputError("a frame with a time in seconds", f"{time}", "Number the frames.")
        kind = (frame.shape, frame.dtype, exposure)
        why = self._change(kind, time)
        if why:
            self.reset()
            self.restarts, self.restarted = self.restarts + 1, why
        if self._kind is None:
            self._start(frame)
        self._kind, self._time = kind, time
        self.count = min(self.count + 1, self.n)
        return self._add(frame)

    def _change(self, kind: tuple[object, ...], time: float) -> str:
        if self._kind is None:
            return ""
        for name, old, new in zip(("shape", "type", "exposure"), self._kind, kind, strict=True):
            if old != new and not (name == "exposure" and _alike(old, new)):
                return f"the {name} changed from {old} to {new}"
        step = time - self._time
        if not step > 0:
            return f"the time went from {self._time:.6g} s to {time:.6g} s"
        if self.gap is not None and step > self.gap:
            return f"no frame for {step:.3g} s"
        return ""

    @abstractmethod
    def _start(self, frame: np.ndarray) -> None:
        """Allocate for frames like this one."""

    @abstractmethod
    def _add(self, frame: np.ndarray) -> np.ndarray:
        """Take a frame and return the result; `count` includes the frame already."""


def _alike(one: object, other: object) -> bool:
    """Whether two exposures are the same but for rounding: files store them in many ways."""
    known = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return known and math.isclose(one, other, rel_tol=1e-6)


class Integrator(Window):
    """A window that makes one image of its frames.

    Parameters
    ----------
    n, gap
        See `Window`.
    mean : bool
        Divide every result by its `weight`: float32, in the counts of one frame.
    """

    def __init__(self, n: int = 10, *, gap: float | None = None, mean: bool = False) -> None:
        self.mean = mean
        super().__init__(n, gap=gap)

    @property
    def weight(self) -> float:
        """Divisor that gives a result, unless `mean`, the counts of one frame."""
        return 1.0

    def push(self, frame: np.ndarray, time: float, exposure: float | None = None) -> np.ndarray:
        """Take the next camera frame and return an image (H, W); see `Window.push`."""
        result = super().push(frame, time, exposure)
        return np.divide(result, self.weight, dtype=np.float32) if self.mean else result


class Sum(Integrator):
    """Sum of the current and the previous n - 1 camera frames, at a cost that n does not change.

    Whole numbers are summed exactly, in 32 bits where n frames fit into them. Other numbers are
    summed in float64, and nothing is ever subtracted, so that rounding errors do not add up: the
    sum is that of two parts, see `_TwoParts`.

    The first n - 1 results are sums of fewer frames, `count` of them.
    """

    @property
    def weight(self) -> float:
        """Number of frames in the sum."""
        return float(max(self.count, 1))

    def _start(self, frame: np.ndarray) -> None:
        self._parts: _TwoParts | _Running
        whole = frame.dtype.kind in "iu"
        self._parts = (_Running if whole else _TwoParts)(self.n, frame.shape, frame.dtype)

    def _add(self, frame: np.ndarray) -> np.ndarray:
        return self._parts.push(frame)


class _Running:
    """Sum of the last n whole-number images: the new one added, the one that leaves subtracted."""

    def __init__(self, n: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        narrow = np.dtype(f"{dtype.kind}4")
        extreme = n * max(abs(int(np.iinfo(dtype).min)), int(np.iinfo(dtype).max))
        # Modulo 2^64 a sum is right whenever it fits, whatever came before.
        wide = extreme > np.iinfo(narrow).max
        self.total = np.zeros(shape, f"{dtype.kind}8" if wide else narrow)
        self.ring = np.zeros((n, *shape), dtype)
        self.at = 0

    def push(self, image: np.ndarray) -> np.ndarray:
        self.total += image
        self.total -= self.ring[self.at]
        self.ring[self.at] = image
        self.at = (self.at + 1) % len(self.ring)
        return self.total.copy()


class _TwoParts:
    """Sum of the last n images by additions alone (a queue made of two stacks).

    Images are gathered into `recent`. Every n-th time they become the older part: replaced by their
    sums with all that follow, so that the older part without its oldest image is the next of these
    sums. On average an image costs three additions.
    """

    def __init__(self, n: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        kind = np.result_type(dtype, np.float64)
        self.images = np.zeros((n, *shape), dtype)
        self.older = np.zeros((n, *shape), kind)
        self.recent = np.zeros(shape, kind)
        self.taken = 0

    def push(self, image: np.ndarray) -> np.ndarray:
        n = len(self.images)
        if self.taken == n:
            self.older[n - 1] = self.images[n - 1]
            for i in range(n - 2, -1, -1):
                np.add(self.older[i + 1], self.images[i], out=self.older[i])
            self.recent[:] = 0
            self.taken = 0
        self.images[self.taken] = image
        self.recent += image
        self.taken += 1
        if self.taken == n:
            return self.recent.copy()
        return self.recent + self.older[self.taken]


class Exponential(Integrator):
    """Exponential average with the noise of a mean of n frames.

    Weights fall by (1 - a) per frame with a = 2 / (n + 1), which makes the effective number of
    frames (Σw)² / Σw² = n. While warming up, the average is over the frames so far. A third
    of the weight then lies on frames older than n / 2, a seventh (e⁻²) on frames older than n:
    what moved long ago fades instead of ending.
    """

    def reset(self) -> None:
        """Forget all frames."""
        super().reset()
        self._seen = 0

    def _start(self, frame: np.ndarray) -> None:
        self._average = np.zeros(frame.shape, np.float64 if frame.dtype.itemsize > 4 else "f4")

    def _add(self, frame: np.ndarray) -> np.ndarray:
        self._seen += 1
        share = 2 / (self.n + 1)
        # The share of a mean that started with the first frame: 1, then falling towards `share`.
        share /= 1 - (1 - share) ** self._seen
        self._average += (frame - self._average) * self._average.dtype.type(share)
        return self._average.copy()


class Means(Window):
    """Means over all of the last n frames, over the newest few, and the newest frame: (3, H, W).

    An adaptive mean is made of them, see `lctem_core.refine.adaptive`. They are compared only when
    they are refined, which not all of them are. Results are float32, in the counts of one frame.
    While warming up, the means are over the frames so far.
    """

    def _start(self, frame: np.ndarray) -> None:
        self._ring = np.zeros((self.n, *frame.shape), np.float32)
        self._windows = windows(self.n)
        self._at = -1

    def _add(self, frame: np.ndarray) -> np.ndarray:
        self._at = (self._at + 1) % self.n
        self._ring[self._at] = frame
        result = np.empty((len(self._windows), *frame.shape), np.float32)
        # By additions alone: of a frame that was taken away again, rounding would stay. From the
        # shortest on, each mean goes on from the sum of the one before.
        total, taken = self._ring[self._at].copy(), 1
        for mean, last in zip(result[::-1], self._windows[::-1], strict=True):
            there = min(last, self.count)
            for i in range(taken, there):
                cv2.add(total, self._ring[(self._at - i) % self.n], dst=total)
            taken = there
            np.multiply(total, np.float32(1 / there), out=mean)
        return result


class Registered(Integrator):
    """Sum of the last n frames, each moved to where the current one has the specimen.

    A step that cannot be measured reliably is taken as none, and counted in `rejected`. Where a
    shift moves in the outside of a frame, that frame does not count, and the sum is scaled by the
    number of frames that cover the pixel.

    Every result takes n shifts: reduce camera frames first.

    Parameters
    ----------
    n, gap, mean
        See `Integrator`.
    largest : float
        Largest step between two frames that is believed [px].
    least : float
        Least height of the correlation's peak over its surroundings, in standard deviations.
    subpixel : bool
        Interpolate linearly. Otherwise frames move by whole pixels, which keeps the noise of
        neighbouring pixels independent and leaves up to half a pixel of blur.

    Attributes
    ----------
    step : Shift or None
        Of the newest frame against the one before it.
    rejected : int
        Frames whose step was not believed.
    """

    def __init__(
        self, n: int = 10, *, gap: float | None = None, mean: bool = False, largest: float = 8.0,
        least: float = 8.0, subpixel: bool = True,
    ) -> None:  # fmt: skip
        if not largest > 0:
            raise InputError("a largest step above 0 px", repr(largest), "8 is usual.")
        with needs("analysis", "registration"):
            from lctem_core.live.drift import Tracker

        self._track = Tracker
        self.largest, self.least, self.subpixel = largest, least, subpixel
        self.rejected = 0
        super().__init__(n, gap=gap, mean=mean)

    @property
    def weight(self) -> float:
        """Number of frames in the sum."""
        return float(max(self.count, 1))

    @property
    def position(self) -> tuple[float, float]:
        """Of the specimen in the newest frame against the first frame since the start, x, y [px].

        It is a sum of measured steps: its error grows with time.
        """
        return self._positions[-1] if self._positions else (0.0, 0.0)

    def reset(self) -> None:
        """Forget all frames."""
        super().reset()
        self.step: Shift | None = None
        self._frames: deque[np.ndarray] = deque(maxlen=self.n)
        self._positions: deque[tuple[float, float]] = deque(maxlen=self.n)

    def _start(self, frame: np.ndarray) -> None:
        self._tracker = self._track(frame.shape, self.n, self.largest, self.least)

    def _add(self, frame: np.ndarray) -> np.ndarray:
        image = frame.astype(np.float32)
        self.step = self._tracker.push(image)
        if self.step is not None and not self.step.believed:
            self.rejected += 1
        self._frames.append(image)
        self._positions.append(self._tracker.position)
        total = image.copy()
        x, y = self._positions[-1]
        steps = [(0.0, 0.0), *((x - x0, y - y0) for x0, y0 in list(self._positions)[:-1])]
        if not self.subpixel:
            steps = [(round(x), round(y)) for x, y in steps]
        for earlier, (x, y) in zip(list(self._frames)[:-1], steps[1:], strict=True):
            _add_moved(total, earlier, x, y)
        # How much of all frames covers a pixel is a product for each frame: a sum of products.
        rows = np.stack([_covered(image.shape[0], y) for _, y in steps])
        columns = np.stack([_covered(image.shape[1], x) for x, _ in steps])
        total *= self.count / (rows.T @ columns)
        return total


def _add_moved(total: np.ndarray, image: np.ndarray, x: float, y: float) -> None:
    """Add `image` moved by (x, y) [px] to `total`; between pixels it is interpolated linearly."""
    height, width = image.shape
    dx, dy = int(x), int(y)
    if abs(dx) >= width or abs(dy) >= height:
        return
    if (x, y) != (dx, dy):
        # What is left after whole pixels is a weighted mean with the neighbour on one side.
        (wide, right), (high, down) = _weights(x - dx), _weights(y - dy)
        image = cv2.filter2D(
            image, -1, np.outer(high, wide), anchor=(right, down), borderType=cv2.BORDER_CONSTANT
        )
    there = np.s_[max(dy, 0) : height + min(dy, 0), max(dx, 0) : width + min(dx, 0)]
    here = np.s_[max(-dy, 0) : height + min(-dy, 0), max(-dx, 0) : width + min(-dx, 0)]
    total[there] += image[here]


def _weights(part: float) -> tuple[np.ndarray, int]:
    """Filter that moves a row by `part` of a pixel, -1 to 1, and which of its taps is the pixel."""
    share = abs(part)
    taps = [share, 1 - share] if part >= 0 else [1 - share, share]
    return np.float32(taps), int(part >= 0)


def _covered(size: int, shift: float) -> np.ndarray:
    """Weight that a row moved by `shift` has in each pixel, by linear interpolation."""
    at = np.arange(size, dtype=np.float32) - shift
    return np.clip(np.minimum(at + 1, size - at), 0, 1).astype(np.float32)
