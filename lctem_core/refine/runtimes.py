"""Runtimes by name, how exact they are, and which is the fastest on this machine."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import nn

from lctem_core.errors import InputError
from lctem_core.networks.shortened import shortened
from lctem_core.networks.temporal import CHANNELS
from lctem_core.refine.agreement import LEAST_PSNR, MOST_LOSS, Agreement, agreement, losses
from lctem_core.refine.engines import (
    Engine,
    OnnxRuntime,
    OpenVino,
    Torch,
    openvino_has_bf16,
    to_onnx,
)
from lctem_core.refine.preprocess import FAR, rescale
from lctem_core.simulate.examples import example

#: What the others are compared with: PyTorch, operation by operation, float32.
REFERENCE = "torch"
#: What a Refiner takes that is made from a network.
DEFAULT = "torch-channels-last"
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
#: A runtime has to be this much faster than the one before it, or the one before is taken.
ADVANTAGE = 1.1
# In this order; the reference is not among them, and what takes longer to make than `choose` may
# (int8, graphs) is not either.
_CANDIDATES = {
    "cpu": ("torch-channels-last", "openvino", "onnxruntime", "torch-bf16", "openvino-bf16"),
    "cuda": ("cuda", "cuda-half"),
}
_TRIAL_SIZE = 256
_LOSS_FRAMES = 100  # fewer do not tell 0.1 dB


@dataclass(frozen=True)
class Trial:
    """One candidate of `choose`.

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
    network : torch.nn.Module
    channels : int
        That it takes.
    device : torch.device
    engine : Engine
        Of this network.
    trials : tuple of Trial
        What `choose` compared; empty where the caller named the runtime.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        channels: int,
        device: torch.device,
        engine: Engine,
        trials: tuple[Trial, ...] = (),
    ) -> None:
        self.name, self.device, self.engine, self.trials = name, device, engine, trials
        self._network, self.channels = network, channels

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""
        return self.engine(batch)

    @cached_property
    def agreement(self) -> Agreement:
        """How far its answer is from the reference's."""
        frame = trial_frame(self.channels)
        return agreement(self.engine(frame), _reference(self._network)(frame))


def channels(card: dict[str, Any]) -> int:
    """Channels that the network of a card takes: see `lctem_core.networks.temporal`."""
    return CHANNELS if card["architecture"].get("frames", 1) > 1 else 1


def device_of(name: str | None, runtime: str = DEFAULT) -> torch.device:
    """Device by its name, or the one that a runtime needs, or a GPU if there is one.

    Parameters
    ----------
    name : str, optional
        ``cpu``, ``cuda``, …
    runtime : str
        Of `NAMES`, or ``auto``.

    Returns
    -------
    torch.device

    Raises
    ------
    InputError
        If it is not there.
    """
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
        if runtime.startswith(("openvino", "onnxruntime")):
            name = "cpu"
        if runtime.startswith("cuda"):
            name = "cuda"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)  # a name may be known and the device not there
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).splitlines()[0]
        raise InputError("a device of this machine", f"{name!r}: {told}", "Use cpu.") from error
    return device


def obstacle(name: str, device: torch.device) -> str:
    """Why a runtime cannot run on a device of this machine; empty if it can."""
    family = name.partition("-")[0]
    if family == "cuda" and device.type != "cuda":
        return f"it needs a GPU, and the device is {device}"
    if family in ("openvino", "onnxruntime"):
        if device.type != "cpu":
            return f"it runs on a CPU, and the device is {device}"
        needed = [family, "onnx", "nncf"] if name == "openvino-int8" else [family, "onnx"]
        for package in needed:
            if find_spec(package) is None:
                return f"the package {package} is not installed"
    if name == "openvino-bf16" and not openvino_has_bf16():
        return "this processor does not compute in bfloat16"
    return ""


def unsuited(name: str, device: torch.device) -> str:
    """Why a runtime is not worth trying on a device of this machine; empty if it is."""
    if name == "torch-bf16" and device.type == "cpu" and not torch.cpu._is_avx512_bf16_supported():
        return "this processor does not compute in bfloat16, PyTorch emulates it"
    return obstacle(name, device)


def make(name: str, network: nn.Module, card: dict[str, Any], device: torch.device) -> Runtime:
    """Runtime by its name.

    8-bit integers take seconds: their ranges are taken from simulated frames, and what they cost is
    measured on others. If that is too much, a warning says so.

    Parameters
    ----------
    name : str
        Of `NAMES`.
    network : torch.nn.Module
        (N, C, H, W) -> (N, 1, H, W); copied.
    card : dict
        Of its weights.
    device : torch.device

    Returns
    -------
    Runtime

    Raises
    ------
    InputError
        For a name that is unknown, or a runtime that this machine does not have.
    """
    _check(name, device)
    frames = channels(card)
    runtime = Runtime(name, network, frames, device, _engine(name, network, frames, device))
    if name == "openvino-int8" and (told := _eight_bits_cost(runtime, network, card)):
        warnings.warn(f"8-bit integers do not suit this network: {told}.", stacklevel=3)
    return runtime


def _eight_bits_cost(runtime: Runtime, network: nn.Module, card: dict[str, Any]) -> str:
    """Why 8-bit integers are not good enough for a network; empty if they are."""
    if runtime.agreement.psnr < LEAST_PSNR:
        return f"{runtime.agreement.psnr:.1f} dB against float32, less than {LEAST_PSNR:.0f} dB"
    # Where simulated frames have the truth that it was trained for, the loss counts, too.
    if runtime.channels == 1 and card["preprocessing"].get("target") == "faithful":
        made = {"torch": _reference(network), "int8": runtime}
        loss = losses(made, card, _LOSS_FRAMES)["int8"]["loss"]
        if loss > MOST_LOSS:
            return f"{loss:.2f} dB less against the truth, more than {MOST_LOSS} dB"
    return ""


def _check(name: str, device: torch.device) -> None:
    if name not in NAMES:
        raise InputError(
            f"a runtime of auto, {', '.join(NAMES)}", repr(name), "Use one of these names."
        )
    if found := obstacle(name, device):
        raise InputError("a runtime of this machine", f"{name}: {found}", "auto picks one.")


def _reference(network: nn.Module) -> Torch:
    return Torch(network, torch.device("cpu"))


def _engine(
    name: str, network: nn.Module, frames: int, device: torch.device, onnx: bytes | None = None
) -> Engine:
    threads = torch.get_num_threads()
    if name.startswith(("openvino", "onnxruntime")):
        model = onnx or to_onnx(network, frames)
        if name == "onnxruntime":
            return OnnxRuntime(model, threads)
        precision = "bf16" if name == "openvino-bf16" else "f32"
        calibration = None
        if name == "openvino-int8":
            calibration = _calibration(frames)
        return OpenVino(model, precision, threads, calibration)
    if name != REFERENCE and device.type == "cpu":  # on a GPU nobody has measured whether it helps
        network = shortened(network)
    return Torch(
        network,
        device,
        channels_last=name != "torch",
        weights=torch.float16 if name.startswith("cuda-half") else torch.float32,
        autocast=torch.bfloat16 if name == "torch-bf16" else None,
        compiled=name == "cuda-half-graph",
    )


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
    if channels == CHANNELS:
        averaged[:, : size // 2] = 10
    image = rescale(rng.poisson(averaged * expected) / averaged, clip=FAR)
    noise = 1 / np.sqrt(
        averaged
    )  # as a share of a frame's, see `lctem_core.refine.adaptive.adapted`
    return np.stack([image, noise][:channels])[None].astype(np.float32)


@lru_cache(maxsize=2)
def _calibration(frames: int) -> list[np.ndarray]:
    """Frames from which the ranges of 8-bit numbers are taken: simulated ones of many kinds."""
    if frames > 1:
        return [trial_frame(frames, seed=seed) for seed in range(1, 25)]
    noisy = [example([4, seed], "broad", _TRIAL_SIZE).noisy for seed in range(32)]
    return [rescale(one.astype(np.float32), clip=FAR)[None, None] for one in noisy]


# Choices of this process: two Refiners made alike run alike.
_chosen: dict[tuple, tuple[str, tuple[Trial, ...]]] = {}


def choose(network: nn.Module, card: dict[str, Any], device: torch.device) -> Runtime:
    """Fastest of the runtimes on this machine that agree with the reference.

    They are timed in turns on a frame of 512 × 512 pixels, a slow network on 256 × 256. The order
    of the candidates is fixed, and a later one is taken only if it is 10 % faster than the one
    taken so far, in the median of the turns; so neither noise nor a machine that becomes slower
    meanwhile changes the choice easily. Within a process, the first choice for an
    network and its weights stays.

    Parameters
    ----------
    network : torch.nn.Module
    card : dict
    device : torch.device

    Returns
    -------
    Runtime
        Its `trials` say what was compared.
    """
    frames = channels(card)
    key = (
        json.dumps(card["architecture"], sort_keys=True), _checksum(network), str(device),
        torch.get_num_threads(),
    )  # fmt: skip
    if key in _chosen:
        name, trials = _chosen[key]
        return Runtime(
            name, network, frames, device, _engine(name, network, frames, device), trials
        )
    frame = trial_frame(frames)
    expected = _reference(network)(frame)
    engines, trials, times = _trials(network, frames, device, frame, expected)
    best = None
    for trial in trials:
        if not trial.refused and (
            not best or np.median(np.divide(times[best.name], times[trial.name])) > ADVANTAGE
        ):
            best = trial
    if best is None:
        told = "; ".join(f"{trial.name}: {trial.refused}" for trial in trials)
        raise InputError("a runtime that agrees with PyTorch in float32", told, "Name a runtime.")
    _chosen[key] = best.name, trials
    return Runtime(best.name, network, frames, device, engines[best.name], trials)


def _checksum(network: nn.Module) -> str:
    """Of the weights: how exact a runtime is depends on them."""
    found = hashlib.blake2b(digest_size=16)
    for value in network.state_dict().values():
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _trials(
    network: nn.Module, frames: int, device: torch.device, frame: np.ndarray, expected: np.ndarray
) -> tuple[dict[str, Engine], tuple[Trial, ...], dict[str, list[float]]]:
    names = _CANDIDATES.get(device.type, (DEFAULT,))
    refused = {name: unsuited(name, device) for name in names}
    engines: dict[str, Engine] = {}
    found: dict[str, Agreement] = {}
    onnx = None
    for name in (one for one in names if not refused[one]):
        try:
            if onnx is None and not name.startswith(("torch", "cuda")):
                onnx = to_onnx(network, frames)
            engine = _engine(name, network, frames, device, onnx)
            found[name] = agreement(engine(frame), expected)
        except Exception as error:  # of another library, about a network that it cannot run
            if name in (DEFAULT, "cuda"):
                raise
            refused[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            warnings.warn(f"Runtime {name} cannot run this network. {refused[name]}", stacklevel=4)
            continue
        if not found[name].psnr >= LEAST_PSNR:
            refused[name] = f"its answer has {found[name].psnr:.1f} dB against float32"
        engines[name] = engine
    # Small frames are not what will be refined; the larger one only where it takes no seconds.
    begun = time.perf_counter()
    next(iter(engines.values()))(frame)
    if time.perf_counter() - begun < 0.05:
        frame = trial_frame(frames, 2 * _TRIAL_SIZE)
    times: dict[str, list[float]] = {name: [] for name in engines}
    begun = time.perf_counter()
    for turn in range(12):
        if turn >= 2 and time.perf_counter() - begun > 0.8:
            break
        for name, engine in engines.items():
            engine(frame)  # its data into the caches, its threads awake, as in a stream of frames
            started = time.perf_counter()
            engine(frame)
            times[name].append(time.perf_counter() - started)
    trials = tuple(
        Trial(
            name, float(np.median(times[name])) if name in times else None, found.get(name),
            refused[name],
        )
        for name in names
    )  # fmt: skip
    return engines, trials, times
