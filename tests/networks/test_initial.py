"""Encoders filled with ImageNet weights: here with others in their place, since none can be had."""

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch

from lctem_core.errors import InputError
from lctem_core.networks import initial
from lctem_core.networks.unet import unet


@pytest.fixture
def photographs(monkeypatch):
    """The library's own way, with random weights for the downloaded ones."""
    real, made = smp.encoders.get_encoder, {}

    def get_encoder(name, in_channels, weights):
        assert weights == "imagenet"
        torch.manual_seed(7)
        encoder = real(name, in_channels=3)
        made["colours"] = encoder.conv1.weight.detach().clone()
        made["last"] = encoder.layer3[-1].conv2.weight.detach().clone()
        encoder.set_in_channels(in_channels, pretrained=True)
        return encoder

    monkeypatch.setattr(smp.encoders, "get_encoder", get_encoder)
    return made


def test_the_papers_network_sums_the_colours(photographs):
    network = unet("resnet18")
    decoder = {k: v.clone() for k, v in network.decoder.state_dict().items()}
    initial.begin_from_imagenet(network, "resnet18")
    np.testing.assert_allclose(
        network.encoder.conv1.weight.detach(), photographs["colours"].sum(dim=1, keepdim=True),
        rtol=1e-6, atol=1e-7,
    )  # fmt: skip
    assert torch.equal(network.encoder.layer3[-1].conv2.weight, photographs["last"])
    assert all(torch.equal(v, decoder[k]) for k, v in network.decoder.state_dict().items())


@pytest.mark.parametrize("depth", [4, 5])
def test_the_fast_network_too(photographs, depth):
    network = unet("resnet18", shuffle=4, depth=depth)
    initial.begin_from_imagenet(network, "resnet18")
    assert torch.equal(network.unet.encoder.layer3[-1].conv2.weight, photographs["last"])
    first = network.unet.encoder.conv1.weight
    assert first.shape[1] == 16
    np.testing.assert_allclose(
        first[:, 4].detach(), photographs["colours"][:, 1] * 3 / 16, rtol=1e-6
    )
    with torch.no_grad():
        assert network.eval()(torch.rand(1, 1, 128, 128)).isfinite().all()


def test_other_encoders_and_no_network_are_said(monkeypatch):
    with pytest.raises(InputError, match="for ImageNet weights; got 'slim'"):
        initial.begin_from_imagenet(unet("slim", shuffle=4, head="detail"), "slim")

    def unreachable(*_, **__):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(smp.encoders, "get_encoder", unreachable)
    with pytest.raises(InputError, match=r"hub.*got ConnectionError: no route\. Connect"):
        initial.begin_from_imagenet(unet("resnet18"), "resnet18")
