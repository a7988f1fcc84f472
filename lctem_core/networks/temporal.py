"""The temporal network: an adaptive mean of the last frames in, the newest frame refined out.

What is averaged is decided before, by a test (`lctem_core.refine.adaptive`). The network gets the
mean and how noisy it is at each place, which differs where something moved, and refines it like the
fast network for single frames.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from lctem_core.networks.fast import SCALES, Fold, KeptDetail, slim_unet


class TemporalUnet(nn.Module):
    """A slim U-Net for an adaptive mean of the last frames of a movie.

    Parameters
    ----------
    frames : int
        Largest number of frames in the mean.
    encoder, shuffle, depth, width
        As for `lctem_core.networks.fast.FastUnet` with the head ``detail``; ``slim`` or ``light``.
    """

    def __init__(
        self, frames: int, encoder: str, shuffle: int, depth: int, width: float = 1.0
    ) -> None:
        super().__init__()
        self.frames, self.shuffle = frames, shuffle
        self.fold = Fold(shuffle)
        self.detail = KeptDetail(shuffle)
        self.unet = slim_unet(encoder, shuffle**2 + 1, shuffle**2 + SCALES, depth, width)
        with torch.no_grad():  # as in the fast network, no grid at the start
            head = self.unet.head
            head.weight[: shuffle**2] = head.weight[:1].clone()
            head.bias[:] = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Refine, (N, 2, H, W), see `lctem_core.refine.adaptive.adapted`, -> (N, 1, H, W)."""
        mean, noise = images.split(1, dim=1)
        with torch.autocast(
            images.device.type, enabled=False
        ):  # see `lctem_core.networks.fast.FastUnet`
            folded = self.fold(mean)
        answer = self.unet(torch.cat([folded, functional.avg_pool2d(noise, self.shuffle)], dim=1))
        answer, pixels = answer.to(images.dtype), self.shuffle**2
        with torch.autocast(images.device.type, enabled=False):
            image = answer[:, :pixels] + self.detail(folded, torch.sigmoid(answer[:, pixels:]))
            return functional.pixel_shuffle(image, self.shuffle)


def begin_from(network: TemporalUnet, single: nn.Module) -> None:
    """Start from a fast network for single frames: it refines the mean as if it were a frame.

    Parameters
    ----------
    network : TemporalUnet
        Changed in place: its answer is `single`'s to the mean.
    single : FastUnet
        With the head ``detail``, of the same encoder, shuffle, depth and width.
    """
    state = dict(single.state_dict())
    entered = "unet.enter.0.weight"
    grown = torch.zeros_like(network.state_dict()[entered])
    grown[:, : state[entered].shape[1]] = state[entered]
    network.load_state_dict(state | {entered: grown})
