"""The fast network: a U-Net on a coarser grid, with nothing thrown away."""

from __future__ import annotations

from itertools import pairwise

import segmentation_models_pytorch as smp
import torch
from torch import nn
from torch.nn import functional

#: Encoders of timm that are lighter than a ResNet-18.
LIGHT_ENCODERS = ("mobilenet_v2", "tu-resnet10t", "tu-regnetx_004", "tu-mobilenetv3_small_100")
#: Our own U-Net, see `SlimUnet`.
SLIM = "slim"
HEADS = ("sigmoid", "linear", "detail")
#: Decoder widths by depth, of encoders from the libraries. The last is wider than in the paper's
#: network (16), because each of its positions has to draw shuffle² pixels.
DEPTHS = {5: (256, 128, 64, 32, 32), 4: (256, 128, 64, 32), 3: (128, 64, 32)}
_SLIM_CHANNELS = (16, 32, 64, 96, 128, 128)
#: The same with less than half of the operations, for a live picture.
LIGHT = "light"
_LIGHT_CHANNELS = (16, 24, 48, 96, 128, 128)
#: Scales of the detail head: 1, 2, 4, 8, 16 pixels.
SCALES = 5


class FastUnet(nn.Module):
    """A U-Net on a grid `shuffle` times coarser.

    Pixel-unshuffle moves each shuffle × shuffle block of pixels into channels, the U-Net runs on
    the smaller grid, pixel-shuffle puts the channels back (Shi et al. 2016). Every layer of the
    U-Net then costs shuffle² less.

    Parameters
    ----------
    encoder : str
    shuffle : int
        Block size, 1 or more.
    depth : int
        How often the U-Net halves its grid, 3 to 5.
    head : str
        ``sigmoid``: an image between 0 and 1. ``linear``: the U-Net gives the difference from a
        local mean of the input, so that the level of the background comes through and nothing
        bounds the grey levels. ``detail``: the U-Net gives this difference from the input itself,
        of which it has chosen, place by place, how much detail of each scale to keep, see
        `kept_detail`.
    width : float
        Factor of the decoder's channels; of the encoders ``slim`` and ``light``, of all channels.
    """

    def __init__(
        self, encoder: str, shuffle: int, depth: int, head: str = "sigmoid", width: float = 1.0
    ) -> None:
        super().__init__()
        self.shuffle, self.head = shuffle, head
        classes = shuffle**2 + (SCALES if head == "detail" else 0)
        if encoder in (SLIM, LIGHT):
            self.unet: nn.Module = slim_unet(encoder, shuffle**2, classes, depth, width)
            last = self.unet.head
        else:
            self.unet = smp.Unet(
                encoder,
                encoder_depth=depth,
                encoder_weights=None,
                decoder_channels=_scaled(DEPTHS[depth], width),
                in_channels=shuffle**2,
                classes=classes,
                activation=None,
            )
            # smp keeps the stages that a shallower encoder never runs; they would triple the file.
            for stage in range(depth, 5 if encoder.startswith("resnet") else 0):
                setattr(self.unet.encoder, f"layer{stage}", nn.Identity())
            last = self.unet.segmentation_head[0]
        # All sub-pixels start from the same filter: otherwise the untrained network draws a grid
        # of period `shuffle`, and training has to remove it (Aitken et al. 2017).
        with torch.no_grad():
            last.weight[: shuffle**2] = last.weight[:1].clone()
            last.bias[:] = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine a batch, (N, 1, H, W) -> (N, 1, H, W); sides divisible by shuffle · 2^depth."""
        answer = self.unet(functional.pixel_unshuffle(x, self.shuffle))
        image = functional.pixel_shuffle(answer[:, : self.shuffle**2], self.shuffle)
        if self.head == "sigmoid":
            return torch.sigmoid(image)
        if self.head == "linear":
            return image + local_mean(x)
        return image + kept_detail(x, torch.sigmoid(answer[:, self.shuffle**2 :]), self.shuffle)


def local_mean(x: torch.Tensor) -> torch.Tensor:
    """Mean over about 48 × 48 pixels, smooth, of the same shape; sides divisible by 16."""
    coarse = functional.avg_pool2d(x, 16)
    coarse = functional.avg_pool2d(coarse, 3, 1, padding=1, count_include_pad=False)
    return functional.interpolate(coarse, scale_factor=16, mode="bilinear")


def kept_detail(x: torch.Tensor, shares: torch.Tensor, shuffle: int) -> torch.Tensor:
    """Image with a chosen share of its detail at each scale, place by place.

    The image is taken apart into means over blocks of 1, 2, 4, … pixels. From the coarsest on, the
    difference between a level and the enlarged next coarser one is added with its share. Shares
    of 1 give the image back, shares of 0 its coarsest means: a smoothing whose width changes from
    place to place, like the shrinkage of a Laplacian pyramid.

    Parameters
    ----------
    x : Tensor, (N, 1, H, W)
        Sides divisible by 32.
    shares : Tensor, (N, 5, H / shuffle, W / shuffle)
        0 to 1, from the finest scale to the coarsest.
    shuffle : int
        How much coarser the grid of the shares is.

    Returns
    -------
    Tensor, (N, 1, H, W)
    """
    levels = [x]
    for _ in range(SCALES):
        levels.append(functional.avg_pool2d(levels[-1], 2))
    image = levels[-1]
    for scale in reversed(range(SCALES)):
        image = enlarged(image)
        share = shares[:, scale : scale + 1]
        block = 2**scale
        if block > shuffle:
            share = functional.avg_pool2d(share, block // shuffle)
        while block < shuffle:
            share, block = enlarged(share), 2 * block
        image = image + share * (levels[scale] - image)
    return image


def enlarged(x: torch.Tensor) -> torch.Tensor:
    """Image enlarged twice by linear interpolation, (N, 1, H, W) -> (N, 1, 2 H, 2 W).

    PyTorch's own does it, except where a gradient is needed, which is slow there on a CPU.
    """
    if x.requires_grad and torch.is_grad_enabled():
        return _twice(_twice(x, 3), 2)
    return functional.interpolate(x, scale_factor=2, mode="bilinear")


def _twice(x: torch.Tensor, dim: int) -> torch.Tensor:
    """Twice as many samples along an axis, at a quarter and three quarters of every old one."""
    last = x.shape[dim] - 1
    before = torch.cat([x.narrow(dim, 0, 1), x.narrow(dim, 0, last)], dim)
    after = torch.cat([x.narrow(dim, 1, last), x.narrow(dim, last, 1)], dim)
    both = torch.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], dim + 1)
    return both.flatten(dim, dim + 1)


def slim_unet(encoder: str, inputs: int, outputs: int, depth: int, width: float) -> SlimUnet:
    """U-Net of our own, ``slim`` or ``light``, with `inputs` and `outputs` channels."""
    channels = _SLIM_CHANNELS if encoder == SLIM else _LIGHT_CHANNELS
    return SlimUnet(inputs, outputs, _scaled(channels[: depth + 1], width), encoder == LIGHT)


def _scaled(channels: tuple[int, ...], width: float) -> tuple[int, ...]:
    return tuple(max(8, round(width * number / 8) * 8) for number in channels)


class SlimUnet(nn.Module):
    """A small U-Net whose first level has the full grid, and whose skips are added.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    channels : tuple of int
        Of the levels, from the finest to the coarsest.
    light : bool
        On the way down only the coarsest level has a block of its own, and on the way up the
        finest has one convolution instead of two.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: tuple[int, ...], light: bool = False
    ) -> None:
        super().__init__()
        self.enter = _convolution(inputs, channels[0])
        self.levels = nn.ModuleList([nn.Identity() if light else _Residual(channels[0])])
        self.down, self.up, self.merge = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for fine, coarse in pairwise(channels):
            self.down.append(_convolution(fine, coarse, stride=2))
            last = len(self.down) == len(channels) - 1
            self.levels.append(nn.Identity() if light and not last else _Residual(coarse))
            self.up.append(nn.Conv2d(coarse, fine, 1, bias=False))
            short = light and len(self.merge) == 0
            self.merge.append(_convolution(fine, fine) if short else _Residual(fine))
        self.head = nn.Conv2d(channels[0], outputs, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Answer on the grid of the input, (N, inputs, H, W) -> (N, outputs, H, W)."""
        x = self.levels[0](self.enter(x))
        skips = []
        for down, level in zip(self.down, self.levels[1:], strict=True):
            skips.append(x)
            x = level(down(x))
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            x = functional.interpolate(up(x), scale_factor=2, mode="nearest")
            x = merge(x + skips.pop())
        return self.head(x)


class _Residual(nn.Module):
    """Two convolutions added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x + self.second(self.first(x)))


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
