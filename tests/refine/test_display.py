"""Grey levels for a screen, against their definition."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.refine.display import draw


def test_levels_are_the_rounded_share_of_the_range():
    image = np.random.default_rng(0).normal(50, 20, (64, 80)).astype(np.float32)
    expected = np.rint(np.clip((image.astype(float) - 20) / 60, 0, 1) * 255)
    drawn = draw(image, (20, 80))
    assert drawn.dtype == np.uint8
    assert np.abs(drawn - expected).max() <= 1  # halves may be rounded either way
    assert np.mean(drawn == expected) > 0.999


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float64])
def test_by_default_between_the_percentiles(kind):
    image = np.random.default_rng(0).poisson(100, (128, 128)).astype(kind)
    low, high = np.percentile(image, (0.1, 99.9))
    np.testing.assert_array_equal(draw(image), draw(image, (low, high)))
    assert draw(image).min() == 0
    assert draw(image).max() == 255


def test_beyond_the_limits_nothing_wraps_around():
    np.testing.assert_array_equal(draw(np.array([[-1e6, 0, 1, 1e6]]), (0, 1)), [[0, 0, 255, 255]])


def test_an_even_image_is_grey():
    assert (draw(np.full((8, 8), 3.0)) == 128).all()


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (0, np.nan), (-np.inf, 1)])
def test_limits_that_cannot_be(limits):
    with pytest.raises(InputError, match="lower limit"):
        draw(np.zeros((8, 8)), limits)
