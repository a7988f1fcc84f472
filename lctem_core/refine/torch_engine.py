"""PyTorch as a way to run a network; the only file of refinement that imports it."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from lctem_core.errors import InputError
from lctem_core.networks.shortened import shortened


class Torch:
    """PyTorch, operation by operation or compiled.

    Parameters
    ----------
    network : torch.nn.Module
        Copied; the original keeps its layout and precision.
    device : torch.device
    channels_last : bool
        Channels innermost in memory, as the convolution libraries compute.
    weights : torch.dtype
        Precision of weights and activations.
    autocast : torch.dtype, optional
        Precision of the convolutions alone; the weights stay as they are.
    compiled : bool
        ``torch.compile``, which on a GPU also records a CUDA graph per shape.
    """

    def __init__(
        self,
        network: nn.Module,
        device: torch.device,
        *,
        channels_last: bool = False,
        weights: torch.dtype = torch.float32,
        autocast: torch.dtype | None = None,
        compiled: bool = False,
    ) -> None:
        self.device, self.weights, self.autocast = device, weights, autocast
        self.layout = torch.channels_last if channels_last else torch.contiguous_format
        network = copy.deepcopy(network).eval().requires_grad_(False)
        self.network = network.to(device, weights, memory_format=self.layout)
        if compiled:
            self.network = torch.compile(self.network, mode="reduce-overhead")

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        """Refine a batch, (N, C, H, W) float32 -> (N, 1, H, W) float32."""
        image = torch.from_numpy(batch).to(self.device, self.weights, memory_format=self.layout)
        half = torch.autocast(self.device.type, self.autocast, enabled=self.autocast is not None)
        with torch.inference_mode(), half:
            return self.network(image).float().cpu().contiguous().numpy()

    def forget(self) -> None:
        """Nothing is kept but what PyTorch's own allocator keeps."""


def make(name: str, network: nn.Module, device: str) -> Torch:
    """Engine of a runtime's name.

    Parameters
    ----------
    name : str
        One of `lctem_core.refine.runtimes.NAMES` that begins with ``torch`` or ``cuda``.
    network : torch.nn.Module
    device : str

    Returns
    -------
    Torch
    """
    where = torch.device(device)
    # On a GPU nobody has measured whether fewer operations help.
    if name != "torch" and where.type == "cpu":
        network = shortened(network)
    return Torch(
        network,
        where,
        channels_last=name != "torch",
        weights=torch.float16 if name.startswith("cuda-half") else torch.float32,
        autocast=torch.bfloat16 if name == "torch-bf16" else None,
        compiled=name == "cuda-half-graph",
    )


def checked_device(name: str) -> str:
    """Name of a device, after a look whether it is there."""
    try:
        torch.zeros(1, device=torch.device(name))  # a name may be known and the device not there
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).splitlines()[0]
        raise InputError("a device of this machine", f"{name!r}: {told}", "Use cpu.") from error
    return name


def emulates_bf16() -> bool:
    """Whether PyTorch computes in bfloat16 without the processor's help, slowly."""
    return not torch.cpu._is_avx512_bf16_supported()
