"""Means with their bootstrap intervals."""

from __future__ import annotations

import numpy as np

from lctem_core.errors import InputError


def mean_interval(
    values: np.ndarray, draws: int = 2000, seed: int = 0, percent: float = 95.0
) -> tuple[float, float, float]:
    """Mean and its interval over resampled values (percentile bootstrap).

    Parameters
    ----------
    values : ndarray, (N,)
        One for each independent image; NaN are left out.
    draws : int
    seed : int
    percent : float
        [%]

    Returns
    -------
    mean, low, high : float

    Raises
    ------
    InputError
        For no value.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        raise InputError("at least one value", "none", "Score at least one image.")
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(draws, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [50 - percent / 2, 50 + percent / 2])
    return float(values.mean()), float(low), float(high)


def mean_text(values: np.ndarray, digits: int, **options: float) -> str:
    """`mean_interval` for a table: ``1.23 (1.10–1.35)``."""
    mean, low, high = mean_interval(values, **options)
    return f"{mean:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"
