"""Shapes of membranes under pressure, to compare the supplement's quadratic with.

Positions are in half sides, (x, y) in [-1, 1]², deflections relative to the centre. Bending is
left out: 50 nm of silicon nitride over tens of micrometres resist it a thousand times less than
stretching.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize

Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def tension_shape(x: np.ndarray, y: np.ndarray, terms: int = 60) -> np.ndarray:
    """Square membrane whose tension the pressure hardly changes (small deflections).

    -N ∇²w = p with w = 0 on the edge: a cosine series in x, each term solved exactly in y (the same
    equation as for the torsion of a square bar, Timoshenko and Goodier 1970, section 109).

    Parameters
    ----------
    x, y : ndarray
        [half sides]; broadcast against each other.
    terms : int
        Of the series.

    Returns
    -------
    ndarray
        w over its value at the centre.
    """
    return _tension(x, y, terms) / _tension(0.0, 0.0, terms)


def _tension(x: np.ndarray | float, y: np.ndarray | float, terms: int = 60) -> np.ndarray:
    """Deflection w N / (p a²) with half side a."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    total = (1 - x**2) / 2 + 0 * y
    for n in range(terms):
        k = (2 * n + 1) * np.pi / 2
        # cosh(k y) / cosh(k) without overflow.
        ratio = (
            np.exp(k * (np.abs(y) - 1)) * (1 + np.exp(-2 * k * np.abs(y))) / (1 + np.exp(-2 * k))
        )
        total = total - 2 * (-1) ** n / k**3 * np.cos(k * x) * ratio
    return total


def strips_shape(x: np.ndarray, y: np.ndarray, upper: float = 0.5) -> np.ndarray:
    """Sum of two long membranes that cross: the supplement's cell (its Figure S2a).

    Each chip has a rectangular window, about 500 µm long; the square is where the two cross. Far
    from its ends a long strip bends in one direction only, with the same curvature everywhere: a
    parabola, at small deflections and (with a slope well below 1) at large ones.

    Parameters
    ----------
    x, y : ndarray
        [half sides]
    upper : float
        Share of the upper membrane in the protrusion at the centre; it bulges along x.

    Returns
    -------
    ndarray
        Relative to the centre, 0 in the corners.
    """
    return upper * (1 - np.asarray(x) ** 2) + (1 - upper) * (1 - np.asarray(y) ** 2)


@dataclass(frozen=True, eq=False)
class Stretched:
    """Square membrane without initial tension, held by its own stretching (large deflections).

    Föppl–von Kármán without bending, in the units E t = a = 1: its deflection w³ is proportional to
    the pressure, its shape does not depend on it.

    Attributes
    ----------
    coefficients : ndarray, (K, K)
        Of cos((2m+1) πx/2) cos((2n+1) πy/2), for pressure 1.
    poisson : float
        Poisson's ratio.
    """

    coefficients: np.ndarray
    poisson: float

    def deflection(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Deflection w (E t / (p a⁴))^(1/3) at (x, y) [half sides]."""
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        k = (2 * np.arange(len(self.coefficients)) + 1) * np.pi / 2
        return np.einsum(
            "mn,m...,n...->...", self.coefficients, np.cos(np.multiply.outer(k, x)),
            np.cos(np.multiply.outer(k, y)),
        )  # fmt: skip

    def __call__(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Deflection over its value at the centre."""
        return self.deflection(x, y) / self.deflection(0.0, 0.0)

    @property
    def load_coefficient(self) -> float:
        """C of p = C E t w₀³ / a⁴; published as 1.994 (1 - 0.271 ν) / (1 - ν)."""
        return float(1 / self.deflection(0.0, 0.0) ** 3)


@cache
def stretched_shape(poisson: float = 0.27, order: int = 8) -> Stretched:
    """Solve the large-deflection membrane by Ritz's method.

    The energy ∫ (ε_x² + ε_y² + 2ν ε_x ε_y + (1-ν)/2 γ²) / (2 (1-ν²)) - p w over the square, with
    ε_x = ∂u/∂x + (∂w/∂x)²/2 and so on, is least. w is a cosine series, u and v, which stretching
    makes in the plane, are sine–cosine series; all vanish on the edge. Integrals by Gauss and
    Legendre's rule.

    Parameters
    ----------
    poisson : float
        Poisson's ratio; 0.27 for silicon nitride.
    order : int
        Terms per direction.

    Returns
    -------
    Stretched
    """
    nodes, weights = np.polynomial.legendre.leggauss(4 * order)
    nodes, weights = (nodes + 1) / 2, weights / 2  # one quadrant
    w = np.multiply.outer(weights, weights)
    odd = (2 * np.arange(order) + 1) * np.pi / 2
    even = (np.arange(order) + 1) * np.pi
    c, dc = np.cos(np.outer(nodes, odd)), -odd * np.sin(np.outer(nodes, odd))
    s, ds = np.sin(np.outer(nodes, even)), even * np.cos(np.outer(nodes, even))
    size = order**2

    def energy(values: np.ndarray) -> tuple[float, np.ndarray]:
        # The square is symmetric about its diagonal: w(x, y) = w(y, x), v(x, y) = u(y, x).
        a, b = values[:size].reshape(order, order), values[size:].reshape(order, order)
        a = (a + a.T) / 2
        wx, wy = dc @ a @ c.T, c @ a @ dc.T
        ex = ds @ b @ c.T + wx**2 / 2
        ey = ex.T
        uy = s @ b @ dc.T
        shear = uy + uy.T + wx * wy
        factor = 1 / (1 - poisson**2)
        density = ex**2 + ey**2 + 2 * poisson * ex * ey + (1 - poisson) / 2 * shear**2
        total = np.sum(w * (factor / 2 * density - c @ a @ c.T))
        # Derivatives of the density by the strains: the stresses, weighted.
        sx = w * factor * (ex + poisson * ey)
        sy = w * factor * (ey + poisson * ex)
        t = w * factor * (1 - poisson) / 2 * shear
        grad_a = dc.T @ (sx * wx + t * wy) @ c + c.T @ (sy * wy + t * wx) @ dc - c.T @ w @ c
        # u stands in ex and in the shear, and again, with x and y exchanged, in ey and the shear.
        grad_b = 2 * (ds.T @ sx @ c + s.T @ t @ dc)
        return float(total), np.concatenate([((grad_a + grad_a.T) / 2).ravel(), grad_b.ravel()])

    start = np.zeros(2 * size)
    start[0] = 0.7
    found = optimize.minimize(
        energy, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 3000}
    )
    a = found.x[:size].reshape(order, order)
    return Stretched((a + a.T) / 2, poisson)


def quadratic_error(shape: Shape, points: np.ndarray) -> tuple[float, float, Shape]:
    """Least-squares quadratic -a r² + b through a shape at given places.

    Parameters
    ----------
    shape : callable
        Deflection at (x, y) [half sides], 1 at the centre.
    points : ndarray, (N, 2)
        [half sides]

    Returns
    -------
    a, b : float
        Of the quadratic, in units of the deflection at the centre.
    error : callable
        Quadratic minus shape at (x, y).
    """
    x, y = np.asarray(points, float).T
    design = np.column_stack([-(x**2 + y**2), np.ones(len(x))])
    (a, b), *_ = np.linalg.lstsq(design, shape(x, y), rcond=None)

    def error(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return b - a * (np.asarray(x) ** 2 + np.asarray(y) ** 2) - shape(x, y)

    return float(a), float(b), error
