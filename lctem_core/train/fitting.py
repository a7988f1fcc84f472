"""Training: the Lightning module and `fit`."""

from __future__ import annotations

import logging
import math
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, RichProgressBar, Timer
from lightning.pytorch.plugins.io import TorchCheckpointIO
from lightning.pytorch.trainer.states import TrainerFn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.files import claim, replacing
from lctem_core.networks.initial import IMAGENET, begin_from_imagenet
from lctem_core.networks.temporal import begin_from
from lctem_core.networks.unet import architecture_of, unet
from lctem_core.networks.weights import load, save
from lctem_core.provenance import provenance
from lctem_core.train.callbacks import Curves, Look
from lctem_core.train.config import Config
from lctem_core.train.loaders import PairsData
from lctem_core.train.store import Store

#: Longest time between two checkpoints, for epochs that take hours.
BETWEEN = timedelta(minutes=10)


class Refinement(L.LightningModule):
    """A network that turns noisy images into truth, with its loss and its schedule."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.save_hyperparameters(asdict(config))
        self.config = config
        self.network = unet(**config.architecture)
        self.loss = metrics.loss_by_name(config.loss, config.window)

    def forward(self, noisy: torch.Tensor) -> torch.Tensor:
        """Refine a batch (N, 1, H, W)."""
        return self.network(noisy.contiguous(memory_format=torch.channels_last))

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        """Loss of one batch."""
        noisy, truth = batch
        # Variances of nearly flat windows vanish in half precision: the loss is fp32 always.
        loss = self.loss_of(self(noisy).float(), truth)
        self.log("train_loss", loss, on_step=False, on_epoch=True, prog_bar=True,
                 batch_size=len(noisy))  # fmt: skip
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> None:
        """Loss and scores of whole frames."""
        noisy, truth = batch
        refined, truth = self._comparable(self(noisy).float(), truth)
        scores = metrics.scores(refined.clamp(0, 1), truth.clamp(0, 1))
        values = {
            "val_loss": self.loss(refined, truth),
            "val_psnr": scores["psnr"].mean(),
            "val_ssim": scores["ssim"].mean(),
        }
        self.log_dict(values, prog_bar=True, batch_size=len(noisy), sync_dist=True)

    def on_validation_epoch_end(self) -> None:
        """Step of the plateau schedule.

        Lightning's own comes after the epoch's checkpoint and is left out when a run continues.
        """
        if self.config.schedule == "plateau" and self.trainer.state.fn == TrainerFn.FITTING:
            self.lr_schedulers().step(self.trainer.callback_metrics["val_loss"])

    def loss_of(self, refined: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        """Loss of refined images, in units of the truth's contrast for the faithful target."""
        return self.loss(*self._comparable(refined, truth))

    def _comparable(
        self, refined: torch.Tensor, truth: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.config.target == "dry":
            return refined, truth
        return metrics.in_contrast(refined, truth)

    def configure_optimizers(self) -> dict[str, Any]:
        """Adam, with the schedule of the configuration."""
        config = self.config
        optimizer = torch.optim.Adam(self.parameters(), lr=config.rate)
        if config.schedule == "plateau":
            plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
                optimizer, factor=0.5, patience=10, min_lr=min(1e-5, config.rate)
            )
            # Lightning keeps its state in the checkpoint; its steps are those of
            # `on_validation_epoch_end`.
            schedule = {"scheduler": plateau, "monitor": "val_loss", "frequency": sys.maxsize}
        else:
            # Not the trainer's own estimate: it sets the loader up before a checkpoint can tell it
            # where to go on.
            total = config.epochs * self.trainer.datamodule.steps
            warm = max(1, int(0.03 * total))
            factor = _cosine(warm, total)
            schedule = {
                "scheduler": torch.optim.lr_scheduler.LambdaLR(optimizer, factor),
                "interval": "step",
            }
        return {"optimizer": optimizer, "lr_scheduler": schedule}


class _cosine:
    """Factor of the learning rate at a step; a class, so that checkpoints can hold it."""

    def __init__(self, warm: int, total: int) -> None:
        self.warm, self.total = warm, total

    def __call__(self, step: int) -> float:
        if step < self.warm:
            return (step + 1) / self.warm
        done = (step - self.warm) / max(1, self.total - self.warm)
        return 0.5 * (1 + math.cos(math.pi * min(done, 1)))


class _Between(ModelCheckpoint):
    """Checkpoints within an epoch.

    None after its last batch, from which a run would go on without the epoch's validation; the
    epoch's own checkpoint follows that.
    """

    def on_train_batch_end(self, trainer: L.Trainer, *about: Any) -> None:
        """Save, if it is time."""
        if not trainer.is_last_batch:
            super().on_train_batch_end(trainer, *about)


class _Renaming(TorchCheckpointIO):
    """Checkpoints appear by rename: a kill while one is written leaves the one before."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None
    ) -> None:
        with replacing(path) as temporary:
            torch.save(checkpoint, temporary)


def fit(
    store: Store,
    folder: str | Path,
    config: Config,
    *,
    devices: int | str = 1,
    progress: bool = True,
    facts: dict[str, Any] | None = None,
) -> Path:
    """Train, and write weights with their card.

    The folder gets ``log.csv``, ``look/*.png``, ``last.ckpt`` after every epoch and every ten
    minutes and, at the end, ``weights.safetensors`` with ``weights.json``. A run that was killed
    continues from ``last.ckpt``; a finished one returns at once.

    Parameters
    ----------
    store : Store
        Prepared pairs.
    folder : str or Path
        Of this run.
    config : Config
    devices : int or str
        GPUs to use, or ``auto`` for all; several train with DDP and share the batch.
    progress : bool
        Show a progress bar.
    facts : dict, optional
        What the card should say besides, such as the profile; ``data`` comes from the store.

    Returns
    -------
    Path
        Of the weights.

    Raises
    ------
    InputError
        For a configuration that does not fit the data or the machine, or a folder with another
        run's.
    """
    config.check()
    config.check_store(store)
    gpus = torch.cuda.device_count()
    if devices not in (1, "auto") and int(devices) > gpus:
        raise InputError(f"at most {gpus} GPUs, as this machine has", str(devices), "Lower it.")
    folder = Path(folder)
    weights, last = folder / "weights.safetensors", folder / "last.ckpt"
    claim(folder / "config.json", {"config": asdict(config), "data": store.identity})
    if weights.exists() and weights.with_suffix(".json").exists():
        return weights
    # Of the code that trains, not of what is edited meanwhile.
    origin = provenance(seed=config.seed, precision=config.precision_here)
    with _settings():
        L.seed_everything(config.seed, workers=True, verbose=False)
        data, module, timer = PairsData(store, config), Refinement(config), Timer()
        if config.initial and not last.exists():
            _begin_from(module.network, config)
        module.network = module.network.to(memory_format=torch.channels_last)
        trainer = _trainer(folder, config, devices if gpus else 1, timer, progress)
        trainer.fit(module, data, ckpt_path=str(last) if last.exists() else None, weights_only=True)
        if config.settled:
            module.network.to(trainer.strategy.root_device)
            settle(module.network, data.train_dataloader(), config.settled, progress)
        # On every device: they wait for all.
        scores = trainer.validate(module, data, verbose=False)[0]
    if trainer.is_global_zero:
        card = {
            "architecture": config.architecture,
            "config": asdict(config),
            "metrics": {name: float(value) for name, value in scores.items()},
            "pairs": {"training": len(data.training), "validation": len(data.validation)},
            "crops_seen": trainer.global_step * data.batch * trainer.world_size,
            "preprocessing": store.parameters | {"target": config.target},
            "data": store.facts.get("data", "unknown"),
            "provenance": origin | {"seconds": round(timer.time_elapsed("train"), 1)},
        }
        save(module.network, card | (facts or {}), weights)
    return weights


def _trainer(
    folder: Path, config: Config, devices: int | str, timer: Timer, progress: bool
) -> L.Trainer:
    """Lightning's trainer with this run's checkpoints, log and pictures."""
    callbacks: list[Callback] = [
        ModelCheckpoint(folder, filename="last", enable_version_counter=False,
                        save_on_train_epoch_end=True),
        _Between(folder, filename="last", enable_version_counter=False,
                 train_time_interval=BETWEEN),
        Look(folder),
        Curves(folder),
        timer,
    ]  # fmt: skip
    if progress:
        callbacks.append(RichProgressBar())
    return L.Trainer(
        max_epochs=config.epochs,
        accelerator="auto",
        devices=devices,
        plugins=[_Renaming()],
        precision=config.precision_here,
        logger=False,  # the log is that of `Curves`
        callbacks=callbacks,
        check_val_every_n_epoch=min(config.validate_every, config.epochs),
        num_sanity_val_steps=0,
        benchmark=True,
        # Frames of hardly any contrast have large gradients in its units.
        gradient_clip_val=1.0 if config.target == "faithful" else None,
        enable_progress_bar=progress,
        enable_model_summary=False,
    )


@contextmanager
def _settings() -> Iterator[None]:
    """What a training sets for the whole process, and puts back at its end.

    Matrix products of float32 may use TensorFloat-32, convolutions are tried out for the fastest,
    and Lightning does not speak of itself: hardware that it did not find, services, its own code.
    """
    logger = logging.getLogger("lightning.pytorch")
    level, cudnn = logger.level, torch.backends.cudnn.benchmark
    products = torch.get_float32_matmul_precision()
    with warnings.catch_warnings():
        for said in (
            ".*Checkpoint directory .* exists and is not empty.*",  # it holds the run's config.json
            ".*isinstance.treespec, LeafSpec.*",
            ".*does not have many workers.*",
            ".*number of training batches .* is smaller than the logging interval.*",
        ):
            warnings.filterwarnings("ignore", message=said)
        logger.setLevel(logging.WARNING)
        torch.set_float32_matmul_precision("high")
        try:
            yield
        finally:
            logger.setLevel(level)
            torch.set_float32_matmul_precision(products)
            torch.backends.cudnn.benchmark = cudnn  # the trainer sets it


def settle(
    network: torch.nn.Module, loader: DataLoader, batches: int, progress: bool = True
) -> None:
    """Replace the statistics of batch normalisation by means over many batches.

    Training leaves moving averages over about the last ten batches. Where a batch is a few frames
    that differ as much as users' frames do, these are far from the mean of all, and the network,
    which now uses them instead of the batch's own, is worse than it was trained to be. (Wu and
    Johnson 2021, “Rethinking ‘batch’ in BatchNorm”.)

    Parameters
    ----------
    network : torch.nn.Module
        Changed in place, and left in evaluation mode.
    loader : DataLoader
        Of training batches (noisy, truth).
    batches : int
        At most; fewer if the loader has fewer.
    progress : bool
        Show a progress bar.
    """
    number = min(batches, len(loader))
    noisy = (one.contiguous(memory_format=torch.channels_last) for one, _ in islice(loader, number))
    bar = tqdm(noisy, "settle", number, disable=not progress)
    update_bn(bar, network, next(network.parameters()).device)
    network.eval()


def _begin_from(network: torch.nn.Module, config: Config) -> None:
    """Fill a network with the weights that the configuration names."""
    if config.initial == IMAGENET:
        begin_from_imagenet(network, config.encoder)
        return
    begun, card = load(config.initial)
    wanted = architecture_of(config.architecture)
    found = architecture_of(card["architecture"])
    if found == wanted:
        network.load_state_dict(begun.state_dict())
    elif found == wanted | {"frames": 1}:
        begin_from(network, begun)
    else:
        raise InputError(
            f"weights of the network {wanted}", f"{config.initial} of {found}",
            "Choose other weights, or leave initial empty.",
        )  # fmt: skip
