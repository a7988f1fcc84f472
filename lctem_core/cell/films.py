"""The paper's test on films of known thickness, with one particle on either face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lctem_core import paper
from lctem_core.cell import thickness
from lctem_core.cell.precision import Design
from lctem_core.simulate import tilt
from lctem_core.simulate.optics import Acquisition


class Films(NamedTuple):
    """What `simulate` planted and found, (number,) each [nm].

    Attributes
    ----------
    planted, measured : ndarray
        Thickness of the film; the nominal diameter of the particles is subtracted, as by a user who
        does not know the size of each.
    error : ndarray
        Of the measured distance of the two centres.
    """

    planted: np.ndarray
    measured: np.ndarray
    error: np.ndarray


def simulate(
    number: int,
    acquisition: Acquisition,
    rng: np.random.Generator,
    *,
    angles: Sequence[float] = (-5.0, 0.0, 5.0),
    width: float = 2560.0,
    size: int = 512,
    backlash: float = 0.0,
) -> Films:
    """Measure films on simulated images.

    Parameters
    ----------
    number : int
        Of films, between the bounds of the paper's product.
    acquisition : Acquisition
        Of every frame.
    rng : numpy.random.Generator
    angles : sequence of float
        Of the stage [°].
    width : float
        Of a frame [nm].
    size : int
        Of a frame [px].
    backlash : float
        Standard deviation of the true angle about the one that is read off [°].

    Returns
    -------
    Films
    """
    found = []
    for _ in range(number):
        film = rng.uniform(*paper.bounds("film.total"))
        cell = tilt.draw_cell(rng, distance=1.0, width=width, number=(1, 1), margin=600)
        distance = film + sum(particle.diameter for particle in cell.scene.particles) / 2
        cell = replace(cell, heights=distance * np.array([-0.5, 0.5]))
        series = tilt.tilt_series(
            cell, angles, acquisition, size, rng, drift=120, backlash=backlash
        )
        one = thickness.measure(
            series.images, angles, series.pixel_size, side="outside", axis=90.0, progress=False
        )
        found.append((film, one.thickness, one.distance - distance))
    return Films(*np.array(found).T)


def film_errors(
    number: int,
    localisation: float,
    rng: np.random.Generator,
    *,
    film: tuple[float, float] | None = None,
    diameter: float = 100.0,
    spread: float = 0.1,
    design: Design | None = None,
) -> np.ndarray:
    """Film thicknesses that the test would give with a localisation error, one pair per film.

    The film lies between two particles, so that their centres are one mean radius of either
    farther apart than its faces; as in the paper's cells, the nominal diameter is taken for it.

    Parameters
    ----------
    number : int
        Of films.
    localisation : float
        Standard error of one coordinate of one particle [nm].
    rng : numpy.random.Generator
    film : tuple of float
        Range of true thicknesses [nm], uniform; by default that of the paper's product.
    diameter, spread : float
        Nominal diameter [nm] and relative standard deviation of the particles.
    design : Design, optional
        By default the paper's -5°, 0°, +5°.

    Returns
    -------
    ndarray, (number,)
        Measured thicknesses [nm].
    """
    angles = (design or Design(5.0, 3)).angles
    theta = np.deg2rad(angles)
    sizes = diameter * (1 + spread * rng.standard_normal((number, 2)))
    distance = rng.uniform(*(film or paper.bounds("film.total")), number) + sizes.mean(axis=1)
    noise = np.sqrt(2) * localisation * rng.standard_normal((number, len(theta)))
    position = distance[:, None] * np.sin(theta) + noise
    slopes = np.linalg.pinv(np.column_stack([np.sin(theta), np.cos(theta)]))[0]
    return position @ slopes - diameter
