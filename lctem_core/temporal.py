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

from lctem_core.fast import SCALES, kept_detail, slim_unet

#: The averages start as those over these shares of the frames: of ten, the last 10, 3 and 1.
WINDOWS = (1.0, 0.3, 0.0)
#: Logarithm of the weight that the other frames start with; at 0 they could learn nothing.
_OUTSIDE = -6.0


class TemporalUnet(nn.Module):
    """A slim U-Net for the last frames of a movie.

    It takes a few weighted averages of the frames (`averages`), whose weights are learnt, positive
    and of sum 1. The U-Net sees them all; the image that keeps some of its detail is a mixture of
    them that changes from place to place. Three are few because every channel of the full grid
    costs: the network shall take at most one and a half times as long as that for single frames.

    Parameters
    ----------
    frames : int
    encoder, shuffle, depth, width
        As for `lctem_core.fast.FastUnet` with the head ``detail``; ``slim`` or ``light``.
    """

    def __init__(
        self, frames: int, encoder: str, shuffle: int, depth: int, width: float = 1.0
    ) -> None:
        super().__init__()
        self.frames, self.shuffle = frames, shuffle
        self.logits = nn.Parameter(torch.full((len(WINDOWS), frames), _OUTSIDE))
        outputs = shuffle**2 + SCALES + len(WINDOWS)
        self.unet = slim_unet(encoder, len(WINDOWS) * shuffle**2, outputs, depth, width)
        with torch.no_grad():
            for logits, share in zip(self.logits, WINDOWS, strict=True):
                logits[frames - max(1, round(share * frames)) :] = 0
            head = self.unet.head
            # As in the fast network, no grid at the start; and all frames nearly everywhere.
            head.weight[: shuffle**2] = head.weight[:1].clone()
            head.weight[-len(WINDOWS) :] = 0
            head.bias[:] = 0
            head.bias[-len(WINDOWS)] = 4.0

    @property
    def averages(self) -> torch.Tensor:
        """Weights of the frames in each average, (averages, frames)."""
        return torch.softmax(self.logits, dim=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine clips, (N, frames, H, W), oldest first, -> (N, 1, H, W)."""
        averages = functional.conv2d(x, self.averages[:, :, None, None])
        answer = self.unet(functional.pixel_unshuffle(averages, self.shuffle))
        pixels, ends = self.shuffle**2, self.shuffle**2 + SCALES
        image = functional.pixel_shuffle(answer[:, :pixels], self.shuffle)
        mixture = (self._mixed(answer) * averages).sum(dim=1, keepdim=True)
        shares = torch.sigmoid(answer[:, pixels:ends])
        return image + kept_detail(mixture, shares, self.shuffle)

    def choice(self, x: torch.Tensor) -> torch.Tensor:
        """Share of each average in the mixture, (N, frames, H, W) -> (N, averages, H, W)."""
        averages = functional.conv2d(x, self.averages[:, :, None, None])
        return self._mixed(self.unet(functional.pixel_unshuffle(averages, self.shuffle)))

    def _mixed(self, answer: torch.Tensor) -> torch.Tensor:
        choice = torch.softmax(answer[:, self.shuffle**2 + SCALES :], dim=1)
        return functional.interpolate(choice, scale_factor=self.shuffle, mode="bilinear")


def begin_from(network: TemporalUnet, single: nn.Module) -> None:
    """Start from a fast network for single frames, which then refines the mean of all frames.

    Parameters
    ----------
    network : TemporalUnet
        Changed in place: on a static scene its answer is `single`'s to the mean, but for the
        small part of shorter averages that it starts with.
    single : FastUnet
        With the head ``detail``, of the same encoder, shuffle, depth and width.
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
