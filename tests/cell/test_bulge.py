"""Fits to Tables S1 and S2 to the printed digits, equation S1 and its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lctem_core.cell import bulge
from lctem_core.cell.bulge import fit_bulge, linear_fit, liquid_thickness
from lctem_core.cell.tables import CELLS, PRINTED
from lctem_core.errors import InputError


def test_refits_of_the_tables():
    assert round(bulge.edge_coefficient("upper").value, 3) == 0.205
    assert round(bulge.edge_coefficient("lower").value, 3) == 0.093
    assert round(bulge.protrusion_coefficient("upper").value, 3) == 0.038
    assert round(bulge.protrusion_coefficient("lower").value, 3) == 0.017
    assert round(bulge.offset(0.056).value, 2) == 2.50


def test_equation_s1_against_table_s1():
    centre = [float(liquid_thickness(0, 0, cell.actual, cell.spacer)) for cell in CELLS]
    rms = np.sqrt(np.mean((np.array(centre) - [cell.b for cell in CELLS]) ** 2))
    assert round(rms, 2) == 0.59
    ratios = [0.15 / cell.actual * 1000 / cell.a for cell in CELLS]  # the printed √(ã ã)
    assert 0.12 < max(abs(ratio - 1) for ratio in ratios) < 0.13


def test_paraboloid_of_equation_s1():
    x = np.linspace(-34, 34, 9)
    height = liquid_thickness(x[:, None], x[None], 68, 0.5)
    assert height.shape == (9, 9)
    a, b = fit_bulge(*(m.ravel() for m in np.meshgrid(x, x)), height.ravel())
    assert a.value == pytest.approx(1000 * PRINTED.a_mean / 68)
    assert b.value == pytest.approx(0.056 * 68 + 2.5 + 0.5)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"w{cell.window}_s{cell.spacer}")
def test_thirteen_points_give_back_what_was_planted(cell):
    rng = np.random.default_rng(7)
    fits = [fit_bulge(*bulge.simulated_points(cell, 0.3, rng)) for _ in range(200)]
    for index, truth in enumerate((cell.a, cell.b)):
        assert np.mean([fit[index].value for fit in fits]) == pytest.approx(truth, rel=0.03)
        errors = [fit[index].error for fit in fits]
        assert np.mean(errors) == pytest.approx(np.std([f[index].value for f in fits]), rel=0.2)
    exact = bulge.simulated_points(cell, 0.0, rng)
    assert [line.value for line in fit_bulge(*exact)] == pytest.approx([cell.a, cell.b])


def test_coverage_is_that_of_the_interval():
    rng = np.random.default_rng(7)
    for share in bulge.coverage(0.3, 100, rng):
        assert 0.92 <= share <= 0.98


def test_unprinted_digits_move_a_refit_by_less_than_the_last_printed_one():
    half = bulge.by_rounding(300, np.random.default_rng(2))
    assert 0 < half["a_upper"] < 0.005  # printed as 0.20
    assert 0 < half["b_upper"] < 0.0015  # 0.038
    # Errors of independent membranes add up in quadrature, where ranges are normal.
    expected = np.hypot(half["b_upper"], half["b_lower"])
    assert half["b_sum"] == pytest.approx(expected, rel=0.25)


def test_edge_fit():
    x = np.array([-18.0, -9, 0, 9, 18])
    g, h = fit_bulge(x, 0 * x, 1.5 - 7.5e-3 * x**2)
    assert (g.value, h.value) == (pytest.approx(7.5), pytest.approx(1.5))


@given(st.integers(3, 40), st.integers(0, 999))
def test_linear_fit_is_least_squares(points, seed):
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((points, 2)) * [1, 1e4]
    values = rng.standard_normal(points)
    fit = linear_fit(columns, values)
    expected = np.linalg.lstsq(columns, values, rcond=None)[0]
    np.testing.assert_allclose([line.value for line in fit], expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(columns.T @ fit[0].residuals / [1, 1e4], 0, atol=1e-8)


def test_thirteen_points():
    points = bulge.thirteen_points(50.0)
    assert points.shape == (13, 2)
    assert len({tuple(point) for point in points}) == 13
    assert np.abs(points).max() == 25


@pytest.mark.parametrize(
    ("x", "y", "height", "words"),
    [
        ([0, 10], [0, 0], [7, 6], "more points than the 2 parameters"),
        ([5, -5, 0], [0, 0, 5], [7, 6, 6], "different places"),
        ([0, 5, 10], [0, 0, 0], [7, np.nan, 6], "finite"),
        ([0, 5, 10], [0, 0, 0], [7, 6], "more points"),
    ],
)
def test_bad_points(x, y, height, words):
    with pytest.raises(InputError, match=words):
        fit_bulge(np.array(x, float), np.array(y, float), np.array(height, float))


def test_range_of_validity():
    with pytest.raises(InputError, match="points within 34 µm"):
        liquid_thickness(34.1, 0, 68, 0.5)
    outside = liquid_thickness([0, 34, 34.1], 0, 68, 0.5, outside="nan")
    assert list(np.isnan(outside)) == [False, False, True]
    with pytest.raises(InputError, match="actual window size of 34 to 68"):
        liquid_thickness(0, 0, 20, 0.5)
    with pytest.raises(InputError, match=r"spacer of 0\.05 to 5"):
        liquid_thickness(0, 0, 68, 500)
    assert liquid_thickness(0, 0, 20, 10, extrapolate=True) == pytest.approx(0.056 * 20 + 12.5)
    with pytest.raises(InputError, match="above 0 µm"):
        liquid_thickness(0, 0, -1, 0.5)
    with pytest.raises(InputError, match="'error' or 'nan'"):
        liquid_thickness(0, 0, 68, 0.5, outside="zero")


def test_a_line_through_the_origin_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    x, y = rng.random(20), rng.random(20)
    assert bulge.through_origin(x, y).value == pytest.approx(x @ y / (x @ x))
