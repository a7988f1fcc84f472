"""Simulated tilt series of a cell that carries particles on both membranes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from lctem_core.errors import InputError
from lctem_core.simulate import shapes
from lctem_core.simulate.optics import Acquisition, Particle, Scene, acquire, depths, fit_gain


@dataclass(frozen=True)
class TiltedCell:
    """A scene with the height of every particle.

    Attributes
    ----------
    scene : Scene
        As seen without tilt.
    heights : ndarray, (P,)
        Heights of the particles' centres along the beam [nm]; the tilt axis is at height 0.
    """

    scene: Scene
    heights: np.ndarray

    def projected(
        self, angle: float, axis: float = 90.0, shift: tuple[float, float] = (0.0, 0.0)
    ) -> Scene:
        """The scene that the beam sees when the stage is tilted.

        With the axis along y, a point goes from (x, y, z) to (x cos θ + z sin θ, y), positions
        counted from the centre of the field. The particles turn with the stage.

        Parameters
        ----------
        angle : float
            θ [°].
        axis : float
            Direction of the tilt axis in the image, from x towards y [°].
        shift : tuple of float
            By which the stage drifts in x and y [nm].

        Returns
        -------
        Scene
        """
        direction = np.deg2rad(axis)
        turn = Rotation.from_rotvec(
            np.deg2rad(angle) * np.array([np.cos(direction), np.sin(direction), 0.0])
        )
        centre = self.scene.width / 2
        moved = []
        for particle, height in zip(self.scene.particles, self.heights, strict=True):
            x, y, _ = turn.apply([particle.x - centre, particle.y - centre, height])
            rotation = turn.as_matrix() @ particle.rotation
            moved.append(
                replace(
                    particle, x=x + centre + shift[0], y=y + centre + shift[1], rotation=rotation
                )
            )
        return Scene(self.scene.width, tuple(moved))


@dataclass(frozen=True, eq=False)
class TiltSeries:
    """Frames of one cell at several angles, with what was planted.

    Attributes
    ----------
    images : ndarray, (T, N, N), uint16
        Camera counts.
    angles : ndarray, (T,)
        [°]
    pixel_size : float
        [nm]
    cell : TiltedCell
    shifts : ndarray, (T, 2)
        Drift of the stage in x and y [nm].
    axis : float
        Direction of the tilt axis in the image [°].
    """

    images: np.ndarray
    angles: np.ndarray
    pixel_size: float
    cell: TiltedCell
    shifts: np.ndarray
    axis: float


def draw_cell(
    rng: np.random.Generator,
    *,
    distance: float,
    width: float = 2560.0,
    number: tuple[int, int] = (6, 6),
    diameter: float = 100.0,
    spread: float = 0.1,
    margin: float = 250.0,
    gap: float = 1.6,
    attenuation_length: float = 50.0,
) -> TiltedCell:
    """Cell with single faceted particles at random places on two flat membranes.

    Parameters
    ----------
    rng : numpy.random.Generator
    distance : float
        Between the planes of the particles' centres, the paper's h′ [nm].
    width : float
        Of the field [nm].
    number : tuple of int
        Particles on the lower and on the upper membrane.
    diameter, spread : float
        Mean diameter [nm] and its relative standard deviation.
    margin : float
        Least distance from the edge of the field [nm].
    gap : float
        Least distance of two particles of the untilted cell [mean diameters].
    attenuation_length : float
        Of the particles [nm].

    Returns
    -------
    TiltedCell
        The lower particles, at height -distance/2, come first.

    Raises
    ------
    InputError
        If the particles do not fit.
    """
    places: list[np.ndarray] = []
    for _ in range(2000):
        place = rng.uniform(margin, width - margin, 2)
        if all(np.hypot(*(place - other)) > gap * diameter for other in places):
            places.append(place)
        if len(places) == sum(number):
            break
    else:
        raise InputError(
            f"room for {sum(number)} particles", f"a field {width:g} nm wide",
            "Use fewer particles or a wider field.",
        )  # fmt: skip
    particles = []
    for index, (x, y) in enumerate(places):
        shape = str(rng.choice(["truncated octahedron", "cuboctahedron", "icosahedron"]))
        size = diameter * float(np.clip(rng.normal(1, spread), 0.5, 1.5))
        rotation = shapes.orientation(shape, rng, flat=True)
        particles.append(
            Particle(x, y, size, shape, rotation, attenuation_length, upper=index >= number[0])
        )
    heights = distance * (np.repeat([0.0, 1.0], number) - 0.5)
    return TiltedCell(Scene(width, tuple(particles)), heights)


def tilt_series(
    cell: TiltedCell,
    angles: Sequence[float],
    acquisition: Acquisition,
    size: int,
    rng: np.random.Generator,
    *,
    drift: float = 0.0,
    backlash: float = 0.0,
    axis: float = 90.0,
) -> TiltSeries:
    """Take one frame per angle.

    Parameters
    ----------
    cell : TiltedCell
    angles : sequence of float
        Stage angles as read off [°].
    acquisition : Acquisition
        The same for every frame; particles on the upper membrane get its `upper_blur`.
    size : int
        Pixels on a side of the frames.
    rng : numpy.random.Generator
    drift : float
        Standard deviation of the stage's shift between frames, per axis [nm].
    backlash : float
        Standard deviation of the true angle about the one that is read off [°].
    axis : float
        Direction of the tilt axis in the image [°].

    Returns
    -------
    TiltSeries
    """
    angles = np.asarray(angles, float)
    shifts = drift * rng.standard_normal((len(angles), 2))
    true = angles + backlash * rng.standard_normal(len(angles))
    pixel = cell.scene.width / size
    acquisition = fit_gain(acquisition, pixel)
    images = []
    for angle, shift in zip(true, shifts, strict=True):
        lower, upper = depths(cell.projected(angle, axis, tuple(shift)), size)
        images.append(acquire(lower, acquisition, pixel, rng, upper))
    return TiltSeries(np.stack(images), angles, pixel, cell, shifts, axis)
