import numpy as np
import pytest
import torch

from lctem_core import model
from lctem_core.config import Config
from lctem_core.errors import InputError
from lctem_core.temporal import averaged, begin_from, evened, windows

SLIM = {"encoder": "slim", "shuffle": 4, "depth": 3, "head": "detail"}


def _images(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random(shape, np.float32))


@pytest.mark.parametrize("encoder", ["slim", "light"])
def test_on_a_static_scene_it_starts_as_the_single_frame_network(encoder):
    torch.manual_seed(1)
    kind = SLIM | {"encoder": encoder}
    single = model.unet(**kind).eval()
    temporal = model.unet(**kind, frames=10).eval()
    begin_from(temporal, single)
    frame = _images(1, 1, 64, 96)
    with torch.inference_mode():
        expected, seen = single(frame), temporal(frame.expand(1, 3, -1, -1))
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


def test_it_starts_with_the_mean_of_all_frames_nearly_everywhere():
    torch.manual_seed(1)
    single = model.unet(**SLIM).eval()
    temporal = model.unet(**SLIM, frames=10).eval()
    begin_from(temporal, single)
    clip = _images(10, 64, 64).numpy()
    averages = torch.from_numpy(averaged(clip))[None]
    with torch.inference_mode():
        of_mean, of_last = single(averages[:, :1]), single(averages[:, -1:])
        seen = temporal(averages)
    assert (seen - of_mean).abs().mean() < 0.3 * (seen - of_last).abs().mean()


@pytest.mark.parametrize("which", [0, 1, 2])
def test_each_average_can_be_all_that_is_taken(which):
    temporal = model.unet(**SLIM, frames=4).eval()
    with torch.no_grad():  # choose one average, keep all of its detail, add nothing
        head = temporal.unet.head
        head.weight.zero_()
        head.bias.zero_()
        head.bias[16:] = 30
        head.bias[21:] = -30
        if which:
            head.bias[20 + which] = 30
    averages = _images(2, 3, 64, 64)
    with torch.inference_mode():
        seen, choice = temporal(averages), temporal.choice(averages)
    torch.testing.assert_close(seen, averages[:, which : which + 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(choice[:, which], torch.ones(2, 64, 64), atol=1e-4, rtol=0)


def test_weights_and_card_survive_the_disk(tmp_path):
    temporal = model.unet(**SLIM, frames=10)
    card = {"architecture": SLIM | {"frames": 10}, "preprocessing": {"low": 0.1, "high": 99.9}}
    model.save(temporal, card, tmp_path / "w.safetensors")
    loaded, _ = model.load(tmp_path / "w.safetensors")
    assert loaded.frames == 10


@pytest.mark.parametrize(
    "change", [{"encoder": "resnet18"}, {"head": "linear"}, {"shuffle": 1, "encoder": "light"}]
)
def test_other_networks_take_one_frame(change):
    with pytest.raises(InputError, match="several frames"):
        model.unet(**(SLIM | {"frames": 10} | change))


def test_a_mosaic_of_clips_is_refused():
    with pytest.raises(InputError, match="mosaic 0"):
        Config.of(SLIM | {"frames": 10, "target": "faithful"})


@pytest.mark.parametrize(("frames", "lasts"), [(10, (10, 3, 1)), (4, (4, 1, 1)), (20, (20, 6, 1))])
def test_averages_are_means_of_the_newest(frames, lasts):
    assert windows(frames) == lasts
    clip = _images(frames, 8, 9).numpy()
    for average, last in zip(averaged(clip), lasts, strict=True):
        np.testing.assert_allclose(average, clip[frames - last :].mean(axis=0), rtol=1e-6)


def test_the_choice_is_what_is_mixed():
    torch.manual_seed(1)
    temporal = model.unet(**SLIM, frames=10).eval()
    with torch.inference_mode():
        choice = temporal.choice(_images(1, 3, 64, 64))
    assert choice.shape == (1, 3, 64, 64)
    torch.testing.assert_close(choice.sum(dim=1), torch.ones(1, 64, 64))
    assert choice[:, 0].min() > 0.9  # all frames nearly everywhere, at the start


def _beam(doses, seed=0, shape=(96, 128)):
    """Frames of a scene with a block that moves, at these doses [e-/px]."""
    rng = np.random.default_rng(seed)
    frames = []
    for i, dose in enumerate(doses):
        scene = np.linspace(0.6, 1, shape[1])[None].repeat(shape[0], 0)
        scene[20:50, 5 + 8 * i : 30 + 8 * i] = 0.3
        frames.append(rng.poisson(dose * scene))
    return np.array(frames, np.float32)


@pytest.mark.parametrize("dose", [0.3, 5.0, 200.0])
def test_averages_get_one_brightness_where_the_dose_changes(dose):
    averages = averaged(_beam(dose * np.repeat([1.0, 4.0], [7, 3])))
    assert averages[2].mean() > 1.8 * averages[0].mean()
    long, *short = evened(averages.copy())
    np.testing.assert_array_equal(long, averages[0])
    for one in short:
        assert one[60:].mean() == pytest.approx(long[60:].mean(), rel=0.04)


@pytest.mark.parametrize("dose", [0.01, 0.3, 5.0, 200.0])
def test_averages_at_one_dose_stay_as_they_are(dose):
    changes = []
    for seed in range(20):
        averages = averaged(_beam(np.full(10, dose), seed))
        changes.append(np.abs(evened(averages.copy())[1:, 60:].mean() /
                              averages[1:, 60:].mean() - 1))  # fmt: skip
    assert np.median(changes) < 1e-6
    assert np.max(changes) < (0.2 if dose < 0.1 else 0.03)


def test_frames_without_counts_are_left_alone():
    np.testing.assert_array_equal(evened(np.zeros((3, 8, 8), np.float32)), 0)
    dark = -np.ones((3, 5, 3), np.float32)
    np.testing.assert_array_equal(evened(dark.copy()), dark)
