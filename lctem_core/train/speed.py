"""How fast a training goes, against a literal rewrite of the public notebook's loop."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil
import torch
from torch.utils.data import DataLoader, Dataset

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.networks.unet import unet
from lctem_core.train.config import Config
from lctem_core.train.fitting import Refinement
from lctem_core.train.loaders import PairsData
from lctem_core.train.store import Store

#: Batch of the public notebook.
PUBLIC_BATCH = 64
#: Memory that the public loop takes for each frame of 512 × 512 pixels, measured without a GPU [B].
FRAME_MEMORY = 0.42e9
_PERCENTILES = (0.1, 99.9)


@dataclass(frozen=True)
class Speed:
    """Speed of a training loop.

    Attributes
    ----------
    images : float
        Frames of 512 × 512 pixels, or as many pixels in smaller ones, per second [1/s].
    waiting : float
        Share of the time in which the step waits for its data.
    steps : int
        Steps measured, after the first, which warms up.
    """

    images: float
    waiting: float
    steps: int


def stretchable(image: np.ndarray) -> bool:
    """Whether the percentiles differ by whose difference the public code divides an image."""
    low, high = np.percentile(image, _PERCENTILES)
    return bool(low < high)


class PublicPairs(Dataset):
    """Pairs as the public notebook's data set gives them: each item is prepared when asked for.

    Reduction by ``cv2.INTER_AREA``, min–max rescaling, a stretch between the 0.1 and 99.9
    percentiles, flips with probability 0.5 each, a 2 × 2 mosaic of four pairs with 0.8.
    """

    def __init__(self, noisy: np.ndarray, truth: np.ndarray, size: int, seed: int = 0) -> None:
        even = sum(not stretchable(one) for stack in (noisy, truth) for one in stack)
        if even:
            raise InputError("images with contrast", f"{even} even ones", "Leave their pairs out.")
        self.images, self.size = (noisy, truth), size
        self.rng = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self.images[0])

    def __getitem__(self, i: int) -> tuple[torch.Tensor, ...]:
        """Noisy image and truth, (1, size, size) float32 each."""
        if self.rng.random() < 0.8:
            half = self.size // 2
            tiles = [i, *self.rng.integers(len(self), size=3)]
            pairs = [self._pair(int(tile), half) for tile in tiles]
            images = [
                np.block([[p[side] for p in pairs[:2]], [p[side] for p in pairs[2:]]])
                for side in (0, 1)
            ]
        else:
            images = self._pair(i, self.size)
        return tuple(torch.from_numpy(np.ascontiguousarray(image))[None] for image in images)

    def _pair(self, i: int, size: int) -> list[np.ndarray]:
        flips = [slice(None, None, -1) if self.rng.random() < 0.5 else slice(None) for _ in "xy"]
        done = []
        for stack in self.images:
            image = cv2.resize(
                stack[i].astype(np.float32), (size, size), interpolation=cv2.INTER_AREA
            )
            image = (image - image.min()) / (image.max() - image.min())
            low, high = np.percentile(image, _PERCENTILES)
            image = np.clip((image - low) / (high - low), 0, 1).astype(np.float32)
            done.append(image[flips[0], flips[1]])
        return done


def batch_that_fits(size: int = 512, memory: float | None = None) -> int:
    """Largest batch of the public loop, a power of two up to its own 64, that fits the memory.

    Parameters
    ----------
    size : int
        Side of the training images [px].
    memory : float, optional
        What may be used [B]; by default 80 % of what is free now.

    Returns
    -------
    int
        1 at least.
    """
    if memory is None:
        memory = 0.8 * _free_memory()
    frames = memory / (FRAME_MEMORY * (size / 512) ** 2)
    return int(2 ** np.floor(np.log2(np.clip(frames, 1, PUBLIC_BATCH))))


def _free_memory() -> float:
    free = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")
    try:  # a container may have less than its machine
        limit, used = (int((group / f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):  # none, or no limit
        return free
    return min(free, limit - used)


def public_speed(
    noisy: np.ndarray, truth: np.ndarray, *, size: int = 512, batch: int = 4, steps: int = 3
) -> Speed:
    """Speed of the public loop: the paper's network, fp32, the public SSIM, one process.

    Parameters
    ----------
    noisy, truth : ndarray, (N, H, W)
        Counts as the camera wrote them.
    size : int
        Side of the training images [px].
    batch : int
        The public one is 64; see `batch_that_fits`.
    steps : int
        Steps to measure.

    Returns
    -------
    Speed
    """
    if len(noisy) < batch:
        raise InputError(f"at least {batch} pairs", str(len(noisy)), "Give more, or lower batch.")
    loader = DataLoader(PublicPairs(noisy, truth, size), batch, shuffle=True, drop_last=True)
    network = unet("resnet18").train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)

    def step(inputs: torch.Tensor, target: torch.Tensor) -> None:
        loss = 1 - metrics.ssim_public_code(network(inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return _measure(_repeated(loader), step, batch * (size / 512) ** 2, steps)


def our_speed(store: Store, config: Config, steps: int = 10) -> Speed:
    """Speed of this package's training with a configuration.

    Parameters
    ----------
    store : Store
    config : Config
    steps : int
        Steps to measure.

    Returns
    -------
    Speed
    """
    data = PairsData(store, config)
    module = Refinement(config)
    module.network = module.network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=config.rate)
    half = config.precision_here.startswith("bf16")

    def step(noisy: torch.Tensor, truth: torch.Tensor) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            refined = module(noisy)
        loss = module.loss_of(refined.float(), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    side = config.crop or store.size
    frames = data.batch * (side / 512) ** 2
    return _measure(_repeated(data.train_dataloader()), step, frames, steps)


def _repeated(loader: Iterable) -> Iterable:
    while True:
        yield from loader


def _measure(batches: Iterable, step: object, frames: float, steps: int) -> Speed:
    """Time of `steps` steps after a first one, and the share of it spent waiting for batches."""
    batches = iter(batches)
    waited = begun = 0.0
    for number in range(steps + 1):
        if number == 1:  # the first step warmed up
            waited, begun = 0.0, time.perf_counter()
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        step(*batch)
    took = time.perf_counter() - begun
    return Speed(frames * steps / took, waited / took, steps)
