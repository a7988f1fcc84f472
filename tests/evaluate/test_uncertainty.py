"""Errors without a truth against errors with one; calibration against known distributions."""

import numpy as np
import pytest
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.evaluate.uncertainty import (
    coverage,
    pair_error,
    pattern_correlation,
    reliability,
    spread_factor,
)


@pytest.fixture(scope="module")
def field():
    """A truth and two frames of it: counted electrons, shared between neighbours, cut off at 0."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:256, :256]
    truth = np.full((256, 256), 40.0)
    for row, column, radius in rng.uniform([0, 0, 8], [256, 256, 25], (20, 3)):
        truth[np.hypot(y - row, x - column) < radius] = 25.0
    frames = [
        np.maximum(ndimage.gaussian_filter(rng.poisson(truth).astype(float), 0.5) - 20, 0)
        for _ in range(2)
    ]
    mean = np.mean(
        [
            np.maximum(ndimage.gaussian_filter(rng.poisson(truth).astype(float), 0.5) - 20, 0)
            for _ in range(200)
        ],
        axis=0,
    )
    return mean, *frames


@pytest.mark.parametrize("width", [0, 1, 3, 9])
def test_error_without_a_truth_is_the_error_with_one(field, width):
    mean, first, second = field
    refined = ndimage.gaussian_filter(first, width) if width else first
    got = pair_error(refined, first, second, block=32)
    centred = refined - refined.mean() - mean + mean.mean()
    assert got.error == pytest.approx(np.mean(centred**2), abs=0.05 * got.signal)
    assert got.signal == pytest.approx(mean.var(), rel=0.1)
    assert got.noise == pytest.approx(np.mean((first - mean) ** 2), rel=0.05)
    low, high = np.percentile(got.error_draws, [1, 99])
    assert low < np.mean(centred**2) < high


def test_slope_tells_pale_grey_levels(field):
    mean, first, second = field
    assert pair_error(mean, first, second).slope == pytest.approx(1, abs=0.03)
    pale = pair_error(100 + 0.5 * mean, first, second)
    assert pale.slope == pytest.approx(2, abs=0.06)
    assert abs(pale.fitted) < 0.03 * pale.signal < 0.2 * pale.error
    # The noisy frame itself: its variance is signal and noise, of which only the signal comes back.
    raw = pair_error(first, first, second)
    assert raw.slope == pytest.approx(raw.signal / (raw.signal + raw.noise), abs=0.03)


def test_a_fixed_pattern_is_noticed():
    rng = np.random.default_rng(1)
    frames = rng.normal(size=(2, 256, 256))
    correlation, chance = pattern_correlation(*frames)
    assert abs(correlation) < 4 * chance
    correlation, chance = pattern_correlation(*(frames + 0.3 * rng.normal(size=(256, 256))))
    assert correlation > 10 * chance


def test_shapes_must_agree(field):
    mean, first, second = field
    with pytest.raises(InputError, match="one shape"):
        pair_error(mean[:128], first, second)
    with pytest.raises(InputError, match="each spread"):
        coverage(np.zeros(3), np.ones(4), (1,))


def test_calibration_of_a_spread_that_is_three_times_too_small():
    rng = np.random.default_rng(2)
    spread = rng.uniform(0.1, 2, 100_000)
    error = 3 * spread * rng.standard_normal(spread.size)
    predicted, observed = reliability(error, spread)
    np.testing.assert_allclose(observed / predicted, 3, rtol=0.05)
    assert np.all(np.diff(predicted) > 0)
    factor = spread_factor(error, spread)
    assert factor == pytest.approx(3, rel=0.02)
    np.testing.assert_allclose(coverage(error, factor * spread, (1, 2)), [0.683, 0.954], atol=0.01)
