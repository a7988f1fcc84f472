"""A network trained on noisy frames alone: what a user does who has no pairs.

Blind-spot training (Noise2Void, Krull et al., CVPR 2019): in each crop a few pixels get the value
of a random neighbour, and the network has to give back what was there. It cannot know the noise of
a pixel from other pixels as long as that noise is independent of theirs, so the best that it can do
is the mean that the surroundings suggest. Where a camera shares its signal between pixels, the
surroundings do tell something of a pixel's noise, and the network learns to give it back.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.io.frames import check_image

#: Share of the pixels of a crop that are replaced, and how far their substitutes lie at most [px].
MASKED, NEIGHBOURHOOD = 0.015, 2


class PlainUnet(nn.Module):
    """U-Net of three levels, a pair of convolutions each, (N, 1, H, W) -> the same.

    No pixel-shuffle: it would put the neighbours of a masked pixel, and the pixel itself, into the
    channels of one position.

    Parameters
    ----------
    width : int
        Channels of the first level; each lower one has twice as many.
    """

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [_double(1, width), _double(width, 2 * width), _double(2 * width, 4 * width)]
        )
        self.up = nn.ModuleList([_double(6 * width, 2 * width), _double(3 * width, width)])
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Image of the same shape; sides divisible by 4."""
        kept = []
        for level, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if level else x)
            kept.append(x)
        for block, skip in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2), skip], 1))
        return self.head(x)


def _double(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(0.1, inplace=True),
        nn.Conv2d(after, after, 3, padding=1), nn.LeakyReLU(0.1, inplace=True),
    )  # fmt: skip


class BlindSpot:
    """A blind-spot network with the scaling that it was trained with.

    Each frame is given to the network with mean 0 and standard deviation 1 and comes back in its
    own scale.
    """

    def __init__(self, network: nn.Module, losses: list[float]) -> None:
        self.network = network.eval()
        #: Mean squared difference at the masked pixels, step by step; it contains the noise.
        self.losses = losses

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Image (H, W) without what cannot be told from its surroundings, float32."""
        scaled, mean, spread = _standard(image)
        below, right = (-side % 4 for side in scaled.shape)
        padded = np.pad(scaled, ((0, below), (0, right)), mode="symmetric")
        with torch.inference_mode():
            clean = self.network(torch.from_numpy(padded)[None, None])[0, 0].numpy()
        return clean[: scaled.shape[0], : scaled.shape[1]] * spread + mean


def train_blindspot(
    noisy: Sequence[np.ndarray],
    *,
    steps: int = 600,
    batch: int = 8,
    crop: int = 64,
    rate: float = 1e-3,
    width: int = 24,
    seed: int = 0,
    progress: bool = True,
) -> BlindSpot:
    """Train a network on noisy frames without any truth.

    Parameters
    ----------
    noisy : sequence of ndarray, (H, W)
        Frames of any real type and size; the scale of each is its own.
    steps : int
        Optimiser steps.
    batch, crop : int
        Crops per step, and their side [px], a multiple of 4.
    rate : float
        Largest learning rate (Adam, falling to zero along a cosine).
    width : int
        See `PlainUnet`.
    seed : int
        Of network, crops and masks.
    progress : bool
        Show a progress bar.

    Returns
    -------
    BlindSpot
        A callable, image -> image.

    Raises
    ------
    InputError
        For no frame, frames smaller than a crop, or a crop that is not a multiple of 4.
    """
    if not len(noisy):
        raise InputError("at least one noisy frame", "none", "Give the frames to be refined.")
    if crop % 4 or crop < 16:
        raise InputError("crops of 16, 20, 24, … pixels", str(crop), "64 is usual.")
    frames = [_standard(frame, crop)[0] for frame in noisy]
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = PlainUnet(width)
    optimiser = torch.optim.Adam(network.parameters(), rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))
    losses = []
    for _ in tqdm(range(steps), "blind-spot training", disable=not progress):
        crops = np.stack(
            [_crop(frames[rng.integers(len(frames))], crop, rng) for _ in range(batch)]
        )
        masked, chosen = mask_pixels(crops, rng)
        predicted = network(torch.from_numpy(masked)[:, None])[:, 0]
        where = torch.from_numpy(chosen)
        loss = functional.mse_loss(predicted[where], torch.from_numpy(crops)[where])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return BlindSpot(network, losses)


def mask_pixels(crops: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Crops in which a few pixels have the value of a neighbour, and which pixels these are.

    Parameters
    ----------
    crops : ndarray, (N, H, W)
    rng : numpy.random.Generator

    Returns
    -------
    masked : ndarray, (N, H, W)
    chosen : ndarray, (N, H, W), bool
    """
    chosen = rng.random(crops.shape) < MASKED
    chosen.flat[rng.integers(chosen.size)] = True  # never none: the loss is a mean over them
    image, row, column = np.nonzero(chosen)
    around = [(y, x) for y in _OFFSETS for x in _OFFSETS if (y, x) != (0, 0)]
    step = np.array(around)[rng.integers(len(around), size=len(row))]
    height, width = crops.shape[1:]
    rows, columns = _within(row, step[:, 0], height), _within(column, step[:, 1], width)
    masked = crops.copy()
    masked[chosen] = crops[image, rows, columns]
    return masked, chosen


def _within(at: np.ndarray, step: np.ndarray, length: int) -> np.ndarray:
    """Where a step leads; the opposite one where it would leave the crop."""
    there = at + step
    return np.where((there >= 0) & (there < length), there, at - step)


_OFFSETS = range(-NEIGHBOURHOOD, NEIGHBOURHOOD + 1)


def _crop(frame: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Random crop in one of the eight orientations."""
    y, x = (rng.integers(length - side + 1) for length in frame.shape)
    crop = frame[y : y + side, x : x + side]
    if rng.random() < 0.5:
        crop = crop.T
    return crop[:: rng.choice([1, -1]), :: rng.choice([1, -1])]


def _standard(image: np.ndarray, least: int = 16) -> tuple[np.ndarray, np.float32, np.float32]:
    """Image of mean 0 and standard deviation 1, float32, with both."""
    image = check_image(image, "noisy frame", least).astype(np.float32)
    mean, spread = image.mean(), image.std()
    return (image - mean) / spread, mean, spread
