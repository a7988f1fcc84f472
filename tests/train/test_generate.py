"""Stores of simulated images: what a network gets, resumed where they stopped, told from others."""

import json

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.simulate import examples, recipes
from lctem_core.simulate.examples import example
from lctem_core.simulate.movie import clip
from lctem_core.train import generate
from lctem_core.train.config import Config
from lctem_core.train.fitting import fit
from lctem_core.train.generate import (
    _scaled_example,
    scaled,
    scaled_clip,
    write_clips,
    write_examples,
)
from lctem_core.train.pairs import Pair, split
from lctem_core.train.store import Store


@pytest.mark.parametrize("seed", range(4))
def test_frame_and_truth_are_stretched_by_the_frames_percentiles(seed):
    one = example([61, seed], "broad", 128)
    images = scaled(one)
    assert {image.dtype for image in images.values()} == {np.dtype(np.float32)}
    low, high = np.percentile(one.noisy, (0.1, 99.9))
    for kind, given in (("noisy", one.noisy), ("faithful", one.faithful)):
        expected = ((given - low) / (high - low)).clip(-4, 5)
        np.testing.assert_allclose(images[kind], expected, atol=1e-5)
    assert 0 <= images["truth"].min() <= images["truth"].max() <= 1
    order = np.argsort(one.look, axis=None)
    assert (np.diff(images["truth"].ravel()[order]) >= 0).all()


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
    with pytest.raises(InputError, match=r"made with seed 2; got .* made with seed 1"):
        write_examples(tmp_path / "store", 2, seed=2, size=64, workers=1, progress=False)


def test_all_frames_are_stretched_alike():
    one = clip([2, 1], "paper", 96)
    images = scaled_clip(one)
    mean = images["noisy"].mean(axis=0)
    assert np.percentile(mean, 0.1) == pytest.approx(0, abs=0.1)
    assert np.percentile(mean, 99.9) == pytest.approx(1, abs=0.1)


def test_a_network_trains_on_clips_and_refuses_single_frames(tmp_path):
    store = write_clips(tmp_path / "clips", 6, recipe="paper", size=128, workers=1,
                              progress=False)  # fmt: skip
    assert (len(store), store.frames) == (6, 10)
    assert store.noisy(0).shape == (10, 128, 128)
    values = {
        "encoder": "slim", "shuffle": 4, "depth": 3, "head": "detail", "frames": 10, "width": 0.5,
        "target": "faithful", "loss": "psnr", "crop": 64, "batch": 2, "epochs": 1, "mosaic": 0,
        "validation": 0.2, "workers": 0, "validate_every": 1, "schedule": "cosine",
    }  # fmt: skip
    assert fit(store, tmp_path / "run", Config.of(values), progress=False).exists()
    single = Config.of(values | {"frames": 1})
    with pytest.raises(InputError, match="1 noisy frames for each truth; got one with 10"):
        fit(store, tmp_path / "single", single, progress=False)


def test_clips_of_other_arguments_are_not_mixed(tmp_path):
    folder = tmp_path / "clips"
    write_clips(folder, 2, recipe="paper", size=64, workers=1, progress=False)
    assert len(write_clips(folder, 2, recipe="paper", size=64, progress=False)) == 2
    with pytest.raises(InputError, match=r"made with seed 1; got .* seed 0"):
        write_clips(folder, 2, seed=1, recipe="paper", size=64, progress=False)
    assert len(Store.open(folder, "faithful")) == 2
    with pytest.raises(InputError, match="at least 1 clip"):
        write_clips(tmp_path / "none", 0)


def test_a_store_says_what_was_simulated(tmp_path):
    store = write_examples(tmp_path, 3, seed=5, recipe="paper", size=64, workers=1, progress=False)
    source = json.loads((tmp_path / "store.json").read_text())["source"]
    assert (source["simulated"], source["number"]) == ("example", 3)
    assert source["arguments"]["seed"] == 5
    assert (len(store), store.pairs, store.scenes) == (3, [], [0, 1, 2])
    assert "3 examples, recipe paper, seed 5" in store.facts["data"]


def as_format_1(path, noun):
    """Rewrite a store's note as it was before: every image a pair of an image of its own."""
    note = json.loads((path / "store.json").read_text())
    source, size = note.pop("source"), note["parameters"]["size"]
    names = [f"{noun}{i:06d}" for i in range(source["number"])]
    note |= {
        "format": 1,
        "list_sha256": source["sha256"],
        "images_sha256": source["sha256"],
        "pairs": [Pair(name, 0, 0, size, size, f"{name}w", 0, 0) for name in names],
    }
    (path / "store.json").write_text(json.dumps(note))
    return [Pair(*fields) for fields in note["pairs"]]


def test_a_store_of_format_1_is_the_same(tmp_path):
    def made(seed=0):
        return write_clips(tmp_path, 12, seed=seed, recipe="paper", size=64, workers=1,
                           progress=False)  # fmt: skip

    store = made()
    pairs = as_format_1(tmp_path, "clip")
    old = Store.open(tmp_path, "faithful")
    assert old.identity == store.identity  # a training that was begun with it goes on
    np.testing.assert_array_equal(old.truth(7), store.truth(7))
    for seed in range(3):
        parts = [store.split(how, 0.2, seed) for how in ("grouped", "random")]
        parts += [old.split("grouped", 0.2, seed), split(pairs, "grouped", 0.2, seed)]
        for training, validation in parts:
            np.testing.assert_array_equal(training, parts[0][0])
            np.testing.assert_array_equal(validation, parts[0][1])
    assert len(made()) == 12
    with pytest.raises(InputError, match="or by another simulator"):
        made(seed=1)


def test_images_do_not_depend_on_the_number_of_processes(tmp_path):
    one, two = (
        write_examples(tmp_path / f"{n}", 9, seed=3, size=64, workers=n, progress=False)
        for n in (1, 2)
    )
    for kind in ("noisy", "faithful", "truth"):
        assert (one.path / f"{kind}.npy").read_bytes() == (two.path / f"{kind}.npy").read_bytes()
