"""The fast network's own parts: kept detail, local mean, the slim U-Net."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from lctem_core.networks.fast import (
    SCALES,
    Enlarge,
    FastUnet,
    Fold,
    KeptDetail,
    SlimUnet,
    local_mean,
)


def kept_detail(image, shares, shuffle):
    """`KeptDetail` of an image that is not folded."""
    return functional.pixel_shuffle(KeptDetail(shuffle)(Fold(shuffle)(image), shares), shuffle)


@pytest.fixture
def noisy():
    return torch.rand(2, 1, 128, 64, generator=torch.Generator().manual_seed(0))


def shares(value, shuffle=4):
    return torch.full((2, SCALES, 128 // shuffle, 64 // shuffle), float(value))


@pytest.mark.parametrize("shuffle", [1, 2, 4, 8])
def test_all_of_the_detail_is_the_image(noisy, shuffle):
    torch.testing.assert_close(kept_detail(noisy, shares(1, shuffle), shuffle), noisy)


def test_none_of_the_detail_is_the_coarsest_mean(noisy):
    smooth = kept_detail(noisy, shares(0), 4)
    coarse = functional.avg_pool2d(noisy, 32)
    assert smooth.std() < noisy.std() / 10
    torch.testing.assert_close(smooth.mean(), noisy.mean(), atol=5e-3, rtol=0)
    torch.testing.assert_close(functional.avg_pool2d(smooth, 32), coarse, atol=0.02, rtol=0)


@settings(deadline=None, max_examples=20)
@given(level=st.floats(-4, 5), seed=st.integers(0, 99))
def test_a_flat_image_stays_flat(level, seed):
    some = torch.rand(1, SCALES, 16, 16, generator=torch.Generator().manual_seed(seed))
    flat = torch.full((1, 1, 64, 64), level)
    torch.testing.assert_close(kept_detail(flat, some, 4), flat)


def test_finest_detail_alone_is_what_a_block_mean_leaves(noisy):
    some = shares(0)
    some[:, 1:] = 1  # everything but the finest scale
    blocks = functional.avg_pool2d(noisy, 2)
    expected = functional.interpolate(blocks, scale_factor=2, mode="bilinear")
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(kept_detail(noisy, some, 4)[inside], expected[inside])


@pytest.mark.parametrize("block", [1, 2, 4, 8])
def test_fold_is_pixel_unshuffle(block):
    image = torch.rand(2, 1, 32, 16)
    expected = functional.pixel_unshuffle(image, block)
    torch.testing.assert_close(Fold(block)(image), expected, rtol=0, atol=0)


@pytest.mark.parametrize("factor", [2, 4])
def test_enlarge_is_linear_interpolation_twice_at_a_time(noisy, factor):
    expected = noisy
    for _ in range(factor.bit_length() - 1):
        expected = functional.interpolate(expected, scale_factor=2, mode="bilinear")
    seen = functional.pixel_shuffle(Enlarge(factor)(noisy), factor)
    torch.testing.assert_close(seen, expected)


def test_enlarge_of_a_folded_image_differs_at_the_edge_only(noisy):
    expected = functional.interpolate(noisy, scale_factor=2, mode="bilinear")
    seen = functional.pixel_shuffle(Enlarge(2, folded=2)(Fold(2)(noisy)), 4)
    inside = (..., slice(1, -1), slice(1, -1))
    torch.testing.assert_close(seen[inside], expected[inside])
    assert (seen - expected).abs().max() <= 0.25 * (noisy.max() - noisy.min())


def test_less_detail_less_noise(noisy):
    spreads = [float(kept_detail(noisy, shares(share), 4).std()) for share in (0, 0.3, 0.7, 1)]
    assert spreads == sorted(spreads)


def test_local_mean_of_a_ramp():
    ramp = torch.linspace(0, 1, 256).expand(1, 1, 256, 256).contiguous()
    inside = local_mean(ramp)[..., 48:-48]
    torch.testing.assert_close(inside, ramp[..., 48:-48], atol=2e-3, rtol=0)


@pytest.mark.parametrize("depth", [3, 4, 5])
def test_slim_network(depth):
    network = FastUnet("slim", 4, depth, "detail").eval()
    side = 4 * 2**depth
    with torch.no_grad():
        assert network(torch.rand(1, 1, side, 2 * side)).shape == (1, 1, side, 2 * side)
    wide = FastUnet("slim", 4, depth, "detail", width=2.0)
    assert sum(p.numel() for p in wide.parameters()) > 3 * sum(
        p.numel() for p in network.parameters()
    )


def test_the_finest_level_reaches_the_answer_by_itself():
    torch.manual_seed(0)
    network = SlimUnet(4, 4, (8, 8, 8)).eval()
    for up in network.up:
        torch.nn.init.zeros_(up.weight)
    x = torch.rand(1, 4, 16, 16)
    changed = x.clone()
    changed[..., 5, 7] += 1
    with torch.no_grad():
        difference = (network(changed) - network(x)).abs().sum(1)[0]
    assert difference[5, 7] > 1e-3
