"""Dark objects in a refined image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from lctem_core.frames import check_image


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
    labels, number = ndimage.label(dark, structure=np.ones((3, 3)))
    areas = ndimage.sum_labels(dark, labels, np.arange(number + 1))
    keep = np.flatnonzero(areas >= least_area)
    renamed = np.zeros(number + 1, int)
    renamed[keep] = np.arange(1, len(keep) + 1)
    return renamed[labels]
