"""From numbers to grey levels on a screen."""

from __future__ import annotations

import numpy as np

from lctem_core.errors import InputError
from lctem_core.refine.preprocess import percentiles

#: Pixels from which on a part of them gives the percentiles.
_LARGE = 2**17


def picture_limits(image: np.ndarray, low: float = 0.1, high: float = 99.9) -> tuple[float, float]:
    """Percentiles between which a picture is drawn.

    A quarter of its pixels gives those of a large picture.

    Parameters
    ----------
    image : ndarray, (H, W)
    low, high : float
        [%]

    Returns
    -------
    lower, upper : float
        In the image's units.
    """
    return percentiles(image[::2, ::2] if image.size >= _LARGE else image, low, high)


def draw(
    image: np.ndarray,
    limits: tuple[float, float] | None = None,
    *,
    low: float = 0.1,
    high: float = 99.9,
) -> np.ndarray:
    """Image as 8-bit grey levels, ready to be shown.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type, finite.
    limits : tuple of float, optional
        Values shown black and white, in the image's units. A movie flickers unless they are the
        same for all of its frames. By default `picture_limits`.
    low, high : float
        These percentiles [%].

    Returns
    -------
    ndarray, (H, W), uint8
        0 at and below the lower limit, 255 at and above the upper one, rounded in between. A
        constant image is mid-grey.

    Raises
    ------
    InputError
        If the limits are not finite or not in order.

    Examples
    --------
    >>> draw(np.array([[0.0, 0.5, 1.0, 7.0]]), (0, 1))
    array([[  0, 128, 255, 255]], dtype=uint8)
    """
    image = np.asarray(image)
    if limits is None:
        lower, upper = picture_limits(image, low, high)
        if lower == upper:
            return np.full(image.shape, 128, np.uint8)
    else:
        lower, upper = limits
        if not (np.isfinite(lower) and np.isfinite(upper) and lower < upper):
            raise InputError("a lower limit below the upper one", f"{lower} and {upper}",
                             "Swap or widen them.")  # fmt: skip
    levels = np.multiply(image, np.float32(255 / (upper - lower)), dtype=np.float32)
    levels += np.float32(0.5 - lower * 255 / (upper - lower))
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
