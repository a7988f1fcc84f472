"""What a single frame tells of its noise and illumination: to hold simulated against real."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.stats import median_abs_deviation

from lctem_core.io.frames import check_image

#: Standard deviation of the Gaussian that estimates the background [px].
SMOOTH = 8.0


def background(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Background of a frame with dark particles, and the mask of where it was measured.

    The background is a quadratic surface in x and y through the pixels outside of the particles,
    which are those whose smoothed value lies well below it; three rounds settle the mask.

    Parameters
    ----------
    image : ndarray, (H, W)
        Counts.

    Returns
    -------
    surface : ndarray, (H, W), float32
        Background [counts].
    mask : ndarray, (H, W), bool
        True away from particles.
    """
    image = check_image(image).astype(np.float32)
    smooth = cv2.GaussianBlur(image, (0, 0), 2.0)
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in image.shape)
    x, y = np.broadcast_to(x, image.shape), np.broadcast_to(y[:, None], image.shape)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    mask = np.ones(image.shape, bool)
    for _ in range(3):
        step = np.s_[::4, ::4]
        chosen = mask[step]
        design, values = terms[step][chosen], smooth[step][chosen]
        coefficients, *_ = np.linalg.lstsq(design, values, rcond=None)
        surface = terms @ coefficients
        residual = smooth - surface
        scatter = median_abs_deviation(residual[mask], center=_nought, scale="normal")
        dark = (residual < -4.5 * scatter).astype(np.uint8)
        mask = cv2.dilate(dark, np.ones((9, 9), np.uint8)) == 0
    return surface.astype(np.float32), mask


def _nought(residuals: np.ndarray, axis: int) -> float:
    """Centre of residuals: what a fit leaves scatters about zero."""
    return 0.0


def frame_statistics(image: np.ndarray) -> dict[str, float]:
    """Level, noise, correlation and evenness of a frame.

    Parameters
    ----------
    image : ndarray, (H, W)
        Counts.

    Returns
    -------
    dict
        ``background`` [counts]; ``variance_per_mean`` [counts], noise variance over background,
        without the largest 0.1 % (hot pixels); ``lag1``, ``lag2``, correlation of the noise with
        that of the next and next but one pixel; ``row_noise``, standard deviation of the row means
        over what pixels of that variance and correlation would give; ``corner_to_centre``, ratio
        of the background's mean corner to its centre; ``core_to_background``, the darkest smoothed
        value over the local background (1 for an empty field); ``maximum`` [counts].
    """
    surface, mask = background(image)
    counts = image.astype(np.float32)
    noise = np.where(mask, counts - surface, np.nan)
    # Slow structure that a quadratic does not follow must not pass as correlated noise.
    weight = mask.astype(np.float32)
    slow = cv2.GaussianBlur(np.nan_to_num(noise), (0, 0), SMOOTH)
    noise = noise - slow / np.maximum(cv2.GaussianBlur(weight, (0, 0), SMOOTH), 1e-3)
    limit = np.nanpercentile(np.abs(noise), 99.9)
    noise[np.abs(noise) > limit] = np.nan
    variance = np.nanvar(noise)
    height, width = image.shape
    corner = np.mean([surface[i, j] for i in (0, -1) for j in (0, -1)])
    smooth = cv2.GaussianBlur(counts, (0, 0), 2.0)
    lag1, lag2 = (_correlation(noise, variance, lag) for lag in (1, 2))
    # Correlated neighbours scatter the mean of a row more than independent ones.
    correlated = max(1 + 2 * lag1 + 2 * lag2, 0.1)
    expected = np.sqrt(correlated * variance / np.isfinite(noise).sum(axis=1).clip(1)).mean()
    rows = np.nanmean(noise, axis=1)
    particle = ~mask
    core = float((smooth / surface)[particle].min()) if particle.any() else 1.0
    return {
        "background": float(np.mean(surface[mask])),
        "variance_per_mean": float(variance / np.mean(surface[mask])),
        "lag1": lag1,
        "lag2": lag2,
        "row_noise": float(np.nanstd(rows) / expected),
        "corner_to_centre": float(corner / surface[height // 2, width // 2]),
        "core_to_background": core,
        "maximum": float(counts.max()),
    }


def _correlation(noise: np.ndarray, variance: float, lag: int) -> float:
    along_x = np.nanmean(noise[:, lag:] * noise[:, :-lag])
    along_y = np.nanmean(noise[lag:] * noise[:-lag])
    return float((along_x + along_y) / 2 / variance)
