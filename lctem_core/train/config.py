"""What defines a training run besides its data."""

from __future__ import annotations

from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

import torch
import yaml

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.networks.cards import stride
from lctem_core.networks.unet import check_architecture
from lctem_core.train.store import TARGETS, Store

PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed", "bf16-true")


@dataclass(frozen=True)
class Config:
    """Everything that defines a training run besides its data.

    The defaults are the paper's protocol; the public code gives the values that the paper leaves
    open (mosaic with probability 0.8, plateau schedule looked at every 10 epochs).

    Attributes
    ----------
    encoder, shuffle, depth, head, width, frames
        See `lctem_core.networks.unet.unet`.
    target : str
        ``dry``: the dry look in [0, 1], as in the paper. ``faithful``: the noisy frame without
        noise, in its own scale, see `lctem_core.simulate.examples`; losses are then taken in units
        of the truth's own contrast.
    loss : str
        ``ssim``, ``l1``, ``l2``, ``psnr``, ``ssim+l1`` or ``ssim+psnr``.
    window : int
        Side of the SSIM window [px].
    crop : int
        Side of a random crop of the prepared frame [px]; 0 trains on whole frames, as the paper.
    batch : int
    epochs : int
        Passes over the training pairs.
    rate : float
        Adam's learning rate.
    schedule : str
        ``plateau``: halve the rate when the validation loss has not fallen for 10 looks, floor
        1e-5. ``cosine``: warm up over the first 3 % of the steps, then fall to zero.
    mosaic : float
        Probability of a 2×2 mosaic of four pairs.
    split : str
        ``grouped`` or ``random``.
    validation : float
        Share of the pairs kept for validation.
    validate_every : int
        Epochs between validations.
    workers : int
        Processes that load data; 0 loads in the training process.
    precision : str
        ``auto`` takes bf16 where the processor or GPU computes in it, else fp32; or a name that
        Lightning knows.
    seed : int
    initial : str
        Weights to begin with, as `lctem_core.networks.weights.load` takes them, or ``imagenet`` for
        the encoder's, see `lctem_core.networks.initial`; empty begins at random. With several
        frames, weights of the same network for one frame, see
        `lctem_core.networks.temporal.begin_from`.
    settled : int
        Batches over which batch normalisation's statistics are averaged at the end, see
        `lctem_core.train.fitting.settle`; 0 leaves the moving averages of training.
    """

    encoder: str = "resnet18"
    shuffle: int = 1
    depth: int = 5
    head: str = "sigmoid"
    width: float = 1.0
    frames: int = 1
    target: str = "dry"
    loss: str = "ssim"
    window: int = 11
    crop: int = 0
    batch: int = 64
    epochs: int = 2000
    rate: float = 1e-4
    schedule: str = "plateau"
    mosaic: float = 0.8
    split: str = "grouped"
    validation: float = 0.1
    validate_every: int = 10
    workers: int = 2
    precision: str = "auto"
    seed: int = 0
    initial: str = ""
    settled: int = 0

    @classmethod
    def of(cls, values: dict[str, Any]) -> Config:
        """Config from plain values, such as a YAML file's; an unknown key is an error."""
        known = {field.name: field for field in fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InputError(
                f"training parameters of {', '.join(known)}", ", ".join(unknown), "Check the names."
            )
        config = cls(**{name: _typed(known[name], value) for name, value in values.items()})
        config.check()
        return config

    def check(self) -> None:
        """Raise an `InputError` for a value that cannot be trained with."""
        check_architecture(**self.architecture)
        metrics.loss_by_name(self.loss, self.window)
        if self.target not in TARGETS:
            raise InputError(f"a target of {', '.join(TARGETS)}", repr(self.target), "Use one.")
        if self.target == "faithful" and self.head == "sigmoid":
            raise InputError(
                "head linear or detail for the faithful target", repr(self.head),
                "A sigmoid cannot give grey levels outside [0, 1].",
            )  # fmt: skip
        if self.schedule not in ("plateau", "cosine"):
            raise InputError("schedule plateau or cosine", repr(self.schedule), "Use one of them.")
        if self.workers < 0:
            raise InputError("workers of 0 or more", str(self.workers), "0 loads in the process.")
        if self.precision not in PRECISIONS:
            raise InputError(
                f"a precision of {', '.join(PRECISIONS)}", repr(self.precision), "Use one of them."
            )
        for name in ("batch", "epochs", "validate_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} of 1 or more", str(getattr(self, name)), "Raise it.")
        if self.settled < 0:
            raise InputError("settled of 0 or more batches", str(self.settled), "0 turns it off.")
        if not 0 < self.rate < 1:
            raise InputError("a learning rate between 0 and 1", str(self.rate), "1e-4 is usual.")
        if not 0 <= self.mosaic <= 1:
            raise InputError("a probability for mosaic", str(self.mosaic), "Use 0 to 1.")
        if self.frames > 1 and self.mosaic:
            raise InputError("mosaic 0 for several frames", str(self.mosaic), "Set it to 0.")
        need = stride(self.architecture)
        if self.crop % need or self.crop < 0:
            raise InputError(
                f"a crop divisible by {need} (or 0 for whole frames)", str(self.crop),
                "The network halves the grid several times.",
            )  # fmt: skip

    def check_store(self, store: Store) -> None:
        """Raise an `InputError` for data that this configuration cannot be trained on."""
        if self.target != store.target:
            raise InputError(
                f"a store opened for the target {self.target}", f"one for {store.target}",
                "Open it with Store.open(path, config.target).",
            )  # fmt: skip
        if self.crop > store.size:
            raise InputError(
                f"a crop of at most the prepared size {store.size}", str(self.crop), "Lower it."
            )
        if self.frames != store.frames:
            raise InputError(
                f"a store with {self.frames} noisy frames for each truth",
                f"one with {store.frames}",
                "Make clips for a temporal network; set frames to what the store has.",
            )  # fmt: skip
        need = stride(self.architecture)
        if store.size % need:
            raise InputError(
                f"frames prepared at a size divisible by {need}", f"{store.size} pixels",
                "Prepare the pairs again with --size 512.",
            )  # fmt: skip

    @property
    def precision_here(self) -> str:
        """Precision that ``auto`` means on this machine, else the one that is named.

        ``bf16-mixed`` where the GPU or the processor computes in bfloat16, else ``32-true``.
        """
        if self.precision != "auto":
            return self.precision
        if torch.cuda.is_available():
            return "bf16-mixed" if torch.cuda.is_bf16_supported() else "16-mixed"
        # Without the instruction, bfloat16 is emulated and slower than float32.
        capable = torch.cpu._is_avx512_bf16_supported() if hasattr(torch, "cpu") else False
        return "bf16-mixed" if capable else "32-true"

    @property
    def architecture(self) -> dict[str, Any]:
        """Arguments of `lctem_core.networks.unet.unet`."""
        return {
            "encoder": self.encoder, "shuffle": self.shuffle, "depth": self.depth,
            "head": self.head, "width": self.width, "frames": self.frames,
        }  # fmt: skip


def read_parameters(path: str | Path) -> dict[str, Any]:
    """Training parameters of a YAML file, for `Config.of`.

    Parameters
    ----------
    path : str or Path
        Either parameters by name, or a recipe such as those beside the shipped weights: its part
        ``training`` has the parameters, its part ``data`` says what they were trained on.

    Returns
    -------
    dict

    Raises
    ------
    OSError
        If the file cannot be read.
    InputError
        If it is no YAML with names and values.
    """
    try:
        content = yaml.safe_load(Path(path).read_text("utf8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        told = " ".join(str(error).split())
        raise InputError("a YAML file", f"{path} ({told})", "Correct the file.") from error
    values = content or {}
    if isinstance(values, dict) and "training" in values:
        values = values["training"]
    if not isinstance(values, dict):
        raise InputError(
            "training parameters as lines NAME: VALUE", f"{path} with {type(values).__name__}",
            "Correct the file.",
        )  # fmt: skip
    return values


def _typed(field: Field, value: Any) -> Any:
    """Value of the field's type: YAML reads 1e-4 as a text, and 1 as a whole number."""
    kind = {"int": int, "float": float, "str": str}[field.type]
    try:
        typed = kind(value)
    except (TypeError, ValueError):
        typed = None
    cut_off = kind is int and isinstance(value, float) and typed != value
    if typed is None or cut_off or isinstance(value, bool):
        wanted = {int: "a whole number", float: "a number", str: "a name"}[kind]
        raise InputError(f"{wanted} for {field.name}", repr(value), "Check the value.")
    return typed
