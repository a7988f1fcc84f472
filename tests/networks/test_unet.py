"""Networks: the paper's keys, the fast one's grid, weights that load without executing code."""

import json
import pickle

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch

from lctem_core.errors import InputError
from lctem_core.networks.cards import stride
from lctem_core.networks.fast import LIGHT_ENCODERS
from lctem_core.networks.unet import ENCODERS, parameter_count, unet
from lctem_core.networks.weights import load, load_published, save

FAST = {"encoder": "resnet18", "shuffle": 4, "depth": 3}


@pytest.fixture(scope="module")
def fast():
    torch.manual_seed(0)
    return unet(**FAST).eval()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_papers_network_is_smp_unet(encoder):
    with torch.device("meta"):  # shapes without memory
        reference = smp.Unet(encoder, encoder_weights=None, in_channels=1, activation="sigmoid")
        ours = unet(encoder)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in reference.state_dict().items()
    }


def test_size_of_the_papers_network():
    # 14.3 million parameters, as the audit of the paper states.
    assert parameter_count(unet("resnet18")) == pytest.approx(14.3e6, rel=0.01)


@pytest.mark.parametrize(("shuffle", "depth"), [(2, 4), (4, 3), (4, 4), (8, 3)])
def test_fast_network_keeps_the_shape(shuffle, depth):
    network = unet("resnet18", shuffle=shuffle, depth=depth).eval()
    side = stride({"shuffle": shuffle, "depth": depth}) * 2
    with torch.inference_mode():
        out = network(torch.rand(2, 1, side, side * 2))
    assert out.shape == (2, 1, side, side * 2)
    assert out.min() >= 0
    assert out.max() <= 1


def test_untrained_fast_network_draws_no_grid(fast):
    with torch.inference_mode():
        out = fast(torch.full((1, 1, 128, 128), 0.5))[0, 0]
    blocks = out.unfold(0, 4, 4).unfold(1, 4, 4)
    assert torch.allclose(blocks.amax((-1, -2)), blocks.amin((-1, -2)))


def test_every_sub_pixel_learns(fast):
    network = unet(**FAST)
    network(torch.rand(1, 1, 128, 128)).square().mean().backward()
    gradient = network.unet.segmentation_head[0].weight.grad
    assert (gradient.abs().amax((1, 2, 3)) > 0).all()


def test_weights_and_card_survive(fast, tmp_path):
    path = tmp_path / "w.safetensors"
    save(fast, {"architecture": FAST, "preprocessing": {}}, path)
    again, card = load(path)
    assert card == {"architecture": FAST, "preprocessing": {}}
    x = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(again(x), fast(x), atol=2e-3)  # stored in half precision
    assert path.stat().st_size < 2.2 * parameter_count(fast)


def test_a_card_that_would_not_load_is_refused_before_writing(fast, tmp_path):
    with pytest.raises(RuntimeError, match=r"size mismatch|Missing key"):
        save(fast, {"architecture": {**FAST, "shuffle": 2}}, tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())


def test_published_weights_load(tmp_path):
    torch.manual_seed(1)
    theirs = smp.Unet("resnet18", encoder_weights=None, in_channels=1, activation="sigmoid")
    torch.save(theirs.state_dict(), tmp_path / "params.pth")
    ours = load_published(tmp_path / "params.pth")
    x = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        assert torch.equal(ours(x), theirs.eval()(x))


def test_files_that_execute_code_are_refused(tmp_path):
    marker = tmp_path / "executed"

    class Harm:
        def __reduce__(self):
            return (marker.touch, ())

    (tmp_path / "harm.pth").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(InputError, match="state dict"):
        load_published(tmp_path / "harm.pth")
    assert not marker.exists()


def test_wrong_weights(fast, tmp_path):
    torch.save(fast.state_dict(), tmp_path / "fast.pth")
    with pytest.raises(InputError, match=r"missing.*unknown"):
        load_published(tmp_path / "fast.pth")
    path = tmp_path / "w.safetensors"
    save(fast, {"architecture": FAST, "preprocessing": {}}, path)
    card = path.with_suffix(".json")
    card.write_text(
        json.dumps({"architecture": {**FAST, "encoder": "resnet34"}, "preprocessing": {}})
    )
    with pytest.raises(InputError, match="missing"):
        load(path)
    card.write_text(json.dumps({"architecture": {**FAST, "colour": 3}, "preprocessing": {}}))
    with pytest.raises(InputError, match="colour"):
        load(path)
    card.write_text(json.dumps({"architecture": FAST}))
    with pytest.raises(InputError, match="without preprocessing"):
        load(path)
    card.write_text("{")
    with pytest.raises(InputError, match="JSON"):
        load(path)
    card.unlink()
    with pytest.raises(InputError, match="card"):
        load(path)


def test_damaged_or_absent_weights(fast, tmp_path):
    path = tmp_path / "w.safetensors"
    save(fast, {"architecture": FAST, "preprocessing": {}}, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="Get the file again"):
        load(path)
    with pytest.raises(InputError, match="shipped weights"):
        load("nothing-of-this-name")
    with pytest.raises(InputError, match="no file"):
        load_published(tmp_path / "absent.pth")
    with pytest.raises(InputError, match=r"\.safetensors"):
        save(fast, {"architecture": FAST, "preprocessing": {}}, tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"encoder": "vgg16"}, "resnet34"),
        ({"encoder": "resnet18", "shuffle": 3}, "shuffle"),
        ({"encoder": "resnet18", "depth": 4}, "depth"),
        ({"encoder": "resnet18", "shuffle": 4, "depth": 2}, "depth"),
    ],
)
def test_unknown_architecture(arguments, word):
    with pytest.raises(InputError, match=word):
        unet(**arguments)


def test_the_linear_head_adds_to_a_local_mean():
    network = unet(shuffle=4, depth=3, head="linear").eval()
    head = network.unet.segmentation_head[0]
    torch.nn.init.zeros_(head.weight)
    ramp = torch.linspace(-1, 3, 128).expand(1, 1, 128, 128).contiguous()
    with torch.no_grad():
        refined = network(ramp)
    inside = np.s_[..., 32:-32]
    torch.testing.assert_close(refined[inside], ramp[inside], atol=0.02, rtol=0)
    assert float(refined.max()) > 1.5  # nothing bounds it


@pytest.mark.parametrize("encoder", LIGHT_ENCODERS)
def test_light_encoders(encoder):
    network = unet(encoder, shuffle=4, depth=4, head="linear").eval()
    with torch.no_grad():
        assert network(torch.rand(1, 1, 128, 128)).shape == (1, 1, 128, 128)


def test_width_scales_the_decoder():
    narrow, wide = (
        parameter_count(unet(shuffle=4, depth=4, width=width).unet.decoder) for width in (0.5, 1.0)
    )
    assert narrow < 0.6 * wide


@pytest.mark.parametrize(
    "wrong",
    [
        {"head": "tanh", "shuffle": 4},
        {"width": 0.0, "shuffle": 4},
        {"encoder": "mobilenet_v2", "shuffle": 1},
        {"encoder": "tu-resnet10t"},
    ],
)
def test_networks_that_there_are_not(wrong):
    with pytest.raises(InputError):
        unet(**wrong)
