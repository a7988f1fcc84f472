"""How much better an image scores because something of it was trained on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from lctem_core.errors import InputError
from lctem_core.evaluate.bootstrap import resampled
from lctem_core.train.pairs import Pair, overlap, split

#: What was trained on: nothing of a pair, another pair with its dry image, the pair itself.
UNSEEN, SHARED, TRAINED = 0, 1, 2


def known(pairs: list[Pair], training: np.ndarray) -> np.ndarray:
    """What of each pair a network was trained on.

    Parameters
    ----------
    pairs : list of Pair
    training : ndarray of int
        Indices of the pairs that were trained on.

    Returns
    -------
    ndarray of int, (N,)
        `UNSEEN`, `SHARED` or `TRAINED`.
    """
    return known_truths([pair.dry for pair in pairs], training)


def known_truths(truths: Sequence[Hashable], training: np.ndarray) -> np.ndarray:
    """As `known`, from what tells the truth image of each pair from others.

    Parameters
    ----------
    truths : sequence
        Names or numbers.
    training : ndarray of int

    Returns
    -------
    ndarray of int, (N,)
    """
    trained = {truths[i] for i in training}
    result = np.array([SHARED if truth in trained else UNSEEN for truth in truths])
    result[training] = TRAINED
    return result


def gains(
    scores: np.ndarray, seen: np.ndarray, groups: np.ndarray, draws: int = 2000, seed: int = 0
) -> np.ndarray:
    """Gain in score of what was trained on over what was not, of the same images.

    Networks that were trained on different parts of the same images score all of them. A score is
    taken as the sum of how good the network is, how easy the image is, and what of the image the
    network was trained on; the last is what is asked for (least squares).

    Parameters
    ----------
    scores : ndarray, (networks, N)
    seen : ndarray of int, (networks, N)
        See `known`; `UNSEEN` has to occur.
    groups : ndarray, (N,)
        Images of one group share their truth: the interval is over groups (bootstrap).
    draws : int
    seed : int

    Returns
    -------
    ndarray, (2, 3)
        Of `SHARED` and of `TRAINED`: gain over `UNSEEN`, and its 95 % interval. NaN where what is
        asked for does not occur.

    Raises
    ------
    InputError
        If the arrays do not belong together, or nothing is `UNSEEN`.
    """
    scores, seen, groups = np.asarray(scores, float), np.asarray(seen), np.asarray(groups)
    if scores.ndim != 2 or seen.shape != scores.shape or groups.shape != scores.shape[1:]:
        raise InputError(
            "scores and what was seen (networks, N), groups (N,)",
            f"{scores.shape}, {seen.shape} and {groups.shape}", "Score all images by all networks.",
        )  # fmt: skip
    if not (seen == UNSEEN).any():
        raise InputError("images that a network was not trained on", "none", "Keep some back.")
    networks = len(scores)
    columns = [np.broadcast_to(np.eye(networks)[:, k, None], scores.shape) for k in range(networks)]
    asked = [what for what in (SHARED, TRAINED) if (seen == what).any()]
    columns += [(seen == what).astype(float) for what in asked]
    # How easy an image is drops out with the mean over networks.
    design = np.stack([column - column.mean(axis=0) for column in columns])
    answer = scores - scores.mean(axis=0)
    number = np.unique(groups, return_inverse=True)[1]
    by_image = np.einsum("anp,bnp->pab", design, design), np.einsum("anp,np->pa", design, answer)
    normal, right = (np.zeros((number.max() + 1, *one.shape[1:])) for one in by_image)
    np.add.at(normal, number, by_image[0])
    np.add.at(right, number, by_image[1])

    def solved(weights: np.ndarray) -> np.ndarray:
        found = np.full(2, np.nan)
        # The networks' own columns add up to nothing: of all solutions, the shortest.
        solution = np.linalg.pinv(np.tensordot(weights, normal, 1)) @ (weights @ right)
        found[[what - 1 for what in asked]] = solution[networks:]
        return found

    count = len(normal)
    drawn = resampled(
        lambda chosen: solved(np.bincount(chosen, minlength=count).astype(float)),
        count, draws, seed,
    )  # fmt: skip
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return np.stack([solved(np.ones(count)), low, high], axis=1)


def overlaps(
    pairs: Sequence[Pair], how: str, seeds: Iterable[int], fraction: float = 0.1
) -> dict[str, np.ndarray]:
    """What many splits have shown of their validation pairs in training.

    Parameters
    ----------
    pairs : sequence of Pair
        The list.
    how : str
        ``grouped`` or ``random``, see `lctem_core.train.pairs.split`.
    seeds : iterable of int
        One per split.
    fraction : float
        Share for validation.

    Returns
    -------
    dict of ndarray, (number of seeds,)
        ``dry``, ``wet`` and ``iou``, see `lctem_core.train.pairs.overlap`.
    """
    found = [overlap(pairs, *split(pairs, how, fraction, seed)) for seed in seeds]
    return {key: np.array([one[key] for one in found]) for key in found[0]}
