"""How a window bulges: fits to the supplement's tables, and equation S1.

Lengths are in µm and curvatures in mm⁻¹ throughout, as the supplement prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from lctem_core.cell.tables import (
    CELLS,
    PRINTED,
    SPACERS,
    WINDOWS,
    Cell,
    Coefficients,
    columns,
    within_rounding,
)
from lctem_core.errors import InputError


@dataclass(frozen=True, eq=False)
class Line:
    """A least-squares coefficient with its standard error and 95 % interval (Student's t)."""

    value: float
    error: float
    interval: tuple[float, float]
    residuals: np.ndarray


def linear_fit(columns: np.ndarray, values: np.ndarray) -> list[Line]:
    """Least squares of `values` on `columns`, (N, K); one `Line` per column.

    Raises
    ------
    InputError
        If there are not more points than columns, or the columns cannot be told apart.
    """
    columns, values = np.asarray(columns, float), np.asarray(values, float)
    points, unknown = columns.shape
    if values.shape != (points,) or points <= unknown:
        raise InputError(
            f"more points than the {unknown} parameters", f"{values.size} points",
            "Measure at more places.",
        )  # fmt: skip
    if not (np.isfinite(columns).all() and np.isfinite(values).all()):
        raise InputError("finite values", "NaN or infinite ones", "Leave those points out.")
    # Columns of very different size are as good as equal to a computer unless scaled.
    scale = np.linalg.norm(columns, axis=0)
    if not scale.all() or np.linalg.matrix_rank(columns / scale, tol=1e-9) < unknown:
        raise InputError(
            "points at different places", f"{points} points that fix fewer than {unknown} "
            "parameters", "Measure at the centre, half way and at the edge.",
        )  # fmt: skip
    solution, *_ = np.linalg.lstsq(columns / scale, values, rcond=None)
    residuals = values - columns @ (solution / scale)
    free = points - unknown
    covariance = np.linalg.inv((columns / scale).T @ (columns / scale))
    errors = np.sqrt(np.diag(covariance) * (residuals @ residuals) / free) / scale
    half = stats.t.ppf(0.975, free) * errors
    return [
        Line(float(v), float(e), (float(v - w), float(v + w)), residuals)
        for v, e, w in zip(solution / scale, errors, half, strict=True)
    ]


def fit_bulge(x: np.ndarray, y: np.ndarray, height: np.ndarray) -> tuple[Line, Line]:
    """Fit h′ = -a r² + b to the thickness at points of a window.

    Along an edge, with `x` counted from its middle and `y` 0, it gives g and h of Table S2.

    Parameters
    ----------
    x, y : ndarray, (N,)
        From the centre of the window [µm].
    height : ndarray, (N,)
        Measured h′ [µm].

    Returns
    -------
    a : Line
        [mm⁻¹]
    b : Line
        [µm]

    Raises
    ------
    InputError
        If there are fewer than three points, or all at one distance from the centre.
    """
    squared = np.asarray(x, float) ** 2 + np.asarray(y, float) ** 2
    # With r² in µm² / 1000, a comes out in mm⁻¹.
    columns = np.column_stack([-squared / 1000, np.ones(squared.size)])
    a, b = linear_fit(columns, np.asarray(height, float))
    return a, b


def thirteen_points(window: float) -> np.ndarray:
    """Places of thirteen measurements, (13, 2) [µm] from the centre.

    The supplement gives their number, not where they are. Here: the centre, the corners, the
    middles of the edges, and half way to these.
    """
    steps = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1),
                      (0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5)])  # fmt: skip
    return steps * window / 2


def simulated_points(
    cell: Cell, scatter: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thirteen measurements as they may have been, from a cell's printed a and b.

    Parameters
    ----------
    cell : Cell
    scatter : float
        Standard deviation of a measured thickness [µm].
    rng : numpy.random.Generator

    Returns
    -------
    x, y, height : ndarray, (13,)
        Places of `thirteen_points`, and h′ there [µm].
    """
    x, y = thirteen_points(cell.actual).T
    height = cell.b - cell.a / 1000 * (x**2 + y**2)
    return x, y, height + scatter * rng.standard_normal(len(x))


def coverage(
    scatter: float, number: int, rng: np.random.Generator, cells: Sequence[Cell] = CELLS
) -> tuple[float, float]:
    """Share of `fit_bulge`'s intervals that hold the planted a, and the planted b.

    Parameters
    ----------
    scatter : float
        As for `simulated_points` [µm].
    number : int
        Of data sets per cell.
    rng : numpy.random.Generator
    cells : sequence of Cell

    Returns
    -------
    tuple of float
    """
    hits = []
    for cell in cells:
        for _ in range(number):
            a, b = fit_bulge(*simulated_points(cell, scatter, rng))
            hits.append(
                (a.interval[0] < cell.a < a.interval[1], b.interval[0] < cell.b < b.interval[1])
            )
    share_a, share_b = np.mean(hits, axis=0)
    return float(share_a), float(share_b)


def through_origin(x: np.ndarray, y: np.ndarray) -> Line:
    """Least-squares slope of y = slope · x, from (N,) each."""
    [line] = linear_fit(np.asarray(x, float)[:, None], y)
    return line


def edge_coefficient(side: str, cells: Sequence[Cell] = CELLS) -> Line:
    """ã of g = ã / W_A for the ``upper`` or ``lower`` membrane, refitted from Table S2.

    1/g = W_A / ã by least squares through the origin on 1/g; the interval is that of 1/ã, inverted.
    """
    table = columns(cells)
    line = through_origin(table["actual"], 1000 / table[f"g_{side}"])  # both in µm
    low, high = line.interval
    return Line(1 / line.value, line.error / line.value**2, (1 / high, 1 / low), line.residuals)


def protrusion_coefficient(side: str, cells: Sequence[Cell] = CELLS) -> Line:
    """b̃ of h = b̃ W_A for the ``upper`` or ``lower`` membrane, refitted from Table S2."""
    table = columns(cells)
    return through_origin(table["actual"], table[f"h_{side}"])


def offset(b_sum: float, cells: Sequence[Cell] = CELLS) -> Line:
    """η of b = b̃ W_A + η + S with a given b̃_U + b̃_L, the mean over Table S1 [µm]."""
    table = columns(cells)
    rest = table["b"] - table["spacer"] - b_sum * table["actual"]
    return through_origin(np.ones(len(rest)), rest)


def refitted(cells: Sequence[Cell] = CELLS) -> Coefficients:
    """Coefficients of equation S1 recomputed from the printed tables."""
    a_upper, a_lower = (edge_coefficient(side, cells).value for side in ("upper", "lower"))
    b_upper, b_lower = (protrusion_coefficient(side, cells).value for side in ("upper", "lower"))
    return Coefficients(a_upper, a_lower, b_upper, b_lower, offset(b_upper + b_lower, cells).value)


def by_rounding(number: int, rng: np.random.Generator) -> dict[str, float]:
    """How far the digits that the tables do not print move the refitted coefficients.

    Parameters
    ----------
    number : int
        Of tables drawn that print alike.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        Half the range that holds 95 % of the refits, by the names of `Coefficients`.
    """
    drawn = [refitted(within_rounding(rng)) for _ in range(number)]
    names = ("a_upper", "a_lower", "b_upper", "b_lower", "offset", "a_mean", "b_sum")
    found = np.array([[getattr(one, name) for name in names] for one in drawn])
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return dict(zip(names, ((high - low) / 2).tolist(), strict=True))


def liquid_thickness(
    x: np.ndarray | float,
    y: np.ndarray | float,
    window: float,
    spacer: float,
    coefficients: Coefficients = PRINTED,
    *,
    outside: str = "error",
    extrapolate: bool = False,
) -> np.ndarray:
    """Thickness of the liquid in a water-filled cell by equation S1.

    h = -√(ã_U ã_L) / W_A · r² + (b̃_U + b̃_L) W_A + η + S. Valid within the window, for W_A of 34 to
    68 µm and S of 0.05 to 5 µm of the paper's cells (50 nm silicon nitride, ports open). It leaves
    out that the two membranes bulge unequally; against Table S1 its b is off by 0.6 µm rms.

    Parameters
    ----------
    x, y : ndarray or float
        From the centre of the window [µm]; broadcast against each other.
    window : float
        Actual window size W_A [µm]: 1.3 to 1.8 times the specified one in the paper.
    spacer : float
        S [µm].
    coefficients : Coefficients
    outside : str
        For points outside the window: ``error``, or ``nan`` to give NaN there.
    extrapolate : bool
        Allow windows and spacers beyond those fitted.

    Returns
    -------
    ndarray
        h [µm], of the broadcast shape of `x` and `y`.

    Raises
    ------
    InputError
        For points outside the window, or windows and spacers beyond the fitted ones.
    """
    if not (window > 0 and spacer >= 0 and np.isfinite([window, spacer]).all()):
        raise InputError(
            "a window above 0 µm and a spacer of at least 0 µm", f"{window} and {spacer}",
            "Give both in micrometres.",
        )  # fmt: skip
    for value, (low, high), name in (
        (window, WINDOWS, "an actual window size"), (spacer, SPACERS, "a spacer"),
    ):  # fmt: skip
        if not extrapolate and not low <= value <= high:
            raise InputError(
                f"{name} of {low:g} to {high:g} µm, where equation S1 was fitted", f"{value:g} µm",
                "Give micrometres; with extrapolate=True it is computed all the same.",
            )  # fmt: skip
    if outside not in ("error", "nan"):
        raise InputError("outside='error' or 'nan'", repr(outside), "Use one of these.")
    x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
    inside = np.maximum(np.abs(x), np.abs(y)) <= window / 2 * (1 + 1e-9)
    if outside == "error" and not inside.all():
        far = float(np.maximum(np.abs(x), np.abs(y)).max())
        raise InputError(
            f"points within {window / 2:g} µm of the centre", f"one at {far:g} µm",
            "Count x and y from the centre of the window, in µm, or use outside='nan'.",
        )  # fmt: skip
    top = coefficients.b_sum * window + coefficients.offset + spacer
    height = top - coefficients.a_mean / window * (x**2 + y**2)
    return np.where(inside, height, np.nan)
