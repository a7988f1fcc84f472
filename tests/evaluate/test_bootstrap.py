"""Bootstrap intervals: as wide as theory says."""

import numpy as np
import pytest
from scipy import stats

from lctem_core.errors import InputError
from lctem_core.evaluate.bootstrap import mean_interval, mean_text


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
