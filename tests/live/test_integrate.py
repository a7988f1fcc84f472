"""Integrators: exact over long runs, restarted where a sum would mean nothing, moved with drift."""

import re
from collections import deque
from itertools import pairwise

import numpy as np
import pytest
from drifting import drifting
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.live.integrate import Exponential, Means, Registered, Sum, _add_moved, _covered
from lctem_core.refine.adaptive import means, windows

ALL = (Sum, Exponential, Means, Registered)


def noisy(seed, shape=(64, 64), dtype=np.uint16):
    return np.random.default_rng(seed).integers(0, 500, shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.uint8, np.int64])
def test_sum_is_exact_over_a_hundred_thousand_frames(dtype):
    n, rng = 10, np.random.default_rng(0)
    limit = np.iinfo(dtype)
    pool = rng.integers(limit.min, limit.max, (97, 8, 8), dtype, endpoint=True)
    if dtype == np.int64:
        pool //= n  # the true sum has to fit
    total, last = Sum(n), deque(maxlen=n)
    for i in range(100_000):
        frame = pool[(i * 31) % 97]
        last.append(frame)
        got = total.push(frame, i)
        if i % 997 == 0 or i > 99_990:
            assert (got == sum(f.astype(object) for f in last)).all()
    assert total.count == n
    assert total.restarts == 0


def test_float_frames_do_not_drift():
    # Frames of 1e30 in between: a sum that subtracts would never be right again.
    rng = np.random.default_rng(1)
    total, last = Sum(7), deque(maxlen=7)
    for i in range(20_000):
        scale = 1e30 if i % 1000 < 3 else 1.0
        frame = (scale * rng.random((4, 4))).astype(np.float32)
        last.append(frame.astype(float))
        got = total.push(frame, i)
        if i % 1000 > 10 and i % 13 == 0:
            np.testing.assert_allclose(got, sum(last), rtol=1e-14)
    assert got.dtype == np.float64


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 12),
    length=st.integers(1, 40),
    dtype=st.sampled_from([np.uint8, np.uint16, np.int16, np.uint32, np.float32, np.float64]),
    seed=st.integers(0, 99),
)
def test_sum_against_the_direct_sum(n, length, dtype, seed):
    frames = np.random.default_rng(seed).integers(0, 100, (length, 3, 5)).astype(dtype)
    total = Sum(n)
    for i, frame in enumerate(frames):
        got = total.push(frame, 0.01 * i)
        first = max(0, i + 1 - n)
        np.testing.assert_array_equal(got, frames[first : i + 1].sum(0, dtype=float))
        assert total.count == total.weight == i + 1 - first


def test_sixteen_bits_cannot_overflow():
    full = np.full((2, 2), 65535, np.uint16)
    total = Sum(10)
    for i in range(25):
        got = total.push(full, i)
    assert got.dtype == np.uint32
    assert (got == 655350).all()
    assert Sum(70_000).push(full, 0).dtype == np.uint64


@pytest.mark.parametrize("kind", ALL)
def test_results_are_the_callers_own(kind):
    integrator, frame = kind(3), noisy(0)
    first = integrator.push(frame, 0)
    before = first.copy()
    frame[:] = 9  # a camera's buffer, overwritten
    second = integrator.push(noisy(1), 1)
    assert np.array_equal(first, before)
    second[:] = 0
    first[:] = 0
    assert integrator.push(noisy(2), 2).max() > 0
    assert before.max() > 0


@pytest.mark.parametrize("kind", [Sum, Exponential, Registered])
@pytest.mark.parametrize("dtype", [np.uint16, np.float64])
def test_a_mean_has_the_counts_of_one_frame(kind, dtype):
    integrator, summed = kind(4, mean=True), kind(4)
    for i in range(7):
        frame = noisy(i, dtype=dtype)
        got, total = integrator.push(frame, i), summed.push(frame, i)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, total / summed.weight, rtol=1e-6)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"frame": noisy(9, (80, 64))}, r"shape changed from \(64, 64\) to \(80, 64\)"),
        ({"frame": noisy(9, dtype=np.float32)}, "type changed from uint16 to float32"),
        ({"exposure": 0.02}, "exposure changed from 0.01 to 0.02"),
        ({"time": 3.5}, "no frame for 3.46 s"),
        ({"time": 0.01}, "time went from 0.04 s to 0.01 s"),
    ],
)
def test_starts_again(kind, change, words):
    integrator = kind(4, gap=1.0)
    for i in range(5):
        integrator.push(noisy(i), 0.01 * i, 0.01)
    assert integrator.restarts == 0
    call = {"frame": noisy(9), "time": 0.05, "exposure": 0.01} | change
    got = integrator.push(**call)
    assert integrator.restarts == 1
    assert re.search(words, integrator.restarted)
    assert integrator.count == 1
    alone = kind(4).push(call["frame"], 0)
    np.testing.assert_array_equal(got, alone)


def test_a_gap_is_bridged_unless_told_otherwise():
    total = Sum(3)
    total.push(noisy(0), 0)
    total.push(noisy(1), 100)
    assert (total.count, total.restarts) == (2, 0)


@pytest.mark.parametrize("kind", ALL)
def test_a_refused_frame_changes_nothing(kind):
    integrator, frames = kind(3), [noisy(i, dtype=np.float32) for i in range(4)]
    other = kind(3)
    for i, frame in enumerate(frames[:3]):
        integrator.push(frame, i)
        other.push(frame, i)
    bad = frames[3].copy()
    bad[5, 5] = np.nan
    with pytest.raises(InputError, match="NaN"):
        integrator.push(bad, 3)
    for wrong, words in (
        (np.zeros((2, 3, 4)), "an image"),
        (np.zeros((3, 3), complex), "real numbers"),
        (np.zeros((0, 4)), "at least 1 × 1"),
    ):
        with pytest.raises(InputError, match=words):
            integrator.push(wrong, 3)
    np.testing.assert_array_equal(integrator.push(frames[3], 4), other.push(frames[3], 4))


def test_an_exposure_that_differs_by_rounding_is_the_same():
    total = Sum(3)
    for i in range(5):
        total.push(np.ones((4, 4), np.uint16), 0.01 * i, 0.01 * (1 + 1e-9 * i))
    assert total.restarts == 0
    total.push(np.ones((4, 4), np.uint16), 0.05, None)
    assert total.restarts == 1


@pytest.mark.parametrize("time", [np.nan, np.inf])
def test_a_time_that_is_none_is_refused(time):
    total = Sum(3)
    total.push(np.ones((4, 4), np.uint16), 0.0)
    with pytest.raises(InputError, match="a time in seconds"):
        total.push(np.ones((4, 4), np.uint16), time)
    assert (total.count, total.restarts) == (1, 0)


def test_bad_parameters():
    for n in (0, -1, 2.5):
        with pytest.raises(InputError, match="whole number of frames"):
            Sum(n)
    with pytest.raises(InputError, match="above 0 s"):
        Sum(3, gap=0)
    with pytest.raises(InputError, match="above 0 px"):
        Registered(3, largest=0)


def test_reset():
    for kind in ALL:
        integrator = kind(3)
        integrator.push(noisy(0), 5)
        integrator.reset()
        assert integrator.count == 0
        alone = kind(3).push(noisy(1), 0)
        np.testing.assert_array_equal(integrator.push(noisy(1), 1), alone)  # before the last time
        assert integrator.restarts == 0


def test_exponential_has_the_noise_of_n_frames():
    rng = np.random.default_rng(0)
    average = Exponential(10)
    for i in range(100):
        got = average.push(rng.normal(5, 1, (128, 128)).astype(np.float32), i)
    assert got.mean() == pytest.approx(5, abs=0.02)
    assert got.var() == pytest.approx(1 / 10, rel=0.05)


def test_exponential_warms_up_without_bias():
    average = Exponential(10)
    for i in range(30):
        assert average.push(np.full((2, 2), 7, np.uint16), i) == pytest.approx(7)
    assert Exponential(1).push(noisy(3), 0) == pytest.approx(noisy(3))


def test_exponential_weights():
    average = Exponential(3)  # a half per frame
    for i in range(40):
        average.push(np.zeros((1, 1)), i)
    got = [average.push(np.full((1, 1), float(v)), 40 + i)[0, 0] for i, v in enumerate([8, 0, 0])]
    np.testing.assert_allclose(got, [4, 2, 1])


def test_means_are_those_of_the_newest_frames():
    averages = Means(10)
    frames = np.stack([noisy(i) for i in range(25)])
    for i, frame in enumerate(frames):
        got = averages.push(frame, i)
        assert got.dtype == np.float32
        there = frames[max(0, i - 9) : i + 1].astype(np.float32)
        for one, last in zip(got, windows(10), strict=True):
            np.testing.assert_allclose(one, there[-last:].mean(axis=0), rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(got, means(there), rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("flash", [65535.0, 1e6, 1e9, 3e37])
def test_nothing_of_a_flash_stays_in_the_means_once_it_has_left(flash):
    averages = Means(10)
    frames = np.random.default_rng(0).random((40, 16, 16)).astype(np.float32)
    frames[[3, 4]] *= np.float32(flash)
    for i, frame in enumerate(frames):
        got = averages.push(frame, i)
        if i >= 14:  # both have left the longest mean
            for one, last in zip(got, windows(10), strict=True):
                there = frames[i + 1 - last : i + 1].mean(axis=0, dtype=np.float64)
                np.testing.assert_allclose(one, there, rtol=1e-6)


# Drift


@pytest.mark.parametrize("subpixel", [True, False])
def test_registered_sum_is_as_good_as_a_still_one(subpixel):
    path = np.outer(np.arange(14), (0.9, -0.55))
    frames = list(drifting(path, 10))
    still = list(drifting(np.repeat(path[-1:], 14, 0), 10))

    def error(integrator, frames):
        for i, (frame, truth) in enumerate(frames):  # noqa: B007
            got = integrator.push(frame, i) / integrator.weight
        return np.sqrt(((got - truth)[8:-8, 8:-8] ** 2).mean())

    registered = Registered(10, subpixel=subpixel)
    plain, best, moved = (error(Sum(10), frames), error(Sum(10), still), error(registered, frames))
    assert moved < 1.1 * best
    assert plain > 1.5 * best
    assert registered.rejected == 0
    np.testing.assert_allclose(registered.position, path[-1], atol=0.6)


def test_what_drift_moves_in_is_scaled():
    # An even field with a few marks: the sum stays even up to the edge that frames moved from.
    rng = np.random.default_rng(0)
    marks = np.full((128, 200), 100.0, np.float32)
    for y, x in rng.integers(20, 100, (9, 2)):
        marks[y : y + 6, x : x + 6] = 20
    registered = Registered(8, subpixel=False)
    for i in range(8):
        got = registered.push(np.roll(marks, 3 * i, 1) + rng.normal(0, 1, marks.shape), i)
    assert registered.position == pytest.approx((21, 0), abs=0.5)
    edge = got[:, :15] / registered.weight
    assert edge.mean() == pytest.approx(100, rel=0.01)


def test_an_implausible_jump_is_rejected():
    (frame, _), (jumped, _) = drifting([(0, 0), (25, 0)], 100)
    registered = Registered(5, largest=6)
    for i in range(4):
        registered.push(frame, i)
    registered.push(jumped, 4)
    assert not registered.step.believed
    assert registered.rejected == 1
    assert registered.position == pytest.approx((0, 0), abs=0.2)


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-12, 12), y=st.floats(-12, 12), whole=st.booleans())
def test_moving_is_linear_interpolation_and_covering_agrees(x, y, whole):
    if whole:
        x, y = round(x), round(y)
    image = np.random.default_rng(0).random((10, 9)).astype(np.float32)
    total, cover = np.zeros((2, 10, 9), np.float32)
    _add_moved(total, image, x, y)
    _add_moved(cover, np.ones_like(image), x, y)
    expected = ndimage.shift(image.astype(float), (y, x), order=1, mode="grid-constant")
    np.testing.assert_allclose(total, expected, atol=1e-5)
    np.testing.assert_allclose(cover, np.outer(_covered(10, y), _covered(9, x)), atol=1e-5)


def test_a_smooth_path_is_followed_for_long():
    path = np.c_[2 * np.sin(np.arange(60) / 9), np.arange(60) / 20]
    registered = Registered(10)
    positions = []
    for i, (frame, _) in enumerate(drifting(path, 3)):
        registered.push(frame, i)
        positions.append(registered.position)
    assert registered.rejected == 0
    wrong = np.array(positions) - (path - path[0])
    assert np.abs(wrong).max() < 1.0
    assert all(np.hypot(*np.subtract(a, b)) < 1 for a, b in pairwise(positions))
