"""Runtimes by name: which this machine has, and a network made ready to run in one of them."""

from __future__ import annotations

import warnings
from ctypes.util import find_library
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lctem_core.errors import InputError, needs
from lctem_core.networks.cards import TEMPORAL_CHANNELS
from lctem_core.networks.model import Model
from lctem_core.refine.agreement import LEAST_PSNR, MOST_LOSS, Agreement, agreement, losses
from lctem_core.refine.engines import Engine, OnnxRuntime, OpenVino, openvino_has_bf16, threads
from lctem_core.refine.preprocess import FAR, rescale

#: What a Refiner takes that is made of a PyTorch module.
DEFAULT = "torch-channels-last"
#: What an ONNX model is compared with that is not in PyTorch's memory.
PLAIN = "onnxruntime"
NAMES = {
    "torch": "PyTorch, float32",
    "torch-channels-last": "PyTorch, float32, channels innermost in memory",
    "torch-bf16": "PyTorch, convolutions in bfloat16",
    "openvino": "OpenVINO, float32",
    "openvino-bf16": "OpenVINO, bfloat16",
    "openvino-int8": "OpenVINO, convolutions in 8-bit integers (NNCF)",
    "onnxruntime": "ONNX Runtime, float32",
    "cuda": "PyTorch on a GPU, float32, channels innermost",
    "cuda-half": "PyTorch on a GPU, float16, channels innermost",
    "cuda-half-graph": "the same, compiled, as a CUDA graph",
}
#: The optional dependencies that bring the packages of a runtime's family.
EXTRAS = {"torch": "train", "cuda": "train", "openvino": "openvino", "onnxruntime": ""}
_TRIAL_SIZE = 256
_LOSS_FRAMES = 100  # fewer do not tell 0.1 dB


@dataclass(frozen=True)
class Trial:
    """One candidate of `lctem_core.refine.choice.choose`.

    Attributes
    ----------
    name : str
    seconds : float or None
        Median time of a frame of 512 × 512 pixels, for a slow network 256 × 256 [s]; None if
        it was not run.
    agreement : Agreement or None
    refused : str
        Why it was not taken into account; empty if it was.
    """

    name: str
    seconds: float | None = None
    agreement: Agreement | None = None
    refused: str = ""


class Runtime:
    """A network ready to run.

    Parameters
    ----------
    name : str
        Of `NAMES`.
    model : Model
    device : str
    engine : Engine
        Of this network.
    trials : tuple of Trial
        What `lctem_core.refine.choice.choose` compared; empty where the caller named the runtime.
    """

    def __init__(
        self, name: str, model: Model, device: str, engine: Engine, trials: tuple[Trial, ...] = ()
    ) -> None:
        self.name, self.model, self.device = name, model, device
        self.engine, self.trials = engine, trials

    @property
    def channels(self) -> int:
        """Channels that the network takes."""
        return self.model.channels

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""
        return self.engine(batch)

    @cached_property
    def agreement(self) -> Agreement:
        """How far its answer is from the reference's, see `reference`.

        The reference itself, where it is ONNX Runtime, has the agreement with PyTorch that the card
        of the weights records.
        """
        noted = self.model.card.get("onnx", {}).get("agreement")
        if self.name == PLAIN and noted and not self.model.in_memory:
            psnr = noted["psnr_db"]
            return Agreement(noted["largest_difference"], np.inf if psnr is None else psnr)
        frame = trial_frame(self.channels)
        return agreement(self.engine(frame), reference(self.model)(frame))


def reference(model: Model) -> Engine:
    """What the others are compared with, float32.

    PyTorch, operation by operation, for a network that it has in memory; ONNX Runtime for one that
    is on disk only, since PyTorch takes seconds to import and may not be installed.
    """
    return engine_of("torch" if model.in_memory else PLAIN, model, "cpu")


# What this machine has ---------------------------------------------------------------------------


def device_of(name: str | None, runtime: str = DEFAULT) -> str:
    """Device by its name, or the one that a runtime needs, or a GPU if there is one.

    Parameters
    ----------
    name : str, optional
        ``cpu``, ``cuda``, …
    runtime : str
        Of `NAMES`, or ``auto``.

    Returns
    -------
    str

    Raises
    ------
    InputError
        If it is not there.
    """
    if name is None:
        if runtime.startswith("cuda"):
            name = "cuda"
        elif runtime.startswith(("openvino", "onnxruntime")):
            name = "cpu"
        else:
            name = "cuda" if _has_gpu() else "cpu"
    if name == "cpu":
        return name
    with needs("train", f"the device {name}"):
        from lctem_core.refine.torch_engine import checked_device
    return checked_device(name)


def _has_gpu() -> bool:
    """Whether PyTorch has a GPU here; it is imported only where a driver for one is installed."""
    driver = Path("/proc/driver/nvidia/version").exists() or find_library("nvcuda")
    if not driver or find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def installed(name: str) -> str:
    """Package of a runtime that is not installed; empty if nothing is missing."""
    family = name.partition("-")[0]
    needed = ["torch" if family == "cuda" else family]
    if name.endswith("-int8"):
        needed += ["torch", "nncf"]
    return next((package for package in needed if find_spec(package) is None), "")


def obstacle(name: str, device: str) -> str:
    """Why a runtime cannot run on a device of this machine; empty if it can."""
    family = name.partition("-")[0]
    on_gpu = str(device).startswith("cuda")
    if family == "cuda" and not on_gpu:
        return f"it needs a GPU, and the device is {device}"
    if family in ("openvino", "onnxruntime") and str(device) != "cpu":
        return f"it runs on a CPU, and the device is {device}"
    if package := installed(name):
        extra = "int8" if name.endswith("-int8") else EXTRAS[family]
        told = f" (pip install 'lctem-core[{extra}]')" if extra else ""
        return f"the package {package} is not installed{told}"
    if name == "openvino-bf16" and not openvino_has_bf16():
        return "this processor does not compute in bfloat16"
    return ""


def unsuited(name: str, device: str) -> str:
    """Why a runtime is not worth trying on a device of this machine; empty if it is."""
    if found := obstacle(name, device):
        return found
    if name == "torch-bf16" and str(device) == "cpu":
        from lctem_core.refine.torch_engine import emulates_bf16

        if emulates_bf16():
            return "this processor does not compute in bfloat16, PyTorch emulates it"
    return ""


# Making one --------------------------------------------------------------------------------------


def make(name: str, model: Model, device: str) -> Runtime:
    """Runtime by its name.

    8-bit integers take seconds: their ranges are taken from simulated frames, and what they cost is
    measured on others. If that is too much, a warning says so.

    Parameters
    ----------
    name : str
        Of `NAMES`.
    model : Model
    device : str

    Returns
    -------
    Runtime

    Raises
    ------
    InputError
        For a name that is unknown, or a runtime that this machine does not have.
    """
    if name not in NAMES:
        raise InputError(
            f"a runtime of auto, {', '.join(NAMES)}", repr(name), "Use one of these names."
        )
    if found := obstacle(name, device):
        raise InputError("a runtime of this machine", f"{name}: {found}", "auto picks one.")
    runtime = Runtime(name, model, device, engine_of(name, model, device))
    if name == "openvino-int8" and (told := _eight_bits_cost(runtime)):
        warnings.warn(f"8-bit integers do not suit this network: {told}.", stacklevel=3)
    return runtime


def engine_of(name: str, model: Model, device: str) -> Engine:
    """Engine of a runtime that this machine has."""
    if name == "onnxruntime":
        return OnnxRuntime(model.onnx, threads())
    if name == "openvino-int8":
        with needs("int8", f"the runtime {name}"):
            from lctem_core.networks.onnx_model import to_onnx

            folded = to_onnx(model.network, model.channels, folded=True)
        return OpenVino(folded, "f32", threads(), _calibration(model.channels))
    if name.startswith("openvino"):
        precision = "bf16" if name == "openvino-bf16" else "f32"
        return OpenVino(model.onnx, precision, threads())
    with needs("train", f"the runtime {name}"):
        from lctem_core.refine import torch_engine
    return torch_engine.make(name, model.network, device)


def _eight_bits_cost(runtime: Runtime) -> str:
    """Why 8-bit integers are not good enough for a network; empty if they are."""
    if runtime.agreement.psnr < LEAST_PSNR:
        return f"{runtime.agreement.psnr:.1f} dB against float32, less than {LEAST_PSNR:.0f} dB"
    # Where simulated frames have the truth that it was trained for, the loss counts, too.
    card = runtime.model.card
    if runtime.channels == 1 and card["preprocessing"].get("target") == "faithful":
        made = {"reference": reference(runtime.model), "int8": runtime}
        loss = losses(made, card, _LOSS_FRAMES)["int8"]["loss"]
        if loss > MOST_LOSS:
            return f"{loss:.2f} dB less against the truth, more than {MOST_LOSS} dB"
    return ""


@lru_cache(maxsize=32)
def trial_frame(channels: int = 1, size: int = _TRIAL_SIZE, seed: int = 0) -> np.ndarray:
    """Dark discs in Poisson noise, stretched as the network takes it.

    Parameters
    ----------
    channels : int
        1, or those of a temporal network: the left half is then a mean of ten frames.
    size : int
        Side [px].
    seed : int
        The dose goes with it, from 3 to 1,000 e⁻/px.

    Returns
    -------
    ndarray, (1, channels, size, size), float32
        Not to be written to.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    expected = np.full((size, size), 3 * 10 ** (2.5 * rng.random()))
    for _ in range(12):
        row, column, radius = *rng.uniform(0, size, 2), rng.uniform(4, 20)
        expected[np.hypot(y - row, x - column) < radius] *= rng.uniform(0.3, 0.9)
    averaged = np.ones((size, size))
    if channels == TEMPORAL_CHANNELS:
        averaged[:, : size // 2] = 10
    image = rescale(rng.poisson(averaged * expected) / averaged, clip=FAR)
    noise = 1 / np.sqrt(averaged)  # as a share of a frame's, see `lctem_core.refine.adaptive`
    return np.stack([image, noise][:channels])[None].astype(np.float32)


@lru_cache(maxsize=2)
def _calibration(channels: int) -> list[np.ndarray]:
    """Frames from which the ranges of 8-bit numbers are taken: simulated ones of many kinds."""
    if channels > 1:
        return [trial_frame(channels, seed=seed) for seed in range(1, 25)]
    from lctem_core.simulate.examples import example

    noisy = [example([4, seed], "broad", _TRIAL_SIZE).noisy for seed in range(32)]
    return [rescale(one.astype(np.float32), clip=FAR)[None, None] for one in noisy]
