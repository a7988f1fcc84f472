"""A session refined frame by frame: which frames go into what."""

import numpy as np
import pytest

from lctem_core.evaluate import session_scores
from lctem_core.simulate.session import dose_at, session


class Clips:
    """A refiner of clips that keeps what it was given."""

    frames = 3

    def __call__(self, clip):
        self.clip = clip
        return clip.mean(axis=0)


@pytest.fixture(scope="module")
def movie():
    return session(64, seconds=0.23, fps=100, seed=1)


def test_each_way_gets_its_frames(movie):
    every = movie.frames().astype(float)
    follow = Clips()
    seen = session_scores.moments(movie, [0, 2, 20], lambda image: image, follow, 5)
    first = next(seen)
    np.testing.assert_allclose(first.images["sum"], every[0])
    np.testing.assert_array_equal(follow.clip, [every[0]] * 3)
    second = next(seen)
    np.testing.assert_allclose(second.images["sum"], every[:3].mean(axis=0))
    third = next(seen)
    np.testing.assert_array_equal(third.images["raw"], every[20])
    np.testing.assert_array_equal(third.images["single"], every[20])
    np.testing.assert_allclose(third.images["sum"], every[16:21].mean(axis=0))
    np.testing.assert_array_equal(follow.clip, every[18:21])
    assert (first.number, second.number, third.number) == (0, 2, 20)


def test_frames_that_are_scored():
    assert session_scores.shown_frames(31, 10) == [0, 9, 19, 29]


def test_the_dose_is_measured_in_the_background(movie):
    for t in (0, 14):
        expected = float(dose_at(t))  # 0.23 s stand for 23 s
        assert session_scores.measured_dose(movie.frame(t), movie) == pytest.approx(
            expected, rel=0.25
        )


def test_times_of_the_paper_are_stretched():
    times = np.arange(24) / 100
    assert session_scores.index_at(times, 13, 0.23) == 13
    assert session_scores.index_at(np.arange(24), 13) == 13
