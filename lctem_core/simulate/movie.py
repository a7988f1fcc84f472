"""Simulated movies: a scene that drifts and whose particles move, frame by frame.

A movie computes any of its frames when it is asked for it, and always the same one, so that a
recording of minutes needs no memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from lctem_core.errors import InputError
from lctem_core.simulate.examples import sharper, varied
from lctem_core.simulate.optics import Acquisition, Particle, Scene, depths, fit_gain, transmission
from lctem_core.simulate.recipes import Recipe, draw_scene, draw_wet, recipes_by_name
from lctem_core.simulate.texture import Texture


@dataclass(frozen=True)
class Motion:
    """What changes from one frame to the next.

    Attributes
    ----------
    drift : tuple of float
        Of the whole scene, (x, y) [nm per frame].
    jitter : float
        Random walk of the whole scene, standard deviation per frame and axis [nm].
    step : float
        Random walk of every moving particle, standard deviation per frame and axis [nm]: Brownian
        motion, step = √(2 D Δt).
    velocity : float
        Steady speed of every moving particle, each in a direction of its own [nm per frame].
    moving : float
        Share of the particles that move; the others stay.
    spin : float
        Random turn of a moving particle about the beam, standard deviation per frame [rad].
    """

    drift: tuple[float, float] = (0.0, 0.0)
    jitter: float = 0.0
    step: float = 0.0
    velocity: float = 0.0
    moving: float = 1.0
    spin: float = 0.0

    def paths(
        self, particles: int, frames: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where every particle is, relative to the first frame.

        Parameters
        ----------
        particles, frames : int
        rng : numpy.random.Generator

        Returns
        -------
        offsets : ndarray, (frames, particles, 2)
            (x, y) [nm].
        angles : ndarray, (frames, particles)
            Turn about the beam [rad].
        """
        walks = rng.random(particles) < self.moving
        direction = rng.uniform(0, 2 * np.pi, particles)
        steady = self.velocity * np.stack([np.cos(direction), np.sin(direction)], axis=-1)
        own = self.step * rng.standard_normal((frames, particles, 2)) + steady
        common = self.jitter * rng.standard_normal((frames, 1, 2)) + np.array(self.drift)
        turns = self.spin * rng.standard_normal((frames, particles)) * walks
        moves = own * walks[:, None] + common
        moves[0] = turns[0] = 0
        return np.cumsum(moves, axis=0), np.cumsum(turns, axis=0)


@dataclass(frozen=True, eq=False)
class Movie:
    """A moving scene as a camera records it.

    Attributes
    ----------
    scene : Scene
        At offset 0.
    offsets : ndarray, (T, P, 2)
        Of the P particles of the scene, (x, y) [nm].
    angles : ndarray, (T, P)
        Turn about the beam [rad].
    acquisition : Acquisition
        Of every frame, but for the dose.
    doses : ndarray, (T,)
        Of every frame, measured in the background [e-/nm²].
    size : int
        Pixels on a side.
    seed : int
        Of the noise.
    """

    scene: Scene
    offsets: np.ndarray
    angles: np.ndarray
    acquisition: Acquisition
    doses: np.ndarray
    size: int = 512
    seed: int = 0

    def __post_init__(self) -> None:
        wanted = (len(self.doses), len(self.scene.particles))
        if self.offsets.shape != (*wanted, 2) or self.angles.shape != wanted:
            raise InputError(
                f"offsets (T, P, 2) and angles (T, P) for T, P = {wanted}",
                f"{self.offsets.shape} and {self.angles.shape}",
                "Draw them with Motion.paths(P, T, rng).",
            )

    def __len__(self) -> int:
        return len(self.doses)

    @property
    def pixel_size(self) -> float:
        """Pixel size [nm]."""
        return self.scene.width / self.size

    def scene_at(self, t: int) -> Scene:
        """Scene as it is during frame `t`."""
        moved = []
        for one, (dx, dy), angle in zip(
            self.scene.particles, self.offsets[t], self.angles[t], strict=True
        ):
            moved.append(_moved(one, float(dx), float(dy), float(angle)))
        return Scene(self.scene.width, tuple(moved))

    def counts_without_noise(
        self, t: int, acquisition: Acquisition | None = None, dose: float | None = None
    ) -> np.ndarray:
        """Mean counts of frame `t`.

        Parameters
        ----------
        t : int
        acquisition : Acquisition, optional
            With another blur, say; by default the movie's.
        dose : float, optional
            Another dose than the frame's [e-/nm²].

        Returns
        -------
        ndarray, (size, size), float32
            [counts]
        """
        taken = acquisition or self.acquisition
        camera = taken.camera
        electrons = self._electrons(t, taken, self.doses[t] if dose is None else dose)
        return np.float32(camera.gain) * electrons + np.float32(camera.offset)

    def frame(self, t: int) -> np.ndarray:
        """Frame `t` as the camera writes it, (size, size) uint16 counts."""
        rng = np.random.default_rng([self.seed, t])
        electrons = self._electrons(t, self.acquisition, self.doses[t])
        return self.acquisition.camera.expose(electrons, rng)

    def frames(self, begin: int = 0, end: int | None = None) -> np.ndarray:
        """Frames `begin` to before `end`, (T, size, size) uint16 counts."""
        return np.stack([self.frame(t) for t in range(*slice(begin, end).indices(len(self)))])

    def _electrons(self, t: int, taken: Acquisition, dose: float) -> np.ndarray:
        known = self._rests and taken is self.acquisition
        share = self._at_rest if known else self._share(t, taken)
        return share * np.float32(dose * self.pixel_size**2)

    def _share(self, t: int, taken: Acquisition) -> np.ndarray:
        """Share of the dose that reaches each pixel of frame `t`."""
        lower, upper = depths(self.scene_at(t), self.size)
        return transmission(lower, taken, self.pixel_size, upper) * self._background

    @cached_property
    def _rests(self) -> bool:
        return not (self.offsets.any() or self.angles.any())

    @cached_property
    def _at_rest(self) -> np.ndarray:
        return self._share(0, self.acquisition)

    @cached_property
    def _background(self) -> np.ndarray:
        """Illumination and texture, which stay where they are."""
        brightness = self.acquisition.illumination.image(self.size)
        if self.acquisition.texture != Texture():
            brightness = brightness * self.acquisition.texture.image(self.size)
        return brightness


def _moved(one: Particle, dx: float, dy: float, angle: float) -> Particle:
    if not (dx or dy or angle):
        return one
    turn = Rotation.from_rotvec([0, 0, angle]).as_matrix() if angle else np.eye(3)
    return replace(one, x=one.x + dx, y=one.y + dy, rotation=turn @ one.rotation)


def shares(frames: int, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Dose of the frames of a movie relative to their mean.

    Parameters
    ----------
    frames : int
    kind : str
        ``steady``; ``flicker``: 3 to 20 % from frame to frame; ``step``: a change by a factor of
        up to 5 at one frame, as when the operator changes the beam.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, (frames,)
        Mean 1.

    Raises
    ------
    InputError
        For another kind.
    """
    share = np.ones(frames)
    if kind == "flicker":
        share = np.exp(rng.uniform(0.03, 0.2) * rng.standard_normal(frames))
    elif kind == "step" and frames > 1:
        share[rng.integers(1, frames) :] = np.exp(rng.uniform(-np.log(5), np.log(5)))
    elif kind not in ("steady", "step"):
        raise InputError("steady, flicker or step", repr(kind), "Use one of these names.")
    return share / share.mean()


def exported(frames: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Frames as an 8-bit movie: one stretch for all of them.

    Parameters
    ----------
    frames : ndarray, (T, H, W)
    lower, upper : float
        Values that become 0 and 255.

    Returns
    -------
    ndarray, (T, H, W), uint8
        Rounded; clipped beyond the limits.
    """
    scale = 255 / max(upper - lower, 1e-6)
    return np.clip(np.rint((frames - np.float32(lower)) * scale), 0, 255).astype(np.uint8)


def enlarged(image: np.ndarray, size: int) -> np.ndarray:
    """Image interpolated linearly to (size, size), float32."""
    return cv2.resize(image.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)


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
        A name of `lctem_core.simulate.recipes.RECIPES`.
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
    recipes = recipes_by_name(recipe)
    while True:  # a camera that counts nothing at all, at the lowest doses, makes no clip
        one = _draw_clip(recipes[rng.integers(len(recipes))], size, rng)
        if np.ptp(one.noisy.sum(axis=0, dtype=np.float64)):
            return one


def _draw_clip(chosen: Recipe, size: int, rng: np.random.Generator) -> Clip:
    variety = chosen.variety
    scene = draw_scene(chosen, rng)
    acquisition = draw_wet(chosen, scene, rng)
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
    """Draw how the particles of a clip move: by 0.03 to 4 mean diameters over ten frames.

    Parameters
    ----------
    scene : Scene
    rng : numpy.random.Generator

    Returns
    -------
    Motion
        None at all for a scene without particles.
    """
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
