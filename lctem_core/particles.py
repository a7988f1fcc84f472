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
    dark = image < threshold
    labels, number = ndimage.label(dark, structure=np.ones((3, 3)))
    index = np.arange(1, number + 1)
    areas = ndimage.sum_labels(dark, labels, index)
    centres = ndimage.center_of_mass(1 - image, labels, index)
    found = [
        DarkObject(float(row), float(column), int(area))
        for (row, column), area in zip(centres, areas, strict=True)
        if area >= least_area
    ]
    return sorted(found, key=lambda one: -one.area)
