"""Baselines: scale kept, noise estimated, noise reduced; scores against independent ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lctem_core.errors import InputError
from lctem_core.evaluate import baselines
from lctem_core.simulate.camera import gaussian_kernel


def scene(size=128):
    """Dark discs on a background of 100, and its noise-free self."""
    y, x = np.mgrid[:size, :size]
    truth = np.full((size, size), 100.0)
    for row, column, radius in ((30, 40, 9), (80, 90, 14), (95, 30, 6)):
        truth[np.hypot(y - row, x - column) < radius] = 50.0
    return truth


def correlated(shape, width, rng):
    """Noise of unit variance, white or correlated by a Gaussian kernel of `width` [px]."""
    noise = rng.standard_normal(shape)
    if width:
        kernel = gaussian_kernel(width)
        transfer = np.outer(*(np.fft.fft(kernel, side) for side in shape))
        noise = np.fft.ifft2(np.fft.fft2(noise) * transfer).real
        noise /= (kernel**2).sum()
    return noise


@pytest.mark.parametrize("name", baselines.BASELINES)
def test_each_keeps_the_scale_and_lowers_the_error(name):
    truth = scene()
    noisy = truth + 12 * np.random.default_rng(0).standard_normal(truth.shape)
    method = baselines.BASELINES[name]
    clean = method(noisy)
    assert clean.shape == truth.shape
    assert clean.dtype == np.float32
    assert np.mean((clean - truth) ** 2) < 0.4 * np.mean((noisy - truth) ** 2)
    # Another gain and offset, the same picture: no method may have the scale built in.
    np.testing.assert_allclose(method(noisy * 7 + 300), clean * 7 + 300, atol=1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(5, 50), st.sampled_from([0.0, 0.5, 0.8]))
def test_noise_level_whether_correlated_or_not(seed, level, width):
    noise = level * correlated((192, 160), width, np.random.default_rng(seed))
    # A smooth gradient and dark discs are not noise.
    image = noise + np.linspace(0, 20, 160)
    image[:128, :128] += scene()
    # What the discs' edges add is some tenths of a grey level, whatever the noise.
    assert baselines.noise_sigma(image) == pytest.approx(level, rel=0.1, abs=0.8)


def test_noise_spectrum():
    # 64 images give the expected power; one image must do for the estimate.
    rng = np.random.default_rng(1)
    images = np.stack([correlated((128, 128), 0.8, rng) for _ in range(64)])
    expected = (np.abs(np.fft.fft2(images)) ** 2).mean(axis=0)
    estimated = np.mean([baselines.noise_psd(image) for image in images[:4]], axis=0)
    for band in (np.s_[4:12, 4:12], np.s_[20:30, 20:30], np.s_[10:20, -20:-10]):
        assert estimated[band].mean() == pytest.approx(expected[band].mean(), rel=0.25)
    assert estimated[4:12, 4:12].mean() > 20 * estimated[55:64, 55:64].mean()


def test_bm3d_profits_from_the_spectrum():
    truth = scene(96)
    noisy = truth + 12 * correlated(truth.shape, 0.8, np.random.default_rng(2))
    error = {
        known: np.mean((baselines.bm3d(noisy, "lc", correlated=known) - truth) ** 2)
        for known in (True, False)
    }
    assert error[True] < 0.8 * error[False]


def test_bm3d_leaves_numpy_as_it_was():
    before = set(dir(np))
    baselines.bm3d(scene(64) + np.random.default_rng(0).normal(0, 9, (64, 64)), "lc")
    assert set(dir(np)) == before


def test_fit_undoes_scale_and_offset():
    truth = scene()
    np.testing.assert_allclose(baselines.fitted(-3 * truth + 1e4, truth), truth, atol=1e-3)
    assert np.all(baselines.fitted(np.zeros_like(truth), truth) == np.float32(truth.mean()))
    with pytest.raises(InputError, match="one shape"):
        baselines.fitted(truth[:-1], truth)


def test_scores_equal_those_of_scikit_image():
    rng = np.random.default_rng(3)
    truth = scene() + 5.0
    noisy = truth + 9 * rng.standard_normal(truth.shape)
    slope, offset = np.polyfit(noisy.ravel(), truth.ravel(), 1)
    fit = slope * noisy + offset
    got = baselines.contrast_scores(0.01 * noisy - 8, truth)
    assert got["psnr"] == pytest.approx(
        peak_signal_noise_ratio(truth, fit, data_range=50), abs=1e-3
    )
    x, y = (np.clip((one - 55) / 50, 0, 1) for one in (fit, truth))
    expected = structural_similarity(
        x, y, win_size=11, gaussian_weights=False, use_sample_covariance=False, data_range=1
    )
    assert got["ssim"] == pytest.approx(expected, abs=1e-3)


def test_wrong_input():
    image = scene()
    with pytest.raises(InputError, match="truth that varies"):
        baselines.contrast_scores(image, np.ones_like(image))
    for method, value in ((baselines.gaussian, 0), (baselines.median, 4), (baselines.bm3d, "fast")):
        with pytest.raises(InputError):
            method(image, value)
    with pytest.raises(InputError, match="finite"):
        baselines.gaussian(np.where(np.eye(128) > 0, np.nan, 1.0))
