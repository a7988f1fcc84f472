import numpy as np
import pytest

from lctem_core.evaluate import following
from lctem_core.simulate.fields import DIAMETER, moving_field


def _field(electrons=50.0, speed=1.0, motion="each its own way", **more):
    return moving_field(electrons, speed, motion, np.random.default_rng(3), **more)


def test_a_perfect_image_scores_perfectly():
    movie = _field(frames=3)
    truth = movie.counts_without_noise(2, following.sharper(movie.acquisition, movie.pixel_size))
    seen = following.outcome(truth, movie, 5.0)
    assert seen.psnr > 60
    assert (seen.found, seen.missed, seen.false) == (len(movie.scene.particles), 0, 0)
    assert max(seen.errors) < 0.1 * DIAMETER


def test_an_old_position_is_an_error_of_the_way():
    movie = _field(speed=2.0, motion="drift", frames=4, number=4)
    shift = 0.2 * 3 * DIAMETER
    seen = following.outcome(movie.counts_without_noise(0), movie, 5.0)
    assert np.median(seen.errors) == pytest.approx(shift, rel=0.2)
    assert seen.psnr < following.outcome(movie.counts_without_noise(3), movie, 5.0).psnr - 5


class Temporal:
    """Stands in for a temporal network: the mean of the last ten frames."""

    frames = 10

    def of_means(self, averages):
        return averages[0]


def test_ways_see_the_frames_they_should():
    frames = np.random.default_rng(0).integers(0, 100, (14, 64, 64)).astype(np.uint16)
    ways = following.treatments(lambda image: image, Temporal(), n=10)
    np.testing.assert_array_equal(ways["single frame"](frames), frames[-1])
    expected = frames[-10:].mean(axis=0)
    for name in ("sum of 10", "temporal network"):
        np.testing.assert_allclose(ways[name](frames), expected, rtol=1e-6)
    weights = (1 - 2 / 11) ** np.arange(13, -1, -1)
    weighted = np.average(frames, axis=0, weights=weights)
    np.testing.assert_allclose(ways["exponential"](frames), weighted, rtol=1e-5)
    assert list(following.treatments(np.float32, n=3)) == [
        "single frame", "sum of 3", "registered sum", "exponential", "adaptive",
    ]  # fmt: skip


def test_thresholds_let_no_empty_field_be_crowded():
    ways = {"single frame": lambda frames: frames[-1].astype(np.float32)}
    found = following.thresholds(ways, [20.0], seed=1, fields=2)
    assert 2 < found["single frame"] < 40
