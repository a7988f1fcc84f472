"""The temporal network: averages over the last frames in, what the newest frame shows out.

Summing frames blurs what moves; a single frame is noisy. This network sees averages over all of the
last frames, over the newest few, and the newest frame. It chooses, place by place, what to take of
each, and then, like the fast network, how much detail of each scale to keep of the mixture. Its
U-Net can correct the result.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lctem_core.fast import SCALES, Enlarge, Fold, KeptDetail, means_kernel, slim_unet

#: The averages are over these shares of the frames: of ten, the last 10, 3 and 1. Where all of
#: their weights could be learnt, they stayed within 5 % of these.
_SHARES = (1.0, 0.3, 0.0)
#: How many there are.
AVERAGES = len(_SHARES)
# Brightness is compared in so many parts of the frame on a side.
_PARTS = 8


def windows(frames: int) -> tuple[int, ...]:
    """How many of the newest of `frames` frames each average is over, the most first."""
    return tuple(max(1, round(share * frames)) for share in _SHARES)


def averaged(clip: np.ndarray) -> np.ndarray:
    """Averages that the network takes.

    Parameters
    ----------
    clip : ndarray, (T, H, W), float32
        Frames, oldest first.

    Returns
    -------
    ndarray, (3, H, W), float32
        Means of the last frames, see `windows`.
    """
    return np.stack([clip[-last:].mean(axis=0) for last in windows(len(clip))])


def evened(averages: np.ndarray) -> np.ndarray:
    """Averages of counts, all at the brightness of the first.

    Where the dose changes within the frames, the shorter averages are brighter or darker than the
    longest, and a mixture of them would show where which was taken. The factor is the median over
    parts of the frame, so that it is the beam's and not that of what moved; it is 1 unless it
    differs from 1 by three standard errors.

    Parameters
    ----------
    averages : ndarray, (K, H, W), float32
        Of frames, not stretched: in counts above the camera's dark level. Changed in place.

    Returns
    -------
    ndarray, (K, H, W), float32
        The same array.
    """
    parts = tuple(min(_PARTS, side) for side in averages.shape[:0:-1])
    first, *others = (cv2.resize(one, parts, interpolation=cv2.INTER_AREA) for one in averages)
    for average, other in zip(averages[1:], others, strict=True):
        there = (first > 0) & (other > 0)
        if not there.any():
            continue
        ratios = first[there] / other[there]
        factor = np.median(ratios)
        # Of a median of normally distributed values, from their median deviation.
        error = 1.25 * 1.48 * np.median(np.abs(ratios - factor)) / np.sqrt(ratios.size)
        if abs(factor - 1) > 3 * error:
            average *= factor
    return averages


class TemporalUnet(nn.Module):
    """A slim U-Net for averages over the last frames of a movie.

    The network shall take at most one and a half times as long as that for single frames. So the
    U-Net sees all pixels of the first average only, and means over 2 × 2 of the others; what is
    mixed has all pixels of each.

    Parameters
    ----------
    frames : int
        The first average is over so many.
    encoder, shuffle, depth, width
        As for `lctem_core.fast.FastUnet` with the head ``detail``; ``slim`` or ``light``.
    """

    def __init__(
        self, frames: int, encoder: str, shuffle: int, depth: int, width: float = 1.0
    ) -> None:
        super().__init__()
        self.frames, self.shuffle = frames, shuffle
        self.fold = Fold(shuffle)
        self.enlarge = Enlarge(shuffle)
        self.detail = KeptDetail(shuffle)
        self.register_buffer("means", means_kernel(shuffle), persistent=False)
        others = AVERAGES - 1
        inputs = shuffle**2 + others * len(self.means)
        outputs = shuffle**2 + SCALES + others
        self.unet = slim_unet(encoder, inputs, outputs, depth, width)
        with torch.no_grad():
            head = self.unet.head
            # As in the fast network, no grid at the start; and all frames nearly everywhere.
            head.weight[: shuffle**2] = head.weight[:1].clone()
            head.weight[-others:] = 0
            head.bias[:] = 0
            head.bias[-others:] = -3.0

    def forward(self, averages: torch.Tensor) -> torch.Tensor:
        """Refine averages, (N, 3, H, W), see `averaged`, -> (N, 1, H, W)."""
        folded, answer = self._answer(averages)
        pixels, ends = self.shuffle**2, self.shuffle**2 + SCALES
        mixture, *others = folded
        for share, other in zip(self._shares(answer), others, strict=True):
            mixture = mixture + self.enlarge(share) * (other - mixture)
        image = answer[:, :pixels] + self.detail(mixture, torch.sigmoid(answer[:, pixels:ends]))
        return functional.pixel_shuffle(image, self.shuffle)

    def choice(self, averages: torch.Tensor) -> torch.Tensor:
        """Share of each average in the mixture, (N, 3, H, W) -> (N, 3, H, W)."""
        _, answer = self._answer(averages)
        left, choice = 1.0, []
        for share in reversed(self._shares(answer)):
            share = functional.pixel_shuffle(self.enlarge(share), self.shuffle)
            choice.append(left * share)
            left = left * (1 - share)
        return torch.cat([left, *reversed(choice)], dim=1)

    def _answer(self, averages: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        folded = [self.fold(one) for one in averages.split(1, dim=1)]
        coarse = [functional.conv2d(one, self.means) for one in folded[1:]]
        return folded, self.unet(torch.cat([folded[0], *coarse], dim=1))

    def _shares(self, answer: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Of each average but the first, how much of it replaces the mixture of those before."""
        return torch.sigmoid(answer[:, self.shuffle**2 + SCALES :]).split(1, dim=1)


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
