"""Dark particles in a noisy frame, and where their centres are to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage, optimize
from scipy.spatial import cKDTree
from scipy.stats import median_abs_deviation

from lctem_core.errors import InputError
from lctem_core.io.frames import check_image

#: Weakest candidate, in robust standard deviations of the filtered background.
SIGMAS = 6.0
#: And as a share of the response of a strong particle (the 90th percentile of all candidates).
SHARE = 0.25
#: Half the side of the patch to which the profile is fitted [diameters].
REACH = 1.0


@dataclass(frozen=True, eq=False)
class Spots:
    """Particles of one frame.

    Attributes
    ----------
    positions : ndarray, (P, 2)
        Centres (x, y) [px]; the centre of the first pixel is (0, 0).
    errors : ndarray, (P,)
        Standard error of a coordinate by the fit [px].
    diameters : ndarray, (P,)
        Full width at half depth [px].
    contrasts : ndarray, (P,)
        Depth over background.
    """

    positions: np.ndarray
    errors: np.ndarray
    diameters: np.ndarray
    contrasts: np.ndarray

    def __len__(self) -> int:
        return len(self.positions)


def locate(image: np.ndarray, diameter: float) -> Spots:
    """Find dark round particles of about one size.

    Candidates are maxima of the Laplacian of a Gaussian of the particle's size, the matched filter
    for a blob (Lindeberg 1998, doi:10.1023/A:1008045108935). The centre is that of a soft-edged
    disc, ``depth / 2 (1 - tanh((r - radius) / softness))`` on a plane, fitted by least squares to
    the pixels that are closer to this candidate than to any other. It describes sharp particles and
    blurred ones, and shifts with neither size nor blur.

    Parameters
    ----------
    image : ndarray, (H, W)
        Counts; particles darker than the background.
    diameter : float
        Of the particles [px], to about a third; 4 or more.

    Returns
    -------
    Spots
        From left to right. Particles within a diameter of the edge of the frame are left out.

    Raises
    ------
    InputError
        For an unusable image or diameter, or if no particle is found.
    """
    check_image(image)
    if not 4 <= diameter <= min(image.shape) / 4:
        raise InputError(
            "a particle of 4 pixels to a quarter of the frame", f"a diameter of {diameter:.3g} px",
            "Check diameter and pixel size, both in nm.",
        )  # fmt: skip
    counts = np.asarray(image, np.float32)
    candidates = _candidates(counts, diameter)
    found = []
    if len(candidates):
        nearest = cKDTree(candidates)
        for index in range(len(candidates)):
            one = _fit(counts, candidates, index, nearest, diameter)
            if one is not None:
                found.append(one)
    if not found:
        raise InputError(
            f"dark particles about {diameter:.3g} px across", "a frame in which there is none",
            "Check diameter and pixel size, or take the frame with a larger dose.",
        )  # fmt: skip
    table = np.array(sorted(found))
    return Spots(table[:, :2], table[:, 2], table[:, 3], table[:, 4])


def _candidates(counts: np.ndarray, diameter: float) -> np.ndarray:
    """Centres (x, y) to about a pixel of the reduced frame, (P, 2)."""
    # Ten pixels across are enough to see a particle, and keep a 4096-pixel frame fast.
    step = max(int(diameter / 10), 1)
    height, width = (side // step * step for side in counts.shape)
    small = cv2.resize(
        counts[:height, :width], (width // step, height // step), interpolation=cv2.INTER_AREA
    )
    sigma = diameter / step / (2 * np.sqrt(2))
    response = ndimage.gaussian_laplace(small, sigma, mode="nearest")
    reach = max(round(0.8 * diameter / step), 1)
    peak = response == ndimage.maximum_filter(response, size=2 * (reach // 2) + 1)
    border = int(np.ceil(diameter / step))
    peak[:border] = peak[-border:] = False
    peak[:, :border] = peak[:, -border:] = False
    noise = median_abs_deviation(response, axis=None, scale="normal")
    strong = response[peak & (response > SIGMAS * noise)]
    if not strong.size:
        return np.empty((0, 2))
    peak &= response > max(SIGMAS * noise, SHARE * np.percentile(strong, 90))
    y, x = np.nonzero(peak)
    return np.column_stack([x, y]) * step + (step - 1) / 2


def _fit(
    counts: np.ndarray, candidates: np.ndarray, index: int, nearest: cKDTree, diameter: float
) -> tuple[float, ...] | None:
    """Centre, its error, width and contrast; None where the disc does not describe the patch."""
    x0, y0 = candidates[index]
    half = int(np.ceil(REACH * diameter))
    left, top = max(round(x0) - half, 0), max(round(y0) - half, 0)
    patch = counts[top : round(y0) + half + 1, left : round(x0) + half + 1]
    y, x = np.mgrid[: patch.shape[0], : patch.shape[1]].astype(float)
    x, y = (x + left).ravel(), (y + top).ravel()
    _, owner = nearest.query(np.column_stack([x, y]))
    own = owner == index
    x, y, values = x[own], y[own], patch.ravel()[own].astype(float)
    level = np.percentile(values, 80)
    scale = max(float(values.std()), 1e-12)

    def residuals(p: np.ndarray) -> np.ndarray:
        radius = np.hypot(x - p[0], y - p[1])
        disc = p[2] / 2 * (1 - np.tanh((radius - p[3]) / p[4]))
        return (p[5] + p[6] * (x - x0) / half + p[7] * (y - y0) / half - disc - values) / scale

    start = [x0, y0, max(level - values.min(), scale), diameter / 2, diameter / 5, level, 0, 0]
    low = [x0 - diameter / 2, y0 - diameter / 2, 0, 0.2 * diameter, 0.3, -np.inf, -np.inf, -np.inf]
    high = [x0 + diameter / 2, y0 + diameter / 2, np.inf, diameter, diameter, *[np.inf] * 3]
    free = len(values) - len(start)
    if free < len(start):  # crowded out by neighbours
        return None
    fit = optimize.least_squares(
        residuals, np.clip(start, low, high), bounds=(low, high), x_scale="jac", max_nfev=200
    )
    held = fit.active_mask[:5].any()
    if not fit.success or held or fit.x[5] <= 0:
        return None
    try:
        covariance = np.linalg.inv(fit.jac.T @ fit.jac) * (2 * fit.cost / free)
    except np.linalg.LinAlgError:
        return None
    error = float(np.sqrt(max(covariance[0, 0] + covariance[1, 1], 0) / 2))
    significant = fit.x[2] > 5 * np.sqrt(max(covariance[2, 2], 0))
    if not (significant and error < diameter / 4):
        return None
    return fit.x[0], fit.x[1], error, 2 * fit.x[3], fit.x[2] / fit.x[5]
