"""Batches for training and validation, read from a prepared store; augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import lightning as L
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from lctem_core.errors import InputError
from lctem_core.refine.adaptive import adapted, means
from lctem_core.refine.preprocess import resized
from lctem_core.train.config import Config
from lctem_core.train.pairs import Images
from lctem_core.train.store import Store


class _Draws(Sampler):
    """Indices in random order, each with a seed for its augmentation.

    The seed travels with the index, so that what a worker process draws does not depend on how
    many there are, nor on whether the run was interrupted.
    """

    def __init__(self, number: int, seed: int) -> None:
        self.number, self.seed, self.epoch = number, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch  # called by Lightning

    def __len__(self) -> int:
        return self.number

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng([self.seed, self.epoch])
        seeds = rng.integers(2**62, size=self.number)
        return iter([(int(i), int(seeds[i])) for i in rng.permutation(self.number)])


class TrainingCrops(Dataset):
    """Augmented crops of the training pairs, each (1, h, w) float32 in [0, 1]."""

    def __init__(self, store: Store, indices: np.ndarray, config: Config) -> None:
        self.store, self.indices, self.config = store, indices, config

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, draw: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        position, seed = draw
        rng = np.random.default_rng(seed)
        noisy, truth = augment(
            self.store, self.indices[position], self.indices, rng, self.config.mosaic
        )
        if self.config.crop:
            y, x = rng.integers(0, np.array(truth.shape) - self.config.crop + 1)
            window = np.s_[..., y : y + self.config.crop, x : x + self.config.crop]
            noisy, truth = noisy[window], truth[window]
        return tensor(noisy), tensor(truth)


class WholeFrames(Dataset):
    """Prepared pairs as they are, each (1, H, W) float32 in [0, 1]."""

    def __init__(self, store: Store, indices: np.ndarray) -> None:
        self.store, self.indices = store, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> tuple[torch.Tensor, torch.Tensor]:
        i = self.indices[position]
        return tensor(self.store.noisy(i)), tensor(self.store.truth(i))


def tensor(image: np.ndarray) -> torch.Tensor:
    """Image (H, W) as a float32 tensor (1, H, W); clip (T, H, W) as what its network takes."""
    image = adapted(means(image), len(image)) if image.ndim == 3 else image[None]
    return torch.from_numpy(np.ascontiguousarray(image, np.float32))


def _one_thread(_: int) -> None:
    cv2.setNumThreads(1)  # workers share the cores already


class ResumableLoader(DataLoader):
    """Continues in the middle of an epoch: Lightning keeps its state in the checkpoints."""

    _taken = _resumed = 0

    def state_dict(self) -> dict[str, int]:
        """How many batches of the epoch have been handed out."""
        return {"taken": self._taken}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Leave out the batches that were handed out before, in the next epoch only."""
        self._resumed = state["taken"] % len(self)

    def __iter__(self) -> Iterator[Any]:
        """Batches of an epoch."""
        # As a generator it begins when the first batch is asked for, after `load_state_dict`. What
        # was trained on is read once more and left out, which takes seconds.
        first, self._resumed = self._resumed, 0
        for self._taken, batch in enumerate(super().__iter__(), 1):
            if self._taken > first:
                yield batch


class PairsData(L.LightningDataModule):
    """Training and validation loaders of a prepared store."""

    def __init__(self, store: Store, config: Config) -> None:
        super().__init__()
        self.store, self.config = store, config
        self.training, self.validation = store.split(config.split, config.validation, config.seed)

    def train_dataloader(self) -> DataLoader:
        """Shuffled, augmented crops."""
        crops = TrainingCrops(self.store, self.training, self.config)
        return ResumableLoader(
            crops,
            # Lightning calls set_epoch on it and, with several devices, deals it out among them.
            sampler=_Draws(len(crops), self.config.seed),
            batch_size=self.batch,
            drop_last=True,
            **self._loading(),
        )

    @property
    def batch(self) -> int:
        """Crops per step and device."""
        devices = self.trainer.world_size if self.trainer else 1
        return max(1, min(self.config.batch, len(self.training)) // devices)

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        devices = self.trainer.world_size if self.trainer else 1
        return -(-len(self.training) // devices) // self.batch

    def val_dataloader(self) -> DataLoader:
        """Whole frames in list order: a crop would hide what a network invents elsewhere."""
        frames = WholeFrames(self.store, self.validation)
        size = max(1, min(self.batch, len(frames)) // 4)
        return DataLoader(frames, batch_size=size, **self._loading())

    def _loading(self) -> dict[str, Any]:
        workers = self.config.workers
        return {
            "num_workers": workers,
            "persistent_workers": workers > 0,
            # A fork of a process with running threads can stop for ever.
            "multiprocessing_context": "spawn" if workers else None,
            "worker_init_fn": _one_thread,
            "pin_memory": torch.cuda.is_available(),
        }


# Augmentation ----------------------------------------------------------------------------------


def flip(
    noisy: np.ndarray, truth: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both images flipped alike, up–down and left–right with probability 0.5 each."""
    axes = [axis for axis in (-2, -1) if rng.random() < 0.5]
    # Contiguous, because PyTorch takes no negative strides.
    return tuple(np.ascontiguousarray(np.flip(image, axes)) for image in (noisy, truth))


def mosaic(four: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Four pairs (noisy, truth) of one even shape, halved and laid out 2 × 2 in that shape."""
    height, width = four[0][0].shape
    if len(four) != 4 or height % 2 or width % 2:
        raise InputError(
            "four pairs with even sides", f"{len(four)} of {height} × {width} pixels",
            "Prepare the store with an even size.",
        )  # fmt: skip
    tiles = [[resized(image, height // 2, width // 2) for image in pair] for pair in four]
    (a, ta), (b, tb), (c, tc), (d, td) = tiles
    return np.block([[a, b], [c, d]]), np.block([[ta, tb], [tc, td]])


def augment(
    images: Images,
    i: int,
    indices: Sequence[int],
    rng: np.random.Generator,
    mosaic_probability: float = 0.8,
) -> tuple[np.ndarray, np.ndarray]:
    """Pair `i` for training: maybe the first tile of a mosaic, then flipped at random.

    Parameters
    ----------
    images : Images
        A prepared store.
    i : int
        Index of the pair.
    indices : sequence of int
        Indices that the other three tiles are drawn from: the training side of the split. The
        public code draws them from all pairs, so that validation pairs are trained on.
    rng : numpy.random.Generator
        Source of chance.
    mosaic_probability : float
        0.8 in the public code.

    Returns
    -------
    noisy, truth : ndarray, (H, W), float32
        In [0, 1].
    """
    chosen = [i]
    if rng.random() < mosaic_probability:
        chosen += [indices[k] for k in rng.integers(len(indices), size=3)]
    four = [(images.noisy(k), images.truth(k)) for k in chosen]
    noisy, truth = mosaic(four) if len(four) == 4 else four[0]
    return flip(noisy, truth, rng)
