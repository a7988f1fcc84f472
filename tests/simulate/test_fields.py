"""Fields of known particles, still and moving, and empty ones."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.simulate.fields import DIAMETER, EMPTY, empty_field, gold_field, moving_field


def test_gold_fields_hold_what_they_say():
    field = gold_field(2560, np.random.default_rng(0), number=6, size=256)
    assert field.truth.max() == 6
    areas = np.bincount(field.truth.ravel())[1:] * field.pixel_size**2
    assert (areas > 0.4 * 100**2).all()
    assert (areas < 1.7 * 100**2).all()
    frames = field.frames(2.0, 3, np.random.default_rng(0))
    assert frames.shape == (3, 256, 256)
    # Independent noise, the same field.
    assert np.corrcoef(frames[0].ravel(), frames[1].ravel())[0, 1] < 0.9
    with pytest.raises(InputError, match="300 nm or more"):
        gold_field(200, np.random.default_rng(0))


@pytest.mark.parametrize("kind", EMPTY)
def test_empty_fields_are_empty(kind):
    field = empty_field(kind, 1000, np.random.default_rng(1), size=128)
    assert not field.truth.any()
    assert field.frames(1e3, 1, np.random.default_rng(0)).std() > 0
    with pytest.raises(InputError, match="fringes"):
        empty_field("cloudy", 1000, np.random.default_rng(1))


def _field(electrons=50.0, speed=1.0, motion="each its own way", **more):
    return moving_field(electrons, speed, motion, np.random.default_rng(3), **more)


@pytest.mark.parametrize("motion", ["each its own way", "drift"])
def test_particles_go_the_given_way_in_ten_frames(motion):
    movie = _field(speed=1.5, motion=motion, frames=11, size=128)
    way = np.hypot(*np.moveaxis(movie.offsets[-1] - movie.offsets[0], -1, 0))
    np.testing.assert_allclose(way, 1.5 * DIAMETER)
    assert not movie.offsets[-1].any()  # the field is as drawn in the newest frame


def test_brownian_particles_do_so_in_the_root_mean_square():
    ways = [
        moving_field(1, 1.0, "Brownian", np.random.default_rng(i), frames=11, size=64).offsets[0]
        for i in range(60)
    ]
    way = np.concatenate(ways)
    assert np.sqrt((way**2).sum(axis=-1).mean()) == pytest.approx(100, rel=0.1)


def test_the_electrons_are_those_of_a_frame():
    movie = _field(electrons=40, number=0, size=128)
    clean = movie.counts_without_noise(0)
    camera = movie.acquisition.camera
    assert ((clean - camera.offset) / camera.gain).max() == pytest.approx(40, rel=0.03)


def test_wrong_arguments_are_told():
    with pytest.raises(InputError, match="a motion of"):
        _field(motion="jump")
    with pytest.raises(InputError, match="speed of 0"):
        _field(speed=-1)
