import numpy as np
import pytest

from lctem_core import clips
from lctem_core.config import Config
from lctem_core.errors import InputError
from lctem_core.imaging import Scene
from lctem_core.store import Store
from lctem_core.train import fit


@pytest.mark.parametrize("seed", range(4))
def test_the_truth_is_the_newest_frame_at_the_mean_dose(seed):
    one = clips.clip([1, seed], "paper", 128)
    movie = one.movie
    assert one.noisy.shape == (clips.FRAMES, 128, 128)
    expected = movie.counts_without_noise(clips.FRAMES - 1, dose=float(movie.doses.mean()))
    # The truth has half of the blur: equal but at the edges of particles.
    assert np.median(np.abs(one.faithful - expected)) < 0.02 * np.ptp(expected) + 1e-3
    assert one.faithful.mean() == pytest.approx(expected.mean(), rel=0.02)


def test_a_clip_is_repeatable():
    a, b = (clips.clip(7, "broad", 96) for _ in range(2))
    np.testing.assert_array_equal(a.noisy, b.noisy)
    np.testing.assert_array_equal(a.faithful, b.faithful)


def test_an_empty_scene_does_not_move():
    motion = clips.draw_motion(Scene(1000.0, ()), np.random.default_rng(0))
    assert motion == clips.Motion()


def test_all_frames_are_stretched_alike():
    one = clips.clip([2, 1], "paper", 96)
    images = clips.scaled(one)
    mean = images["noisy"].mean(axis=0)
    assert np.percentile(mean, 0.1) == pytest.approx(0, abs=0.1)
    assert np.percentile(mean, 99.9) == pytest.approx(1, abs=0.1)


def test_a_network_trains_on_clips_and_refuses_single_frames(tmp_path):
    store = clips.write_clips(tmp_path / "clips", 6, recipe="paper", size=128, workers=1,
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
    clips.write_clips(folder, 2, recipe="paper", size=64, workers=1, progress=False)
    assert len(clips.write_clips(folder, 2, recipe="paper", size=64, progress=False)) == 2
    with pytest.raises(InputError, match="made with other arguments"):
        clips.write_clips(folder, 2, seed=1, recipe="paper", size=64, progress=False)
    assert len(Store.open(folder, "faithful")) == 2
    with pytest.raises(InputError, match="at least 1 clip"):
        clips.write_clips(tmp_path / "none", 0)
