"""Located centres: sub-pixel, unbiased, with an error that is true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lctem_core.cell.locate import locate
from lctem_core.cell.precision import Spot
from lctem_core.errors import InputError
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import Acquisition, Particle, Scene, acquire, depths


def frame(places, *, blur=8.0, dose=50.0, pixel=5.0, size=256, seed=0, diameter=100.0):
    particles = tuple(Particle(x, y, diameter, "sphere", np.eye(3)) for x, y in places)
    depth, _ = depths(Scene(size * pixel, particles), size)
    acquisition = Acquisition(dose=dose, blur=blur, camera=Camera(gain=4))
    return acquire(depth, acquisition, pixel, np.random.default_rng(seed))


@settings(max_examples=15, deadline=None)
@given(x=st.floats(300, 980), y=st.floats(300, 980), blur=st.floats(0, 40), seed=st.integers(0, 99))
def test_one_particle_to_a_fraction_of_a_pixel(x, y, blur, seed):
    spots = locate(frame([(x, y)], blur=blur, seed=seed), 20.0)
    assert len(spots) == 1
    # Position 0 is the left edge of pixel 0, whose centre is pixel coordinate 0.
    place = [x / 5 - 0.5, y / 5 - 0.5]
    assert 0.01 < spots.errors[0] < 0.2
    # Chance has it at 4.4 standard errors in three thousand frames.
    assert spots.positions[0] == pytest.approx(place, abs=6 * spots.errors[0])
    assert spots.diameters[0] == pytest.approx(20, rel=0.3)


def test_errors_are_those_of_repeated_frames_and_near_the_limit():
    acquisition = Acquisition(dose=10.0, blur=10.0, camera=Camera(gain=4))
    spot = Spot(100.0, 5.0, acquisition)
    errors = spot.trials(120, np.random.default_rng(0))
    assert len(errors) == 120
    assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(errors.size)
    assert spot.limit() * 0.9 < errors.std() < spot.limit() * 1.6
    reported = [
        5 * locate(frame([(640, 640)], blur=10, dose=10, seed=s), 20.0).errors[0] for s in range(20)
    ]
    assert np.median(reported) == pytest.approx(errors.std(), rel=0.25)


def test_several_particles_and_none_at_the_rim():
    places = [(300, 300), (600, 310), (420, 900), (20, 640)]
    spots = locate(frame(places), 20.0)
    expected = sorted((x / 5 - 0.5, y / 5 - 0.5) for x, y in places[:3])
    np.testing.assert_allclose(spots.positions, expected, atol=0.3)


def test_large_frames_are_searched_on_a_reduced_grid():
    spots = locate(frame([(300, 420)], pixel=1.0, size=720, dose=100), 100.0)
    assert spots.positions[0] == pytest.approx([299.5, 419.5], abs=0.4)


@pytest.mark.parametrize(
    ("diameter", "words"), [(2.0, "4 pixels"), (200.0, "quarter"), (float("nan"), "diameter")]
)
def test_unusable_diameter(diameter, words):
    with pytest.raises(InputError, match=words):
        locate(frame([(640, 640)]), diameter)


def test_empty_frame():
    with pytest.raises(InputError, match="there is none"):
        locate(frame([]), 20.0)
