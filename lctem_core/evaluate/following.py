"""How well moving particles are followed: by a single frame, by sums of frames, by a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from lctem_core.evaluate.baselines import contrast_scores
from lctem_core.evaluate.detection import Treatment, contrast_of, threshold_for
from lctem_core.evaluate.particles import match
from lctem_core.live.methods import TEMPORAL, method
from lctem_core.simulate.examples import sharper
from lctem_core.simulate.fields import labelled, moving_field
from lctem_core.simulate.movie import Movie
from lctem_core.simulate.optics import Scene

if TYPE_CHECKING:
    from lctem_core.refine.clip_refiner import ClipRefiner


def treatments(
    single: Callable[[np.ndarray], np.ndarray], temporal: ClipRefiner | None = None, n: int = 10
) -> dict[str, Treatment]:
    """Ways to refine the newest of several frames, by name.

    Parameters
    ----------
    single : callable
        Refines one image, (H, W) -> (H, W).
    temporal : ClipRefiner, optional
    n : int
        Frames that are integrated.

    Returns
    -------
    dict
        Name -> function of the frames (T, H, W), T >= n, oldest first.
    """
    names = {
        "none": "single frame",
        "sum": f"sum of {n}",
        "registered": "registered sum",
        "exponential": "exponential",
        "adaptive": "adaptive",
        TEMPORAL: "temporal network",
    }
    return {
        shown: method(name, temporal if name == TEMPORAL else single, n).newest
        for name, shown in names.items()
        if name != TEMPORAL or temporal is not None
    }


@dataclass(frozen=True)
class Outcome:
    """How an image of the newest frame compares with the truth.

    Attributes
    ----------
    psnr : float
        In units of the truth's contrast, see `lctem_core.evaluate.baselines.contrast_scores` [dB].
    ssim : float
    found, missed, false : int
        Particles, and regions that are none.
    errors : tuple of float
        Distance of the found particles' centres from the true ones, where a region covers one
        particle alone [nm].
    """

    psnr: float
    ssim: float
    found: int
    missed: int
    false: int
    errors: tuple[float, ...]


def outcome(image: np.ndarray, movie: Movie, threshold: float) -> Outcome:
    """Compare an image with what the last frame of a movie shows.

    Parameters
    ----------
    image : ndarray, (H, W)
        Refined, in any scale.
    movie : Movie
    threshold : float
        Of the detection, see `lctem_core.evaluate.detection.threshold_for`.

    Returns
    -------
    Outcome
    """
    last = len(movie) - 1
    truth = movie.counts_without_noise(last, sharper(movie.acquisition, movie.pixel_size))
    scores = contrast_scores(image, truth)
    scene = movie.scene_at(last)
    _, labels = labelled(scene, movie.size)
    seen = contrast_of(image)
    regions = seen.regions(threshold)
    counted = match(regions, labels)
    return Outcome(
        **scores, found=counted.found, missed=counted.missed, false=counted.false,
        errors=tuple(_errors(seen.depth, regions, labels, scene, movie.pixel_size)),
    )  # fmt: skip


def _errors(
    depth: np.ndarray, regions: np.ndarray, labels: np.ndarray, scene: Scene, pixel: float
) -> Sequence[float]:
    """Distances [nm] of regions that touch one particle alone from its centre."""
    errors = []
    for region in range(1, int(regions.max()) + 1):
        touched = np.unique(labels[regions == region])
        touched = touched[touched > 0]
        if len(touched) != 1:
            continue
        row, column = ndimage.center_of_mass(depth, regions, region)
        one = scene.particles[touched[0] - 1]
        x, y = (column + 0.5) * pixel, (row + 0.5) * pixel
        errors.append(float(np.hypot(x - one.x, y - one.y)))
    return errors


def thresholds(
    ways: dict[str, Treatment], electrons: Sequence[float], seed: int, *, fields: int = 3
) -> dict[str, float]:
    """Threshold of each treatment at which it invents one particle in ten empty fields.

    Parameters
    ----------
    ways : dict
        As `treatments` gives them.
    electrons : sequence of float
        [e-/px]
    seed : int
    fields : int
        Empty movies per dose.

    Returns
    -------
    dict of float
        [standard deviations]
    """
    movies = [
        moving_field(dose, 0, "drift", np.random.default_rng([seed, d, i]), number=0).frames()
        for d, dose in enumerate(electrons)
        for i in range(fields)
    ]
    return {
        name: threshold_for([contrast_of(way(frames)) for frames in movies])
        for name, way in ways.items()
    }
