"""Examples: the truth has the frame's own scale, in every variety."""

from dataclasses import replace

import numpy as np
import pytest

from lctem_core.simulate import examples, recipes
from lctem_core.simulate.examples import example
from lctem_core.simulate.recipes import EVERYTHING, PAPER, Variety


def slope(noisy, truth):
    """Slope of the noisy frame on its truth."""
    return np.polyfit(truth.ravel().astype(float), noisy.ravel().astype(float), 1)[0]


def test_the_same_seed_gives_the_same_images():
    one, two = (example([5, 3], "broad", 128) for _ in range(2))
    np.testing.assert_array_equal(one.noisy, two.noisy)
    np.testing.assert_array_equal(one.faithful, two.faithful)
    assert np.any(example([5, 4], "broad", 128).noisy != one.noisy)


@pytest.mark.parametrize("seed", range(6))
def test_the_faithful_truth_is_the_mean_of_the_noisy_frame(seed):
    one = example([11, seed], "paper", 128)
    noise = one.noisy - one.faithful
    # The mean over N pixels settles as 1/sqrt(N); what remains is rounding and clipping at 0.
    assert abs(noise.mean()) < 5 * noise.std() / 128 + 0.6
    away = one.look > 0.999
    assert abs(noise[away].mean()) < 0.02 * one.faithful.max() + 0.6


def vary(monkeypatch, variety):
    """Give the recipe called paper a variety."""
    monkeypatch.setitem(recipes.RECIPES, "paper", (replace(PAPER, variety=variety),))


VARIETIES = {name: Variety(**{name: 1.0}) for name in (
    "textured", "rimmed", "moving", "correlated", "enlarged", "dark_field",
)}  # fmt: skip


@pytest.mark.parametrize("name", VARIETIES)
def test_every_variety_keeps_the_scale(name, monkeypatch):
    vary(monkeypatch, VARIETIES[name])
    plain = Variety()
    slopes = []
    for seed in range(4):
        one = example([21, seed], "paper", 192)
        slopes.append(slope(one.noisy, one.faithful))
        vary(monkeypatch, plain)
        without = example([21, seed], "paper", 192)
        vary(monkeypatch, VARIETIES[name])
        assert np.any(one.noisy != without.noisy)
    assert np.median(slopes) == pytest.approx(1, abs=0.1)


def test_an_export_stretches_frame_and_truth_alike(monkeypatch):
    variety = Variety(exported=1.0)
    vary(monkeypatch, variety)
    for seed in range(4):
        one = example([31, seed], "paper", 192)
        assert one.noisy.dtype == np.uint8
        inside = (one.noisy > 0) & (one.noisy < 255)
        assert inside.mean() > 0.5
        assert np.median(one.noisy[inside] - one.faithful[inside]) == pytest.approx(0, abs=12)


def test_dark_field_particles_are_bright(monkeypatch):
    vary(monkeypatch, Variety(dark_field=1.0))
    one = example([41, 0], "paper", 192)
    particle = one.look < 0.5
    assert one.faithful[particle].mean() > one.faithful[~particle].mean()


def test_the_truth_is_sharper_than_the_frame_and_not_sharp():
    scenes = [example([51, seed], "paper", 192) for seed in range(8)]
    blurs = [one.acquisition.blur for one in scenes]
    kept = [examples.sharper(one.acquisition, one.pixel_size).blur for one in scenes]
    for full, half in zip(blurs, kept, strict=True):
        assert 0.5 * full <= half
    assert all(half < full for full, half in zip(blurs, kept, strict=True) if full > 10)


def test_broad_frames_are_as_various_as_said():
    shares = {name: 0 for name in ("textured", "rimmed", "exported", "dark_field")}
    number = 120
    for seed in range(number):
        one = example([71, seed], "broad", 64)
        shares["textured"] += one.acquisition.texture != examples.Texture()
        shares["rimmed"] += one.acquisition.rim > 0
        shares["exported"] += one.noisy.dtype == np.uint8
        shares["dark_field"] += one.acquisition.dark_field is not None
    for name, count in shares.items():
        expected = 0.75 * getattr(EVERYTHING, name)  # one field in four is the paper's
        spread = (expected * (1 - expected) * number) ** 0.5
        assert abs(count - expected * number) < 4 * spread, name


def test_ringing_and_streaks_are_those_of_real_frames():
    """Noise correlation and row noise of the broader recipe reach the published real frames'."""
    lag1, lag2, rows = [], [], []
    for i in range(60):
        one = examples.example([41, i], "broader", 128)
        if one.noisy.dtype != np.uint16 or one.electrons < 1:
            continue
        kernel = one.acquisition.camera.kernel
        power = (kernel**2).sum()
        lag1.append((kernel[1:] * kernel[:-1]).sum() / power)
        lag2.append((kernel[2:] * kernel[:-2]).sum() / power)
        camera = one.acquisition.camera
        pixel = camera.gain * (one.electrons * (1 + camera.spread**2)) ** 0.5
        rows.append(camera.row_noise / pixel)
    # 01_dataset: the real frame has 0.16 and -0.07; another camera has rows of 6 %.
    assert min(lag1) < 0.16 < max(lag1)
    assert min(lag2) < -0.07 < max(lag2)
    assert max(rows) > 0.06
