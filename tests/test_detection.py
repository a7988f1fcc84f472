"""Fields of known particles, fair thresholds and the lowest dose."""

import numpy as np
import pytest

from lctem_core.detection import (
    EMPTY,
    contrasts,
    empty_field,
    gold_field,
    lowest_dose,
    lowest_dose_interval,
    matches,
    threshold_for,
)
from lctem_core.errors import InputError
from lctem_core.particles import Contrast

RAW = {"raw": lambda frames: frames[0], "sum": lambda frames: frames.sum(axis=0)}


def test_gold_fields_hold_what_they_say():
    field = gold_field(2560, np.random.default_rng(0), number=6, size=256)
    assert field.truth.max() == 6
    areas = np.bincount(field.truth.ravel())[1:] * field.pixel_size**2
    assert (areas > 0.4 * 100**2).all()
    assert (areas < 1.7 * 100**2).all()
    frames = field.frames(2.0, 3, np.random.default_rng(0))
    assert frames.shape == (3, 256, 256)
    # Independent noise, the same field.
    assert np.corrcoef(frames[0].ravel(), frames[1].ravel())[0, 1] < 0.9
    with pytest.raises(InputError, match="300 nm or more"):
        gold_field(200, np.random.default_rng(0))


@pytest.mark.parametrize("kind", EMPTY)
def test_empty_fields_are_empty(kind):
    field = empty_field(kind, 1000, np.random.default_rng(1), size=128)
    assert not field.truth.any()
    assert field.frames(1e3, 1, np.random.default_rng(0)).std() > 0
    with pytest.raises(InputError, match="fringes"):
        empty_field("cloudy", 1000, np.random.default_rng(1))


@pytest.fixture(scope="module")
def curve():
    """Particles found in a few small fields at two doses, raw and summed."""
    empty = [
        contrasts(empty_field("even", 1280, np.random.default_rng(s), size=256), 0.5, RAW,
                  np.random.default_rng(s))
        for s in range(4)
    ]  # fmt: skip
    thresholds = {name: threshold_for([one[name] for one in empty]) for name in RAW}
    counted = {}
    for dose in (0.02, 10.0):
        for seed in range(2):
            field = gold_field(1280, np.random.default_rng(seed), number=4, size=256)
            seen = contrasts(field, dose, RAW, np.random.default_rng(seed))
            for name, one in matches(field, seen, thresholds).items():
                counted.setdefault((dose, name), []).append(one)
    return counted


def test_particles_appear_with_the_dose_and_with_the_sum(curve):
    found = {key: sum(one.found for one in many) for key, many in curve.items()}
    assert found[10.0, "raw"] == found[10.0, "sum"] == 8
    assert found[0.02, "raw"] == 0
    assert sum(one.false for one in curve[10.0, "raw"]) == 0


def test_threshold_allows_so_many_and_no_more():
    rng = np.random.default_rng(3)
    empty = [Contrast(rng.standard_normal((64, 64)).astype(np.float32), 1.0) for _ in range(10)]
    for one in empty[:3]:
        one.depth[20:24, 20:24] = 9.0  # as if something were there
    assert threshold_for(empty, 0.2) == pytest.approx(9, rel=0.15)
    assert threshold_for(empty, 0.3) < 4
    empty[0].depth[40:44, 40:44] = 100
    assert threshold_for(empty[:3], 0.1) == np.inf
    assert empty[0].regions(np.inf).max() == 0


def test_a_frame_without_electrons_shows_nothing():
    field = empty_field("even", 1000, np.random.default_rng(1), size=128)
    seen = contrasts(field, 1e-9, RAW, np.random.default_rng(0))
    assert seen["raw"].regions(2.5).max() == 0


def test_lowest_dose():
    doses = np.array([1.0, 10.0, 100.0])
    present = np.full((3, 5), 20)
    found = np.round(present * np.array([0.2, 0.9, 1.0])[:, None]).astype(int)
    # Half-way from 0.9 to 1.0, hence half-way from 10 to 100 on a logarithmic axis.
    assert lowest_dose(doses, found, present) == pytest.approx(10**1.5)
    assert lowest_dose(doses, present, present) == 1
    assert lowest_dose(doses, found // 2, present) == np.inf
    # A dip at a higher dose counts: from there on is what is asked for.
    dip = present.copy()
    dip[1] = 10
    assert lowest_dose(doses, dip, present) == pytest.approx(10**1.9)


def test_interval_is_paired():
    rng = np.random.default_rng(0)
    doses = np.geomspace(0.1, 100, 10)
    present = np.full((10, 12), 8)
    raw = rng.binomial(8, 1 / (1 + (3 / doses) ** 3)[:, None], (10, 12))
    draws = lowest_dose_interval(doses, {"raw": raw, "again": raw}, present, draws=200)
    np.testing.assert_array_equal(draws["raw"], draws["again"])
    low, high = np.percentile(draws["raw"], [2.5, 97.5])
    assert low < lowest_dose(doses, raw, present) < high
    assert 1 < high / low < 3
