"""Do refined grey levels follow the transmission, or are they pushed to black and white?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from lctem_core.errors import InputError
from lctem_core.refine.preprocess import FAR, rescale
from lctem_core.simulate.camera import Camera

#: Discs per side of a test frame, and its pixels per disc.
_DISCS, _CELL = 8, 64


def disc_frame(
    seed: int, electrons: float, transmissions: tuple[float, float] = (0.3, 0.95)
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noisy frame of 64 discs, each of its own transmission, drawn uniformly.

    Parameters
    ----------
    seed : int
    electrons : float
        Per pixel of the background [e-/px].
    transmissions : tuple of float
        Least and greatest transmission of a disc; the background has 1.

    Returns
    -------
    counts : ndarray, (512, 512), uint16
    truth : ndarray, (8, 8)
        Transmissions of the discs, row by row.
    radii : ndarray, (8, 8)
        [px]
    """
    if not electrons > 0:
        raise InputError("more than 0 electrons per pixel", str(electrons), "10 is usual.")
    rng = np.random.default_rng(seed)
    truth = rng.uniform(*transmissions, (_DISCS, _DISCS))
    radii = rng.uniform(8, 22, truth.shape)
    side = _DISCS * _CELL
    image = np.ones((side, side), np.float32)
    for row, column in np.ndindex(truth.shape):
        cell = image[_CELL * row :, _CELL * column :][:_CELL, :_CELL]
        cell[_distance() < radii[row, column]] = truth[row, column]
    image = cv2.GaussianBlur(image, (0, 0), 1.5)
    counts = Camera(gain=10.0, pattern_seed=seed).expose(image * np.float32(electrons), rng)
    return counts, truth, radii


def _distance() -> np.ndarray:
    """Distance of a cell's pixels from its centre [px], (64, 64)."""
    axis = np.arange(_CELL) - (_CELL - 1) / 2
    return np.hypot(axis[:, None], axis[None, :])


def seen_greys(refined: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Mean grey of the core of every disc over that of its surroundings.

    Parameters
    ----------
    refined : ndarray, (512, 512)
        Refined `disc_frame`, in any unit with 0 for no electrons.
    radii : ndarray, (8, 8)
        [px]

    Returns
    -------
    ndarray, (8, 8)
    """
    seen = np.empty(radii.shape)
    for row, column in np.ndindex(radii.shape):
        cell = refined[_CELL * row :, _CELL * column :][:_CELL, :_CELL]
        radius, distance = radii[row, column], _distance()
        ring = (distance > radius + 5) & (distance < _CELL / 2)
        seen[row, column] = cell[distance < 0.6 * radius].mean() / cell[ring].mean()
    return seen


def line_through(true: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """Slope of seen against true greys (least squares), and their scatter about the line (RMS)."""
    slope, offset = np.polyfit(np.ravel(true), np.ravel(seen), 1)
    rest = np.ravel(seen) - slope * np.ravel(true) - offset
    return float(slope), float(np.sqrt(np.mean(rest**2)))


def middle_share(true: np.ndarray, seen: np.ndarray) -> float:
    """Share of the discs that are drawn in the middle third of the greys.

    A network that binarises has few of them. Black is the median grey of the six discs that should
    be darkest, white that of the four that should be palest.

    Parameters
    ----------
    true, seen : ndarray, (N,)
        Grey levels demanded and drawn, ten discs or more.

    Returns
    -------
    float
        Of `seen`; ``middle_share(true, true)`` is what it should be.

    Raises
    ------
    InputError
        For fewer than ten discs.
    """
    order, seen = np.argsort(np.ravel(true)), np.ravel(seen)
    if len(order) < 10:
        raise InputError("ten discs or more", str(len(order)), "Give more grey levels.")
    dark, pale = np.median(seen[order[:6]]), np.median(seen[order[-4:]])
    return float(np.mean(np.abs((seen - dark) / (pale - dark) - 0.5) < 1 / 6))


def grey_levels(
    network: Callable[[np.ndarray], np.ndarray], target: str, electrons: float, seed: int = 0
) -> dict[str, list[float]]:
    """Transmissions of discs, and what a network makes of them.

    Parameters
    ----------
    network : callable
        Prepared image (H, W) -> refined image in the same scale.
    target : str
        ``faithful`` or ``dry``, what the network was trained for.
    electrons : float
        Per pixel of the background [e-/px].
    seed : int

    Returns
    -------
    dict
        ``true``, what its target demands of every disc, and ``seen``. For the dry look, which
        stretches each frame from 0 to 1, the transmissions are stretched alike.
    """
    counts, truth, radii = disc_frame(seed, electrons)
    low, high = np.percentile(counts, (0.1, 99.9))
    if target == "dry":
        seen = seen_greys(network(rescale(counts)), radii)
        truth = (truth - truth.min()) / (1 - truth.min())
    else:
        image = np.clip((counts - low) / (high - low), *FAR).astype(np.float32)
        seen = seen_greys(network(image) * (high - low) + low, radii)
    return {
        "true": [round(float(v), 4) for v in truth.ravel()],
        "seen": [round(float(v), 4) for v in seen.ravel()],
    }


#: Name of what one gets by averaging the noisy pixels of each middle, knowing where it is.
NOISY = "mean of the noisy pixels"
#: Discs by their diameter: name -> least and largest radius [px].
SIZES = {"16–28 px": (0.0, 14.0), "28–44 px": (14.0, np.inf)}


def by_dose(
    faithful: Callable[[np.ndarray], np.ndarray],
    dry: Callable[[np.ndarray], np.ndarray],
    electrons: Sequence[float],
    *,
    frames: int = 3,
    seed: int = 0,
) -> dict[tuple[str, float, str], np.ndarray]:
    """Grey levels of discs that should be seen, and that either look shows, dose by dose.

    Parameters
    ----------
    faithful, dry : callable
        The refiner with either look: counts (H, W) -> image.
    electrons : sequence of float
        Per pixel of the background [e-/px].
    frames : int
        Of 64 discs, for each dose; the same discs at every dose.
    seed : int
        Of the first frame.

    Returns
    -------
    dict of ndarray, (2, N)
        True and seen greys, by a name of `SIZES`, electrons, and `NOISY`, ``faithful`` or ``dry``.
        For the dry look, which is stretched from 0 to 1, the true ones are stretched alike.
    """
    found: dict[tuple[str, float, str], list[np.ndarray]] = {}
    for dose in electrons:
        for k in range(frames):
            counts, through, radii = disc_frame(seed + k, dose)
            stretched = (through - through.min()) / (1 - through.min())
            for name, image, true in (
                (NOISY, counts.astype(np.float32), through),
                ("faithful", faithful(counts), through),
                ("dry", dry(counts), stretched),
            ):
                seen = seen_greys(image, radii)
                for size, (least, most) in SIZES.items():
                    chosen = (radii >= least) & (radii < most)
                    points = np.stack([true[chosen], seen[chosen]])
                    found.setdefault((size, dose, name), []).append(points)
    return {key: np.concatenate(many, axis=1) for key, many in found.items()}
