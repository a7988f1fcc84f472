"""Times that can be believed: warmed up, in turns, with their spread, and of a known machine."""

from __future__ import annotations

import copy
import os
import platform
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lctem_core.errors import InputError
from lctem_core.provenance import processor, provenance, versions

#: What a processor can do that matters for networks, as Linux names it.
INSTRUCTIONS = (
    "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve",
)  # fmt: skip
#: Packages whose versions decide on speed.
PACKAGES = ("torch", "openvino", "onnxruntime", "nncf", "numpy", "opencv-python-headless")


@dataclass(frozen=True)
class Times:
    """Repeated measurements of one thing.

    Attributes
    ----------
    seconds : ndarray, (N,)
        In the order in which they were taken [s].
    """

    seconds: np.ndarray

    @property
    def median(self) -> float:
        """Median [ms]."""
        return float(np.median(self.seconds)) * 1e3

    @property
    def quartiles(self) -> tuple[float, float]:
        """Quartiles [ms]."""
        low, high = np.percentile(self.seconds, [25, 75]) * 1e3
        return float(low), float(high)

    @property
    def p95(self) -> float:
        """95th percentile [ms]."""
        return float(np.percentile(self.seconds, 95)) * 1e3

    @property
    def least(self) -> float:
        """Shortest [ms]."""
        return float(np.min(self.seconds)) * 1e3

    def facts(self) -> dict[str, float | int]:
        """Numbers for a record [ms]."""
        low, high = self.quartiles
        values = {"median": self.median, "q25": low, "q75": high, "p95": self.p95,
                  "least": self.least}  # fmt: skip
        return {"n": len(self.seconds)} | {name: round(value, 4) for name, value in values.items()}


def in_turns(
    functions: Mapping[Hashable, Callable[[], object]],
    *,
    repeats: int = 30,
    warm_up: int = 2,
    budget: float = 60.0,
) -> dict[Any, Times]:
    """Time functions in turns, so that a drift of the machine's speed hits all of them alike.

    In its turn, a short function is called twice and the second call is timed: as in a stream of
    frames, it then finds its own data in the caches and its threads awake, not another's.

    A function must return when its work is done: one that leaves it on a GPU has to synchronise.
    `lctem_core.refine.runtimes` do, since they return arrays of the host.

    Parameters
    ----------
    functions : mapping to callable
        By any key; without arguments.
    repeats : int
        Turns that are recorded.
    warm_up : int
        Turns before, that are not: compilations, memory, clock.
    budget : float
        Time after which no further turn begins [s]; at least three are recorded.

    Returns
    -------
    dict to Times
    """
    if repeats < 1 or warm_up < 1:
        raise InputError("1 repeat and 1 warm-up or more", f"{repeats} and {warm_up}", "Raise it.")
    begun = time.perf_counter()
    seconds: dict[Hashable, list[float]] = {name: [] for name in functions}
    for turn in range(warm_up + repeats):
        if turn >= warm_up + min(3, repeats) and time.perf_counter() - begun > budget:
            break
        for name, function in functions.items():
            took = _seconds(function)
            if took < _SHORT:
                took = _seconds(function)
            if turn >= warm_up:
                seconds[name].append(took)
    return {name: Times(np.array(values)) for name, values in seconds.items()}


#: What lasts longer than this does not gain from being called twice [s].
_SHORT = 0.2


def _seconds(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def operations(
    network: nn.Module, height: int, width: int, channels: int = 1, *, training: bool = False
) -> int:
    """Floating-point operations of a network for one frame; a multiply-add is two of them.

    PyTorch counts the convolutions and matrix products that run. Normalisation, activations and
    the optimiser are left out.

    Parameters
    ----------
    network : torch.nn.Module
        Takes (1, channels, height, width); counted in evaluation mode, because batch statistics
        of one image would not exist at the deepest layers.
    height, width : int
        [px]
    channels : int
    training : bool
        Count the backward pass, too.

    Returns
    -------
    int
        [FLOP]
    """
    network = copy.deepcopy(network).eval()
    with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(training):
        refined = network(torch.zeros(1, channels, height, width))
        if training:
            refined.sum().backward()
    return int(counter.get_total_flops())


def peak(size: int = 2048, repeats: int = 5) -> float:
    """Operations per second of a matrix product in float32, the most that this processor gives.

    Parameters
    ----------
    size : int
        Of the square matrices.
    repeats : int
        The fastest counts.

    Returns
    -------
    float
        Of PyTorch's product or NumPy's, whichever is faster here, with all their threads [1/s].
    """
    generator = torch.Generator().manual_seed(0)
    one, other = torch.rand(2, size, size, generator=generator)
    left, right = one.numpy(), other.numpy()
    products = {"torch": lambda: one @ other, "numpy": lambda: left @ right}
    times = in_turns(products, repeats=repeats)
    return 2 * size**3 / (min(one.least for one in times.values()) * 1e-3)


def instructions() -> list[str]:
    """Which of `INSTRUCTIONS` the processor has; empty where the system does not say."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return []
    for line in cpuinfo.read_text().splitlines():
        if line.startswith(("flags", "Features")):
            found = set(line.partition(":")[2].split())
            return [name for name in INSTRUCTIONS if name in found]
    return []


def machine() -> dict[str, Any]:
    """What a time depends on: processor, instruction sets, threads, GPU, versions, load."""
    absent = dict.fromkeys(PACKAGES, "not installed")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": instructions(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": load,
        "versions": absent | versions(PACKAGES),
    }


def record(**content: Any) -> dict[str, Any]:
    """Timings with the machine and the provenance that they need to be compared."""
    where = provenance()
    kept = {name: where[name] for name in ("commit", "date", "python")}
    return content | {"machine": machine(), "provenance": kept}
