"""The last frames of a movie in, the newest frame refined out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from lctem_core import model
from lctem_core.errors import InputError
from lctem_core.frames import check_image
from lctem_core.preprocess import limits, reduce_longer, stretched
from lctem_core.refine import Refiner
from lctem_core.temporal import AVERAGES, TemporalUnet, averaged, evened, windows

#: Name of the shipped weights.
WEIGHTS = "temporal"


class ClipRefiner:
    """A temporal network with its preprocessing.

    What it gives is the newest frame without noise and with half of its blur, at the mean
    brightness of the frames, whose dose may change (`lctem_core.temporal.evened`): where nothing
    moved it averages them, where something did it looks at the newest ones.

    Parameters
    ----------
    refiner : Refiner
        With a network that takes several frames.

    Attributes
    ----------
    frames : int
        How many.

    Examples
    --------
    >>> refine = ClipRefiner.load()
    >>> clean = refine(movie[-refine.frames:])
    """

    def __init__(self, refiner: Refiner) -> None:
        self.frames: int = refiner.card["architecture"].get("frames", 1)
        if self.frames < 2:
            raise InputError(
                "weights of a network that takes several frames", "one for single frames",
                "Use Refiner for it.",
            )  # fmt: skip
        self.refiner = refiner

    @classmethod
    def load(
        cls,
        weights: str | Path = WEIGHTS,
        *,
        device: str | None = None,
        runtime: str = "auto",
    ) -> ClipRefiner:
        """Clip refiner with shipped weights, or with your own.

        Parameters
        ----------
        weights : str or Path
            A name of shipped weights or a ``.safetensors`` file with its card.
        device, runtime
            See `lctem_core.refine.Refiner.load`.

        Returns
        -------
        ClipRefiner
        """
        network, card = model.load(weights)
        return cls(Refiner(network, card, device, runtime))

    def __call__(self, clip: np.ndarray, size: int = 512) -> np.ndarray:
        """Refine the newest of the last frames.

        Parameters
        ----------
        clip : ndarray, (frames, H, W)
            Counts, any real type, oldest first.
        size : int
            Longer side of the result [px]; larger frames are reduced by area averaging.

        Returns
        -------
        ndarray, (H', W'), float32
            Counts of a frame, as of the mean of the clip, without noise.

        Raises
        ------
        InputError
            If the clip is not of so many real, finite frames, or all of them are constant.
        """
        return self.of_averages(self._averaged(clip, size))

    def of_averages(self, averages: np.ndarray) -> np.ndarray:
        """Refine the newest of the frames that were averaged, in a stream for instance.

        Parameters
        ----------
        averages : ndarray, (3, H, W)
            Means of the last frames at one brightness, as the integrator
            `lctem_core.integrate.Averages` gives them.

        Returns
        -------
        ndarray, (H, W), float32
            As of `__call__`.

        Raises
        ------
        InputError
            As for `__call__`.
        """
        images, lower, span = self._stretched(averages)
        refined = self.refiner.refine_prepared(images)
        return refined * np.float32(span) + np.float32(lower)

    def _averaged(self, clip: np.ndarray, size: int) -> np.ndarray:
        clip = np.asarray(clip)
        if clip.ndim != 3 or len(clip) != self.frames:
            raise InputError(
                f"a clip of {self.frames} frames (H, W), oldest first",
                f"an array of shape {clip.shape}",
                "Repeat the oldest frame where a recording begins.",
            )
        return evened(averaged(np.stack([reduce_longer(frame, size) for frame in clip])))

    def _stretched(self, averages: np.ndarray) -> tuple[np.ndarray, float, float]:
        if np.ndim(averages) != 3 or len(averages) != AVERAGES:
            raise InputError(
                f"{AVERAGES} averages (H, W)", f"an array of shape {np.shape(averages)}",
                "See lctem_core.temporal.averaged.",
            )  # fmt: skip
        preprocessing = self.refiner.card["preprocessing"]
        mean = check_image(averages[0], "mean of the frames")
        lower, upper = limits(mean, preprocessing["low"], preprocessing["high"])
        return stretched(averages, lower, upper), lower, upper - lower

    def attention(self, clip: np.ndarray, size: int = 512) -> tuple[np.ndarray, np.ndarray]:
        """How many of the frames the network averages, place by place.

        Parameters
        ----------
        clip : ndarray, (frames, H, W)
        size : int
            As for `__call__`.

        Returns
        -------
        averages : ndarray, (K, frames)
            Weights of the frames in each of the averages that the network mixes.
        effective : ndarray, (H', W'), float32
            Effective number of frames in the mixture, 1 / Σ w².
        """
        images, *_ = self._stretched(self._averaged(clip, size))
        averages = np.zeros((AVERAGES, self.frames), np.float32)
        for weights, last in zip(averages, windows(self.frames), strict=True):
            weights[-last:] = 1 / last
        network: TemporalUnet = self.refiner.network
        device = next(network.parameters()).device
        with torch.inference_mode():
            shares = network.choice(torch.from_numpy(images)[None].to(device))[0]
            weights = torch.einsum("khw,kt->thw", shares.cpu(), torch.from_numpy(averages))
            effective = 1 / weights.square().sum(dim=0)
        return averages, effective.numpy()
