"""Membrane shapes against their equations, published load coefficients and limits."""

import numpy as np
import pytest

from lctem_core.cell import membrane
from lctem_core.cell.bulge import thirteen_points

AXIS = np.linspace(-1, 1, 21)
X, Y = np.meshgrid(AXIS, AXIS)


@pytest.mark.parametrize("shape", [membrane.tension_shape, membrane.stretched_shape()])
def test_square_membranes_are_clamped_and_symmetric(shape):
    w = shape(X, Y)
    np.testing.assert_allclose(w, w.T, atol=1e-3)
    np.testing.assert_allclose(w, w[::-1], atol=1e-12)
    assert np.abs(w[[0, -1]]).max() < 1e-3
    assert w[10, 10] == pytest.approx(1)
    assert w.max() == pytest.approx(1)


def test_tension_obeys_poissons_equation():
    h = 1e-3
    x, y = np.array([0.0, 0.3, 0.7]), np.array([0.0, 0.5, -0.2])
    w = membrane._tension
    laplacian = w(x + h, y) + w(x - h, y) + w(x, y + h) + w(x, y - h) - 4 * w(x, y)
    np.testing.assert_allclose(laplacian / h**2, -1, rtol=1e-3)
    # p = C N w0 / a²; 3.393 is the published coefficient of a square.
    assert 1 / w(0.0, 0.0) == pytest.approx(3.393, abs=0.001)


@pytest.mark.parametrize("poisson", [0.0, 0.25, 0.3])
def test_load_coefficient_of_the_stretched_square(poisson):
    # Maier-Schneider et al. 1995, fitted to finite elements: 1.994 (1 - 0.271 ν) / (1 - ν).
    published = 1.994 * (1 - 0.271 * poisson) / (1 - poisson)
    coefficient = membrane.stretched_shape(poisson).load_coefficient
    assert coefficient == pytest.approx(published, rel=0.025)
    # Ritz's method approaches the energy from above, thus the deflection from below.
    assert membrane.stretched_shape(poisson, 6).load_coefficient > coefficient


def test_crossed_strips_and_the_quadratic():
    points = thirteen_points(2.0)
    a, b, error = membrane.quadratic_error(membrane.strips_shape, points)
    assert (a, b) == (pytest.approx(0.5), pytest.approx(1))
    assert np.abs(error(X, Y)).max() < 1e-12
    # Unequal ones: off by half the difference in the middle of the edges, and nowhere in corners.
    _, _, error = membrane.quadratic_error(
        lambda x, y: membrane.strips_shape(x, y, upper=0.7), points
    )
    assert error(1.0, 0.0) == pytest.approx(-error(0.0, 1.0))
    assert abs(error(1.0, 0.0)) == pytest.approx(0.2)
    assert error(1.0, 1.0) == pytest.approx(0)


def test_quadratic_misses_a_clamped_square():
    for shape in (membrane.tension_shape, membrane.stretched_shape()):
        _, _, error = membrane.quadratic_error(shape, thirteen_points(2.0))
        assert error(1.0, 0.0) > 0.25
        assert error(1.0, 1.0) < -0.1
