"""The temporal network: an adaptive mean and the noise in it go in."""

import numpy as np
import pytest
import torch

from lctem_core.errors import InputError
from lctem_core.networks.temporal import begin_from
from lctem_core.networks.unet import unet
from lctem_core.networks.weights import load, save
from lctem_core.train.config import Config

SLIM = {"encoder": "slim", "shuffle": 4, "depth": 3, "head": "detail"}


def _images(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random(shape, np.float32))


@pytest.mark.parametrize("encoder", ["slim", "light"])
def test_it_starts_as_the_single_frame_network(encoder):
    torch.manual_seed(1)
    kind = SLIM | {"encoder": encoder}
    single = unet(**kind).eval()
    temporal = unet(**kind, frames=10).eval()
    begin_from(temporal, single)
    images = _images(2, 2, 64, 96)
    with torch.inference_mode():
        expected, seen = single(images[:, :1]), temporal(images)
    torch.testing.assert_close(seen, expected, atol=1e-5, rtol=0)


def test_it_can_learn_from_the_noise():
    torch.manual_seed(1)
    temporal = unet(**SLIM, frames=10).eval()
    images = _images(1, 2, 64, 64).requires_grad_()
    temporal(images).square().sum().backward()
    assert images.grad[:, 1].abs().max() > 0


def test_weights_and_card_survive_the_disk(tmp_path):
    temporal = unet(**SLIM, frames=10)
    card = {"architecture": SLIM | {"frames": 10}, "preprocessing": {"low": 0.1, "high": 99.9}}
    save(temporal, card, tmp_path / "w.safetensors")
    loaded, _ = load(tmp_path / "w.safetensors")
    assert loaded.frames == 10


@pytest.mark.parametrize(
    "change", [{"encoder": "resnet18"}, {"head": "linear"}, {"shuffle": 1, "encoder": "light"}]
)
def test_other_networks_take_one_frame(change):
    with pytest.raises(InputError, match="several frames"):
        unet(**(SLIM | {"frames": 10} | change))


def test_a_mosaic_of_clips_is_refused():
    with pytest.raises(InputError, match="mosaic 0"):
        Config.of(SLIM | {"frames": 10, "target": "faithful"})
