"""Dark objects in a refined image; particles in any image, and how many of them are true.

`find_dark` needs an even, bright background of known grey level. `contrast` needs neither: it takes
raw counts, filtered, integrated or refined images and treats them all alike, so that what is found
in them can be compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage
from scipy.stats import median_abs_deviation

from lctem_core.errors import InputError
from lctem_core.evaluate.noise import background
from lctem_core.io.frames import check_image


@dataclass(frozen=True)
class DarkObject:
    """A connected dark region: centre of darkness (row, column) [px] and area [px²]."""

    row: float
    column: float
    area: int


def find_dark(image: np.ndarray, threshold: float = 0.5, least_area: int = 12) -> list[DarkObject]:
    """Connected regions darker than a threshold, from the largest to the smallest.

    Parameters
    ----------
    image : ndarray, (H, W)
        Refined image in [0, 1], background bright.
    threshold : float
        Grey level below which a pixel belongs to an object.
    least_area : int
        Smaller regions are left out [px²].

    Returns
    -------
    list of DarkObject
    """
    check_image(image, "refined image")
    labels = _objects(image < threshold, least_area)
    index = np.arange(1, labels.max() + 1)
    centres = ndimage.center_of_mass(1 - image, labels, index)
    areas = np.bincount(labels.ravel())[1:]
    found = [
        DarkObject(float(row), float(column), int(area))
        for (row, column), area in zip(centres, areas, strict=True)
    ]
    return sorted(found, key=lambda one: -one.area)


def count_found(
    image: np.ndarray, truth: np.ndarray, threshold: float = 0.5, least_area: int = 12
) -> tuple[int, int, int]:
    """Objects of the truth that are found and missed, and objects that are invented.

    An object is found if any of its pixels is dark in the image, too; an object of the image is
    invented if none of its pixels, widened by two, is dark in the truth. Touching particles count
    as one.

    Parameters
    ----------
    image, truth : ndarray, (H, W)
        In [0, 1], background bright.
    threshold : float
        Grey level below which a pixel belongs to an object.
    least_area : int
        Smaller objects are left out [px²].

    Returns
    -------
    found, missed, invented : int
    """
    there, seen = _objects(truth < threshold, least_area), _objects(image < threshold, least_area)
    found = np.count_nonzero(np.bincount(there[(image < threshold) & (there > 0)].ravel()))
    near = ndimage.binary_dilation(truth < threshold, iterations=2)
    confirmed = np.count_nonzero(np.bincount(seen[near & (seen > 0)].ravel()))
    return found, int(there.max()) - found, int(seen.max()) - confirmed


def _objects(dark: np.ndarray, least_area: int) -> np.ndarray:
    """Labels 1, 2, … of the connected regions that are large enough."""
    number, labels = cv2.connectedComponents(dark.astype(np.uint8))
    areas = np.bincount(labels.ravel(), minlength=number)
    keep = 1 + np.flatnonzero(areas[1:] >= least_area)
    renamed = np.zeros(number, int)
    renamed[keep] = np.arange(1, len(keep) + 1)
    return renamed[labels]


# Particles in any image --------------------------------------------------------------------------

#: Standard deviation of the local background over the image's shorter side.
LOCAL = 1 / 16
#: Contrast that counts like noise. The noise of a refined background may be far below anything that
#: a viewer would call a particle; it must not be the only measure.
FAINT = 0.02


@dataclass(frozen=True, eq=False)
class Contrast:
    """How far an image lies below its background.

    Attributes
    ----------
    depth : ndarray, (H, W), float32
        Background minus image over the background's level: 0 beside a particle, 1 in a black one.
    noise : float
        Robust standard deviation of `depth` beside the particles.
    """

    depth: np.ndarray
    noise: float

    def regions(self, threshold: float = 5.0, least_area: int = 12) -> np.ndarray:
        """Regions that stand out, as labels 1, 2, …; (H, W).

        A region ends where the depth falls to half of its own median: at a low threshold the
        blurred rim of a clear particle would count to it otherwise.

        Parameters
        ----------
        threshold : float
            Least depth of each pixel in units of the noise, to which 2 % of the background are
            added in quadrature. In an image without noise, 5 is a contrast of 10 %.
        least_area : int
            Smaller regions are left out [px²].
        """
        seen = self.depth > threshold * np.hypot(self.noise, FAINT)
        if not seen.any():
            return np.zeros(seen.shape, int)
        number, labels = cv2.connectedComponents(seen.astype(np.uint8))
        typical = np.zeros(number, np.float32)
        typical[1:] = ndimage.median(self.depth[seen], labels[seen], np.arange(1, number))
        return _objects(seen & (self.depth > 0.5 * typical[labels]), least_area)


def contrast(image: np.ndarray, *, bright: bool = False, smooth: float = 1.0) -> Contrast:
    """Depth of an image below its own local background.

    The background is `lctem_core.evaluate.noise.background`'s quadratic surface and, on top, a
    weighted mean over about an eighth of the frame, both outside of the particles.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type and gain; 0 is black.
    bright : bool
        Particles are brighter than the background (dark field), not darker.
    smooth : float
        Standard deviation of the Gaussian filter that is applied first, to every image alike [px].

    Returns
    -------
    Contrast
    """
    image = check_image(image).astype(np.float32)
    # A dark-field image is turned over about the middle of its own background.
    sign = np.float32(-1 if bright else 1)
    surface, mask = background(sign * image)
    rest = sign * cv2.GaussianBlur(image, (0, 0), smooth) - surface
    # A background of hardly a count, at the lowest doses or in dark field, is no measure for a
    # contrast; then the image's own variation is.
    level = max(abs(float(np.median(surface))), float(image.std()))
    for _ in range(2):
        weight, slow = (_smooth(one) for one in (mask.astype(np.float32), np.where(mask, rest, 0)))
        # Deep inside a large particle nothing is known of it: there the surface stands alone.
        flat = rest - slow / np.maximum(weight, 0.05)
        known = flat[mask] if mask.any() else flat
        spread = float(median_abs_deviation(known, axis=None, scale="normal"))
        # A refined background may be so even that its spread is that of the rounding.
        dark = flat < -max(4.5 * spread, 1e-3 * level)
        mask = cv2.dilate(dark.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    return Contrast(-flat / level, spread / level)


@dataclass(frozen=True)
class Matched:
    """Objects of a truth that were found and missed, and regions that are none of them."""

    found: int
    missed: int
    false: int


def match(
    regions: np.ndarray,
    truth: np.ndarray,
    *,
    share: float = 0.25,
    widen: int = 2,
    least_area: int = 12,
) -> Matched:
    """Compare detected regions with the true objects by their overlap.

    A region is true if at least `share` of it lies on true objects, widened by `widen` pixels; a
    true object is found if at least `share` of it is covered by true regions. So neither a speck
    within a large particle nor a dark corner that happens to contain one counts as a finding.

    Parameters
    ----------
    regions : ndarray, (H, W), int
        Labels 1, 2, …, as of `Contrast.regions`.
    truth : ndarray, (H, W), bool or int
        Where the objects are, touching ones counted as one; or their labels 1, 2, ….
    share : float
    widen : int
        [px]
    least_area : int
        Smaller true objects count neither as found nor as missed [px²].

    Returns
    -------
    Matched
    """
    if regions.shape != truth.shape:
        raise InputError("two images of one shape", f"{regions.shape}, {truth.shape}", "Crop one.")
    objects = truth
    if truth.dtype == bool:
        objects, _ = ndimage.label(truth, structure=np.ones((3, 3)))
    around = ndimage.binary_dilation(objects > 0, iterations=widen) if widen else objects > 0
    area = np.bincount(regions.ravel())
    on_truth = np.bincount(regions[around], minlength=len(area))
    is_true = on_truth >= share * area
    is_true[0] = False
    size = np.bincount(objects.ravel())
    covered = np.bincount(objects[is_true[regions]], minlength=len(size))
    counted = size >= least_area
    counted[0] = False
    found = np.count_nonzero(counted & (covered >= share * size))
    return Matched(
        found, np.count_nonzero(counted) - found, len(area) - 1 - np.count_nonzero(is_true)
    )


def _smooth(image: np.ndarray) -> np.ndarray:
    """Image blurred by `LOCAL`; on a coarse grid, since it is slow."""
    height, width = image.shape
    coarse = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), LOCAL * min(coarse.shape))
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
