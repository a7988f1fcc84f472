"""Camera counts against their analytic moments."""

import numpy as np
import pytest

from lctem_core.simulate.camera import NORMAL_FROM, Camera, kernel_from_mtf, three_tap

PLAIN = {
    "read_noise": 0.0, "pixel_gain_error": 0.0, "column_gain_error": 0.0, "hot_pixels": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("electrons", [8.0, NORMAL_FROM - 1, NORMAL_FROM + 1, 900.0])
def test_mean_and_variance(electrons):
    # Var = g² N (1 + cv²) (Σ k²)² for a separable kernel k, plus 1/12 of rounding.
    camera = Camera(gain=5.0, spread=0.7, kernel=three_tap(0.1), **PLAIN)
    counts = camera.expose(np.full((400, 400), electrons, np.float32), np.random.default_rng(0))
    share = (camera.kernel**2).sum() ** 2
    assert counts.mean() == pytest.approx(5 * electrons, rel=0.01)
    assert counts.var() == pytest.approx(25 * electrons * 1.49 * share + 1 / 12, rel=0.03)


def test_sharing_correlates_neighbours():
    a = 0.1
    camera = Camera(gain=20.0, kernel=three_tap(a), **PLAIN)
    counts = camera.expose(np.full((500, 500), 100.0, np.float32), np.random.default_rng(0))
    noise = counts - counts.mean()
    lag1 = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    expected = 2 * a * (1 - 2 * a) / ((1 - 2 * a) ** 2 + 2 * a**2)
    assert lag1 == pytest.approx(expected, abs=0.01)


def test_kernel_reproduces_a_measured_mtf():
    frequency = np.arange(1, 6) / 10
    mtf = np.array([0.81, 0.61, 0.46, 0.34, 0.28])
    kernel = kernel_from_mtf(frequency, mtf, taps=7)
    offsets = np.arange(7) - 3
    got = [(kernel * np.cos(2 * np.pi * f * offsets)).sum() for f in frequency]
    assert kernel.sum() == pytest.approx(1)
    np.testing.assert_allclose(got, mtf, atol=0.035)


def test_offset_clipping_and_type():
    camera = Camera(offset=-50.0, maximum=30)
    counts = camera.expose(np.full((64, 64), 60.0, np.float32), np.random.default_rng(0))
    assert counts.dtype == np.uint16
    assert counts.min() == 0
    assert counts.max() == 30


def test_fixed_pattern_stays_and_noise_changes():
    camera = Camera(pixel_gain_error=0.2, spread=0.0)
    rng = np.random.default_rng(0)
    bright = np.full((200, 200), 1e4, np.float32)
    first, second = (camera.expose(bright, rng).astype(float) for _ in range(2))
    assert not np.array_equal(first, second)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9
