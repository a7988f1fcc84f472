"""The fit of a distance: planted values, honest intervals, the analytic limit, clear errors."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lctem_core.cell.parallax import bootstrap, distance_limit, fit_displacement, paper_bias
from lctem_core.errors import InputError

FINE = np.linspace(-5, 5, 11)


def positions(angles, distance, offset, noise=0.0, rng=None):
    theta = np.deg2rad(angles)
    clean = offset * np.cos(theta) + distance * np.sin(theta)
    return clean + (noise * rng.standard_normal(clean.shape) if noise else 0.0)


@example(distance=1e-300, offset=0.0)
@example(distance=0.0, offset=0.0)
@given(distance=st.floats(-7000, 7000), offset=st.floats(-5000, 5000))
def test_exact_without_noise(distance, offset):
    fit = fit_displacement(FINE, positions(FINE, distance, offset))
    assert fit.distance == pytest.approx(distance, abs=1e-6)
    assert fit.offset == pytest.approx(offset, abs=1e-6)
    assert fit.predicted(FINE) == pytest.approx(fit.displacement, abs=1e-6)


def test_the_papers_example():
    # h′ = 1.78 µm moves a particle by 155 nm at 5°.
    fit = fit_displacement((-5, 0, 5), (-155.14, 0, 155.14), model="paper")
    assert fit.distance == pytest.approx(1780, abs=0.1)
    assert fit.displacement[1] == 0


@pytest.mark.parametrize("angles", [(-5, 0, 5), FINE, np.linspace(-20, 20, 9), (0, 2, 4, 6, 8)])
def test_coverage_and_limit(angles):
    rng = np.random.default_rng(1)
    fits = [fit_displacement(angles, positions(angles, 1780, 700, 2.0, rng)) for _ in range(200)]
    covered = np.mean([fit.interval[0] < 1780 < fit.interval[1] for fit in fits])
    assert 0.90 <= covered <= 0.98
    spread = np.std([fit.distance for fit in fits])
    assert spread == pytest.approx(distance_limit(angles, 2.0), rel=0.15)


def test_coverage_with_known_error():
    rng = np.random.default_rng(2)
    angles = (-5, 5)
    fits = [
        fit_displacement(angles, positions(angles, 50, 300, 1.0, rng), sigma=1.0)
        for _ in range(200)
    ]
    assert 0.90 <= np.mean([fit.interval[0] < 50 < fit.interval[1] for fit in fits]) <= 0.98


def test_outliers_are_set_aside():
    rng = np.random.default_rng(3)
    data = positions(FINE, 1780, 700, 0.5, rng)
    data[[2, 9]] += (60, -45)
    fit = fit_displacement(FINE, data)
    assert list(np.flatnonzero(~fit.used)) == [2, 9]
    assert fit.distance == pytest.approx(1780, abs=15)
    assert abs(fit_displacement(FINE, data, robust=False).distance - 1780) > 40
    assert fit.residuals[2] == pytest.approx(60, abs=3)


def test_bootstrap_agrees_with_students_interval():
    rng = np.random.default_rng(4)
    angles = np.linspace(-10, 10, 41)
    fit = fit_displacement(angles, positions(angles, 500, 100, 1.0, rng))
    low, high = bootstrap(fit, rng)
    assert high - low == pytest.approx(fit.interval[1] - fit.interval[0], rel=0.15)
    with pytest.raises(InputError, match="four points"):
        bootstrap(fit_displacement((-5, 0, 5), (0, 1, 3)), rng)


@given(
    angles=st.sampled_from([(0, 5), (0, 2, 4), (-3, 0, 7), (-5, 0, 5)]),
    offset=st.floats(-5000, 5000),
)
def test_bias_of_the_papers_model(angles, offset):
    data = positions(angles, 500.0, offset)
    found = fit_displacement(angles, data, model="paper", sigma=1.0).distance
    assert found - 500 == pytest.approx(paper_bias(angles, offset), abs=1e-6)


def test_bias_in_closed_form():
    assert paper_bias((0, 5), 2000) == pytest.approx(-2000 * np.tan(np.deg2rad(2.5)))
    assert paper_bias((-5, 0, 5), 2000) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("model", ["exact", "paper"])
def test_limit_of_a_symmetric_series_is_sigma_over_root_of_squares(model):
    expected = 2.0 / np.sqrt(np.sum(np.sin(np.deg2rad(FINE)) ** 2))
    assert distance_limit(FINE, 2.0, model) == pytest.approx(expected)


def test_limit_of_the_papers_model_by_monte_carlo():
    angles, rng = (0, 3, 6, 9), np.random.default_rng(5)
    found = [
        fit_displacement(angles, positions(angles, 500, 0, 1.0, rng), model="paper").distance
        for _ in range(2000)
    ]
    assert np.std(found) == pytest.approx(distance_limit(angles, 1.0, "paper"), rel=0.06)


@pytest.mark.parametrize(
    ("angles", "data", "options", "words"),
    [
        ([5], [1], {}, "at least 2 different angles"),
        ([], [], {}, "at least 2 different angles"),
        ([5, 5, 5], [1, 2, 3], {}, "at least 2 different angles"),
        (np.deg2rad([-5, 0, 5]), [1, 2, 3], {}, "multiply them by 57.3"),
        (np.deg2rad([-30, 0, 30]), [1, 2, 3], {}, "multiply them by 57.3"),
        ([-5, 0, 95], [1, 2, 3], {}, "within ±80°"),
        ([-5, float("nan"), 5], [1, 2, 3], {}, "list of angles"),
        ([-5, 5], [1, 2], {}, "more points than the 2 parameters"),
        ([0, 5], [1, 2], {"model": "paper"}, "more points than the 1 parameters"),
        ([-5, 5, 6], [1, 2, 3], {"model": "paper"}, "a frame at 0°"),
        ([-5, 0, 5], [1, 2], {}, "one position per angle"),
        ([-5, 0, 5], [1, float("nan"), 2], {}, "finite positions"),
        ([-5, 0, 5], [1, 2, 3], {"model": "mine"}, "exact, paper"),
        ([-5, 0, 5], [1, 2, 3], {"sigma": 0.0}, "above 0 nm"),
    ],
)
def test_bad_input(angles, data, options, words):
    with pytest.raises(InputError, match=words):
        fit_displacement(angles, data, **options)
