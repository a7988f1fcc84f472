"""What correlated noise does to a blind-spot network: the same fields, the same variance."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from lctem_core.evaluate.blindspot import train_blindspot

#: Pixels on a side of the test fields, and the standard deviation of their noise [counts].
SIZE, NOISE = 128, 20.0


def disc_fields(number: int, rng: np.random.Generator) -> np.ndarray:
    """Fields of five dark discs without noise, (number, 128, 128) [counts]."""
    y, x = np.mgrid[:SIZE, :SIZE]
    fields = np.full((number, SIZE, SIZE), 100.0)
    for field in fields:
        for row, column, radius in rng.uniform([0, 0, 6], [SIZE, SIZE, 16], (5, 3)):
            field[np.hypot(y - row, x - column) < radius] = 60.0
    return fields


def noise_of(width: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Noise of variance 1, blurred by a Gaussian.

    Parameters
    ----------
    width : float
        Of the Gaussian [px]; 0 leaves it white.
    shape : tuple of int
        (N, H, W)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, (N, H, W)
    """
    noise = rng.standard_normal(shape)
    if width:
        noise = np.stack([cv2.GaussianBlur(one, (0, 0), width) for one in noise])
    return noise / noise.std()


def left_over(widths: Mapping[str, float], *, steps: int = 150, seed: int = 0) -> dict[str, float]:
    """Share of the noise that a blind-spot network leaves in four fields, by kind of noise.

    Parameters
    ----------
    widths : mapping of float
        Of the noise's correlation, by name [px].
    steps : int
        Of each training.
    seed : int

    Returns
    -------
    dict of float
        Mean squared error over the variance of the noise.
    """
    rng = np.random.default_rng(seed)
    fields = disc_fields(4, rng)
    shares = {}
    for kind, width in widths.items():
        noisy = fields + NOISE * noise_of(width, fields.shape, rng)
        network = train_blindspot(
            list(noisy), steps=steps, crop=48, width=8, seed=seed, progress=False
        )
        clean = np.stack([network(one) for one in noisy])
        shares[kind] = float(np.mean((clean - fields) ** 2) / NOISE**2)
    return shares
