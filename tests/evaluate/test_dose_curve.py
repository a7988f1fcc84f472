"""The dose curve: doses, thresholds, recall and the factor against raw frames."""

import numpy as np
import pytest

from lctem_core.evaluate import dose_curve
from lctem_core.evaluate.baselines import gaussian
from lctem_core.evaluate.dose_curve import Curve


def fake(recalls, doses=(1.0, 10.0, 100.0), number=10):
    """Curve of given numbers of particles found of ten in each of four fields."""
    shape = (len(doses), 4)
    found = {kind: np.repeat(np.array(r)[:, None], 4, 1) for kind, r in recalls.items()}
    zero = {kind: np.zeros(shape, int) for kind in recalls}
    limits = {kind: np.full(len(doses), 5.0) for kind in recalls}
    return Curve(5.0, np.array(doses), limits, found, zero, np.full(shape, number))


def test_doses_of_electrons_then_doses():
    doses = dose_curve.doses_of(5120.0, [1, 100], [0.5, 2.0])  # 10 nm per pixel
    np.testing.assert_allclose(doses, [0.01, 1.0, 2.0])


def test_the_factor_is_that_of_the_doses():
    # 95 % lies half-way from 9 to 10 of 10 found, on a logarithmic axis of the dose.
    curve = fake({"raw": [0, 9, 10], "refined": [9, 10, 10], "matched filter": [10, 10, 10]})
    lowest = curve.lowest()
    assert lowest["raw"].dose == pytest.approx(10**1.5)
    assert lowest["refined"].dose == pytest.approx(10**0.5)
    assert lowest["refined"].factor == pytest.approx(10)
    assert not lowest["refined"].below
    # All fields alike: resampling them changes nothing.
    assert lowest["refined"].factor_low == pytest.approx(10)
    assert lowest["matched filter"].below
    assert lowest["matched filter"].factor == pytest.approx(10**1.5)
    np.testing.assert_allclose(curve.recall("refined"), [0.9, 1, 1])
    assert [curve.nearest(dose) for dose in (0.1, 4.0, 25.0, 1e4)] == [0, 1, 1, 2]


def test_a_record_gives_the_curve_back():
    curve = fake({"raw": [0, 5, 10]})
    again = Curve.of({k: _listed(v) for k, v in vars(curve).items()})
    assert again.lowest()["raw"] == curve.lowest()["raw"]


def _listed(value):
    if isinstance(value, dict):
        return {k: v.tolist() for k, v in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_kinds_see_the_frames_that_they_should():
    ten = np.random.default_rng(0).normal(100, 5, (10, 64, 64)).astype(np.float32)
    ways = dose_curve.kinds(5.0, lambda image: image + 1, lambda image: image + 2)
    np.testing.assert_array_equal(ways["raw"](ten), ten[0])
    np.testing.assert_array_equal(ways["refined, sum of 10"](ten), ten.sum(axis=0) + 1)
    np.testing.assert_array_equal(ways["refined, dry"](ten), ten[0] + 2)
    np.testing.assert_allclose(ways["matched filter"](ten), gaussian(ten[0], 6.0))


def test_particles_are_found_where_there_are_electrons_enough():
    smooth = lambda image: gaussian(image, 3)  # noqa: E731
    doses = np.array([0.002, 200.0])
    curve = dose_curve.curve(5120.0, doses, smooth, smooth, fields=1, empty=1, seed=1)
    assert curve.recall("raw")[0] < 0.5
    assert curve.recall("raw")[1] == 1
    assert (curve.present == 8).all()
    alarms = dose_curve.false_alarms(curve, smooth, smooth, electrons=[30], fields=1, seed=1)
    assert set(alarms) == set(dose_curve.EMPTY)
    assert all(len(own[dose_curve.BELOW_HALF]) == 1 for own in alarms.values())
