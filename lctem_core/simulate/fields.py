"""Fields of known particles, still or moving, and fields without any: to test what finds them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lctem_core.errors import InputError
from lctem_core.simulate import shapes
from lctem_core.simulate.movie import Motion, Movie
from lctem_core.simulate.optics import (
    Acquisition,
    Illumination,
    Particle,
    Scene,
    acquire,
    fit_gain,
    optical_depth,
)
from lctem_core.simulate.recipes import PAPER, draw_wet
from lctem_core.simulate.texture import Texture

#: What an empty field may show, by name: arguments of `lctem_core.simulate.optics.Acquisition`.
EMPTY = {
    "even": {},
    "vignetted": {"illumination": Illumination(vignette=0.35, centre=(0.4, 0.6), gradient=1.5)},
    "mottled": {"illumination": Illumination(mottling=0.03, seed=5)},
    "fringes": {"texture": Texture(fringes=0.1, period=0.012, seed=3)},
}


@dataclass(frozen=True, eq=False)
class Field:
    """Isolated gold particles and how they are looked at, all but the dose.

    Attributes
    ----------
    depth : ndarray, (N, N), float32
        Optical depth.
    truth : ndarray, (N, N), int
        Label 1, 2, … of the particle that covers a pixel, 0 beside them.
    acquisition : Acquisition
    pixel_size : float
        [nm]
    """

    depth: np.ndarray
    truth: np.ndarray
    acquisition: Acquisition
    pixel_size: float

    def frames(self, dose: float, number: int, rng: np.random.Generator) -> np.ndarray:
        """Independent frames of the static scene.

        Parameters
        ----------
        dose : float
            Of each frame [e-/nm²].
        number : int
        rng : numpy.random.Generator

        Returns
        -------
        ndarray, (number, N, N), float32
            Counts.
        """
        taken = fit_gain(replace(self.acquisition, dose=dose), self.pixel_size)
        return np.stack(
            [acquire(self.depth, taken, self.pixel_size, rng) for _ in range(number)]
        ).astype(np.float32)


def gold_field(
    width: float, rng: np.random.Generator, *, number: int = 8, size: int = 512
) -> Field:
    """Field of the paper's particles: 100 nm gold, shapes and conditions drawn at random.

    Particles, liquid, blur, vignette and camera are drawn from the recipe
    `lctem_core.simulate.recipes.PAPER`; the particles lie apart from each other and inside the
    field.

    Parameters
    ----------
    width : float
        Of the field [nm].
    rng : numpy.random.Generator
    number : int
        Particles; fewer if they would not find room.
    size : int
        Pixels on a side.

    Returns
    -------
    Field
    """
    scene = gold_scene(width, rng, number=number)
    depth, truth = labelled(scene, size)
    nothing = Scene(width, ())
    acquisition = replace(draw_wet(PAPER, nothing, rng), texture=Texture())
    return Field(depth, truth, acquisition, width / size)


def gold_scene(width: float, rng: np.random.Generator, *, number: int = 8) -> Scene:
    """Scene of `gold_field`.

    Parameters
    ----------
    width : float
        Of the field [nm].
    rng : numpy.random.Generator
    number : int
        Particles; fewer if they would not find room.

    Returns
    -------
    Scene
    """
    recipe = PAPER
    mean, spread = recipe.diameters
    if width < 3 * mean:
        raise InputError(f"a field of {3 * mean:g} nm or more", f"{width:g} nm", "Widen it.")
    names = list(recipe.shape_weights)
    weights = np.array([recipe.shape_weights[name] for name in names], float)
    length = rng.uniform(*recipe.attenuation_lengths)
    particles = []
    for x, y in _apart(width, mean, number, rng):
        shape = str(rng.choice(names, p=weights / weights.sum()))
        diameter = mean * float(np.clip(rng.normal(1, spread), 0.7, 1.3))
        rotation = shapes.orientation(shape, rng, flat=rng.random() < 0.5)
        particles.append(Particle(x, y, diameter, shape, rotation, length))
    return Scene(width, tuple(particles))


def labelled(scene: Scene, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Optical depth of a scene, and the label 1, 2, … of the particle that covers a pixel.

    Parameters
    ----------
    scene : Scene
    size : int
        Pixels on a side.

    Returns
    -------
    depth : ndarray, (size, size), float32
    truth : ndarray, (size, size), int
        0 beside the particles; thin corners and pixels that are covered in part do not count.
    """
    depth = np.zeros((size, size), np.float32)
    truth = np.zeros((size, size), int)
    for label, one in enumerate(scene.particles, start=1):
        added = optical_depth(Scene(scene.width, (one,)), size)
        depth += added
        truth[added > 0.25 * added.max()] = label
    return depth, truth


def _apart(
    width: float, diameter: float, number: int, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Random places inside the field, two and a half diameters apart [nm]."""
    places: list[tuple[float, float]] = []
    for _ in range(200):
        x, y = rng.uniform(0.9 * diameter, width - 0.9 * diameter, 2)
        if all(np.hypot(x - u, y - v) > 2.5 * diameter for u, v in places):
            places.append((float(x), float(y)))
        if len(places) == number:
            break
    return places


def empty_field(kind: str, width: float, rng: np.random.Generator, *, size: int = 512) -> Field:
    """Field without particles.

    Parameters
    ----------
    kind : str
        A name of `EMPTY`.
    width : float
        Of the field [nm].
    rng : numpy.random.Generator
        Draws liquid and camera.
    size : int
        Pixels on a side.

    Returns
    -------
    Field
    """
    if kind not in EMPTY:
        raise InputError(f"a field of {', '.join(EMPTY)}", repr(kind), "Use one of these names.")
    drawn = draw_wet(PAPER, Scene(width, ()), rng)
    acquisition = replace(drawn, **({"illumination": Illumination()} | EMPTY[kind]))
    nothing = np.zeros((size, size), np.float32)
    return Field(nothing, np.zeros((size, size), int), acquisition, width / size)


#: Diameter of the particles [nm].
DIAMETER = 100.0


#: How the particles of a test movie move; values of `Motion` for one nanometre per frame.
MOTIONS = {
    "each its own way": lambda rate: Motion(velocity=rate),
    "Brownian": lambda rate: Motion(step=rate * 10**0.5 / 2**0.5),
    "drift": lambda rate: Motion(drift=(rate * np.cos(0.5), rate * np.sin(0.5))),
}


def moving_field(
    electrons: float,
    speed: float,
    motion: str,
    rng: np.random.Generator,
    *,
    frames: int = 20,
    width: float = 2560.0,
    number: int = 8,
    size: int = 512,
) -> Movie:
    """Movie of isolated gold particles that move, and end inside the field.

    Parameters
    ----------
    electrons : float
        Of a frame, in the background [e-/px].
    speed : float
        Way in ten frames [diameters]; of Brownian particles, the root mean square.
    motion : str
        A name of `MOTIONS`.
    rng : numpy.random.Generator
    frames : int
    width : float
        Of the field [nm].
    number : int
        Particles; 0 gives an empty field.
    size : int
        Pixels on a side.

    Returns
    -------
    Movie
    """
    if motion not in MOTIONS:
        raise InputError(f"a motion of {', '.join(MOTIONS)}", repr(motion), "Use one of them.")
    if not speed >= 0:
        raise InputError("a speed of 0 or more", repr(speed), "Give diameters per ten frames.")
    scene = gold_scene(width, rng, number=number) if number else Scene(width, ())
    acquisition = draw_wet(PAPER, Scene(width, ()), rng)
    pixel = width / size
    dose = electrons / pixel**2
    acquisition = fit_gain(replace(acquisition, dose=dose), pixel)
    offsets, angles = MOTIONS[motion](speed * DIAMETER / 10).paths(
        len(scene.particles), frames, rng
    )
    return Movie(
        scene, offsets - offsets[-1:], angles, acquisition, np.full(frames, dose), size,
        int(rng.integers(2**62)),
    )  # fmt: skip
