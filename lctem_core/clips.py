"""Clips: the last frames of a simulated movie with what the newest would be without noise.

What `lctem_core.examples` is to single frames, for networks that take several. The truth is the
scene at the newest frame, without noise and with half of its blur, at the clip's mean brightness;
all frames and the truth are stretched alike, by the percentiles of the mean of the frames.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from lctem_core import simulate
from lctem_core.dataset import simulator_fingerprint
from lctem_core.examples import HIGH, LOW, PLAIN, VARIETIES, sharper, varied
from lctem_core.imaging import Scene, fit_gain
from lctem_core.movie import Motion, Movie, enlarged, exported, shares
from lctem_core.preprocess import limits, stretched
from lctem_core.simulated import write_simulated
from lctem_core.store import Store

#: Frames of a clip, as many as the paper integrates.
FRAMES = 10
#: Dose of a frame relative to that of a single-frame example: ten of them are looked at together.
DIMMER = 0.3
#: How often nothing moves, the scene drifts, the particles walk, both.
KINDS = {"static": 0.5, "drift": 0.15, "walk": 0.25, "both": 0.1}


@dataclass(frozen=True, eq=False)
class Clip:
    """The last frames of a movie.

    Attributes
    ----------
    noisy : ndarray, (T, N, N)
        Frames, oldest first: counts, grey levels of an 8-bit movie, or float32 where enlarged.
    faithful : ndarray, (N, N), float32
        The newest frame without noise and with half its blur, in the frames' units, at their mean
        dose.
    movie : Movie
    """

    noisy: np.ndarray
    faithful: np.ndarray
    movie: Movie


def clip(seed: int | list[int], recipe: str = "broad", size: int = 512) -> Clip:
    """One clip.

    Parameters
    ----------
    seed : int or list of int
        The same seed, recipe and size give the same images.
    recipe : str
        A name of `lctem_core.simulate.RECIPES`.
    size : int
        Pixels on a side.

    Returns
    -------
    Clip

    Raises
    ------
    InputError
        For an unknown recipe.
    """
    rng = np.random.default_rng(seed)
    recipes = simulate.recipes_by_name(recipe)
    while True:  # a camera that counts nothing at all, at the lowest doses, makes no clip
        one = _draw(recipes[rng.integers(len(recipes))], size, rng)
        if np.ptp(one.noisy.sum(axis=0, dtype=np.float64)):
            return one


def _draw(chosen: simulate.Recipe, size: int, rng: np.random.Generator) -> Clip:
    variety = VARIETIES.get(id(chosen), PLAIN)
    scene = simulate.draw_scene(chosen, rng)
    acquisition = simulate.draw_wet(chosen, scene, rng)
    pixels = round(size * rng.uniform(0.5, 1)) if rng.random() < variety.enlarged else size
    pixel = scene.width / pixels
    acquisition = varied(acquisition, variety, pixel, rng)
    doses = (
        DIMMER
        * acquisition.dose
        * shares(FRAMES, str(rng.choice(["steady", "flicker", "step"], p=[0.7, 0.2, 0.1])), rng)
    )
    acquisition = fit_gain(replace(acquisition, dose=float(doses.max())), pixel)
    offsets, angles = draw_motion(scene, rng).paths(len(scene.particles), FRAMES, rng)
    movie = Movie(
        scene, offsets - offsets[-1:], angles, acquisition, doses, pixels, int(rng.integers(2**62))
    )
    noisy = movie.frames()
    faithful = movie.counts_without_noise(
        FRAMES - 1, sharper(acquisition, pixel), float(doses.mean())
    )
    if pixels != size:
        noisy = np.stack([enlarged(frame, size) for frame in noisy])
        faithful = enlarged(faithful, size)
    if rng.random() < variety.exported:
        lower, upper = np.percentile(noisy, [rng.uniform(0, 1), rng.uniform(99, 100)])
        if lower < upper:
            scale = 255 / (upper - lower)
            noisy = exported(noisy, lower, upper)
            faithful = ((faithful - lower) * scale).astype(np.float32)
    return Clip(noisy, faithful, movie)


def draw_motion(scene: Scene, rng: np.random.Generator) -> Motion:
    """Motion of a clip, drawn at random: by 0.03 to 4 mean diameters over ten frames."""
    if not scene.particles:
        return Motion()
    mean = float(np.mean([one.diameter for one in scene.particles]))
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    values: dict[str, object] = {}
    if kind in ("drift", "both"):
        way = mean * np.exp(rng.uniform(np.log(0.03), np.log(2.0))) / FRAMES
        direction = rng.uniform(0, 2 * np.pi)
        values["drift"] = (way * np.cos(direction), way * np.sin(direction))
        values["jitter"] = way * rng.uniform(0, 1)
    if kind in ("walk", "both"):
        reach = mean * np.exp(rng.uniform(np.log(0.03), np.log(4.0)))
        steady = rng.choice([0.0, 1.0, rng.random()])
        values["step"] = (1 - steady) * reach / FRAMES**0.5
        values["velocity"] = steady * reach / FRAMES
        values["moving"] = rng.choice([1.0, rng.random()])
        values["spin"] = rng.uniform(0, 0.15)
    return Motion(**values)


def scaled(one: Clip) -> dict[str, np.ndarray]:
    """Images of a clip as a network gets and should give them.

    Returns
    -------
    dict of ndarray, float32
        ``noisy`` (T, N, N) and ``faithful`` (N, N), stretched by the percentiles of the mean of
        the frames and not clipped to [0, 1].
    """
    lower, upper = limits(one.noisy.mean(axis=0, dtype=np.float64), LOW, HIGH)
    return {
        "noisy": stretched(one.noisy, lower, upper),
        "faithful": stretched(one.faithful, lower, upper),
    }


def write_clips(
    out: str | Path,
    number: int,
    *,
    seed: int = 0,
    recipe: str = "broad",
    size: int = 512,
    workers: int | None = None,
    progress: bool = True,
) -> Store:
    """Simulate clips straight into a store; goes on where a killed run stopped.

    Parameters
    ----------
    out : str or Path
        Folder to make.
    number : int
    seed : int
        Clip `i` is ``clip([seed, i], recipe, size)``.
    recipe : str
        A name of `lctem_core.simulate.RECIPES`.
    size : int
        Pixels on a side.
    workers : int, optional
        Processes; by default one per core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        For a wrong argument, or an `out` made with other arguments.
    """
    arguments = {"number": number, "seed": seed, "recipe": recipe, "size": size, "frames": FRAMES}
    return write_simulated(
        out, "clip", partial(_scaled_clip, recipe, size), arguments,
        simulator=_fingerprint(), kinds=("noisy", "faithful"),
        parameters={
            "size": size, "low": LOW, "high": HIGH, "least_contrast": 0.0, "frames": FRAMES,
        },
        workers=workers, progress=progress,
    )  # fmt: skip


def _scaled_clip(recipe: str, size: int, seed: list[int]) -> dict[str, np.ndarray]:
    return scaled(clip(seed, recipe, size))


def _fingerprint() -> str:
    """Fingerprint of the code that draws clips."""
    package = Path(__file__).parent
    own = b"".join((package / name).read_bytes() for name in ("movie.py", "clips.py"))
    return simulator_fingerprint() + hashlib.sha256(own).hexdigest()[:8]
