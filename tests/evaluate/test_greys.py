"""Grey levels of discs: a perfect, a blank and a binarising network."""

import numpy as np
import pytest
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.evaluate import greys
from lctem_core.evaluate.greys import (
    disc_frame,
    grey_levels,
    line_through,
    middle_share,
    seen_greys,
)


def test_cores_of_a_smoothed_frame_have_their_transmission():
    counts, truth, radii = disc_frame(0, electrons=1000)
    np.testing.assert_allclose(seen_greys(counts.astype(float), radii), truth, atol=0.02)


@pytest.mark.parametrize("target", ["faithful", "dry"])
def test_a_smoothing_network_keeps_the_order(target):
    greys = grey_levels(lambda image: ndimage.gaussian_filter(image, 1), target, 200)
    slope, _ = np.polyfit(greys["true"], greys["seen"], 1)
    assert slope == pytest.approx(1, abs=0.1)
    assert np.corrcoef(greys["true"], greys["seen"])[0, 1] > 0.98


def test_a_binarising_network_is_seen():
    greys = grey_levels(lambda image: (ndimage.gaussian_filter(image, 2) > 0.6) + 0.0, "dry", 200)
    seen = np.array(greys["seen"])
    assert np.mean((seen < 0.1) | (seen > 0.9)) > 0.8


def test_slope_and_scatter():
    true = np.linspace(0.3, 0.9, 400).reshape(20, 20)
    noise = np.random.default_rng(0).normal(0, 0.05, true.shape)
    slope, scatter = line_through(true, 0.8 * true + 0.3 + noise)
    assert slope == pytest.approx(0.8, abs=0.05)
    assert scatter == pytest.approx(0.05, rel=0.1)
    assert line_through(true, np.where(true < 0.6, 0.0, 1.0))[1] > 0.2


def test_middle_greys_of_even_levels_and_of_two():
    true = np.random.default_rng(0).permutation(np.linspace(0, 1, 301))
    # A third of even levels, the ends being medians of some: white is 0.5 % below the palest.
    assert middle_share(true, true) == pytest.approx(1 / 3, abs=0.01)
    assert middle_share(true, 0.5 * true + 0.2) == pytest.approx(middle_share(true, true), abs=0.01)
    assert middle_share(true, true > 0.5) == 0
    with pytest.raises(InputError, match="ten discs"):
        middle_share(true[:5], true[:5])


def test_no_electrons():
    with pytest.raises(InputError):
        disc_frame(0, 0)


def test_greys_by_dose_are_those_that_were_drawn():
    found = greys.by_dose(lambda counts: counts, lambda counts: counts, [2000.0], frames=2, seed=1)
    sizes = [found[size, 2000.0, "faithful"].shape[1] for size in greys.SIZES]
    assert sum(sizes) == 2 * 64
    true, seen = found["28–44 px", 2000.0, "faithful"]
    np.testing.assert_allclose(seen, true, atol=0.02)
    np.testing.assert_allclose(seen, found["28–44 px", 2000.0, greys.NOISY][1], rtol=1e-5)
    stretched = found["28–44 px", 2000.0, "dry"][0]
    np.testing.assert_allclose(np.corrcoef(stretched, true)[0, 1], 1, atol=0.02)
    assert stretched.min() < 0.2 < true.min()
