"""Beside a training: pictures for an early look, and the log."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import cv2
import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.trainer.states import TrainerFn

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.train.loaders import PairsData, tensor


class Look(Callback):
    """Writes noisy | refined | truth of a few validation frames, to be judged early by eye."""

    def __init__(self, folder: Path, frames: int = 4) -> None:
        self.folder, self.frames = folder, frames

    def on_validation_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Write ``look/epoch_NNNN.png``."""
        if trainer.state.fn != TrainerFn.FITTING or not trainer.is_global_zero:
            return
        data: PairsData = trainer.datamodule
        chosen = data.validation[:: max(1, len(data.validation) // self.frames)][: self.frames]
        rows = []
        for i in chosen:
            noisy, truth = data.store.noisy(i), data.store.truth(i)
            with torch.no_grad():
                refined = module(tensor(noisy)[None].to(module.device))[0, 0].float().cpu().numpy()
            newest = noisy if noisy.ndim == 2 else noisy[-1]
            rows.append(np.hstack([newest, refined, truth]))
        picture = (np.vstack(rows).clip(0, 1) * 255).round().astype(np.uint8)
        with replacing(self.folder / "look" / f"epoch_{trainer.current_epoch:04d}.png") as path:
            cv2.imwrite(str(path), picture)


#: Columns of a run's log, besides ``epoch``.
CURVES = ("train_loss", "val_loss", "val_psnr", "val_ssim")


class Curves(Callback):
    """Writes ``log.csv``, a row for each epoch.

    The rows are also in the checkpoint, and on the disk before it is: a run that
    continues, even in the middle of an epoch, has the log of one that was never interrupted.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "log.csv"
        self.rows: list[dict[str, float]] = []
        self.validated: dict[str, float] = {}
        self.total, self.steps = 0.0, 0

    def on_train_batch_end(
        self, trainer: L.Trainer, module: L.LightningModule, outputs: Any, batch: Any, number: int
    ) -> None:
        """Add the loss of a step."""
        # Not a float yet: a GPU would have to wait for it.
        self.total = self.total + outputs["loss"].detach()
        self.steps += 1

    def on_validation_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Note the scores."""
        if trainer.state.fn == TrainerFn.FITTING:
            scores = trainer.callback_metrics
            self.validated = {n: float(scores[n]) for n in CURVES if n.startswith("val")}

    def on_train_epoch_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Write the log with the row of this epoch."""
        mean = float(self.total) / self.steps
        self.rows.append({"epoch": trainer.current_epoch, "train_loss": mean} | self.validated)
        self.validated, self.total, self.steps = {}, 0.0, 0
        if trainer.is_global_zero:
            with replacing(self.path) as temporary, temporary.open("w", newline="") as file:
                writer = csv.DictWriter(file, ("epoch", *CURVES))
                writer.writeheader()
                writer.writerows(self.rows)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"rows": self.rows, "total": float(self.total), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.rows, self.total, self.steps = state["rows"], state["total"], state["steps"]


def read_log(folder: str | Path) -> dict[str, np.ndarray]:
    """Curves of a run.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    dict of ndarray
        ``epoch`` and, of equal length, ``train_loss``, ``val_loss``, ``val_psnr``, ``val_ssim``;
        NaN where an epoch was not validated.
    """
    path = Path(folder) / "log.csv"
    if not path.exists():
        raise InputError("a training run with a log", f"none in {folder}", "Train first.")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    curves = {n: np.array([float(row[n] or "nan") for row in rows]) for n in CURVES}
    return {"epoch": np.array([int(row["epoch"]) for row in rows])} | curves
