"""What recorded trainings say against each other: means, their intervals, and tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import ttest_ind, wilcoxon

from lctem_core.errors import InputError
from lctem_core.evaluate.bootstrap import mean_interval


@dataclass(frozen=True)
class Group:
    """Records of trainings that differ in nothing but their seed.

    Attributes
    ----------
    records : tuple of dict
        As `lctem_core.train.study.record` writes them, at least one; tested on the same images.
    """

    records: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.records)

    def scores(self, score: str) -> np.ndarray:
        """``psnr`` [dB] or ``ssim`` of every test image, (seeds, images)."""
        return np.array([one["scores"][score] for one in self.records], float)

    def means(self, score: str) -> np.ndarray:
        """Mean over the test images of every training, (seeds,)."""
        return self.scores(score).mean(axis=1)

    def interval(self, score: str, draws: int = 2000) -> tuple[float, float, float]:
        """Mean over images and seeds, and its 95 % bootstrap interval over images."""
        return mean_interval(self.scores(score).mean(axis=0), draws)

    def summary(self, score: str, digits: int, draws: int = 2000) -> tuple[str, str]:
        """Mean with its interval over images, and the standard deviation over seeds, as texts."""
        mean, low, high = self.interval(score, draws)
        each = self.means(score)
        spread = f"{np.std(each, ddof=1):.{digits}f}" if len(each) > 1 else "–"
        return f"{mean:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})", spread

    @property
    def trained_in(self) -> str:
        """``bfloat16``, ``float32``, or how many trainings in which."""
        half = sum(one["provenance"].get("precision") == "bf16-mixed" for one in self.records)
        counts = {"bfloat16": half, "float32": len(self) - half}
        named = [name for name, n in counts.items() if n]
        return named[0] if len(named) == 1 else ", ".join(f"{n} {k}" for k, n in counts.items())


def grouped(records: Iterable[Mapping[str, Any]], *studies: str) -> dict[str, Group]:
    """Records of some studies, by the name of their run without the seed."""
    found: dict[str, list] = {}
    for one in records:
        if one["study"] in studies:
            found.setdefault(one["name"].rsplit("-", 1)[0], []).append(one)
    return {name: Group(tuple(group)) for name, group in found.items()}


@dataclass(frozen=True)
class Difference:
    """How two groups of trainings differ in a score.

    Attributes
    ----------
    mean, low, high : float
        Mean difference over images and seeds, and its 95 % bootstrap interval over images.
    p_images : float
        Of a paired Wilcoxon test over the images: do these trained networks differ?
    p_seeds : float or None
        Of a t-test over the trainings' means: would other trainings differ, too? None for a single
        training on either side.
    """

    mean: float
    low: float
    high: float
    p_images: float
    p_seeds: float | None


def difference(group: Group, reference: Group, score: str, draws: int = 2000) -> Difference:
    """Difference of two groups that were tested on the same images.

    Parameters
    ----------
    group, reference : Group
    score : str
        ``psnr`` or ``ssim``.
    draws : int
        Resamplings of the images.

    Returns
    -------
    Difference
        Of `group` less `reference`.

    Raises
    ------
    InputError
        If the numbers of test images differ.
    """
    ours, theirs = group.scores(score), reference.scores(score)
    if ours.shape[1] != theirs.shape[1]:
        raise InputError(
            "scores of the same images",
            f"{ours.shape[1]} and {theirs.shape[1]}",
            "Test them alike.",
        )
    each = ours.mean(axis=0) - theirs.mean(axis=0)
    several = min(len(group), len(reference)) > 1
    p_seeds = (
        float(ttest_ind(group.means(score), reference.means(score)).pvalue) if several else None
    )
    return Difference(*mean_interval(each, draws), float(wilcoxon(each).pvalue), p_seeds)


def beyond_chance(p_values: Mapping[Any, float], level: float = 0.05) -> list[Any]:
    """Keys whose p is below `level` shared among all comparisons (Bonferroni)."""
    return [key for key, p in p_values.items() if p < level / len(p_values)]


def pooled_psnr(psnr: np.ndarray) -> float:
    """PSNR of the squared error averaged over images [dB].

    A mean of PSNRs is a mean of logarithms, which the clear images decide; this one is decided by
    the images with the largest error.

    Parameters
    ----------
    psnr : ndarray, (N,)
        Of every image, for one data range [dB].
    """
    return float(-10 * np.log10(np.mean(10 ** (-np.asarray(psnr, float) / 10))))
