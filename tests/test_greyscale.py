"""The wedge has the transmissions it says, and the measure finds a binarised image out."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.greyscale import core_levels, line_through, wedge


@pytest.mark.parametrize(("shape", "thinner"), [("hexagonal plate", 1e-3), ("sphere", 0.06)])
def test_transmissions_are_as_wanted(shape, thinner):
    made = wedge(50, np.random.default_rng(0), shape=shape, diameter=60, blur=0.5)
    levels = core_levels(made.transmission, made.cores)
    assert len(levels) == 9
    wanted = np.linspace(0.3, 0.95, 9)
    # A sphere is thinner beside its middle, a plate is not.
    np.testing.assert_allclose(np.sort(levels), wanted, atol=thinner + 1e-3)
    assert made.counts.mean() == pytest.approx(50 * made.transmission.mean(), rel=0.02)
    assert made.sharp.min() == pytest.approx(0.3, abs=0.01)


def test_slope_and_scatter():
    made = wedge(50, np.random.default_rng(1))
    true = core_levels(made.transmission, made.cores)
    slope, scatter = line_through(true, core_levels(made.counts, made.cores))
    assert slope == pytest.approx(1, abs=0.05)
    # 50 electrons with a spread of 0.7 each in the 206 pixels of a core
    assert scatter == pytest.approx(np.sqrt(1.49 * true.mean() / 50 / 206), rel=0.4)
    slope, scatter = line_through(true, core_levels(3 * made.transmission, made.cores))
    assert slope == pytest.approx(1)
    assert scatter < 1e-6
    binary = np.where(made.transmission < 0.8, 0.1, 1.0)
    assert line_through(true, core_levels(binary, made.cores))[1] > 0.1


def test_wrong_input():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="between 0 and 1"):
        wedge(50, rng, transmissions=(0.5, 1.2))
    with pytest.raises(InputError, match="at most 107 pixels"):
        wedge(50, rng, diameter=200)
