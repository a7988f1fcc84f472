"""Drift of the specimen from frame to frame, measured at low dose."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

#: Longer side of the frames that are compared, at most [px].
SIDE = 256
#: What is compared lies between these lengths [px of the compared frames], standard deviations of
#: Gaussians: noise is finer, illumination is coarser.
FINE, COARSE = 1.5, 12.0


@dataclass(frozen=True)
class Shift:
    """A measured step.

    Attributes
    ----------
    x, y : float
        To the right and down [px of the frames].
    height : float
        Peak of the correlation over its surroundings, in standard deviations of these.
    believed : bool
        Whether the peak is high enough and inside the range.
    """

    x: float
    y: float
    height: float
    believed: bool


class Tracker:
    """Position of the specimen, frame by frame, against the sum of the frames before.

    Frames are reduced, freed of their slow background, smoothed, and faded out towards their
    edges. The cross-correlation of the newest with the sum of the previous ones, each moved to
    where the last one was, has its peak at the newest step; three points along either axis
    give fractions of a pixel. The spectra are not whitened, as they are in phase correlation: at a
    few electrons per pixel most of their frequencies are noise, and whitening would give all of
    them the same weight.

    Parameters
    ----------
    shape : tuple of int
        Of the frames (H, W).
    n : int
        Number of previous frames that the newest is compared with.
    largest : float
        Largest step that is believed [px of the frames].
    least : float
        Least height of a believed peak, in standard deviations.
    """

    def __init__(
        self, shape: tuple[int, int], n: int = 10, largest: float = 8.0, least: float = 8.0
    ) -> None:
        self.factor = max(1, -(-max(shape) // SIDE))
        self.shape = tuple(max(1, round(side / self.factor)) for side in shape)
        self.largest, self.least = largest, least
        rows, columns = (np.hanning(side + 2)[1:-1] for side in self.shape)
        self._fade = np.outer(rows, columns).astype(np.float32)
        # Room around the frame, so that its right edge is not compared with its left one.
        self._padded = tuple(fft.next_fast_len(side + self._reach(), real=True)
                             for side in self.shape)  # fmt: skip
        self._fy = fft.fftfreq(self._padded[0]).astype(np.float32)[:, None]
        self._fx = fft.rfftfreq(self._padded[1]).astype(np.float32)[None, :]
        self._spectra: deque[np.ndarray] = deque(maxlen=n)
        self.position = (0.0, 0.0)

    def push(self, frame: np.ndarray) -> Shift | None:
        """Measure the step from the previous frame to this one, and add it to `position`.

        Parameters
        ----------
        frame : ndarray, (H, W), float32

        Returns
        -------
        Shift or None
            None for the first frame. A step that is not believed does not change `position`.
        """
        spectrum = self._spectrum(frame)
        step = None
        if self._spectra:
            # All previous spectra are kept where the last frame was.
            step = self._peak(np.conj(sum(self._spectra)) * spectrum)
            if step.believed:
                x, y = self.position
                self.position = (x + step.x, y + step.y)
                ramp = self._ramp(step.x / self.factor, step.y / self.factor)
                for earlier in self._spectra:
                    earlier *= ramp
        self._spectra.append(spectrum)
        return step

    def _reach(self) -> int:
        return int(np.ceil(self.largest / self.factor)) + 2

    def _spectrum(self, frame: np.ndarray) -> np.ndarray:
        height, width = self.shape
        small = frame
        if self.factor > 1:
            small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
        # The edges of a low-dose frame are as noisy as the rest: a mirrored border invents nothing.
        fine = cv2.GaussianBlur(small, (0, 0), FINE)
        tiny = cv2.resize(small, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        slow = cv2.resize(cv2.GaussianBlur(tiny, (0, 0), COARSE / 4), (width, height))
        return fft.rfft2((fine - slow) * self._fade, self._padded)

    def _ramp(self, x: float, y: float) -> np.ndarray:
        phase_y, phase_x = (np.exp(-2j * np.pi * f * s) for f, s in ((self._fy, y), (self._fx, x)))
        return (phase_y * phase_x).astype(np.complex64)

    def _peak(self, product: np.ndarray) -> Shift:
        surface = fft.irfft2(product, self._padded)
        reach = self._reach()
        near = np.roll(surface, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
        inner = near[1:-1, 1:-1]
        row, column = np.unravel_index(int(inner.argmax()), inner.shape)
        row, column = row + 1, column + 1
        y = row - reach + _vertex(*near[row - 1 : row + 2, column])
        x = column - reach + _vertex(*near[row, column - 1 : column + 2])
        spread = float(surface.std())
        height = float(near[row, column] - surface.mean()) / spread if spread else 0.0
        x, y = x * self.factor, y * self.factor
        inside = max(abs(x), abs(y)) <= self.largest
        return Shift(float(x), float(y), height, bool(inside and height >= self.least))


def _vertex(before: float, at: float, after: float) -> float:
    """Place of the top of the parabola through three points, from the middle one."""
    curvature = 2 * at - before - after
    return float(np.clip((after - before) / (2 * curvature), -0.5, 0.5)) if curvature > 0 else 0.0
