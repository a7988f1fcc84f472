"""Are grey levels of a refined image those of the specimen? A wedge of known transmissions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lctem_core import shapes
from lctem_core.errors import InputError
from lctem_core.imaging import Acquisition, Particle, Scene, acquire, optical_depth, transmission

#: Share of a particle's radius within which its grey level is measured.
CORE = 0.45
#: Width of the field over a particle's diameter by which particles stand apart.
PITCH = 2.4


@dataclass(frozen=True, eq=False)
class Wedge:
    """Particles of equal size and different transmission.

    Attributes
    ----------
    counts : ndarray, (N, N), uint16
        The noisy frame.
    transmission : ndarray, (N, N), float32
        The same without noise, blur included, 1 beside the particles.
    sharp : ndarray, (N, N), float32
        The same without blur.
    cores : ndarray, (N, N), int
        Label 1, 2, … of the particle in whose middle a pixel lies.
    """

    counts: np.ndarray
    transmission: np.ndarray
    sharp: np.ndarray
    cores: np.ndarray


def wedge(
    electrons: float,
    rng: np.random.Generator,
    *,
    shape: str = "hexagonal plate",
    diameter: float = 36.0,
    transmissions: tuple[float, float] = (0.3, 0.95),
    blur: float = 2.0,
    size: int = 512,
) -> Wedge:
    """Frame of particles whose thickest places let evenly spaced shares of the electrons through.

    Parameters
    ----------
    electrons : float
        Per pixel in the background [e-/px].
    rng : numpy.random.Generator
        Of noise, places and the order of the transmissions.
    shape : str
        A name of `lctem_core.shapes.SHAPES`; plates lie flat.
    diameter : float
        Of the sphere of equal volume [px].
    transmissions : tuple of float
        Least and greatest.
    blur : float
        [px]
    size : int
        Pixels on a side.

    Returns
    -------
    Wedge
    """
    least, greatest = transmissions
    if not 0 < least < greatest < 1:
        raise InputError("transmissions between 0 and 1", str(transmissions), "0.3 to 0.95, say.")
    across = int(size // (PITCH * diameter))
    if across < 2:
        raise InputError(
            f"particles of at most {size / 2 / PITCH:.0f} pixels", f"{diameter:g}",
            "Make them smaller, or the frame larger.",
        )  # fmt: skip
    wanted = rng.permutation(np.linspace(least, greatest, across**2))
    here = np.zeros(1)
    thickest = shapes.thickness(shape, diameter, np.eye(3), here, here)[0, 0]
    pitch = size / across
    play = (pitch - 1.6 * diameter) / 2
    y, x = np.mgrid[:size, :size] + 0.5
    cores = np.zeros((size, size), int)
    particles = []
    for label, through in enumerate(wanted, start=1):
        row, column = divmod(label - 1, across)
        u, v = (pitch * (place + 0.5) + rng.uniform(-play, play) for place in (column, row))
        length = float(thickest / -np.log(through))
        particles.append(Particle(u, v, diameter, shape, np.eye(3), length))
        cores[np.hypot(x - u, y - v) < CORE * diameter / 2] = label
    depth = optical_depth(Scene(size, tuple(particles)), size)
    taken = Acquisition(dose=electrons, blur=blur, floor=0.0)
    return Wedge(
        counts=acquire(depth, taken, 1.0, rng),
        transmission=transmission(depth, taken, 1.0, None),
        sharp=np.exp(-depth),
        cores=cores,
    )


def core_levels(image: np.ndarray, cores: np.ndarray) -> np.ndarray:
    """Grey level in the middle of each particle relative to the background around it.

    Parameters
    ----------
    image : ndarray, (H, W)
        0 is black.
    cores : ndarray, (H, W), int
        As of `Wedge`.

    Returns
    -------
    ndarray, (P,)
        Mean over the core divided by the background's median.
    """
    index = np.arange(1, cores.max() + 1)
    side = np.sqrt(np.count_nonzero(cores == 1) / np.pi) / CORE
    beside = ndimage.distance_transform_edt(cores == 0) > 1.4 * side
    return ndimage.mean(image, cores, index) / np.median(image[beside])


def line_through(true: np.ndarray, measured: np.ndarray) -> tuple[float, float]:
    """Slope of measured against true grey levels, and the scatter about the line.

    Parameters
    ----------
    true, measured : ndarray, (P,)

    Returns
    -------
    slope, scatter : float
        Least squares; root mean square of the residuals.
    """
    slope, offset = np.polyfit(true, measured, 1)
    return float(slope), float(np.sqrt(np.mean((measured - slope * true - offset) ** 2)))
