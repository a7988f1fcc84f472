"""Linking: planted membranes told apart, whatever drift, axis and sizes of the groups."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lctem_core.cell.link import link
from lctem_core.cell.locate import Spots
from lctem_core.errors import InputError

DIAMETER = 20.0


def spots_of(points):
    ones = np.ones(len(points))
    return Spots(np.asarray(points), 0.03 * ones, DIAMETER * ones, 0.5 * ones)


def series(rng, angles, number, distance, axis=90.0, drift=40.0, noise=0.03):
    """Spots in shuffled order, with the planted membrane of each in the first frame's order."""
    grid = np.stack(np.meshgrid(np.arange(6), np.arange(6)), -1).reshape(-1, 2) * 70.0
    points = rng.permutation(grid + rng.uniform(-8, 8, grid.shape))[: sum(number)]
    points = points - points.mean(axis=0)
    height = np.repeat([0.0, distance], number)
    along = np.array([np.cos(np.deg2rad(axis)), np.sin(np.deg2rad(axis))])
    across = np.array([-along[1], along[0]])
    frames = []
    for angle in np.deg2rad(angles):
        moved = np.outer(points @ along, along)
        moved += np.outer(points @ across * np.cos(angle) + height * np.sin(angle), across)
        moved += rng.normal(0, drift, 2) + rng.normal(0, noise, moved.shape)
        frames.append(moved)
    return frames, height > 0


@settings(max_examples=30, deadline=None)
# The lone particle moves 7 px less than the others in the frame tilted farthest, and 11 px more in
# the next.
@example(seed=549, angles=(-8, 1, 3, 9), number=(1, 5), distance=60.0, axis=160.0)
@given(
    seed=st.integers(0, 10**6),
    angles=st.sampled_from([(-5, 0, 5), (0, 6), (-6, -4, -2, 0, 2, 4, 6), (-8, 1, 3, 9)]),
    number=st.sampled_from([(6, 6), (7, 3), (2, 8), (9, 1), (1, 5)]),
    distance=st.sampled_from([15.0, 60.0, 200.0]),
    axis=st.sampled_from([0.0, 37.0, 90.0, 160.0]),
)
def test_planted_membranes(seed, angles, number, distance, axis):
    rng = np.random.default_rng(seed)
    frames, upper = series(rng, angles, number, distance, axis)
    orders = [rng.permutation(len(upper)) for _ in frames]
    spots = [spots_of(points[order]) for points, order in zip(frames, orders, strict=True)]
    tracks = link(spots, angles, DIAMETER, axis=axis)
    # Which planted particle is each track? By its position in the first frame.
    first = np.array([np.hypot(*(frames[0] - p).T).argmin() for p in tracks.positions[:, 0]])
    assert len(first) >= len(upper) - 2  # one that comes to lie on another may be lost
    same = upper[first] == upper[first[tracks.reference]]
    np.testing.assert_array_equal(tracks.opposite, ~same)
    for number_, points in enumerate(frames):
        np.testing.assert_array_equal(tracks.positions[:, number_], points[first])
    across = np.array([-np.sin(np.deg2rad(axis)), np.cos(np.deg2rad(axis))])
    assert abs(tracks.direction @ across) == pytest.approx(1)


def test_axis_is_found():
    rng = np.random.default_rng(3)
    frames, _ = series(rng, (-6, -3, 0, 3, 6), (5, 5), 150.0, axis=37.0)
    tracks = link([spots_of(points) for points in frames], (-6, -3, 0, 3, 6), DIAMETER)
    across = np.array([-np.sin(np.deg2rad(37)), np.cos(np.deg2rad(37))])
    assert abs(tracks.direction @ across) > np.cos(np.deg2rad(0.5))


def test_reference_is_the_users():
    rng = np.random.default_rng(4)
    frames, upper = series(rng, (-5, 0, 5), (5, 3), 100.0, drift=0.0)
    spots = [spots_of(points) for points in frames]
    for particle in (1, 6):
        tracks = link(spots, (-5, 0, 5), DIAMETER, reference=tuple(frames[1][particle] + 2))
        assert tracks.opposite.sum() == (upper != upper[particle]).sum()
        assert not tracks.relative_to_reference()[tracks.reference].any()
    with pytest.raises(InputError, match="nearest is at"):
        link(spots, (-5, 0, 5), DIAMETER, reference=(9999.0, 0.0))


def test_one_membrane_only():
    frames, _ = series(np.random.default_rng(5), (-5, 0, 5), (8, 0), 100.0)
    with pytest.raises(InputError, match="particles on both membranes"):
        link([spots_of(points) for points in frames], (-5, 0, 5), DIAMETER)


def test_nothing_in_common():
    rng = np.random.default_rng(6)
    frames = [rng.uniform(0, 400, (n, 2)) * [1, 0.01] for n in (1, 1, 1)]
    with pytest.raises(InputError, match="visible in every frame"):
        link([spots_of(points) for points in frames], (-5, 0, 5), DIAMETER)


def test_one_angle_per_frame():
    frames, _ = series(np.random.default_rng(5), (-5, 0, 5), (4, 4), 100.0)
    with pytest.raises(InputError, match="one angle per frame"):
        link([spots_of(points) for points in frames], (-5, 5), DIAMETER)
