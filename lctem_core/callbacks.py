"""What goes on beside a training: pictures for an early look, and the time it took."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.trainer.states import TrainerFn

from lctem_core.batches import PairsData, tensor
from lctem_core.outputs import replacing


class Look(Callback):
    """Writes noisy | refined | truth of a few validation frames, for an early look by eye."""

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


class Clock(Callback):
    """Seconds of training, kept in the checkpoint so that they add up over interruptions."""

    def __init__(self) -> None:
        self.before, self.begun = 0.0, time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds so far [s]."""
        return self.before + time.perf_counter() - self.begun

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from a checkpoint."""
        self.before, self.begun = state["seconds"], time.perf_counter()
