"""Correlated noise and what a blind-spot network leaves of it."""

import numpy as np
import pytest

from lctem_core.evaluate import correlated


@pytest.mark.parametrize(("width", "neighbour"), [(0.0, 0.0), (1.0, np.exp(-0.25))])
def test_noise_of_variance_1_and_known_correlation(width, neighbour):
    noise = correlated.noise_of(width, (4, 128, 128), np.random.default_rng(0))
    assert noise.var() == pytest.approx(1)
    # White noise under a Gaussian of width s is correlated by exp(-d² / 4s²).
    assert np.mean(noise[:, 1:] * noise[:, :-1]) == pytest.approx(neighbour, abs=0.03)


def test_white_noise_is_removed_and_correlated_noise_given_back():
    left = correlated.left_over({"white": 0.0, "correlated": 1.0}, steps=60, seed=3)
    assert left["white"] < 0.7
    assert left["correlated"] > 1.2 * left["white"]


def test_discs_are_dark():
    fields = correlated.disc_fields(3, np.random.default_rng(0))
    assert fields.shape == (3, 128, 128)
    assert set(np.unique(fields)) == {60.0, 100.0}
