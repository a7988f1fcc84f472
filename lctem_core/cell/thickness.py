"""Liquid thickness from the images of a tilt series: locate, link, fit, combine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from tqdm import tqdm

from lctem_core.cell.link import Tracks, link
from lctem_core.cell.locate import locate
from lctem_core.cell.parallax import ParallaxFit, check_angles, fit_displacement
from lctem_core.errors import InputError
from lctem_core.io import frames

#: Where the particles are: this many diameters are added to the distance of their centres.
SIDES = {"inside": 1, "outside": -1}


@dataclass(frozen=True, eq=False)
class Thickness:
    """What a tilt series says about the liquid.

    Attributes
    ----------
    distance : float
        Mean distance h′ of the opposite particles from Q's membrane [nm].
    interval : tuple of float
        95 % confidence interval of it [nm].
    spread : float
        Standard deviation between the opposite particles [nm]; NaN for one.
    thickness : float
        Between the membranes: h′ plus (inside) or minus (outside) one diameter [nm].
    fits : tuple of ParallaxFit
        One per opposite particle, relative to the mean of Q's membrane.
    tracks : Tracks
    pixel_size : float
        [nm]
    """

    distance: float
    interval: tuple[float, float]
    spread: float
    thickness: float
    fits: tuple[ParallaxFit, ...]
    tracks: Tracks
    pixel_size: float


def measure(
    images: Sequence[np.ndarray],
    angles: Sequence[float],
    pixel_size: float,
    diameter: float = 100.0,
    *,
    side: str = "inside",
    reference: tuple[float, float] | None = None,
    axis: float | None = None,
    progress: bool = True,
) -> Thickness:
    """Distance between two membranes that carry particles.

    Every opposite particle is fitted with p(θ) = p(0) cos θ + t sin θ against the mean of Q's
    membrane; h′ is the mean of their |t|. Its interval is the wider of two: from the scatter of the
    particles of both membranes about their means (which takes in how the membranes bulge), and from
    the fit of the mean displacement (which takes in how far the stage missed an angle). A wrong
    scale of the pixel size or of the angles is in neither.

    Parameters
    ----------
    images : sequence of ndarray, (H, W)
        Frames of one place, particles dark.
    angles : sequence of float
        Of the stage, one per frame [°].
    pixel_size : float
        [nm]
    diameter : float
        Of the particles [nm].
    side : str
        ``inside`` the cell, or ``outside`` on both faces of a film.
    reference : tuple of float, optional
        Q's position (x, y) in the frame nearest to 0° [px]; by default chosen.
    axis : float, optional
        Direction of the tilt axis in the image [°]; by default found.
    progress : bool
        Show a bar if it takes longer than a second.

    Returns
    -------
    Thickness

    Raises
    ------
    InputError
        For input that cannot be used, or if no particle moves against the others.
    """
    angles = check_angles(angles)
    for value, name in ((pixel_size, "pixel size"), (diameter, "diameter")):
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"a {name} above 0 nm", f"{value}", "Give it in nanometres.")
    if side not in SIDES:
        raise InputError(f"a side of {', '.join(SIDES)}", repr(side), "Use one of these.")
    if len(images) != len(angles):
        raise InputError(
            "one angle per frame", f"{len(angles)} angles for {len(images)} frames",
            "Give the angles in the order of the frames.",
        )  # fmt: skip
    in_pixels = diameter / pixel_size
    bar = tqdm(images, desc="locating particles", unit="frame", delay=1, disable=not progress)
    spots = [locate(image, in_pixels) for image in bar]
    tracks = link(spots, angles, in_pixels, reference=reference, axis=axis)
    across = pixel_size * tracks.relative_to_membrane() @ tracks.direction  # (P, T) [nm]
    # Two frames leave nothing to estimate the error of a position from but the image itself.
    known = None
    if len(angles) == 2:
        noise = pixel_size * tracks.errors
        known = float(np.sqrt(np.median(noise**2) * (1 + 1 / np.sum(~tracks.opposite))))
    fits = tuple(fit_displacement(angles, p, sigma=known) for p in across[tracks.opposite])
    distance, interval = _combine(angles, across, tracks.opposite, known)
    distances = np.array([fit.distance for fit in fits])
    return Thickness(
        distance=distance, interval=interval,
        spread=float(distances.std(ddof=1)) if len(fits) > 1 else float("nan"),
        thickness=distance + SIDES[side] * diameter,
        fits=fits, tracks=tracks, pixel_size=pixel_size,
    )  # fmt: skip


def _combine(
    angles: np.ndarray, across: np.ndarray, opposite: np.ndarray, known: float | None
) -> tuple[float, tuple[float, float]]:
    """Difference of the mean slopes of both membranes, with the wider of two intervals."""
    every = [fit_displacement(angles, p, sigma=known) for p in across]
    slopes = np.array([fit.distance for fit in every])
    groups = [slopes[opposite], slopes[~opposite]]
    distance = float(groups[0].mean() - groups[1].mean())
    # A group too small to show its scatter has that of the fits instead.
    fitted = np.mean([fit.error**2 for fit in every])
    free_of_fits = len(slopes) * max(len(angles) - 2, 1e6 if known else 1)
    parts = [
        (g.var(ddof=1) / len(g), len(g) - 1) if len(g) > 2 else (fitted / len(g), free_of_fits)
        for g in groups
    ]
    variance = sum(part for part, _ in parts)
    # Welch and Satterthwaite's degrees of freedom of a sum of variances.
    free = variance**2 / sum(part**2 / number for part, number in parts)
    half = stats.t.ppf(0.975, free) * np.sqrt(variance)
    if known is None:
        mean = fit_displacement(angles, across[opposite].mean(axis=0), robust=False)
        half = max(half, (mean.interval[1] - mean.interval[0]) / 2)
    return distance, (float(distance - half), float(distance + half))


def read_series(
    paths: Sequence[str | Path], pixel_size: float | None = None
) -> tuple[list[np.ndarray], float]:
    """Frames of a tilt series, from one stack or one file per angle, with their pixel size.

    Parameters
    ----------
    paths : sequence of str or Path
        Files in the order of the angles.
    pixel_size : float, optional
        [nm]; by default what the files say.

    Returns
    -------
    images : list of ndarray, (H, W)
    pixel_size : float
        [nm]

    Raises
    ------
    InputError
        If sizes or pixel sizes differ, or no file gives a pixel size.
    """
    read = [frames.read(path) for path in paths]
    images = [
        image for one in read for image in (one.counts if one.counts.ndim == 3 else [one.counts])
    ]
    shapes = sorted({image.shape for image in images})
    if len(shapes) > 1:
        raise InputError(
            "frames of one size", f"{' and '.join(map(str, shapes))} pixels",
            "Leave out the frames that do not belong to the series.",
        )  # fmt: skip
    if pixel_size is None:
        sizes = [one.pixel_size for one in read if one.pixel_size is not None]
        if len(sizes) < len(read) or not sizes:
            raise InputError(
                "a pixel size in every file", f"{len(read) - len(sizes)} without one",
                "Give it in nanometres with --pixel-size.",
            )  # fmt: skip
        if max(sizes) > 1.001 * min(sizes):
            raise InputError(
                "one pixel size", f"{min(sizes):g} to {max(sizes):g} nm",
                "Take all frames at one magnification, or correct it with --pixel-size.",
            )  # fmt: skip
        pixel_size = float(np.mean(sizes))
    return images, pixel_size
