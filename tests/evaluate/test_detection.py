"""Fields of known particles, fair thresholds and the lowest dose."""

import numpy as np
import pytest

from lctem_core.evaluate.detection import (
    contrasts,
    lowest_dose,
    lowest_dose_interval,
    matches,
    recall_at,
    recall_interval,
    sweep,
    threshold_for,
    thresholds_by_dose,
)
from lctem_core.evaluate.particles import Contrast
from lctem_core.simulate.fields import empty_field, gold_field

RAW = {"raw": lambda frames: frames[0], "sum": lambda frames: frames.sum(axis=0)}


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


def test_each_dose_has_its_own_threshold():
    rng = np.random.default_rng(3)
    empty = [
        [Contrast(rng.standard_normal((64, 64)).astype(np.float32), 1.0) for _ in range(4)]
        for _ in range(5)
    ]
    for one in empty[0]:
        one.depth[20:24, 20:24] = 9.0
    thresholds = thresholds_by_dose(empty)
    # Of the first dose and its neighbour, not of those further away.
    np.testing.assert_allclose(thresholds[:2], 9, rtol=0.15)
    assert (thresholds[2:] < 4).all()


def steps_of_contrast():
    """Three objects of depth 10, 6 and 3 noises, a region of 4 that is nothing, even noise."""
    depth = np.zeros((64, 64), np.float32)
    objects = np.zeros((64, 64), bool)
    for column, height in ((5, 10), (25, 6), (45, 3)):
        depth[10:15, column : column + 5] = height
        objects[10:15, column : column + 5] = True
    depth[40:45, 20:25] = 4
    return Contrast(depth, 1.0), objects


def test_sweep_counts_at_each_threshold():
    seen, objects = steps_of_contrast()
    thresholds = np.array([2.5, 3.5, 5.0, 8.0, 20.0])
    asked = objects.copy()
    asked[:, 40:] = False  # the faintest object is not asked for, but is not invented either
    counted = sweep(seen, asked, objects, thresholds)
    np.testing.assert_array_equal(counted, [[2, 0, 1], [2, 0, 1], [2, 0, 0], [1, 1, 0], [0, 2, 0]])
    np.testing.assert_array_equal(sweep(seen, objects, objects, thresholds)[0], [3, 0, 1])


def test_recall_at_equal_false_alarms():
    seen, objects = steps_of_contrast()
    thresholds = np.array([2.5, 3.5, 5.0, 8.0, 20.0])
    counted = np.stack([sweep(seen, objects, objects, thresholds)] * 4)
    assert recall_at(counted, 1.0) == 1
    assert recall_at(counted, 0.9) == pytest.approx(2 / 3)
    counted[:, :, 2] = 5
    assert recall_at(counted, 4.9) == 0
    # A threshold that passes below one that does not is chance.
    counted[:, :, 2] = [0, 5, 0, 0, 0]
    assert recall_at(counted, 1.0) == pytest.approx(2 / 3)


def test_interval_of_the_recall_holds_it():
    rng = np.random.default_rng(0)
    found = rng.binomial(10, [[0.9, 0.7, 0.3]] * 40)
    counted = np.stack([found, 10 - found, rng.poisson([[3, 0.5, 0.05]] * 40)], axis=-1)
    low, high = recall_interval(counted, 1.0, draws=200)
    assert recall_at(counted, 1.0) == pytest.approx(0.7, abs=0.06)
    assert low < recall_at(counted, 1.0) < high
    assert high - low < 0.2


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
