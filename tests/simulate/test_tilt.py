"""Tilt series against the geometry of a rotation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lctem_core.errors import InputError
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import Acquisition, Particle, Scene
from lctem_core.simulate.tilt import TiltedCell, draw_cell, tilt_series


def one(x, y, height):
    particle = Particle(x, y, 100.0, "cube", np.eye(3))
    return TiltedCell(Scene(2000.0, (particle,)), np.array([height]))


@given(
    angle=st.floats(-60, 60),
    axis=st.floats(0, 180),
    x=st.floats(0, 2000),
    y=st.floats(0, 2000),
    height=st.floats(-3000, 3000),
)
def test_a_point_turns_about_the_axis(angle, axis, x, y, height):
    [moved] = one(x, y, height).projected(angle, axis).particles
    along = np.array([np.cos(np.deg2rad(axis)), np.sin(np.deg2rad(axis))])
    across = np.array([along[1], -along[0]])
    before, after = np.array([x, y]) - 1000, np.array([moved.x, moved.y]) - 1000
    assert after @ along == pytest.approx(before @ along, abs=1e-6)
    theta = np.deg2rad(angle)
    expected = before @ across * np.cos(theta) + height * np.sin(theta)
    assert after @ across == pytest.approx(expected, abs=1e-6)


def test_particles_turn_with_the_stage_and_shift_with_it():
    [moved] = one(1000.0, 1000.0, 0.0).projected(30.0, shift=(7.0, -3.0)).particles
    assert (moved.x, moved.y) == pytest.approx((1007, 997))
    # A cube seen 30° about y: its face towards the beam tips along x.
    assert np.abs(moved.rotation[:, 1]) == pytest.approx([0, 1, 0])
    assert abs(moved.rotation[0, 0]) == pytest.approx(np.cos(np.pi / 6))


def test_drawn_cells_hold_what_was_asked_for():
    cell = draw_cell(np.random.default_rng(0), distance=500.0, number=(3, 4), width=3000.0)
    assert [p.upper for p in cell.scene.particles] == [False] * 3 + [True] * 4
    assert set(cell.heights) == {-250.0, 250.0}
    with pytest.raises(InputError, match="room for 900 particles"):
        draw_cell(np.random.default_rng(0), distance=1.0, number=(450, 450))


def test_series_is_reproducible_and_moves():
    cell = draw_cell(np.random.default_rng(0), distance=1780.0)
    acquisition = Acquisition(dose=50.0, camera=Camera(gain=5))
    first, second = (
        tilt_series(cell, [-5, 0, 5], acquisition, 256, np.random.default_rng(1), drift=20.0)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.images, second.images)
    assert first.images.shape == (3, 256, 256)
    assert first.pixel_size == 10
    assert first.shifts.std() > 5
    assert not np.array_equal(first.images[0], first.images[2])
