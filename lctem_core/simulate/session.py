"""A simulated session at the microscope: the paper's search for particles at a low dose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from lctem_core import paper
from lctem_core.errors import InputError
from lctem_core.simulate import shapes
from lctem_core.simulate.movie import Motion, Movie
from lctem_core.simulate.optics import (
    Acquisition,
    Illumination,
    Particle,
    Scene,
    acquire,
    depths,
    fit_gain,
)
from lctem_core.simulate.recipes import PAPER, draw_scene, draw_wet

#: Times of the paper's Figure 4b–m [s], and doses of a frame at the first three [e-/nm²].
SHOWN = tuple(paper.values()[f"figure4.time_{letter}"] for letter in "bcde")
_B, _C, _D = (paper.values()[f"figure4.dose_{letter}"] for letter in "bcd")
#: Dose of a frame as read from the paper's Figure 4a, which ends as it began. Between the times [s]
#: the logarithm of the dose changes linearly.
PROGRAMME = ((0, _B), (6, _B), (8, _C), (11, _C), (12.5, _D), (16, _D), (19, _B), (23, _B))
#: Field of view at 20,000 times [nm]: the scale bar of the paper's Figure 4b, and its frame.
WIDTH = 2560.0
#: What gives the particles the contrast of the published real frame, half of the background.
LIKE_THE_REAL_FRAME = {
    "floor": 0.42,
    "blur": 15.0,
    "upper_blur": 30.0,
    "illumination": Illumination(vignette=0.2, centre=(0.45, 0.55)),
}


def dose_at(time: float | np.ndarray) -> np.ndarray:
    """Dose of a frame at a time of the session.

    Parameters
    ----------
    time : float or ndarray
        [s]

    Returns
    -------
    ndarray
        [e-/nm²]
    """
    at, dose = np.array(PROGRAMME, float).T
    return np.exp(np.interp(time, at, np.log(dose)))


def session(
    size: int = 512,
    *,
    seconds: float = 23.0,
    fps: float = 100.0,
    moving_from: float = 17.0,
    reach: float = 60.0,
    seed: int = 5,
) -> Movie:
    """Movie of gold particles and clusters while the operator changes the dose.

    Parameters
    ----------
    size : int
        Pixels on a side of the camera. The scene, its motion and the dose are the same for every
        size.
    seconds : float
        Length of the session; the programme of the dose is stretched to it [s].
    fps : float
        Frames per second.
    moving_from : float
        When half of the particles begin to move; in seconds of a session of 23 s.
    reach : float
        Root mean square way of these in a tenth of a second [nm]. Free particles of 100 nm in water
        go 1.3 µm; those near a membrane have been seen to be slower by orders of magnitude.
    seed : int
        Of scene, motion and noise.

    Returns
    -------
    Movie

    Raises
    ------
    InputError
        If the session has no frame.
    """
    frames = round(seconds * fps)
    if frames < 1 or fps <= 0:
        raise InputError("at least one frame", f"{seconds} s at {fps} fps", "Raise them.")
    rng = np.random.default_rng(seed)
    recipe = replace(PAPER, widths=(WIDTH,), number=(7, 7), clustered=0.35)
    scene = draw_scene(recipe, rng)
    acquisition = draw_wet(recipe, scene, rng)
    acquisition = replace(acquisition, **LIKE_THE_REAL_FRAME)
    unit = np.arange(frames) / fps * 23.0 / seconds
    doses = dose_at(unit)
    acquisition = fit_gain(replace(acquisition, dose=float(doses.max())), WIDTH / size)
    step = reach * (10 / fps) ** 0.5 / 2**0.5
    motion = Motion(step=step, moving=0.5, spin=0.03)
    offsets, angles = motion.paths(len(scene.particles), frames, rng)
    still = int(np.searchsorted(unit, moving_from))
    if still < frames:
        offsets, angles = (
            np.where((np.arange(frames) < still).reshape(-1, *[1] * (one.ndim - 1)), 0,
                     one - one[still])
            for one in (offsets, angles)
        )  # fmt: skip
    else:
        offsets, angles = np.zeros_like(offsets), np.zeros_like(angles)
    return Movie(scene, offsets, angles, acquisition, doses, size, seed)


def simulated_camera(
    frames: int = 12,
    *,
    size: int = 2048,
    dose: float = 10.0,
    particles: int = 12,
    width: float = 2560.0,
    step: float = 10.0,
    seed: int = 0,
) -> np.ndarray:
    """Make frames to play in a loop: gold particles in Brownian motion that ends where it began.

    Parameters
    ----------
    frames : int
        Each with noise of its own; more than an integrator sums, or noise repeats in a sum.
    size : int
        Pixels on a side.
    dose : float
        Of each frame, in the background [e-/nm²].
    particles : int
    width : float
        Of the field [nm].
    step : float
        Standard deviation of a particle's step per frame and axis [nm].
    seed : int
        The same seed gives the same frames.

    Returns
    -------
    ndarray, (T, H, W), uint16
        Counts.

    Raises
    ------
    InputError
        If there is no frame, or its side is below 64 pixels.
    """
    if frames < 1 or size < 64:
        raise InputError(
            "at least 1 frame of 64 pixels on a side", f"{frames} frames, size {size}",
            "12 frames of 2048 pixels is usual.",
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    shape, margin = "truncated octahedron", 0.1 * width
    gold = [
        Particle(
            *rng.uniform(margin, width - margin, 2), 100.0, shape,
            shapes.orientation(shape, rng, False),
        )
        for _ in range(particles)
    ]  # fmt: skip
    steps = rng.normal(0, step, (frames, particles, 2))
    paths = np.cumsum(steps - steps.mean(0), 0)
    pixel = width / size
    acquisition = Acquisition(dose=dose, liquid=1000.0)

    def one(t: int, noise: np.random.Generator) -> np.ndarray:
        moved = (replace(p, x=p.x + x, y=p.y + y) for p, (x, y) in zip(gold, paths[t], strict=True))
        depth, _ = depths(Scene(width, tuple(moved)), size)
        return acquire(depth, acquisition, pixel, noise)

    with ThreadPoolExecutor() as pool:  # NumPy's generators let other threads run
        return np.stack(list(pool.map(one, range(frames), rng.spawn(frames))))
