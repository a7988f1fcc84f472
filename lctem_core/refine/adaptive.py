"""Motion-adaptive means of the last frames: of many where nothing changed, else of few.

A mean of ten frames has the least noise and smears what moves; the newest frame smears nothing. So
means over the last 10, 3 and 1 frames are compared, place by place. Where a shorter one differs
from a longer one by more than noise explains, something moved, and the shorter one is taken.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

# Shares of the frames that the means are over.
_SHARES = (1.0, 0.3, 0.0)
#: Standard deviations of the noise by which two means have to differ for the shorter one to be
#: taken in part, and altogether. The first is exceeded by chance in a place or two of a frame.
UNLIKELY, CERTAIN = 4.0, 6.0
# Means are compared over blocks of this side [px], smoothed by Gaussians of these widths [blocks]:
# the motion of small and of faint particles is seen.
_BLOCK = 4
_WIDTHS = (0.6, 1.2)
# Share of the median brightness that is added before roots are taken: dark places have more noise
# than that of the electrons.
_DARK = 0.1
# About this number of values gives a quantile: neighbours are smoothed together.
_ENOUGH = 4096
# Margin by which what moved is larger than where motion is noticed [blocks].
_MARGIN = 2
# Parts of a frame's side in which brightness is compared.
_PARTS = 8


def windows(frames: int) -> tuple[int, ...]:
    """Numbers of the newest frames that the means are over, largest first.

    Parameters
    ----------
    frames : int
        In the longest mean.

    Returns
    -------
    tuple of int
        For ten frames (10, 3, 1).
    """
    return tuple(max(1, round(share * frames)) for share in _SHARES)


def means(clip: np.ndarray) -> np.ndarray:
    """Means of the last frames, see `windows`.

    Parameters
    ----------
    clip : ndarray, (T, H, W), float32
        Frames, oldest first.

    Returns
    -------
    ndarray, (3, H, W), float32
    """
    return np.stack([clip[-last:].mean(axis=0) for last in windows(len(clip))])


def factors(averages: np.ndarray) -> list[float]:
    """Factors that bring means of counts to the brightness of the first.

    Where the dose changes within the frames, the shorter means are brighter or darker than the
    longest, and a mixture of them would show where which was taken. A factor is the median over
    parts of the frame, so that it is the beam's and not that of what moved; it is 1 unless it
    differs from 1 by three standard errors.

    Parameters
    ----------
    averages : ndarray, (K, H, W), float32
        Of frames, not stretched: in counts above the camera's dark level.

    Returns
    -------
    list of float
        K of them; the first is 1.
    """
    parts = tuple(min(_PARTS, side) for side in averages.shape[:0:-1])
    first, *others = (cv2.resize(one, parts, interpolation=cv2.INTER_AREA) for one in averages)
    found = [1.0]
    for other in others:
        found.append(1.0)
        there = (first > 0) & (other > 0)
        if not there.any():
            continue
        ratios = first[there] / other[there]
        factor = _quantile(ratios, 0.5)
        # Of a median of normally distributed values, from their median deviation.
        error = 1.25 * 1.48 * _quantile(np.abs(ratios - factor), 0.5) / ratios.size**0.5
        if abs(factor - 1) > 3 * error:
            found[-1] = factor
    return found


def adapted(averages: np.ndarray, frames: int) -> np.ndarray:
    """Adaptive mean: the longest where nothing changed, shorter ones where something did.

    Parameters
    ----------
    averages : ndarray, (3, H, W), float32
        Means of the last frames, from `means` or from `lctem_core.live.integrate.Means`. They are
        brought to one brightness, see `factors`.
    frames : int
        Number of frames in the longest mean. At the start of a stream it has fewer, and the noise
        is higher than what is returned.

    Returns
    -------
    ndarray, (2, H, W), float32
        The adaptive mean, and the noise in it as a share of that of one frame: √Σw² of the weights
        w that the frames have in it, 1 where only the newest counts, n^-½ for a mean of n.
    """
    height, width = averages.shape[1:]
    small = np.stack([_coarse(one) for one in averages])
    scales = factors(small)
    small *= np.array(scales, np.float32)[:, None, None]
    # The noise of a root does not go with the brightness: it is nearly the same everywhere.
    floor = _DARK * max(_quantile(small[0], 0.5), 0.0)
    rooted = [
        [_root(cv2.GaussianBlur(one, (0, 0), sigma), floor) for sigma in _WIDTHS] for one in small
    ]
    shares = [_changed(older, newer) for older, newer in pairwise(rooted)]
    large, difference = (np.empty((height, width), np.float32) for _ in range(2))
    result = np.empty((2, height, width), np.float32)
    mixture, before = result[0], averages[0]
    for share, average, scale in zip(shares, averages[1:], scales[1:], strict=True):
        cv2.resize(share, (width, height), dst=large, interpolation=cv2.INTER_LINEAR)
        cv2.addWeighted(average, scale, before, -1, 0, dst=difference)
        cv2.multiply(difference, large, dst=difference)
        cv2.add(before, difference, dst=mixture)
        before = mixture
    noise = _noise(shares, windows(frames))
    cv2.resize(noise, (width, height), dst=result[1], interpolation=cv2.INTER_LINEAR)
    return result


def _noise(shares: list[np.ndarray], lasts: tuple[int, ...]) -> np.ndarray:
    """√Σw² where each share replaces so much of the means before it."""
    taken = [np.ones_like(shares[0])]
    for share in shares:
        taken = [one * (1 - share) for one in taken] + [share]
    squares, weight = np.zeros_like(shares[0]), np.zeros_like(shares[0])
    for one, last, fewer in zip(taken, lasts, [*lasts[1:], 0], strict=True):
        weight += one * np.float32(1 / last)  # of each frame that only means this long hold
        squares += (last - fewer) * weight**2
    return np.sqrt(squares)


def _coarse(image: np.ndarray) -> np.ndarray:
    size = tuple(-(-side // _BLOCK) for side in image.shape[::-1])
    if not (image.shape[0] % _BLOCK or image.shape[1] % _BLOCK):
        # Halving twice is the same and takes a third of the time: OpenCV has code for halving.
        image = cv2.resize(image, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_AREA)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _root(image: np.ndarray, floor: float) -> np.ndarray:
    return cv2.sqrt(np.maximum(image, 0) + np.float32(floor))


def _changed(older: list[np.ndarray], newer: list[np.ndarray]) -> np.ndarray:
    """Where two means, smoothed by each width, differ by more than noise: 0 to 1."""
    share = np.zeros_like(older[0])
    for one, other in zip(older, newer, strict=True):
        difference = cv2.absdiff(one, other)
        # The lower quartile is that of the noise even where half of the frame moves; a quarter of
        # normally distributed values lie within 0.3186 standard deviations.
        deviation = _quantile(difference, 0.25) / 0.3186 or float(difference.std())
        if deviation:
            difference *= np.float32(1 / deviation)
            cv2.max(share, difference, dst=share)
    share -= np.float32(UNLIKELY)
    share *= np.float32(1 / (CERTAIN - UNLIKELY))
    np.clip(share, 0, 1, out=share)
    around = np.ones((2 * _MARGIN + 1,) * 2, np.uint8)
    return cv2.GaussianBlur(cv2.dilate(share, around), (0, 0), _MARGIN / 2)


def _quantile(image: np.ndarray, share: float) -> float:
    values = image.ravel()[:: image.size // _ENOUGH | 1]  # odd: not a divisor of usual widths
    rank = int(share * values.size)
    return float(np.partition(values, rank)[rank])
