"""What every image goes through before the network: reduction and a stretch of its intensities."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from lctem_core.errors import InputError
from lctem_core.io import frames


def reduce(image: np.ndarray, size: int = 512, threads: int | None = None) -> np.ndarray:
    """Image resampled to a square by area averaging, as the public code does with its crops.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type; converted to float32 first, because OpenCV rounds integers.
    size : int
        Side of the result [px]; a side that is shorter is interpolated linearly.
    threads : int, optional
        See `resized`.

    Returns
    -------
    ndarray, (size, size), float32

    Raises
    ------
    InputError
        If the size is below 1 pixel.
    """
    _check_size(size)
    return resized(image, size, size, threads)


def reduce_longer(image: np.ndarray, size: int = 512, threads: int | None = None) -> np.ndarray:
    """Image with its longer side reduced to `size` pixels by area averaging; never enlarged.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type.
    size : int
        Longer side of the result [px].
    threads : int, optional
        See `resized`.

    Returns
    -------
    ndarray, (H', W'), float32
        Of the same aspect ratio.

    Raises
    ------
    InputError
        If the size is below 1 pixel.
    """
    _check_size(size)
    height, width = np.shape(image)
    scale = min(1.0, size / max(height, width))
    return resized(image, max(1, round(height * scale)), max(1, round(width * scale)), threads)


def resized(image: np.ndarray, height: int, width: int, threads: int | None = None) -> np.ndarray:
    """Image resampled by area averaging.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type.
    height, width : int
        Of the result [px].
    threads : int, optional
        How many threads average blocks of whole pixels; by default as many as OpenCV uses.

    Returns
    -------
    ndarray, (height, width), float32
        The image itself if it is already of this type and shape.
    """
    image = np.asarray(image)
    block = image.shape[0] // height
    if block > 1 and image.dtype in _NARROW and image.shape == (block * height, block * width):
        number = cv2.getNumThreads() if threads is None else threads
        return _block_means(np.ascontiguousarray(image), block, number)
    image = np.ascontiguousarray(image, np.float32)
    if image.shape == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


#: Types that need no more than float32.
_NARROW = (np.uint8, np.uint16, np.float32)
#: Rows of a frame that are reduced at once: what they need then stays in the cache.
_BAND = 128


def _block_means(image: np.ndarray, block: int, threads: int) -> np.ndarray:
    """Means over blocks of pixels, for a camera's frames.

    A float32 copy of a whole frame, as OpenCV's area averaging needs it, would not fit into the
    cache; and OpenCV has code for halving, which is the same as long as a block is even.
    """
    height, width = image.shape[0] // block, image.shape[1] // block
    result = np.empty((height, width), np.float32)
    rows = max(1, _BAND // block)

    def part(first: int, last: int) -> None:
        buffer = np.empty((rows * block, image.shape[1]), np.float32)
        for start in range(first, last, rows):
            end = min(start + rows, last)
            band = buffer[: (end - start) * block]
            np.copyto(band, image[start * block : end * block], casting="unsafe")
            left = block
            while left % 2 == 0 and left > 2:
                left //= 2
                size = (width * left, (end - start) * left)
                band = cv2.resize(band, size, interpolation=cv2.INTER_AREA)
            cv2.resize(
                band, (width, end - start), dst=result[start:end], interpolation=cv2.INTER_AREA
            )

    threads = min(threads, height)
    if threads < 2:
        part(0, height)
    else:
        bounds = [height * i // threads for i in range(threads + 1)]
        list(_threads(threads).map(part, bounds[:-1], bounds[1:]))
    return result


@cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number, "reduce")


if hasattr(os, "register_at_fork"):  # a forked process, such as a loader's worker, has no threads
    os.register_at_fork(after_in_child=_threads.cache_clear)


def _check_size(size: int) -> None:
    if size < 1:
        raise InputError("a size of 1 pixel or more", str(size), "512 is usual.")


def limits(
    image: np.ndarray,
    low: float = 0.1,
    high: float = 99.9,
    least_contrast: float = 0.0,
    *,
    checked: bool = False,
) -> tuple[float, float]:
    """Intensities that a stretch maps to 0 and 1, in the image's own units.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type.
    low, high : float
        Percentiles [%].
    least_contrast : float
        If the range between the percentiles is a smaller share than this of the upper one, the
        lower limit is moved down to that share. A field without particles is then not stretched
        into noise. The public code uses 0.
    checked : bool
        The caller has made sure that the image is of finite real numbers; it is not looked through
        again.

    Returns
    -------
    lower, upper : float
        The percentiles; the least and greatest value if the percentiles are equal.

    Raises
    ------
    InputError
        If the image is not two-dimensional, real, finite and varying, or a parameter is out of
        range.
    """
    check_percentiles(low, high, least_contrast)
    image = np.asarray(image)
    if not checked:
        frames.check_image(image, least=1)
    lower, upper = percentiles(image, low, high)
    if upper - lower < least_contrast * upper:
        lower = upper * (1 - least_contrast)
    if not lower < upper:  # a few electrons in an empty frame
        lower, upper = float(image.min()), float(image.max())
        if lower == upper:
            raise frames.constant("image", lower)
    return lower, upper


def percentiles(image: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Two percentiles of an image, interpolated linearly, as those of NumPy.

    Only the pixels beyond a bound on either side are sorted; the bounds come from a part of the
    pixels, and if they turn out too narrow, all pixels are sorted.

    Parameters
    ----------
    image : ndarray
        Any real type, finite.
    low, high : float
        [%]

    Returns
    -------
    low, high : float
        In the image's units.
    """
    values = np.ravel(image)
    part = values[::_PART]
    last = values.size - 1

    def at(percent: float) -> float:
        place = percent / 100 * last
        below = int(place)
        share = place - below
        # Counted from the nearer end, twice as far and some pixels on.
        bound = 2 * min(below, last - below) // _PART + 10
        if 2 * bound >= part.size:
            ends, first = np.sort(values), below
        elif 2 * below < last:
            ends = np.sort(values[values <= np.partition(part, bound)[bound]])
            first = below
        else:
            bound = part.size - 1 - bound
            ends = np.sort(values[values >= np.partition(part, bound)[bound]])
            first = below - (values.size - ends.size)
        if first < 0 or first + 1 >= ends.size:
            ends, first = np.sort(values), below
        lower, upper = float(ends[first]), float(ends[min(first + 1, ends.size - 1)])
        return lower + (upper - lower) * share

    return at(low), at(high)


#: One pixel of this number gives the bounds of `percentiles`; not a divisor of usual widths.
_PART = 31


def check_percentiles(low: float, high: float, least_contrast: float) -> None:
    """Raise an `InputError` for parameters that `limits` cannot use."""
    if not 0 <= low < high <= 100:
        raise InputError(
            "0 ≤ low < high ≤ 100", f"low {low}, high {high}", "0.1 and 99.9 is usual."
        )
    if not 0 <= least_contrast < 1:
        raise InputError("a least contrast of 0 to below 1", str(least_contrast), "0 turns it off.")


#: Where the faithful target cuts off, in ranges between the percentiles: only hot pixels go so far.
#: Few and small particles are darker than the lower percentile, and keep their grey levels.
FAR = (-4.0, 5.0)

#: Range between limits whose reciprocal float32 still holds.
_SMALL = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Stretch:
    """Linear map of intensities, and its inverse.

    Attributes
    ----------
    lower, upper : float
        Intensities that become 0 and 1, in the image's own units.
    clip : tuple of float
        Least and greatest value of a stretched image; what lies beyond is cut off.

    Examples
    --------
    >>> stretch = Stretch.between(frame)
    >>> back = stretch.undo(network(stretch.apply(frame)))
    """

    lower: float
    upper: float
    clip: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def between(
        cls,
        image: np.ndarray,
        low: float = 0.1,
        high: float = 99.9,
        least_contrast: float = 0.0,
        clip: tuple[float, float] = (0.0, 1.0),
        *,
        checked: bool = False,
    ) -> Stretch:
        """Stretch between two percentiles of an image.

        Parameters
        ----------
        image : ndarray, (H, W)
            Any real type.
        low, high, least_contrast, checked
            As for `limits`, which says what is raised.
        clip : tuple of float
            Least and greatest value of a stretched image.

        Returns
        -------
        Stretch
        """
        return cls(*limits(image, low, high, least_contrast, checked=checked), clip)

    @property
    def range(self) -> float:
        """Difference of the limits, in the image's units."""
        return self.upper - self.lower

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Stretched and clipped image.

        Parameters
        ----------
        image : ndarray
            Any real type and shape; floats are computed with in their own precision, integers in
            double precision.

        Returns
        -------
        ndarray, float32
            Of the same shape.
        """
        image = np.asarray(image)
        if self.range < _SMALL:
            image = image.astype(np.float64)
        with np.errstate(over="ignore"):  # percentiles almost equal: what overflows is clipped
            stretched = (image - self.lower) / self.range
        return np.clip(stretched, *self.clip).astype(np.float32, copy=False)

    def apply_quickly(self, image: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Like `apply`, for a stream: in float32 throughout, by a multiplication.

        It may differ from `apply` by the rounding of float32.

        Parameters
        ----------
        image : ndarray
            Any real type and shape.
        out : ndarray, float32, optional
            Where the result goes, the image itself for instance.

        Returns
        -------
        ndarray, float32
            Of the same shape; `out` if given.
        """
        result = np.subtract(image, np.float32(self.lower), out=out, dtype=np.float32)
        if self.range > _SMALL:
            result *= np.float32(1 / self.range)
        else:  # the reciprocal would be infinite in float32
            result[:] = result.astype(np.float64) / self.range
        return np.clip(result, *self.clip, out=result)

    def undo(self, image: np.ndarray) -> np.ndarray:
        """Image in the units of the original one; what was clipped stays clipped.

        Parameters
        ----------
        image : ndarray, float
            Stretched, any shape.

        Returns
        -------
        ndarray
            Of the same shape and type.
        """
        return image * self.range + self.lower


def rescale(
    image: np.ndarray,
    low: float = 0.1,
    high: float = 99.9,
    least_contrast: float = 0.0,
    clip: tuple[float, float] = (0.0, 1.0),
) -> np.ndarray:
    """Image stretched between two of its percentiles and clipped.

    This is the public code's min–max rescaling followed by a stretch between percentiles: the
    first step is linear and drops out.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type.
    low, high, least_contrast : float
        As for `limits`, which says what is raised.
    clip : tuple of float
        Least and greatest value of the result.

    Returns
    -------
    ndarray, (H, W), float32
    """
    return Stretch.between(image, low, high, least_contrast, clip).apply(image)
