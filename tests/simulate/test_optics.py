"""Attenuation, blur, illumination and dose against the equations."""

import numpy as np
import pytest

from lctem_core.simulate.camera import Camera, three_tap
from lctem_core.simulate.optics import (
    Acquisition,
    Illumination,
    Particle,
    Scene,
    acquire,
    background_share,
    depths,
    fit_gain,
    optical_depth,
    transmission,
)

SPHERE = Particle(500.0, 400.0, 100.0, "sphere", np.eye(3), attenuation_length=50.0)
SCENE = Scene(1024.0, (SPHERE,))


def test_optical_depth_of_a_sphere():
    depth = optical_depth(SCENE, 1024)
    assert depth.sum() == pytest.approx(np.pi / 6 * 100**3 / 50, rel=1e-3)
    assert depth.max() == pytest.approx(100 / 50, rel=1e-3)
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    assert (x, y) == (pytest.approx(500, abs=1), pytest.approx(400, abs=1))


@pytest.mark.parametrize("size", [128, 256, 512])
def test_optical_depth_does_not_depend_on_the_grid(size):
    total = optical_depth(SCENE, size).sum() * (1024 / size) ** 2
    assert total == pytest.approx(np.pi / 6 * 100**3 / 50, rel=0.01)


def test_particle_outside_of_the_field():
    scene = Scene(1000.0, (Particle(-500.0, 400.0, 100.0, "cube", np.eye(3)),))
    assert optical_depth(scene, 256).max() == 0


def test_transmission_is_beer_lambert_over_a_floor():
    depth = optical_depth(SCENE, 512)
    image = transmission(depth, Acquisition(dose=1.0, floor=0.2), 2.0, None)
    np.testing.assert_allclose(image, 0.2 + 0.8 * np.exp(-depth), rtol=1e-5)


def test_blur_has_the_stated_width_and_keeps_what_is_missing():
    depth = np.zeros((61, 61), np.float32)
    depth[30, 30] = 30.0  # an opaque point
    image = 1 - transmission(depth, Acquisition(dose=1.0, blur=12.0, floor=0.0), 3.0, None)
    image = image.astype(np.float64) * (image > 1e-5)  # not the float32 roundings far away
    x = np.arange(61) - 30
    assert image.sum() == pytest.approx(1, rel=5e-3)
    assert np.sqrt((image.sum(0) * x**2).sum()) * 3 == pytest.approx(12, rel=0.02)


def test_upper_membrane_is_blurred_more():
    upper = Scene(512.0, (Particle(256.0, 256.0, 80.0, "sphere", np.eye(3), upper=True),))
    acquisition = Acquisition(dose=1.0, blur=3.0, upper_blur=30.0)
    lower_depth, upper_depth = depths(upper, 512)
    assert lower_depth.max() == 0
    blurred = transmission(lower_depth, acquisition, 1.0, upper_depth)
    sharp = transmission(upper_depth, acquisition, 1.0, None)
    assert blurred.min() > sharp.min() + 0.05


def test_dose_in_the_background():
    camera = Camera(gain=10.0, kernel=three_tap(0.0))
    acquisition = Acquisition(dose=7.0, camera=camera)
    counts = acquire(np.zeros((256, 256), np.float32), acquisition, 3.0, np.random.default_rng(0))
    assert counts.mean() / 10 / 3.0**2 == pytest.approx(7.0, rel=0.01)


def test_illumination():
    even = Illumination().image(100)
    np.testing.assert_allclose(even, 1)
    vignette = Illumination(vignette=0.2).image(400)
    assert vignette[0, 0] / vignette[200, 200] == pytest.approx(0.8, abs=0.01)
    for angle in (0.0, np.pi / 2, 1.0):
        tilted = Illumination(gradient=2.0, angle=angle).image(400)
        assert tilted.max() / tilted.min() == pytest.approx(2, rel=0.03)


def test_background_share():
    assert background_share(0.0, window=0.0) == 1
    assert background_share(430.0, floor=0.0, window=0.0) == pytest.approx(np.exp(-1))
    assert background_share(1e6, floor=0.3) == pytest.approx(0.3)


def test_thicker_liquid_blurs_more_and_costs_dose():
    depth = optical_depth(SCENE, 512)
    thin, thick = (Acquisition(dose=5.0, liquid=liquid) for liquid in (1000.0, 6000.0))
    sharp, blurred = (transmission(depth, one, 2.0, None) for one in (thin, thick))
    assert np.abs(np.diff(sharp)).max() > 1.3 * np.abs(np.diff(blurred)).max()
    assert 5.0 < thin.incident_dose < thick.incident_dose
    assert Acquisition(dose=5.0).blurs == (0, 0)


def test_long_exposures_fit_sixteen_bits():
    acquisition = fit_gain(Acquisition(dose=5e4), 10.0)
    counts = acquire(np.zeros((64, 64), np.float32), acquisition, 10.0, np.random.default_rng(0))
    assert 20_000 < counts.mean() < 40_000
