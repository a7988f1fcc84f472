"""Counts in, refined image out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lctem_core import model
from lctem_core.errors import InputError
from lctem_core.frames import check_image
from lctem_core.preprocess import reduce_longer, rescale

#: Name of the shipped weights that `Refiner.load()` takes.
DEFAULT = "dry-look"


class Refiner:
    """A trained network with the preprocessing that it was trained with.

    Parameters
    ----------
    network : torch.nn.Module
        (N, 1, H, W) -> the same, in [0, 1].
    card : dict
        The card of its weights.
    device : str, optional
        ``cpu``, ``cuda``, …; by default a GPU if there is one.

    Examples
    --------
    >>> from lctem_core import Refiner, frames
    >>> refine = Refiner.load()
    >>> clean = refine(frames.read(frames.sample_frame()).counts)
    """

    def __init__(self, network: nn.Module, card: dict[str, Any], device: str | None = None) -> None:
        self.device = _device(device)
        # Channels-last is how the convolution libraries compute; other layouts are converted in
        # every layer.
        self.network = network.eval().to(self.device, memory_format=torch.channels_last)
        self.card = card
        self.stride = model.stride(card["architecture"])

    @classmethod
    def load(cls, weights: str | Path = DEFAULT, *, device: str | None = None) -> Refiner:
        """Refiner with shipped weights, or with your own.

        Parameters
        ----------
        weights : str or Path
            A name of shipped weights or a ``.safetensors`` file with its card.
        device : str, optional
            ``cpu``, ``cuda``, …; by default a GPU if there is one.

        Returns
        -------
        Refiner
        """
        network, card = model.load(weights)
        return cls(network, card, device)

    def __call__(self, frame: np.ndarray, size: int = 512) -> np.ndarray:
        """Refine one frame.

        The longer side is reduced to `size` by area averaging, keeping the aspect ratio; a frame
        that is not larger is not resampled. Intensities are stretched between the percentiles
        that the network was trained with.

        Parameters
        ----------
        frame : ndarray, (H, W)
            Counts, any real type.
        size : int
            Longer side of the result [px].

        Returns
        -------
        ndarray, (H', W'), float32
            The dry look in [0, 1]: particles dark, background bright.

        Raises
        ------
        InputError
            If the frame is not a real, finite, two-dimensional image of at least 64 × 64 pixels
            that vary.
        """
        preprocessing = self.card["preprocessing"]
        image = reduce_longer(check_image(frame, "frame"), size)
        image = rescale(image, preprocessing["low"], preprocessing["high"])
        return self.refine_prepared(image)

    def refine_prepared(self, image: np.ndarray) -> np.ndarray:
        """Refine an image that is preprocessed already, (H, W) in [0, 1] -> (H, W) in [0, 1]."""
        height, width = image.shape
        # The network halves the grid several times; a mirrored margin makes the sides divisible
        # and is cut off again.
        below, right = -height % self.stride, -width % self.stride
        padded = np.pad(image, ((0, below), (0, right)), mode="symmetric")
        batch = torch.from_numpy(np.ascontiguousarray(padded, np.float32))[None, None]
        with torch.inference_mode():
            refined = self.network(batch.to(self.device, memory_format=torch.channels_last))
        return refined[0, 0, :height, :width].float().cpu().numpy()


def _device(name: str | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)  # a name may be known and the device not there
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        told = str(error).splitlines()[0]
        raise InputError("a device of this machine", f"{name!r}: {told}", "Use cpu.") from error
    return device
