"""At which dose particles are found: fields of known particles, a fair threshold, the curve.

How many particles a detector finds says nothing without how many it invents. So each kind of image
(raw, filtered, refined …) first gets the threshold at which it invents equally few in empty fields,
and then all are asked for the same particles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from lctem_core.evaluate.bootstrap import resampled
from lctem_core.evaluate.particles import Contrast, Matched, contrast, match
from lctem_core.simulate.fields import Field

#: Thresholds that `threshold_for` tries [standard deviations].
THRESHOLDS = np.geomspace(2.5, 40, 25)


#: A kind of image: frames of one scene (T, H, W) -> one image (H, W).
Treatment = Callable[[np.ndarray], np.ndarray]


def contrasts(
    field: Field,
    dose: float,
    treatments: dict[str, Treatment],
    rng: np.random.Generator,
    number: int = 10,
) -> dict[str, Contrast]:
    """What each treatment makes of the same frames of a field.

    Parameters
    ----------
    field : Field
    dose : float
        Of each frame [e-/nm²].
    treatments : dict
        Name -> function of the frames (T, H, W).
    rng : numpy.random.Generator
    number : int
        Frames.

    Returns
    -------
    dict of Contrast
    """
    frames = field.frames(dose, number, rng)
    if not np.ptp(frames[0]):  # not one electron; nothing can be made of it
        return dict.fromkeys(treatments, contrast_of(frames[0]))
    return {name: contrast_of(treat(frames)) for name, treat in treatments.items()}


def contrast_of(image: np.ndarray) -> Contrast:
    """`lctem_core.evaluate.particles.contrast`, for images that may be the same everywhere, too.

    A median of a few electrons is zero in every pixel: nothing stands out of it.
    """
    return contrast(image) if np.ptp(image) else Contrast(np.zeros(image.shape, np.float32), 1.0)


def threshold_for(
    empty: Sequence[Contrast], allowed: float = 0.1, thresholds: np.ndarray = THRESHOLDS
) -> float:
    """Lowest threshold at which an empty field shows no more regions than allowed.

    Parameters
    ----------
    empty : sequence of Contrast
        Of fields without particles.
    allowed : float
        Regions per field, on average.
    thresholds : ndarray
        What to try, ascending [standard deviations].

    Returns
    -------
    float
        Infinite if no threshold will do: such images invent however strict one is.
    """
    fewest = np.inf
    for threshold in thresholds[::-1]:
        regions = sum(int(one.regions(threshold).max()) for one in empty)
        if regions > allowed * len(empty):
            break
        fewest = float(threshold)
    return fewest


def sweep(
    seen: Contrast, asked: np.ndarray, there: np.ndarray, thresholds: np.ndarray = THRESHOLDS
) -> np.ndarray:
    """Objects found, objects missed and regions invented in one image, threshold by threshold.

    Parameters
    ----------
    seen : Contrast
    asked : ndarray, (H, W), bool
        Objects to be found.
    there : ndarray, (H, W), bool
        All objects, also those too faint to be asked for: a region on one is not invented.
    thresholds : ndarray, (T,)
        [standard deviations]

    Returns
    -------
    ndarray, (T, 3), int
    """
    counted = []
    for threshold in thresholds:
        regions = seen.regions(threshold)
        one = match(regions, asked)
        counted.append((one.found, one.missed, match(regions, there).false))
    return np.array(counted)


def recall_at(counted: np.ndarray, allowed: float) -> float:
    """Share of the objects found at the lowest threshold that invents no more than is allowed.

    So methods are compared that need different thresholds: each is given the one that makes its
    false regions as many as the others'. Over `allowed`, this is the free-response operating
    characteristic.

    Parameters
    ----------
    counted : ndarray, (F, T, 3)
        `sweep` of F images, thresholds ascending.
    allowed : float
        False regions per image, on average; also at every higher threshold.

    Returns
    -------
    float
        0 if no threshold will do.
    """
    found, missed, false = np.moveaxis(counted.sum(axis=0), -1, 0)
    too_many = np.flatnonzero(false > allowed * len(counted))
    first = too_many[-1] + 1 if len(too_many) else 0
    if first == len(found):
        return 0.0
    return float(found[first] / max(found[first] + missed[first], 1))


def recall_interval(
    counted: np.ndarray, allowed: float, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % bootstrap interval of `recall_at` over images; the threshold is found in each draw.

    Parameters
    ----------
    counted : ndarray, (F, T, 3)
    allowed : float
    draws : int
    seed : int

    Returns
    -------
    low, high : float
    """
    drawn = resampled(lambda c: recall_at(counted[c], allowed), len(counted), draws, seed)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def thresholds_by_dose(
    empty: Sequence[Sequence[Contrast]], allowed: float = 0.1, thresholds: np.ndarray = THRESHOLDS
) -> np.ndarray:
    """`threshold_for` at each of several doses, by the empty fields of it and of its neighbours.

    What a method leaves in empty fields depends on the dose: one threshold for all doses would be
    that of the worst one.

    Parameters
    ----------
    empty : sequence of sequence of Contrast
        Of fields without particles, dose by dose, ascending.
    allowed, thresholds
        See `threshold_for`.

    Returns
    -------
    ndarray, (D,)
        [standard deviations]
    """
    near = [[*chain(*empty[max(i - 1, 0) : i + 2])] for i in range(len(empty))]
    return np.array([threshold_for(many, allowed, thresholds) for many in near])


def matches(
    field: Field, seen: dict[str, Contrast], thresholds: dict[str, float]
) -> dict[str, Matched]:
    """Particles of a field that each treatment finds and invents at its threshold."""
    return {name: match(one.regions(thresholds[name]), field.truth) for name, one in seen.items()}


def lowest_dose(
    doses: np.ndarray, found: np.ndarray, present: np.ndarray, share: float = 0.95
) -> float:
    """Lowest dose from which on a share of the particles is found.

    Interpolated linearly in the logarithm of the dose where the curve last rises through `share`.

    Parameters
    ----------
    doses : ndarray, (D,)
        Ascending [e-/nm²].
    found, present : ndarray, (D, F)
        Particles found and present in each field.
    share : float

    Returns
    -------
    float
        [e-/nm²]; infinite if the highest dose does not reach `share`, the lowest dose if all do.
    """
    recall = found.sum(axis=1) / present.sum(axis=1)
    below = np.flatnonzero(recall < share)
    if not len(below):
        return float(doses[0])
    last = below[-1]
    if last == len(doses) - 1:
        return float("inf")
    part = (share - recall[last]) / (recall[last + 1] - recall[last])
    return float(doses[last] * (doses[last + 1] / doses[last]) ** part)


def lowest_dose_interval(
    doses: np.ndarray,
    found: dict[str, np.ndarray],
    present: np.ndarray,
    share: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """`lowest_dose` of each treatment for resampled fields.

    All treatments and doses of a draw have the same fields, so that ratios of treatments may be
    taken draw by draw.

    Parameters
    ----------
    doses : ndarray, (D,)
        [e-/nm²]
    found : dict of ndarray, (D, F)
        By treatment.
    present : ndarray, (D, F)
    share : float
    draws : int
    seed : int

    Returns
    -------
    dict of ndarray, (draws,)
        [e-/nm²]
    """

    def of_all(chosen: np.ndarray) -> list[float]:
        drawn = present[:, chosen]
        return [lowest_dose(doses, one[:, chosen], drawn, share) for one in found.values()]

    columns = resampled(of_all, present.shape[1], draws, seed).T
    return dict(zip(found, columns, strict=True))
