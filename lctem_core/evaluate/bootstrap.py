"""Bootstrap: the interval of a mean, and statistics of resampled groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

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
        All three are the value itself where there is only one.

    Raises
    ------
    InputError
        For no value.
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        raise InputError("at least one value", "none", "Score at least one image.")
    mean = float(values.mean())
    if len(values) == 1:  # nothing to resample, and an error for SciPy
        return mean, mean, mean
    low, high = stats.bootstrap(
        (values,), np.mean, n_resamples=draws, confidence_level=percent / 100,
        method="percentile", rng=np.random.default_rng(seed),
    ).confidence_interval  # fmt: skip
    return mean, float(low), float(high)


def mean_text(values: np.ndarray, digits: int, **options: float) -> str:
    """`mean_interval` for a table: ``1.23 (1.10–1.35)``."""
    mean, low, high = mean_interval(values, **options)
    return f"{mean:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def resampled(
    statistic: Callable[[np.ndarray], ArrayLike], groups: int, draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Statistic of resampled groups, such as images, fields or blocks of an image.

    `scipy.stats.bootstrap` resamples numbers; here what belongs together stays together, and the
    draws themselves are of use: ratios of two statistics may be taken draw by draw if both have
    the same seed.

    Parameters
    ----------
    statistic : callable
        Of the indices of the drawn groups, (groups,) int, with repetitions; a number or an array.
    groups : int
        Number of groups, of which as many are drawn with replacement.
    draws : int
    seed : int

    Returns
    -------
    ndarray, (draws, …)
    """
    rng = np.random.default_rng(seed)
    return np.array([statistic(rng.integers(groups, size=groups)) for _ in range(draws)])
