"""From displacement to thickness: least squares on what a tilt series shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats
from scipy.stats import median_abs_deviation

from lctem_core.errors import InputError

#: Fewer points do not tell an outlier from the rest.
LEAST_FOR_OUTLIERS = 6
#: Residuals beyond this many robust standard deviations are set aside.
OUTLIER = 6.0
MODELS = ("exact", "paper")


@dataclass(frozen=True, eq=False)
class ParallaxFit:
    """Distance of two particles along the beam.

    Attributes
    ----------
    distance : float
        t, or h′ with the paper's model [nm]; its sign says which particle is the upper one.
    error : float
        Standard error [nm].
    interval : tuple of float
        95 % confidence interval by Student's t [nm].
    offset : float
        Distance p(0) across the tilt axis at 0° [nm].
    angles : ndarray, (T,)
        [°]
    displacement : ndarray, (T,)
        p(θ) - p(0), the paper's ℓ(θ) [nm].
    residuals : ndarray, (T,)
        Data minus fit [nm].
    used : ndarray, (T,), bool
        False for points that were set aside as outliers.
    sigma : float
        Standard deviation of one point [nm]: of the residuals, or as given.
    model : str
    """

    distance: float
    error: float
    interval: tuple[float, float]
    offset: float
    angles: np.ndarray
    displacement: np.ndarray
    residuals: np.ndarray
    used: np.ndarray
    sigma: float
    model: str

    def predicted(self, angles: np.ndarray) -> np.ndarray:
        """ℓ of the fit at other angles [°], [nm]."""
        theta = np.deg2rad(angles)
        bend = self.offset * (np.cos(theta) - 1) if self.model == "exact" else 0.0
        return self.distance * np.sin(theta) + bend


def fit_displacement(
    angles: Sequence[float],
    positions: Sequence[float],
    *,
    model: str = "exact",
    sigma: float | None = None,
    robust: bool = True,
) -> ParallaxFit:
    """Fit the distance of two particles to their relative position in a tilt series.

    exact: p(θ) = p(0) cos θ + t sin θ, with p(0) fitted as well. A rotation about the tilt axis
    gives just this.

    paper: ℓ(θ) = p(θ) - p(0) = h′ sin θ, with p(0) as measured (supplement, 1 Methods). It leaves
    out that the distance across the axis shrinks with cos θ, and takes the error of p(0) for zero.

    Parameters
    ----------
    angles : sequence of float
        θ [°].
    positions : sequence of float
        p(θ): position of R minus that of Q across the tilt axis [nm].
    model : str
        ``exact`` or ``paper``.
    sigma : float, optional
        Known standard deviation of a position [nm]; by default estimated from the residuals, which
        three angles allow but poorly: the interval is then wide.
    robust : bool
        Set aside points that lie more than six robust standard deviations from a fit that gives
        large residuals little weight (soft L1). Needs six points; fewer are all used.

    Returns
    -------
    ParallaxFit

    Raises
    ------
    InputError
        For unusable angles, values that are not finite, fewer points than the model needs, or no
        frame at 0° with the paper's model.
    """
    angles = check_angles(angles)
    positions = np.asarray(positions, float)
    if positions.shape != angles.shape:
        raise InputError(
            "one position per angle", f"{positions.size} for {len(angles)} angles",
            "Give them in the same order.",
        )  # fmt: skip
    if not np.isfinite(positions).all():
        raise InputError(
            "finite positions", f"{np.count_nonzero(~np.isfinite(positions))} that are not",
            "Leave out the frames in which the particle was not found.",
        )  # fmt: skip
    if model not in MODELS:
        raise InputError(f"a model of {', '.join(MODELS)}", repr(model), "Use one of these.")
    if sigma is not None and not sigma > 0:
        raise InputError(
            "a standard deviation above 0 nm", f"{sigma:g}", "Leave it out if unknown."
        )
    theta = np.deg2rad(angles)
    if model == "exact":
        design, data = np.column_stack([np.sin(theta), np.cos(theta)]), positions
    else:
        origin = np.abs(angles) < 1e-6
        if not origin.any():
            raise InputError(
                "a frame at 0°, the paper's origin of the displacement", f"angles of {angles}",
                "Add one, or use the exact model.",
            )  # fmt: skip
        design = np.sin(theta[~origin])[:, None]
        data = (positions - positions[origin].mean())[~origin]
    free = len(data) - design.shape[1]
    if free < (0 if sigma else 1):
        raise InputError(
            f"more points than the {design.shape[1]} parameters of the {model} model",
            f"{len(data)}", "Use more angles, or give the standard deviation of a position.",
        )  # fmt: skip
    keep = _inliers(design, data) if robust else np.ones(len(data), bool)
    values, covariance, spread, free = _least_squares(design[keep], data[keep], sigma)
    error = float(np.sqrt(covariance[0, 0]))
    quantile = stats.norm.ppf(0.975) if sigma else stats.t.ppf(0.975, free)
    used = np.ones(len(angles), bool)
    used[slice(None) if model == "exact" else ~origin] = keep
    fitted = np.zeros(len(angles))
    if model == "exact":
        fitted, offset = design @ values, float(values[1])
    else:
        offset = float(positions[origin].mean())
        fitted[~origin] = design @ values
        fitted += offset
    return ParallaxFit(
        distance=float(values[0]), error=error,
        interval=(float(values[0] - quantile * error), float(values[0] + quantile * error)),
        offset=offset, angles=angles, displacement=positions - offset,
        residuals=positions - fitted, used=used, sigma=spread, model=model,
    )  # fmt: skip


def _least_squares(
    design: np.ndarray, data: np.ndarray, sigma: float | None
) -> tuple[np.ndarray, np.ndarray, float, int]:
    values, *_ = np.linalg.lstsq(design, data, rcond=None)
    free = len(data) - design.shape[1]
    residuals = data - design @ values
    spread = sigma or float(np.sqrt(residuals @ residuals / free))
    return values, spread**2 * np.linalg.inv(design.T @ design), spread, free


def _inliers(design: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Points that a robust fit does not set aside."""
    if len(data) < LEAST_FOR_OUTLIERS:
        return np.ones(len(data), bool)
    start, *_ = np.linalg.lstsq(design, data, rcond=None)
    scale = _robust_deviation(data - design @ start)
    if scale < 1e-9 * max(np.abs(data).max(), 1.0):  # an exact fit, up to rounding
        scale = 1.0

    def residuals(values: np.ndarray) -> np.ndarray:
        return data - design @ values

    fit = optimize.least_squares(residuals, start, loss="soft_l1", f_scale=scale)
    # A median of few residuals, reduced by the fit itself, comes out too small.
    few = np.sqrt(len(data) / (len(data) - design.shape[1]))
    limit = OUTLIER * few * _robust_deviation(fit.fun)
    keep = np.abs(fit.fun) <= max(limit, 1e-9 * max(np.abs(data).max(), 1.0))
    # An outlier is a rare point; where half of them are, the model is wrong and nothing is hidden.
    enough = keep.sum() > max(len(data) / 2, design.shape[1])
    return keep if enough else np.ones(len(data), bool)


def _robust_deviation(residuals: np.ndarray) -> float:
    # About zero, not about their own median: they are what a fit left.
    return float(median_abs_deviation(residuals, center=lambda *_, **__: 0.0, scale="normal"))


def bootstrap(
    fit: ParallaxFit, rng: np.random.Generator, number: int = 2000, level: float = 0.95
) -> tuple[float, float]:
    """Bootstrap interval of the distance, by resampling residuals.

    Residuals are enlarged by the degrees of freedom that the fit took, and drawn with replacement
    (Efron and Tibshirani 1993, chapter 9). With few angles there is little to draw from: it is then
    narrower than Student's interval, which is the one to report.

    Parameters
    ----------
    fit : ParallaxFit
        With four points or more that were used.
    rng : numpy.random.Generator
    number : int
        Of resamples.
    level : float
        Of confidence.

    Returns
    -------
    tuple of float
        [nm]
    """
    used = fit.used if fit.model == "exact" else fit.used & (np.abs(fit.angles) >= 1e-6)
    theta = np.deg2rad(fit.angles[used])
    columns = [np.sin(theta), np.cos(theta)] if fit.model == "exact" else [np.sin(theta)]
    design = np.column_stack(columns)
    size, parameters = design.shape
    if size < 4:
        raise InputError(
            "four points or more to resample", f"{size}", "Report Student's interval instead."
        )
    residuals = fit.residuals[used] * np.sqrt(size / (size - parameters))
    drawn = residuals[rng.integers(0, size, (number, size))]
    slopes = fit.distance + drawn @ np.linalg.pinv(design)[0]
    low, high = np.quantile(slopes, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def paper_bias(angles: Sequence[float], offset: float) -> float:
    """Error of the paper's ℓ = h′ sin θ by leaving out that distances shrink with cos θ [nm].

    ℓ(θ) = t sin θ - p(0) (1 - cos θ), so least squares on sin θ gives
    t - p(0) Σ sin θ (1 - cos θ) / Σ sin² θ: nothing for angles that lie evenly about 0°, and
    -p(0) tan(θ/2) for a single tilt θ.

    Parameters
    ----------
    angles : sequence of float
        [°]
    offset : float
        p(0): distance of R from Q across the tilt axis at 0° [nm].

    Returns
    -------
    float
        [nm]
    """
    theta = np.deg2rad(check_angles(angles))
    sine = np.sin(theta)
    return float(-offset * np.sum(sine * (1 - np.cos(theta))) / np.sum(sine**2))


def distance_limit(angles: Sequence[float], sigma: float, model: str = "exact") -> float:
    """Least standard error of a distance that any unbiased estimate can reach [nm].

    The Cramér–Rao bound for independent normal errors of the positions p(θ); p(0) is unknown, too.
    exact: the bound of p(0) cos θ + t sin θ. paper: what its least squares reaches, with the error
    of the measured p(0) in all displacements.

    Parameters
    ----------
    angles : sequence of float
        [°]
    sigma : float
        Standard deviation of p, the relative position of two particles [nm]: √2 times that of one.
    model : str
        ``exact`` or ``paper``.

    Returns
    -------
    float
    """
    theta = np.deg2rad(check_angles(angles))
    sine, cosine = np.sin(theta), np.cos(theta)
    if model == "exact":
        information = sine @ sine - (sine @ cosine) ** 2 / (cosine @ cosine)
        return float(sigma / np.sqrt(information))
    # The paper's h′ = Σ sin θ (p - p(0)) / Σ sin² θ is a weighted sum of independent positions.
    shared = sine.sum() ** 2 / np.count_nonzero(np.abs(theta) < 1e-8)
    return float(sigma * np.sqrt(sine @ sine + shared) / (sine @ sine))


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
