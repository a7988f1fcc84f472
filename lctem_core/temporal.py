"""The temporal network: the last frames of a movie in, what the newest shows out.

Summing frames blurs what moves; a single frame is noisy. This network chooses, place by place, how
many of the last frames to average, and then, like the fast network, how much detail of each scale
to keep of that average. Its U-Net sees several averages of different lengths and can correct the
result.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from lctem_core.fast import SCALES, SLIM_CHANNELS, SlimUnet, enlarged, kept_detail, scaled_widths

#: Averages to choose from, as shares of all frames: of ten, the last 10, 5, 2 and 1.
WINDOWS = (1.0, 0.5, 0.2, 0.0)
#: Mixtures of the frames that the U-Net sees; they start as averages over these shares.
SEEN = (1.0, 0.6, 0.3, 0.2, 0.0)


class TemporalUnet(nn.Module):
    """A slim U-Net for the last frames of a movie.

    Parameters
    ----------
    frames : int
    shuffle, depth, width
        As for `lctem_core.fast.FastUnet` with the encoder ``slim`` and the head ``detail``.
    """

    def __init__(self, frames: int, shuffle: int, depth: int, width: float = 1.0) -> None:
        super().__init__()
        self.frames, self.shuffle = frames, shuffle
        self.mix = nn.Conv2d(frames, len(SEEN), 1, bias=False)
        self.register_buffer("averages", _averages(WINDOWS, frames))
        outputs = shuffle**2 + SCALES + len(WINDOWS)
        channels = scaled_widths(SLIM_CHANNELS[: depth + 1], width)
        self.unet = SlimUnet(len(SEEN) * shuffle**2, outputs, channels)
        with torch.no_grad():
            self.mix.weight.copy_(_averages(SEEN, frames))
            head = self.unet.head
            # As in the fast network, no grid at the start; and all frames nearly everywhere.
            head.weight[: shuffle**2] = head.weight[:1].clone()
            head.weight[-len(WINDOWS) :] = 0
            head.bias[:] = 0
            head.bias[-len(WINDOWS)] = 4.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine clips, (N, frames, H, W), oldest first, -> (N, 1, H, W)."""
        answer = self.unet(functional.pixel_unshuffle(self.mix(x), self.shuffle))
        pixels, ends = self.shuffle**2, self.shuffle**2 + SCALES
        image = functional.pixel_shuffle(answer[:, :pixels], self.shuffle)
        choice = torch.softmax(answer[:, ends:], dim=1)
        block = self.shuffle
        while block > 1:
            choice, block = enlarged(choice), block // 2
        blended = (choice * functional.conv2d(x, self.averages)).sum(dim=1, keepdim=True)
        shares = torch.sigmoid(answer[:, pixels:ends])
        return image + kept_detail(blended, shares, self.shuffle)


def _averages(shares: tuple[float, ...], frames: int) -> torch.Tensor:
    """Kernels (K, frames, 1, 1) of averages over the last frames."""
    kernels = torch.zeros(len(shares), frames, 1, 1)
    for kernel, share in zip(kernels, shares, strict=True):
        number = max(1, round(share * frames))
        kernel[frames - number :] = 1 / number
    return kernels


def begin_from(network: TemporalUnet, single: nn.Module) -> None:
    """Start from a fast network for single frames, which then refines the mean of all frames.

    Parameters
    ----------
    network : TemporalUnet
        Changed in place: on a static scene its answer is `single`'s to the mean, but for the
        small part of shorter averages that it starts with.
    single : FastUnet
        Encoder ``slim``, head ``detail``, of the same shuffle, depth and width.
    """
    state = dict(single.state_dict())
    own = network.state_dict()
    entered = "unet.enter.0.weight"
    first = torch.zeros_like(own[entered])
    first[:, : state[entered].shape[1]] = state[entered]
    state[entered] = first
    for name in ("unet.head.weight", "unet.head.bias"):
        grown = own[name].clone()
        grown[: len(state[name])] = state[name]
        state[name] = grown
    network.load_state_dict(own | state)
