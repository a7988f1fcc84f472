"""Textures: nothing where nothing is asked for, the same at any size, seeds."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lctem_core.simulate.texture import Texture

KINDS = {
    "grain": Texture(grain=0.1, grain_size=0.05, seed=1),
    "fringes": Texture(fringes=0.1, period=0.08, seed=2),
    "shadow": Texture(shadow=0.9, seed=3),
    "droplets": Texture(droplets=3, depth=0.2, seed=4),
    "lines": Texture(lines=2, depth=0.2, seed=5),
}


def test_no_texture_is_one_everywhere():
    assert (Texture(seed=7).image(64) == 1).all()


@pytest.mark.parametrize("name", KINDS)
def test_a_texture_is_positive_and_repeatable(name):
    image = KINDS[name].image(128)
    assert image.dtype == np.float32
    assert image.min() > 0
    assert image.std() > 0.005
    np.testing.assert_array_equal(image, KINDS[name].image(128))
    other = replace(KINDS[name], seed=99).image(128)
    assert np.abs(image - other).max() > 0.01


@pytest.mark.parametrize("name", ["fringes", "shadow", "droplets", "lines"])
def test_a_texture_looks_the_same_at_any_size(name):
    small, large = KINDS[name].image(128), KINDS[name].image(512)
    reduced = cv2.resize(large, (128, 128), interpolation=cv2.INTER_AREA)
    assert np.abs(small - reduced).mean() < 0.01


def test_fringes_have_their_period_and_amplitude():
    image = Texture(fringes=0.1, period=1 / 16, seed=0).image(256)
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(image - image.mean())))
    y, x = np.unravel_index(spectrum.argmax(), spectrum.shape)
    assert np.hypot(y - 128, x - 128) == pytest.approx(16, abs=1)
    assert np.abs(image - 1).max() <= 0.31  # up to three sets of fringes


def test_a_shadow_takes_its_share():
    image = Texture(shadow=0.75, seed=3).image(256)
    assert image.min() == pytest.approx(0.25, abs=0.02)
    assert image.max() == pytest.approx(1, abs=0.02)
