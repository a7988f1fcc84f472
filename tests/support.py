"""What several tests need: a simulated pair with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lctem_core.simulate.optics import Acquisition, Scene, acquire, depths, fit_gain
from lctem_core.simulate.recipes import PAPER, Recipe, draw_dry, draw_scene, draw_wet


@dataclass(frozen=True)
class SimulatedPair:
    """A dry and a wet frame of one scene, with how they were taken."""

    dry: np.ndarray
    wet: np.ndarray
    scene: Scene
    dry_acquisition: Acquisition
    wet_acquisition: Acquisition

    @property
    def pixel_size(self) -> float:
        """Pixel size [nm]."""
        return self.scene.width / self.dry.shape[0]


def simulated_pair(seed: int, recipe: Recipe = PAPER, size: int = 512) -> SimulatedPair:
    """One dry/wet pair; the same seed, recipe and size give the same counts."""
    rng = np.random.default_rng(seed)
    scene = draw_scene(recipe, rng)
    pixel = scene.width / size
    depth, upper = depths(scene, size)
    wet = fit_gain(draw_wet(recipe, scene, rng), pixel)
    dry = fit_gain(draw_dry(recipe, rng, least_dose=100 * wet.dose), pixel)
    return SimulatedPair(
        dry=acquire(depth, dry, pixel, rng, upper),
        wet=acquire(depth, wet, pixel, rng, upper),
        scene=scene,
        dry_acquisition=dry,
        wet_acquisition=wet,
    )
