"""Stage angles that a thickness can be computed from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lctem_core.errors import InputError

#: Smaller ranges cannot give a thickness, and angles in radians end up below this [°].
LEAST_RANGE = 2.0
#: No stage goes farther [°].
LARGEST = 80.0


def check_angles(angles: Sequence[float], least: int = 2) -> np.ndarray:
    """Stage angles as an array, or an error that says what is wrong with them.

    Parameters
    ----------
    angles : sequence of float
        [°]
    least : int
        Least number of different angles.

    Returns
    -------
    ndarray, (T,)

    Raises
    ------
    InputError
        If there are too few, if they are all equal, not finite, beyond ±80°, or span less than 2°.
    """
    array = np.atleast_1d(np.asarray(angles, float))
    listed = ", ".join(f"{angle:g}" for angle in array[:12])
    if array.ndim != 1 or not np.isfinite(array).all():
        raise InputError("a list of angles in degrees", listed, "Give one number per frame.")
    different = len(np.unique(array))
    if different < least:
        got = f"{len(array)} of {listed}°" if len(array) else "none"
        raise InputError(
            f"at least {least} different angles", got, "Tilt the stage, for example -5, 0 and 5."
        )
    if np.abs(array).max() > LARGEST:
        raise InputError(f"stage angles within ±{LARGEST:g}°", f"{listed}", "Give them in degrees.")
    if np.ptp(array) < LEAST_RANGE:
        raise InputError(
            f"angles in degrees that span at least {LEAST_RANGE:g}°", listed,
            "If they are in radians, multiply them by 57.3.",
        )  # fmt: skip
    return array
