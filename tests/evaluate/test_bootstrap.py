"""Bootstrap intervals: as wide as theory says."""

import numpy as np
import pytest
from scipy import stats

from lctem_core.errors import InputError
from lctem_core.evaluate.bootstrap import mean_interval, mean_text, resampled


def test_as_wide_as_the_normal_interval():
    values = np.random.default_rng(0).normal(5, 2, 400)
    mean, low, high = mean_interval(values)
    expected = stats.norm.interval(0.95, values.mean(), stats.sem(values))
    assert mean == values.mean()
    np.testing.assert_allclose([low, high], expected, atol=0.03)


def test_text_and_missing_values():
    assert mean_text([2.0, 2.0, np.nan], 1) == "2.0 (2.0–2.0)"
    with pytest.raises(InputError, match="at least one"):
        mean_interval([np.nan])


def test_one_value_has_no_interval():
    assert mean_interval([3.0]) == (3.0, 3.0, 3.0)


def test_the_percentiles_of_resampled_means():
    values = np.random.default_rng(1).exponential(2, 60)
    drawn = resampled(lambda chosen: values[chosen].mean(), len(values), 2000, seed=4)
    assert drawn.shape == (2000,)
    _, low, high = mean_interval(values, 2000, seed=4, percent=90)
    np.testing.assert_allclose([low, high], np.percentile(drawn, [5, 95]), rtol=1e-12)


def test_groups_stay_together_and_a_seed_draws_the_same():
    # Five groups of equal images: resampled one by one, their mean would scatter far less.
    groups = np.repeat(np.random.default_rng(2).normal(size=(5, 1)), 40, axis=1)
    drawn = resampled(lambda chosen: [groups[chosen].mean(), len(set(chosen))], 5, 4000)
    assert drawn.shape == (4000, 2)
    assert drawn[:, 0].std() == pytest.approx(groups[:, 0].std() / np.sqrt(5), rel=0.05)
    assert drawn[:, 1].mean() == pytest.approx(5 * (1 - 0.8**5), rel=0.02)  # with replacement
    again = resampled(lambda chosen: [groups[chosen].mean(), len(set(chosen))], 5, 4000)
    np.testing.assert_array_equal(drawn, again)
