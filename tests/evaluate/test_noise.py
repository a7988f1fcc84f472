"""Frame statistics: planted values found, and those published for the real frame."""

import numpy as np
import pytest

from lctem_core.evaluate.noise import frame_statistics
from lctem_core.io import frames
from lctem_core.simulate.camera import Camera, three_tap
from lctem_core.simulate.optics import (
    Acquisition,
    Illumination,
    Particle,
    Scene,
    acquire,
    optical_depth,
)


def test_planted_values():
    particles = tuple(
        Particle(x, y, 100.0, "sphere", np.eye(3)) for x, y in ((1200.0, 900.0), (3000.0, 3300.0))
    )
    scene = Scene(512 * 9.0, particles)
    camera = Camera(gain=1.0, spread=0.7, kernel=three_tap(0.1), read_noise=0.0)
    acquisition = Acquisition(
        dose=60 / 81, floor=0.3, illumination=Illumination(vignette=0.2), camera=camera
    )
    counts = acquire(optical_depth(scene, 512), acquisition, 9.0, np.random.default_rng(0))
    measured = frame_statistics(counts)
    share = (camera.kernel**2).sum() ** 2
    assert measured["variance_per_mean"] == pytest.approx(1.49 * share, rel=0.05)
    assert measured["lag1"] == pytest.approx(0.16 / 0.66, abs=0.02)
    assert measured["corner_to_centre"] == pytest.approx(0.8, abs=0.02)
    assert measured["row_noise"] == pytest.approx(1, abs=0.15)
    assert measured["core_to_background"] < 0.65


def test_the_real_frame(real_data):
    measured = frame_statistics(frames.read(real_data("sample.tif")).counts)
    assert measured["background"] == pytest.approx(51, abs=0.5)
    assert 0.82 < measured["variance_per_mean"] < 0.87
    assert measured["lag1"] == pytest.approx(0.16, abs=0.02)
    assert measured["lag2"] == pytest.approx(-0.07, abs=0.02)
    assert 0.75 < measured["corner_to_centre"] < 0.86
    assert measured["maximum"] == 229
