"""The last frames of a movie in, the newest frame refined out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lctem_core.errors import InputError
from lctem_core.io.frames import check_image
from lctem_core.networks.model import Model
from lctem_core.refine.adaptive import adapted, means, windows
from lctem_core.refine.preprocess import FAR, Stretch, reduce_longer
from lctem_core.refine.refiner import Refiner

#: Name of the shipped weights.
WEIGHTS = "temporal"


class ClipRefiner:
    """A temporal network with its preprocessing.

    What it gives is the newest frame without noise and with half of its blur, at the mean
    brightness of the frames, whose dose may change (`lctem_core.refine.adaptive.factors`): where
    nothing moved it refines their mean, where something did that of the newest ones.

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
        cls, weights: str | Path = WEIGHTS, *, device: str | None = None, runtime: str = "auto"
    ) -> ClipRefiner:
        """Clip refiner with shipped weights, or with your own.

        Parameters
        ----------
        weights : str or Path
            A name of shipped weights or a ``.safetensors`` file with its card.
        device, runtime
            See `lctem_core.refine.refiner.Refiner.load`.

        Returns
        -------
        ClipRefiner
        """
        return cls(Refiner(Model.load(weights), None, device, runtime))

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
            If the clip has another number of frames, or they are not real and finite, or constant.
        """
        return self.of_means(self._means(clip, size))

    def mixture(self, clip: np.ndarray, size: int = 512) -> np.ndarray:
        """Adaptive mean of the last frames, and the noise in it.

        Parameters
        ----------
        clip : ndarray, (frames, H, W)
        size : int
            As for `__call__`.

        Returns
        -------
        ndarray, (2, H', W'), float32
            Counts of a frame, and the noise as a share of a frame's: where it is x, the mean is
            over 1 / x² frames. See `lctem_core.refine.adaptive.adapted`.
        """
        return adapted(self._means(clip, size), self.frames)

    def of_means(self, averages: np.ndarray) -> np.ndarray:
        """Refine the newest of the frames whose means are given, in a stream for instance.

        Parameters
        ----------
        averages : ndarray, (3, H, W)
            Of the reduced frames, as the integrator `lctem_core.live.integrate.Means` gives them.

        Returns
        -------
        ndarray, (H, W), float32
            As of `__call__`.

        Raises
        ------
        InputError
            As for `__call__`.
        """
        number = len(windows(self.frames))
        if np.ndim(averages) != 3 or len(averages) != number:
            raise InputError(
                f"{number} means (H, W)", f"an array of shape {np.shape(averages)}",
                "See lctem_core.live.integrate.Means.",
            )  # fmt: skip
        check_image(averages[0], "mean of the frames")
        images = adapted(averages, self.frames)
        preprocessing = self.refiner.card["preprocessing"]
        stretch = Stretch.between(
            images[0], preprocessing["low"], preprocessing["high"], clip=FAR, checked=True
        )
        stretch.apply_quickly(images[0], out=images[0])
        return stretch.undo(self.refiner.refine_prepared(images))

    def _means(self, clip: np.ndarray, size: int) -> np.ndarray:
        clip = np.asarray(clip)
        if clip.ndim != 3 or len(clip) != self.frames:
            raise InputError(
                f"a clip of {self.frames} frames (H, W), oldest first",
                f"an array of shape {clip.shape}",
                "Repeat the oldest frame where a recording begins.",
            )
        return means(np.stack([reduce_longer(frame, size) for frame in clip]))
