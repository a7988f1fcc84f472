"""What simulated images are like before any refinement: doses, scores, noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from lctem_core.evaluate import metrics
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.noise import frame_statistics
from lctem_core.simulate.examples import example
from lctem_core.train import dataset, pairs
from lctem_core.train.scoring import simulated_pairs


def pair_statistics(
    recipe: str = "paper", number: int = 200, seed: int = 1, camera: int = 1024
) -> dict[str, Any]:
    """Doses and scores of simulated pairs.

    Parameters
    ----------
    recipe : str
        See `lctem_core.train.scoring.simulated_pairs`.
    number, seed : int
    camera : int
        Side of the camera's frames [px].

    Returns
    -------
    dict
        For each pair, ``psnr`` [dB] and ``ssim`` of the noisy image, ``wet`` and ``dry`` dose
        [e-/nm²], ``electrons`` per pixel of the prepared image [e-/px]; ``validation``, which pairs
        the grouped split keeps back; ``wet frames`` and ``dry frames``, the dose of every frame.
    """
    store, facts = simulated_pairs(recipe, number, seed, camera, least_contrast=0.0)
    scores = [metrics.scores(store.noisy(i), store.truth(i)) for i in range(len(store))]
    frames = {
        kind: sorted({getattr(pair, kind) for pair in store.pairs}) for kind in ("wet", "dry")
    }
    return {
        **{name: np.concatenate([one[name] for one in scores]) for name in ("psnr", "ssim")},
        **{
            kind: [facts[getattr(pair, kind)]["dose"] for pair in store.pairs]
            for kind in ("wet", "dry")
        },
        "electrons": [dataset.electrons_per_pixel(pair, facts, store.size) for pair in store.pairs],
        "validation": pairs.split(store.pairs, "grouped", 0.1, seed)[1],
        **{
            f"{kind} frames": [facts[name]["dose"] for name in names]
            for kind, names in frames.items()
        },
    }


def frame_ranges(
    recipes: tuple[str, ...] = ("broad", "broader"),
    number: int = 60,
    seed: int = 3,
    percentiles: tuple[float, float] = (5.0, 95.0),
) -> dict[str, dict[str, list[float]]]:
    """Range of the statistics of single frames over simulated frames.

    Frames that were exported with 8 bits are left out, whose counts are no counts; so are frames
    with less than one count per pixel.

    Parameters
    ----------
    recipes : tuple of str
    number : int
        Frames to draw of each recipe.
    seed : int
        Frame `i` is ``example([seed, i], recipe)``.
    percentiles : tuple of float
        Of the range [%].

    Returns
    -------
    dict
        By recipe and statistic (see `lctem_core.evaluate.noise.frame_statistics`): low, high.
    """
    ranges: dict[str, dict[str, list[float]]] = {}
    for recipe in recipes:
        frames = (example([seed, i], recipe).noisy for i in range(number))
        found = [
            frame_statistics(frame)
            for frame in frames
            if frame.dtype == np.uint16 and frame.mean() > 1
        ]
        ranges[recipe] = {
            key: np.percentile([one[key] for one in found], percentiles).tolist()
            for key in found[0]
        }
    return ranges


PAIRS = Measure("dataset/pairs", pair_statistics)
FRAMES = Measure("dataset/frames", frame_ranges)
