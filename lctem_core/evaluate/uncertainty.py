"""How wrong a refined image is: on real frames without a truth, and pixel by pixel.

Two frames of one field, a and b, with independent noise, measure the error of any method f without
knowing the truth s. Since b = s + noise that neither s nor f(a) knows of,

    mean((f(a) - b)²) = mean((f(a) - s)²) + noise variance of b,

and the noise variance of b is mean(b (b - a)), because mean(a b) = mean(s²).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lctem_core.errors import InputError
from lctem_core.evaluate.bootstrap import resampled


@dataclass(frozen=True, eq=False)
class PairError:
    """Error of a refined frame, measured on a second frame of the same field.

    Attributes
    ----------
    error : float
        Mean squared error against the unknown noise-free image, means subtracted [counts²].
    error_draws : ndarray, (draws,)
        The same for resampled blocks of the image.
    signal : float
        Variance of the noise-free image [counts²].
    noise : float
        Noise variance of a frame [counts²].
    slope : float
        Slope of the second frame against the refined one: 1 if the refined grey levels mean what
        they say, above 1 if they are too pale.
    slope_draws : ndarray, (draws,)
    fitted : float
        The error after the refined image was multiplied by `slope`: for images of another scale
        [counts²].
    fitted_draws : ndarray, (draws,)
    """

    error: float
    error_draws: np.ndarray
    signal: float
    noise: float
    slope: float
    slope_draws: np.ndarray
    fitted: float
    fitted_draws: np.ndarray


def pair_error(
    refined: np.ndarray,
    frame: np.ndarray,
    other: np.ndarray,
    *,
    block: int = 64,
    draws: int = 1000,
    seed: int = 0,
) -> PairError:
    """Error of a refined frame from a second frame of the same field; unbiased, no truth needed.

    The noise of the two frames must be independent, which a fixed pattern of the camera would not
    be, and the field must not have moved. Noise that depends on the signal, correlation between
    neighbours and clipping do no harm: the error is then against the mean of infinitely many such
    frames.

    Parameters
    ----------
    refined : ndarray, (H, W)
        Made from `frame` alone, in its scale.
    frame, other : ndarray, (H, W)
        [counts]
    block : int
        Side of the blocks that are resampled for the interval [px].
    draws, seed : int
        Of the resampling; all methods of one seed get the same blocks.

    Returns
    -------
    PairError
    """
    shapes = {np.shape(one) for one in (refined, frame, other)}
    if len(shapes) != 1 or len(np.shape(frame)) != 2 or min(np.shape(frame)) < block:
        raise InputError(
            f"three images of one shape, {block} × {block} pixels or more",
            ", ".join(str(shape) for shape in shapes), "Refine without reducing the frame.",
        )  # fmt: skip
    f, a, b = (np.asarray(one, float) - np.mean(one) for one in (refined, frame, other))
    height, width = (side // block * block for side in f.shape)
    products = np.stack([f * f, f * b, a * b, b * b])[:, :height, :width]
    blocks = products.reshape(4, height // block, block, width // block, block).mean(axis=(2, 4))
    blocks = blocks.reshape(4, -1)

    def quantities(means: np.ndarray) -> tuple[np.ndarray, ...]:
        ff, fb, ab, bb = means
        slope = fb / np.maximum(ff, 1e-12)
        return ff - 2 * fb + ab, slope, ab - slope * fb, ab, bb - ab

    error, slope, fitted, signal, noise = (float(q) for q in quantities(blocks.mean(axis=1)))
    means = resampled(lambda chosen: blocks[:, chosen].mean(axis=1), blocks.shape[1], draws, seed)
    errors, slopes, fits, _, _ = quantities(means.T)
    return PairError(error, errors, signal, noise, slope, slopes, fitted, fits)


def pattern_correlation(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Correlation of two frames of *different* fields, and its standard error for pure chance.

    A fixed pattern of the camera would show here, and would spoil `pair_error`.

    Parameters
    ----------
    first, second : ndarray, (H, W)

    Returns
    -------
    correlation, standard_error : float
    """
    correlation = float(np.corrcoef(np.ravel(first), np.ravel(second))[0, 1])
    return correlation, float(np.size(first) ** -0.5)


def reliability(
    error: np.ndarray, spread: np.ndarray, bins: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square of the error against that of the predicted spread.

    Parameters
    ----------
    error, spread : ndarray
        Of one shape and unit; pixels.
    bins : int
        Each with the same number of pixels, from the smallest to the largest spread.

    Returns
    -------
    predicted, observed : ndarray, (bins,)
        In that unit.
    """
    error, spread = _pixels(error, spread)
    order = np.argsort(spread)
    parts = np.array_split(order, bins)
    return tuple(
        np.array([np.sqrt(np.mean(values[part] ** 2)) for part in parts])
        for values in (spread, error)
    )


def spread_factor(error: np.ndarray, spread: np.ndarray, share: float = 0.683) -> float:
    """Factor by which to multiply a spread so that it contains a share of the errors.

    Parameters
    ----------
    error, spread : ndarray
        Of one shape and unit; pixels to calibrate on.
    share : float
        0.683 makes it a standard deviation, if the errors are normally distributed.

    Returns
    -------
    float
    """
    error, spread = _pixels(error, spread)
    return float(np.quantile(np.abs(error) / spread, share))


def coverage(error: np.ndarray, spread: np.ndarray, multiples: tuple[float, ...]) -> list[float]:
    """Share of the errors within multiples of the (calibrated) spread."""
    error, spread = _pixels(error, spread)
    return [float(np.mean(np.abs(error) <= one * spread)) for one in multiples]


def _pixels(error: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    error, spread = (np.ravel(np.asarray(one, float)) for one in (error, spread))
    if error.shape != spread.shape:
        raise InputError(
            "an error for each spread", f"{error.size} and {spread.size}", "Use the same pixels."
        )
    return error, np.maximum(spread, np.finfo(float).tiny)
