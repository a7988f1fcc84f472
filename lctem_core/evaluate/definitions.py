"""The definitions of SSIM that a text, a code and a library leave room for, side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from lctem_core import paper
from lctem_core.evaluate import metrics

Definition = Callable[[np.ndarray, np.ndarray], float]

#: Windows of the comparison [px]: the paper's, its smallest and largest, and scikit-image's.
WINDOWS = (3, 7, 11, 39)


def gaussian(x: np.ndarray, y: np.ndarray) -> float:
    """SSIM with the Gaussian window of Wang et al. (2004), by scikit-image.

    Parameters
    ----------
    x, y : ndarray, (H, W)
        In [0, 1].

    Returns
    -------
    float
    """
    return _skimage(x, y, gaussian_weights=True, sigma=1.5)


def as_printed(x: np.ndarray, y: np.ndarray) -> float:
    """The paper's equation 1 with its c1 = 0.01 and c2 = 0.03 themselves, not squared.

    Parameters
    ----------
    x, y : ndarray, (H, W)
        In [0, 1].

    Returns
    -------
    float
    """
    c1, c2 = (paper.values()[f"training.c{i}"] for i in (1, 2))
    window = paper.values()["training.ssim_window"]
    return _skimage(x, y, win_size=window, K1=c1**0.5, K2=c2**0.5)  # which it squares


def definitions() -> dict[str, Definition]:
    """All of them by name: mean SSIM of two images (H, W) in [0, 1]."""
    return {
        **{f"textbook, {w} px": partial(metrics.ssim, window=w) for w in WINDOWS},
        **{
            f"public code, {w} px": partial(metrics.ssim_public_code, window=w)
            for w in WINDOWS
            if w != 7  # scikit-image's default, which the public code does not take
        },
        "Gaussian, 11 px": gaussian,
        "printed c1, c2": as_printed,
    }


def default_windows() -> tuple[int, int]:
    """Sides of scikit-image's windows, uniform and Gaussian, where none is given [px].

    Returns
    -------
    tuple of int
        Found by comparison with each odd side up to 21.
    """
    x, y = np.random.default_rng(0).random((2, 32, 32))

    def side(**options: float) -> int:
        default = _skimage(x, y, **options)
        return next(w for w in range(3, 22, 2) if _skimage(x, y, win_size=w, **options) == default)

    return side(), side(gaussian_weights=True, sigma=1.5)


def _skimage(x: np.ndarray, y: np.ndarray, **options: float) -> float:
    from skimage.metrics import structural_similarity  # the book's, not the core's

    return float(structural_similarity(x, y, data_range=1, use_sample_covariance=False, **options))
