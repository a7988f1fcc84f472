"""The spread over orientations, calibrated on simulated frames so that it holds the errors."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.evaluate.uncertainty import spread_factor
from lctem_core.refine.preprocess import limits
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.examples import Example, example
from lctem_core.simulate.texture import Texture

#: Groups of the frames: with an even background, in two halves; with a texture.
GROUPS = ("calibration", "test", "texture")


@dataclass(frozen=True, eq=False)
class Refined:
    """A simulated frame, refined in eight orientations.

    Attributes
    ----------
    one : Example
    image, spread : ndarray, (H, W)
        Mean and standard deviation over the orientations [counts].
    """

    one: Example
    image: np.ndarray
    spread: np.ndarray

    def error(self) -> np.ndarray:
        """Error less its median, in units of the frame's stretch, (H, W)."""
        error = (self.image - self.one.faithful) / self.stretch
        return error - np.median(error)

    @property
    def stretch(self) -> float:
        """Difference of the frame's percentiles, between which the network works [counts]."""
        lower, upper = limits(self.one.noisy)
        return float(upper - lower)

    def near(self) -> np.ndarray:
        """Pixels on particles, and within two of them, (H, W) bool."""
        there = (self.one.look < 0.98).astype(np.uint8)
        return cv2.dilate(there, np.ones((5, 5))) > 0


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Frames of each group, and the factor found on those for calibration.

    Attributes
    ----------
    frames : dict of list of Refined
        By `GROUPS`.
    factor : float
        By which the spread holds 68.3 % of the errors.
    """

    frames: dict[str, list[Refined]]
    factor: float

    def pixels(self, group: str, near: bool | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Errors and spreads of the pixels of a group, in units of each frame's stretch.

        Parameters
        ----------
        group : str
            Of `GROUPS`.
        near : bool, optional
            Only pixels on and near particles, or only the others.

        Returns
        -------
        error, spread : ndarray, (N,)
        """
        return _pixels(self.frames[group], near)

    def clearest(self) -> Refined:
        """Test frame with particles in which the spread says most about where errors are."""
        with_particles = [r for r in self.frames["test"] if r.one.scene.particles]
        return max(
            with_particles or self.frames["test"],
            key=lambda r: np.quantile(r.spread, 0.99) / np.median(r.spread),
        )


def calibrate(
    refine: Refiner, number: int = 24, seed: int = 7000, recipe: str = "broad"
) -> Calibrated:
    """Refine simulated frames in eight orientations and calibrate the spread on some of them.

    Parameters
    ----------
    refine : Refiner
        With the faithful look.
    number : int
        Frames.
    seed : int
    recipe : str

    Returns
    -------
    Calibrated

    Raises
    ------
    InputError
        If there is no frame with an even background to test with.
    """
    frames: dict[str, list[Refined]] = {group: [] for group in GROUPS}
    for i in tqdm(range(number), "spread"):
        one = example([seed, 3, i], recipe)
        group = "texture"
        if one.acquisition.texture == Texture():
            fewer = len(frames["test"]) < len(frames["calibration"])
            group = "test" if fewer else "calibration"
        frames[group].append(Refined(one, *refine.with_spread(one.noisy)))
    if not frames["test"]:
        raise InputError(
            "two frames with an even background or more",
            f"{len(frames['calibration'])} of {number} frames", "Draw more frames.",
        )  # fmt: skip
    return Calibrated(frames, spread_factor(*_pixels(frames["calibration"], None)))


def _pixels(frames: list[Refined], near: bool | None) -> tuple[np.ndarray, np.ndarray]:
    errors, spreads = [], []
    for one in frames:
        where = np.ones(one.image.shape, bool) if near is None else one.near() == near
        errors.append(one.error()[where])
        spreads.append(one.spread[where] / one.stretch)
    return np.concatenate(errors), np.concatenate(spreads)
