"""Projected thickness against exact volumes and areas."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lctem_core.errors import InputError
from lctem_core.simulate import shapes

AXIS = np.arange(-170, 170, 1.0) + 0.5


@settings(max_examples=25, deadline=None)
@given(shape=st.sampled_from(shapes.SHAPES), seed=st.integers(0, 2**20), flat=st.booleans())
def test_volume_is_that_of_the_sphere(shape, seed, flat):
    rotation = shapes.orientation(shape, np.random.default_rng(seed), flat)
    path = shapes.thickness(shape, 100.0, rotation, AXIS, AXIS)
    assert path.sum() == pytest.approx(np.pi / 6 * 100**3, rel=5e-3)


def test_cube_on_its_face():
    side = 100 * (np.pi / 6) ** (1 / 3)
    path = shapes.thickness("cube", 100.0, np.eye(3), AXIS, AXIS)
    assert path.max() == pytest.approx(side, rel=1e-5)
    assert np.count_nonzero(path) == pytest.approx(side**2, rel=0.02)
    np.testing.assert_allclose(path[path > 0], side, rtol=1e-5)


def test_thickness_is_inside_the_reach():
    for shape in shapes.SHAPES:
        rotation = Rotation.random(rng=np.random.default_rng(1)).as_matrix()
        path = shapes.thickness(shape, 100.0, rotation, AXIS, AXIS)
        outside = np.hypot(AXIS[None], AXIS[:, None]) > shapes.reach(shape) * 100 + 1
        assert path[outside].max() == 0


def test_a_flat_particle_shows_a_plateau():
    rng = np.random.default_rng(0)
    rotation = shapes.orientation("hexagonal plate", rng, True)
    path = shapes.thickness("hexagonal plate", 100.0, rotation, AXIS, AXIS)
    assert np.mean(path[path > 0] > 0.99 * path.max()) > 0.95


def test_decahedron_is_the_pentagonal_bipyramid_of_equilateral_triangles():
    # Johnson solid 13 of edge 1: height 2 × 0.5257, widest 1.618 from corner to corner.
    standing = Rotation.from_euler("x", 90, degrees=True).as_matrix()
    path = shapes.thickness("decahedron", 100.0, standing, AXIS, AXIS)
    height = np.ptp(np.flatnonzero(path.any(axis=1))) + 1
    volume = (5 + np.sqrt(5)) / 12  # of edge 1
    edge = 100 * (np.pi / 6 / volume) ** (1 / 3)
    assert height == pytest.approx(2 * 0.5257 * edge, abs=3)


def test_unknown_shape():
    with pytest.raises(InputError, match="truncated octahedron"):
        shapes.faces("banana")
