"""Errors on pairs of frames, where simulated ones give the truth."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.evaluate import baselines, real_pairs
from lctem_core.evaluate.uncertainty import pair_error


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(0)
    truth = 100 + baselines.gaussian(rng.normal(0, 300, (256, 256)), 6)
    return truth, [truth + rng.normal(0, 20, truth.shape) for _ in range(2)]


def test_errors_are_those_against_the_truth(two):
    truth, pair = two
    ways = {
        real_pairs.REFERENCE: lambda image: baselines.gaussian(image, 4),
        "narrow": lambda image: baselines.gaussian(image, 1),
    }
    found = real_pairs.compare_pairs({"field": pair}, ways)["field"]
    variance = truth.var()
    assert found["signal"] == pytest.approx(variance, rel=0.1)
    assert found["noise"] == pytest.approx(400, rel=0.05)
    for name, treat in ways.items():
        error = np.mean((treat(pair[0]) - truth) ** 2) / variance
        assert found["methods"][name]["error"] == pytest.approx(error, abs=0.02)
    reference, narrow = (found["methods"][name] for name in ways)
    assert reference["change"] == 0
    assert narrow["change"] == pytest.approx(narrow["error"] - reference["error"])
    assert narrow["change low"] <= narrow["change"] <= narrow["change high"]
    # The chance of the second frame is the same for both, and drops out.
    assert narrow["change high"] - narrow["change low"] < narrow["high"] - narrow["low"]


def test_shares_are_of_the_signal(two):
    _, (a, b) = two
    one = pair_error(np.float32(a), a, b)
    assert real_pairs.shares(one, one)["error"] == pytest.approx(one.noise / one.signal, rel=0.1)


def test_a_shared_pattern_and_streaks_are_measured():
    rng = np.random.default_rng(1)
    pattern = rng.normal(0, 3, (200, 200))
    fields = {
        name: [pattern + rng.normal(0, 5, (200, 200)) for _ in range(2)] for name in ("one", "two")
    }
    assert real_pairs.shared_pattern(fields) == pytest.approx(9, rel=0.05)
    a, b = fields["one"]
    assert real_pairs.streaks(a, b) == pytest.approx(1, abs=0.2)
    rows = rng.normal(0, 5, (2, 200, 1))
    # Noise of rows and of pixels: the mean of a row has both.
    expected = np.sqrt(25 + 25 / 200) / np.sqrt(50 / 200)
    assert real_pairs.streaks(a + rows[0], b + rows[1]) == pytest.approx(expected, rel=0.15)


def test_without_the_files_nothing_is_read(tmp_path, monkeypatch):
    assert real_pairs.pair_files(tmp_path) == {}
    monkeypatch.setattr(real_pairs, "read_pairs", dict)
    with pytest.raises(InputError, match="published pairs"):
        real_pairs.measure()
