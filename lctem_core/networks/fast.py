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

    `Fold` moves each shuffle × shuffle block of pixels into channels, the U-Net runs on the
    smaller grid, pixel-shuffle puts the channels back (Shi et al. 2016). Every layer of the
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
        `KeptDetail`.
    width : float
        Factor of the decoder's channels; of the encoders ``slim`` and ``light``, of all channels.
    """

    def __init__(
        self, encoder: str, shuffle: int, depth: int, head: str = "sigmoid", width: float = 1.0
    ) -> None:
        super().__init__()
        self.shuffle, self.head = shuffle, head
        self.fold = Fold(shuffle)
        if head == "detail":
            self.detail = KeptDetail(shuffle)
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
        # The eight bits of bfloat16 do for what the U-Net adds to the frame, not for the frame.
        with torch.autocast(x.device.type, enabled=False):
            folded = self.fold(x)
        answer = self.unet(folded).to(x.dtype)
        image = answer[:, : self.shuffle**2]
        with torch.autocast(x.device.type, enabled=False):
            if self.head == "detail":
                image = image + self.detail(folded, torch.sigmoid(answer[:, self.shuffle**2 :]))
            image = functional.pixel_shuffle(image, self.shuffle)
            if self.head == "sigmoid":
                return torch.sigmoid(image)
            return image + local_mean(x) if self.head == "linear" else image


def local_mean(x: torch.Tensor) -> torch.Tensor:
    """Mean over about 48 × 48 pixels, smooth, of the same shape; sides divisible by 16."""
    coarse = functional.avg_pool2d(x, 16)
    coarse = functional.avg_pool2d(coarse, 3, 1, padding=1, count_include_pad=False)
    return functional.interpolate(coarse, scale_factor=16, mode="bilinear")


class Fold(nn.Module):
    """Blocks of pixels moved into channels, (N, 1, H, W) -> (N, block², H / block, W / block).

    The same as pixel-unshuffle, as a convolution: ONNX Runtime moves memory about with one thread.
    """

    def __init__(self, block: int) -> None:
        super().__init__()
        self.block = block
        kernel = torch.eye(block**2).reshape(block**2, 1, block, block)
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Fold a batch whose sides are divisible by the block."""
        return functional.conv2d(x, self.kernel, stride=self.block)


class Enlarge(nn.Module):
    """Linear interpolation of an image whose pixels are folded into channels.

    Parameters
    ----------
    factor : int
        How much larger the image becomes, a power of two: twice at a time.
    folded : int
        Side of the blocks that are folded; 1 for an image as it is. Beyond the edge, blocks repeat.
    """

    def __init__(self, factor: int, folded: int = 1) -> None:
        super().__init__()
        # What the middle block of 3 × 3 becomes, for a one in each of their pixels in turn.
        ones = torch.eye(9 * folded**2).reshape(-1, 1, 3 * folded, 3 * folded)
        side = factor * folded
        large = ones
        while large.shape[-1] < 3 * side:
            large = functional.interpolate(large, scale_factor=2, mode="bilinear")
        middle = large[:, 0, side : 2 * side, side : 2 * side].reshape(-1, side**2)
        kernel = middle.T.reshape(side**2, 3, folded, 3, folded).permute(0, 2, 4, 1, 3)
        kernel = kernel.reshape(side**2, folded**2, 3, 3).contiguous()
        self.register_buffer("kernel", kernel, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Enlarge, (N, folded², H, W) -> (N, (factor · folded)², H, W)."""
        x = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        return functional.conv2d(x, self.kernel)


class KeptDetail(nn.Module):
    """Image with a chosen share of its detail at each scale, place by place.

    The image is taken apart into means over blocks of 1, 2, 4, … pixels. From the coarsest on, the
    difference between a level and the enlarged next coarser one is added with its share. Shares
    of 1 give the image back, shares of 0 its coarsest means: a smoothing whose width changes from
    place to place, like the shrinkage of a Laplacian pyramid.

    The image is folded (`Fold`), and so are its levels finer than a block: on the small grid with
    many channels all of this is done by convolutions, which every runtime does fast.

    Parameters
    ----------
    shuffle : int
        Side of the folded blocks, 1, 2, 4, 8 or 16.
    """

    def __init__(self, shuffle: int) -> None:
        super().__init__()
        self.shuffle = shuffle
        #: Side of the folded blocks at each scale, and beyond the last.
        self.folded = [max(1, shuffle >> scale) for scale in range(SCALES + 1)]
        self.enlarge = nn.ModuleList()
        self.spread = nn.ModuleList()
        for scale in range(SCALES):
            coarser, finer = self.folded[scale + 1], self.folded[scale]
            self.enlarge.append(Enlarge(2, coarser))
            self.spread.append(Enlarge(finer) if finer > 1 else nn.Identity())
            if finer > 1:
                self.register_buffer(f"mean{scale}", means_kernel(finer), persistent=False)

    def forward(self, x: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """Smooth a batch.

        Parameters
        ----------
        x : Tensor, (N, shuffle², H, W)
            Folded; the sides of the image divisible by 32.
        shares : Tensor, (N, 5, H, W)
            0 to 1, from the finest scale to the coarsest.

        Returns
        -------
        Tensor, (N, shuffle², H, W)
            Folded.
        """
        levels = [x]
        for scale in range(SCALES):
            if self.folded[scale] > 1:
                levels.append(functional.conv2d(levels[-1], getattr(self, f"mean{scale}")))
            else:
                levels.append(functional.avg_pool2d(levels[-1], 2))
        image = levels[-1]
        for scale in reversed(range(SCALES)):
            image = self.enlarge[scale](image)
            if self.folded[scale] == 1:
                image = functional.pixel_shuffle(image, 2)
            share = shares[:, scale : scale + 1]
            smaller = 2**scale // self.shuffle
            if smaller > 1:
                share = functional.avg_pool2d(share, smaller)
            image = image + self.spread[scale](share) * (levels[scale] - image)
        return image


def means_kernel(folded: int) -> torch.Tensor:
    """Kernel of the means over 2 × 2 folded pixels, (folded² / 4, folded², 1, 1)."""
    one = torch.eye(folded**2).reshape(-1, 1, folded, folded)
    means = functional.avg_pool2d(one, 2).flatten(1)
    return means.T.reshape(-1, folded**2, 1, 1).contiguous()


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
