"""Examples: the truth has the frame's own scale, in every variety; stores resume."""

from dataclasses import replace

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.simulate import examples, recipes
from lctem_core.simulate.examples import example
from lctem_core.simulate.recipes import EVERYTHING, PAPER, Variety
from lctem_core.train import generate
from lctem_core.train.generate import _scaled_example, scaled, write_examples
from lctem_core.train.store import Store


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


def test_scaled_images():
    images = scaled(example([61, 1], "broad", 128))
    assert {name: image.dtype for name, image in images.items()} == dict.fromkeys(
        ("noisy", "faithful", "truth"), np.dtype(np.float32)
    )
    assert 0 <= images["truth"].min() <= images["truth"].max() <= 1
    assert np.median(images["noisy"]) > 0


def test_an_empty_field_has_a_flat_look(monkeypatch):
    monkeypatch.setattr(examples, "draw_scene", lambda recipe, rng: recipes.Scene(1000.0, ()))
    images = scaled(example(1, "paper", 96))
    assert (images["truth"] == 1).all()
    assert np.ptp(images["faithful"]) < 1


def test_a_store_of_examples_goes_on(tmp_path, monkeypatch):
    whole = write_examples(tmp_path / "whole", 6, seed=3, size=64, workers=1, progress=False)
    made, step = [], _scaled_example

    def failing(*arguments):
        made.append(1)
        if len(made) > 3:
            raise KeyboardInterrupt
        return step(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(generate, "_scaled_example", failing)
        with pytest.raises(KeyboardInterrupt):
            write_examples(tmp_path / "part", 6, seed=3, size=64, workers=1, progress=False)
    with pytest.raises(FileNotFoundError, match="unfinished"):
        Store.open(tmp_path / "part")
    made.clear()
    resumed = write_examples(tmp_path / "part", 6, seed=3, size=64, workers=1, progress=False)
    for i in range(6):
        np.testing.assert_array_equal(resumed.noisy(i), whole.noisy(i))
        np.testing.assert_array_equal(resumed.truth(i), whole.truth(i))


def test_a_store_has_both_targets(tmp_path):
    faithful = write_examples(tmp_path / "store", 3, seed=3, size=64, workers=1, progress=False)
    dry = Store.open(tmp_path / "store", "dry")
    image = scaled(example([3, 2], "broad", 64))
    np.testing.assert_allclose(faithful.truth(2), image["faithful"], atol=1e-4)
    np.testing.assert_allclose(faithful.noisy(2), image["noisy"], atol=1e-4)
    np.testing.assert_allclose(dry.truth(2), image["truth"], atol=1e-4)
    np.testing.assert_allclose(dry.noisy(2), image["noisy"].clip(0, 1), atol=1e-4)
    with pytest.raises(InputError, match="target"):
        Store.open(tmp_path / "store", "wet")


@pytest.mark.parametrize("wrong", [{"number": 0}, {"size": 10}, {"recipe": "none"}])
def test_wrong_arguments(tmp_path, wrong):
    with pytest.raises(InputError):
        write_examples(tmp_path / "store", **({"number": 2} | wrong), progress=False)


def test_another_seed_needs_another_folder(tmp_path):
    write_examples(tmp_path / "store", 2, seed=1, size=64, workers=1, progress=False)
    with pytest.raises(InputError, match="Choose another folder"):
        write_examples(tmp_path / "store", 2, seed=2, size=64, workers=1, progress=False)


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
