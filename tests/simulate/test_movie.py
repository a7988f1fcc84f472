from dataclasses import replace

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.simulate.movie import FRAMES, Motion, Movie, clip, draw_motion, exported, shares
from lctem_core.simulate.optics import Acquisition, Scene, expected
from lctem_core.simulate.recipes import PAPER, draw_scene


def _scene(particles=3, width=2560.0):
    recipe = replace(PAPER, number=(1, 1), clustered=0)
    one = draw_scene(recipe, np.random.default_rng(3)).particles[0]
    places = np.random.default_rng(4).uniform(0.3 * width, 0.7 * width, (particles, 2))
    return Scene(width, tuple(replace(one, x=float(x), y=float(y)) for x, y in places))


def _movie(motion, frames=6, dose=1000.0, size=128, particles=1):
    scene = _scene(particles)
    offsets, angles = motion.paths(particles, frames, np.random.default_rng(0))
    return Movie(scene, offsets, angles, Acquisition(dose), np.full(frames, dose), size, seed=5)


def _centre(image):
    """Centre of what is missing (x, y) [px]."""
    dark = np.clip(0.9 * np.median(image) - image, 0, None)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(dark * x).sum(), (dark * y).sum()]) / dark.sum()


def test_a_drift_moves_the_picture_by_as_much():
    movie = _movie(Motion(drift=(40.0, -20.0)))
    first, last = (_centre(movie.counts_without_noise(t)) for t in (0, 5))
    np.testing.assert_allclose((last - first) * movie.pixel_size, [200, -100], atol=2)


def test_brownian_steps_have_the_given_spread():
    offsets, _ = Motion(step=7.0).paths(400, 21, np.random.default_rng(1))
    steps = np.diff(offsets, axis=0)
    assert steps.std() == pytest.approx(7, rel=0.02)
    # The mean squared displacement of a random walk grows in proportion to time.
    assert offsets[-1].std() == pytest.approx(7 * 20**0.5, rel=0.1)
    assert not offsets[0].any()


def test_only_the_given_share_moves():
    offsets, angles = Motion(step=5, velocity=3, spin=0.1, moving=0.25).paths(
        1000, 5, np.random.default_rng(2)
    )
    moved = offsets[-1].any(axis=-1)
    assert moved.mean() == pytest.approx(0.25, abs=0.05)
    assert (angles[-1] != 0).tolist() == moved.tolist()


def test_a_jitter_is_common_to_all():
    offsets, _ = Motion(jitter=4).paths(5, 4, np.random.default_rng(2))
    assert np.ptp(offsets, axis=1).max() == 0
    assert offsets[-1].any()


def test_a_resting_frame_is_the_one_of_a_single_acquisition():
    movie = _movie(Motion(), particles=3)
    from lctem_core.simulate.optics import depths

    lower, upper = depths(movie.scene, movie.size)
    still = expected(lower, movie.acquisition, movie.pixel_size, upper)
    np.testing.assert_allclose(movie.counts_without_noise(2), still, rtol=1e-5)


def test_frames_are_repeatable_and_have_independent_noise():
    movie = _movie(Motion(), dose=0.05)  # so few that fixed gain errors do not show
    np.testing.assert_array_equal(movie.frame(3), movie.frames(3, 4)[0])
    a, b = (movie.frame(t) - movie.counts_without_noise(t) for t in (1, 2))
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.03


def test_the_dose_of_each_frame_counts():
    movie = _movie(Motion())
    brighter = replace(movie, doses=np.array([1.0, 2, 4, 8, 16, 32]))
    means = brighter.frames().mean(axis=(1, 2))
    np.testing.assert_allclose(means / means[0], [1, 2, 4, 8, 16, 32], rtol=0.02)


@pytest.mark.parametrize("kind", ["steady", "flicker", "step"])
def test_shares_have_mean_one(kind):
    share = shares(10, kind, np.random.default_rng(0))
    assert share.mean() == pytest.approx(1)
    assert share.min() > 0
    assert (share.std() > 0) == (kind != "steady")


def test_an_export_clips():
    grey = exported(np.array([[0.0, 10, 20, 30]]), 10, 20)
    assert grey.tolist() == [[0, 0, 255, 255]]
    assert grey.dtype == np.uint8


def test_wrong_arguments_are_told():
    movie = _movie(Motion())
    with pytest.raises(InputError, match=r"offsets \(T, P, 2\)"):
        replace(movie, doses=np.ones(3))
    with pytest.raises(InputError, match="steady, flicker or step"):
        shares(5, "wobble", np.random.default_rng(0))


# Clips


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_is_the_newest_frame_at_the_mean_dose(seed):
    one = clip([1, seed], "paper", 128)
    movie = one.movie
    assert one.noisy.shape == (FRAMES, 128, 128)
    expected = movie.counts_without_noise(FRAMES - 1, dose=float(movie.doses.mean()))
    # The truth has half of the blur: equal but at the edges of particles.
    assert np.median(np.abs(one.faithful - expected)) < 0.02 * np.ptp(expected) + 1e-3
    assert one.faithful.mean() == pytest.approx(expected.mean(), rel=0.02)


def test_a_clip_is_repeatable():
    a, b = (clip(7, "broad", 96) for _ in range(2))
    np.testing.assert_array_equal(a.noisy, b.noisy)
    np.testing.assert_array_equal(a.faithful, b.faithful)


def test_an_empty_scene_does_not_move():
    motion = draw_motion(Scene(1000.0, ()), np.random.default_rng(0))
    assert motion == Motion()
