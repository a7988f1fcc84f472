"""The shorter decoder against the one it replaces."""

import pytest
import segmentation_models_pytorch as smp
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from lctem_core.evaluate.timing import operations
from lctem_core.networks import shortened
from lctem_core.networks.cards import stride
from lctem_core.networks.unet import build, unet


def with_statistics(network, seed=0):
    """Normalisations as training leaves them: not the identity."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            count = module.num_features
            module.running_mean = torch.rand(count, generator=generator) - 0.5
            module.running_var = torch.rand(count, generator=generator) + 0.5
            module.weight.data = torch.rand(count, generator=generator) + 0.5
            module.bias.data = torch.rand(count, generator=generator) - 0.5
    return network.eval()


@given(
    st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 5), st.integers(1, 9),
    st.integers(1, 9),
)  # fmt: skip
def test_the_kernel_repeats_and_convolves(seed, inputs, outputs, height, width):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, inputs, height, width, generator=generator, dtype=torch.float64)
    weight = torch.randn(outputs, inputs, 3, 3, generator=generator, dtype=torch.float64)
    enlarged = functional.interpolate(x, scale_factor=2, mode="nearest")
    expected = functional.conv2d(enlarged, weight, padding=1)
    kernel = shortened.transposed_kernel(weight)
    found = functional.conv_transpose2d(x, kernel, stride=2, padding=1)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(
    "architecture",
    [
        {"encoder": "resnet18"},
        {"encoder": "resnet50"},
        {"encoder": "resnet18", "shuffle": 4, "depth": 4, "head": "detail"},
        {"encoder": "mobilenet_v2", "shuffle": 2, "depth": 5, "head": "linear"},
    ],
)
def test_the_same_answer(architecture):
    torch.manual_seed(0)
    network = with_statistics(build(architecture)).double()
    short = shortened.shortened(network)
    step = stride(architecture)
    x = torch.rand(2, 1, step, 2 * step, dtype=torch.float64)
    with torch.inference_mode():
        expected = network(x)
        torch.testing.assert_close(short(x), expected)
    assert expected.std() > 0


def test_fewer_operations_of_the_papers_network():
    network = unet("resnet18").eval()
    share = operations(shortened.shortened(network), 256, 256) / operations(network, 256, 256)
    # By hand: five blocks, each saves 5/9 of its first convolution's products on the enlarged map.
    saved = sum(
        2 * 5 * channels * outputs * (256 // 2**level) ** 2
        for level, channels, outputs in (
            (4, 512, 256), (3, 256, 128), (2, 128, 64), (1, 64, 32), (0, 32, 16),
        )
    )  # fmt: skip
    assert share == pytest.approx(1 - saved / operations(network, 256, 256))
    assert 0.80 < share < 0.88


def test_the_network_itself_stays():
    network = unet("resnet18").train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    shortened.shortened(network)
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert before.keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    "options", [{"decoder_use_norm": False}, {"decoder_attention_type": "scse"}]
)
def test_what_does_not_fit_is_left(options):
    torch.manual_seed(0)
    network = smp.Unet("resnet18", encoder_weights=None, in_channels=1, classes=1, **options)
    network = with_statistics(network)
    x = torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(shortened.shortened(network)(x), network(x))
