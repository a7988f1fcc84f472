"""How exact an engine is: against float32, and in what it costs against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lctem_core.refine.engines import Engine
from lctem_core.refine.preprocess import FAR, Stretch

#: Least PSNR of a runtime's answer against the reference, peak 1 [dB], for `choose` to take it. An
#: image of 35 dB, about what the default network reaches on simulated frames, loses 0.14 dB by an
#: independent error of this size.
LEAST_PSNR = 50.0
#: Most PSNR that 8-bit integers may cost on simulated frames [dB].
MOST_LOSS = 0.1


@dataclass(frozen=True)
class Agreement:
    """How far a runtime's answer is from the reference's, on one simulated frame.

    Attributes
    ----------
    largest : float
        Largest difference of a pixel; the stretched frame goes from 0 to 1.
    psnr : float
        PSNR of the one answer against the other, peak 1 [dB]; infinite if they are equal.
    """

    largest: float
    psnr: float


def agreement(answer: np.ndarray, reference: np.ndarray) -> Agreement:
    """How far one answer is from another, both in the scale of the stretched frame."""
    difference = answer.astype(np.float64) - reference
    square = float(np.mean(difference**2))
    psnr = -10 * np.log10(square) if square else np.inf
    return Agreement(float(np.abs(difference).max()), float(psnr))


def losses(
    made: Mapping[str, Engine], card: dict[str, Any], number: int
) -> dict[str, dict[str, float]]:
    """PSNR of each engine on simulated frames with a truth, and what it lacks to the first one's.

    Parameters
    ----------
    made : mapping of str to Engine
        Of one network of single frames with the faithful target; the first is the reference.
    card : dict
    number : int
        Frames of 256 × 256 pixels, broad recipe, unused in training and calibration.

    Returns
    -------
    dict of str to dict
        By name ``psnr`` and ``loss`` [dB], means over the frames; peak: the frame's range.
    """
    from lctem_core.simulate.examples import example  # takes a while to import

    scores: dict[str, list[float]] = {name: [] for name in made}
    low, high = card["preprocessing"]["low"], card["preprocessing"]["high"]
    for seed in range(number):
        one = example([44_000, seed], "broad", 256)
        noisy = one.noisy.astype(np.float32)
        stretch = Stretch.between(noisy, low, high, clip=FAR)
        truth = replace(stretch, clip=(-np.inf, np.inf)).apply(one.faithful)
        stretched = stretch.apply(noisy)
        for name, runtime in made.items():
            answer = runtime(stretched[None, None])[0, 0]
            error = np.mean((answer - truth) ** 2, dtype=np.float64)
            scores[name].append(-10 * np.log10(error))
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    best = next(iter(means.values()))
    return {name: {"psnr": mean, "loss": best - mean} for name, mean in means.items()}
