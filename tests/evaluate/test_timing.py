"""Measures that add up: known sleeps, known operations."""

import json
import time

import numpy as np
import pytest
import torch
from torch import nn

from lctem_core.errors import InputError
from lctem_core.evaluate import timing


def test_times_are_those_of_the_functions_and_taken_in_turns():
    calls = []

    def slow():
        calls.append("slow")
        time.sleep(0.02)

    def fast():
        calls.append("fast")
        time.sleep(0.005)

    found = timing.in_turns({"slow": slow, "fast": fast}, repeats=5, warm_up=2)
    assert calls == ["slow", "slow", "fast", "fast"] * 7  # the second is timed
    assert len(found["slow"].seconds) == 5
    # A sleep lasts at least so long, and on a busy machine longer.
    assert found["slow"].least >= 20
    assert 5 <= found["fast"].least < found["slow"].median


def test_warm_up_is_not_counted():
    durations = iter([0.05, 0.05, *[0.001] * 6])
    found = timing.in_turns({"x": lambda: time.sleep(next(durations))}, repeats=3, warm_up=1)
    assert found["x"].least < 40


def test_a_long_call_is_made_once_a_turn():
    calls = []

    def long():
        calls.append(1)
        time.sleep(0.21)

    assert timing.in_turns({"x": long}, repeats=2, warm_up=1)["x"].least > 200
    assert len(calls) == 3


def test_the_budget_ends_it_but_not_before_three():
    found = timing.in_turns({"x": lambda: time.sleep(0.01)}, repeats=1000, budget=0.0)
    assert len(found["x"].seconds) == 3


def test_statistics():
    times = timing.Times(np.arange(1, 101) / 1e3)
    assert times.median == pytest.approx(50.5)
    assert times.p95 == pytest.approx(np.percentile(np.arange(1, 101), 95))
    assert times.quartiles == pytest.approx((25.75, 75.25))
    assert times.facts()["n"] == 100
    assert json.dumps(times.facts())


def test_bad_numbers_of_repeats():
    with pytest.raises(InputError, match="1 repeat"):
        timing.in_turns({}, repeats=0)


def test_operations_of_a_convolution():
    network = nn.Conv2d(1, 8, 3, padding=1, bias=False)
    assert timing.operations(network, 16, 32) == 2 * 8 * 9 * 16 * 32


def test_the_peak_is_that_of_the_faster_product(monkeypatch):
    """The times are invented: only the shortest of the faster one may count."""
    done = []

    def in_turns(functions, *, repeats):
        done.extend((name, np.asarray(function()), repeats) for name, function in functions.items())
        return {"torch": timing.Times(np.array([0.5, 0.25])), "numpy": timing.Times(np.array([1]))}

    monkeypatch.setattr(timing, "in_turns", in_turns)
    assert timing.peak(32, repeats=7) == pytest.approx(2 * 32**3 / 0.25)
    (one, product, repeats), (other, same, _) = done
    assert (one, other, repeats) == ("torch", "numpy", 7)
    np.testing.assert_allclose(product, same, rtol=1e-5)
    assert product.shape == (32, 32)


def test_a_record_says_where_it_was_made():
    recorded = json.loads(json.dumps(timing.record(value=3)))
    assert recorded["value"] == 3
    assert recorded["machine"]["threads"] == torch.get_num_threads()
    assert recorded["machine"]["versions"]["torch"] == torch.__version__.split("+")[0]
    assert set(recorded["provenance"]) == {"commit", "date", "python"}


def test_operations_of_a_convolution_counted_by_hand():
    # 3 × 3 from 1 to 4 channels and back, a multiplication and an addition per weight and pixel.
    network = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 3, padding=1))
    forward = 2 * (2 * 9 * 4) * 32 * 32
    assert timing.operations(network, 32, 32) == forward
    # Backward: gradients of both layers' weights, and of the second layer's input only.
    assert timing.operations(network, 32, 32, training=True) == forward + forward + forward // 2


def test_operations_leave_gradients_as_they_were():
    assert torch.is_grad_enabled()
    timing.operations(nn.Conv2d(1, 1, 3), 8, 8)
    assert torch.is_grad_enabled()
