"""Gain of what was trained on: found again where it was put in."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.train.leakage import SHARED, TRAINED, UNSEEN, gains, known, overlaps
from lctem_core.train.pairs import Pair, split


def pairs_of(groups):
    return [Pair(f"dry{k}", 0, 0, 8, 8, f"wet{i}", 0, 0) for i, k in enumerate(groups)]


def scored(shared, trained, noise=0.3, seed=0):
    """Six networks, three for each split, and their scores of all images."""
    rng = np.random.default_rng(seed)
    groups = np.sort(rng.integers(80, size=400))
    pairs = pairs_of(groups)
    splits = [split(pairs, how, 0.1, k)[0] for how in ("grouped", "random") for k in range(3)]
    seen = np.stack([known(pairs, training) for training in splits])
    scores = rng.normal(25, 1, (6, 1)) + rng.normal(0, 4, 400)
    scores = scores + np.array([0, shared, trained])[seen] + rng.normal(0, noise, scores.shape)
    return scores, seen, groups


def test_what_of_a_pair_was_trained_on():
    pairs = pairs_of([0, 0, 1, 2, 2])
    np.testing.assert_array_equal(
        known(pairs, np.array([0, 3, 4])), [TRAINED, SHARED, UNSEEN, TRAINED, TRAINED]
    )


def test_gains_are_found_beside_harder_images_and_better_networks():
    found = gains(*scored(1.5, 2.0), draws=200)
    np.testing.assert_allclose(found[:, 0], [1.5, 2.0], atol=0.1)
    assert (found[:, 1] < found[:, 0]).all()
    assert (found[:, 0] < found[:, 2]).all()
    assert np.ptp(found[0, 1:]) < 0.4


def test_no_gain_is_found_where_there_is_none():
    held = [
        low <= 0 <= high
        for seed in range(20)
        for _, low, high in gains(*scored(0, 0, 2.0, seed), draws=200)
    ]
    assert np.mean(held) > 0.8  # 95 % intervals


def test_least_squares_of_all_unknowns_gives_the_same():
    scores, seen, groups = scored(1.0, 3.0, 1.0)
    networks, count = scores.shape
    design = np.zeros((networks, count, networks + count + 2))
    for n in range(networks):
        design[n, :, n] = 1
        design[n, np.arange(count), networks + np.arange(count)] = 1
        design[n, :, -2] = seen[n] == SHARED
        design[n, :, -1] = seen[n] == TRAINED
    solution = np.linalg.lstsq(design.reshape(networks * count, -1), scores.ravel(), rcond=None)[0]
    np.testing.assert_allclose(gains(scores, seen, groups, draws=2)[:, 0], solution[-2:], atol=1e-6)


def test_what_does_not_occur_has_no_gain():
    scores, seen, groups = scored(1.0, 2.0)
    found = gains(scores[:3], seen[:3], groups, draws=20)  # grouped splits share nothing
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_what_cannot_be_answered_is_an_error():
    scores, seen, groups = scored(1.0, 2.0)
    with pytest.raises(InputError, match="not trained on"):
        gains(scores, np.full_like(seen, TRAINED), groups)
    with pytest.raises(InputError, match="Score all images"):
        gains(scores[:, :-1], seen, groups)
    assert UNSEEN in seen


def test_overlaps_of_many_splits():
    pairs = pairs_of([0, 0, 1, 1, 2, 2, 3, 3])
    random = overlaps(pairs, "random", range(5), fraction=0.2)
    assert {name: one.shape for name, one in random.items()} == dict.fromkeys(random, (5,))
    # Two pairs are held out of groups of two: their partners stay, unless they are each other's.
    for seed, dry in enumerate(random["dry"]):
        training, held = split(pairs, "random", 0.2, seed)
        assert dry == np.mean([pairs[i].dry in {pairs[j].dry for j in training} for i in held])
    assert random["dry"].max() == 1
    assert not overlaps(pairs, "grouped", range(5), fraction=0.2)["dry"].any()
