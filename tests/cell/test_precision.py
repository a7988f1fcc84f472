"""Limits of precision: scaling laws, and Monte Carlo beside the analytic expressions."""

from dataclasses import replace

import numpy as np
import pytest

from lctem_core.cell.parallax import distance_limit, fit_displacement
from lctem_core.cell.precision import Design, Spot
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import Acquisition

SPOT = Spot(100.0, 5.0, Acquisition(dose=20.0, blur=10.0, camera=Camera(gain=4)))


def test_limit_falls_with_the_root_of_the_dose():
    brighter = replace(SPOT, acquisition=replace(SPOT.acquisition, dose=80.0))
    assert brighter.limit() == pytest.approx(SPOT.limit() / 2, rel=1e-4)
    ideal = replace(SPOT, acquisition=replace(SPOT.acquisition, camera=Camera(spread=0.0)))
    assert SPOT.limit() / ideal.limit() == pytest.approx(np.sqrt(1 + 0.7**2), rel=1e-4)


def test_limit_hardly_depends_on_pixels_that_resolve_the_blur():
    for pixel_size in (2.0, 4.0, 8.0):
        finer = replace(SPOT, pixel_size=pixel_size)
        assert finer.limit() == pytest.approx(SPOT.limit(), rel=0.07)


def test_limit_of_a_faint_gaussian_is_the_textbook_one():
    # On a flat background of n electrons per area, with Q electrons missing in a Gaussian of width
    # s: Σ (∂μ/∂x)² / n = Q² / (8 π s⁴ n).
    camera = Camera(spread=0.0)
    faint = Spot(40.0, 4.0, Acquisition(dose=3.0, blur=60.0, floor=0.9, camera=camera))
    missing = (3.0 * 4.0**2 - faint.electrons().astype(float)).sum()
    # The hole in a sphere's transmission is somewhat wider than its projected thickness, d²/20.
    squared = 60.0**2 + 40.0**2 / 18
    expected = squared * np.sqrt(8 * np.pi * 3.0) / missing
    assert faint.limit() == pytest.approx(expected, rel=0.04)


def test_large_doses_do_not_saturate():
    bright = replace(SPOT, pixel_size=20.0, acquisition=replace(SPOT.acquisition, dose=1000.0))
    errors = bright.trials(20, np.random.default_rng(0))
    assert len(errors) == 20
    assert errors.std() < 0.5


def test_upper_membrane_is_located_less_well():
    assert replace(SPOT, upper=True).limit() > 1.2 * SPOT.limit()


def test_design_error_by_monte_carlo():
    rng, design = np.random.default_rng(0), Design(10.0, 7)
    true = np.deg2rad(design.angles + 0.1 * rng.standard_normal((1500, 7)))
    noise = np.sqrt(2) * 1.5 * rng.standard_normal((1500, 7))
    found = [
        fit_displacement(design.angles, 800 * np.sin(angles) + n).distance
        for angles, n in zip(true, noise, strict=True)
    ]
    assert np.std(found) == pytest.approx(design.error(800, 1.5, angle_error=0.1), rel=0.06)
    assert design.error(800, 0.0, scale_error=0.02) == pytest.approx(16)
    assert design.error(800, 1.5) / design.error(800, 1.5, particles=4) == pytest.approx(2)


def test_a_rehearsed_design_scatters_as_its_limit_says():
    rng, design = np.random.default_rng(3), Design(8.0, 11)
    deviation, covered = design.rehearse(400, 2.0, rng)
    assert deviation == pytest.approx(distance_limit(design.angles, 2.0), rel=0.1)
    assert 0.92 < covered < 0.98


def test_at_dose_changes_the_dose_alone():
    brighter = SPOT.at_dose(80.0)
    assert brighter.acquisition == replace(SPOT.acquisition, dose=80.0)
    assert replace(brighter, acquisition=SPOT.acquisition) == SPOT
