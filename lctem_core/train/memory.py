"""A memory in place of a network: what a score owes to a split that lets images through."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from lctem_core.evaluate import metrics
from lctem_core.refine.preprocess import reduce
from lctem_core.train.pairs import Images

#: Side [px] and blur [px] of the images that a memory compares.
_THUMBNAIL, _BLUR = 64, 2.0


def fingerprints(images: Images, number: int) -> np.ndarray:
    """What a memory keeps of noisy images: reduced to 64 × 64 pixels, blurred and normalised.

    Parameters
    ----------
    images : Images
        A prepared store.
    number : int
        Of its pairs, from the first.

    Returns
    -------
    ndarray, (number, 4096)
        The product of two rows is the correlation of their images.
    """
    return np.stack([_fingerprint(images.noisy(i)) for i in range(number)])


def _fingerprint(image: np.ndarray) -> np.ndarray:
    small = cv2.GaussianBlur(reduce(image, _THUMBNAIL), (0, 0), _BLUR).ravel()
    small = small - small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-12)


def recall(prints: np.ndarray, training: np.ndarray, validation: np.ndarray) -> np.ndarray:
    """Training pair whose noisy image is most like that of each validation pair.

    Parameters
    ----------
    prints : ndarray, (N, 4096)
        As from `fingerprints`.
    training, validation : ndarray of int
        Indices as from `lctem_core.train.pairs.split`.

    Returns
    -------
    ndarray of int, (len(validation),)
        Indices of training pairs.
    """
    return np.asarray(training)[(prints[validation] @ prints[training].T).argmax(axis=1)]


def recall_scores(
    images: Images, number: int, splits: Iterable[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """SSIM of the truth that a memory recalls with the right one, for all validation pairs.

    A memory refines nothing: for a validation pair it returns the truth of the training pair that
    resembles it most. Its score shows what a split lets through.

    Parameters
    ----------
    images : Images
        A prepared store.
    number : int
        Of its pairs.
    splits : iterable of (training, validation)
        Indices as from `lctem_core.train.pairs.split`.

    Returns
    -------
    ndarray, (sum of len(validation),)
        Split by split.
    """
    prints = fingerprints(images, number)
    known: dict[tuple[int, int], float] = {}
    scores = []
    for training, validation in splits:
        found = recall(prints, training, validation)
        for pair in zip(validation.tolist(), found.tolist(), strict=True):
            if pair not in known:
                right, recalled = (images.truth(i) for i in pair)
                known[pair] = metrics.ssim(recalled, right)
            scores.append(known[pair])
    return np.array(scores)
