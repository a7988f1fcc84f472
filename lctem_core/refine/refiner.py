"""Counts in, refined image out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lctem_core.errors import InputError
from lctem_core.io.frames import check_image
from lctem_core.networks.model import Model
from lctem_core.refine import runtimes
from lctem_core.refine.choice import choose
from lctem_core.refine.preprocess import FAR, Stretch, reduce_longer
from lctem_core.refine.runtimes import Runtime

if TYPE_CHECKING:
    from torch import nn

#: Shipped weights by the look that they give a frame.
LOOKS = {"faithful": "faithful", "dry": "dry-look"}


class Refiner:
    """A trained network with the preprocessing that it was trained with.

    There are two looks. *Faithful* is the frame itself without its noise and with half of its blur,
    in its own counts. *Dry* is what the paper's network draws: the particles as they look without
    water, dark on an even bright background, in [0, 1]; how dark is the network's choice.

    Parameters
    ----------
    network : torch.nn.Module or lctem_core.networks.model.Model
        (N, 1, H, W) -> the same; copied.
    card : dict, optional
        The card of its weights; a `Model` has its own.
    device : str, optional
        ``cpu``, ``cuda``, …; by default what the runtime needs, or a GPU if there is one.
    runtime : str or lctem_core.refine.runtimes.Runtime
        A name of `lctem_core.refine.runtimes.NAMES`, or ``auto``: the fastest on this machine that
        agrees with float32, see `lctem_core.refine.choice.choose`; or one that was made of this
        network already.

    Attributes
    ----------
    model : lctem_core.networks.model.Model
        Its `card`, and its `network` as a PyTorch module where PyTorch is installed.
    runtime : lctem_core.refine.runtimes.Runtime
        Its `name`, its `agreement` with float32, the `trials` of ``auto``.
    look : str
        ``faithful`` or ``dry``.

    Examples
    --------
    >>> from lctem_core import Refiner
    >>> from lctem_core.io import frames, published
    >>> refine = Refiner.load()
    >>> clean = refine(frames.read(published.sample_frame()).counts)
    """

    def __init__(
        self,
        network: nn.Module | Model,
        card: dict[str, Any] | None = None,
        device: str | None = None,
        runtime: str | Runtime = runtimes.DEFAULT,
    ) -> None:
        self.model = network if isinstance(network, Model) else Model(card or {}, network=network)
        self.card = self.model.card
        name = runtime if isinstance(runtime, str) else runtime.name
        self.device = runtimes.device_of(device, name)
        if isinstance(runtime, Runtime):
            self.runtime = runtime
        elif runtime == "auto":
            self.runtime = choose(self.model, self.device)
        else:
            self.runtime = runtimes.make(runtime, self.model, self.device)
        self.look: str = self.card["preprocessing"].get("target", "dry")

    @classmethod
    def load(
        cls,
        weights: str | Path | None = None,
        *,
        look: str = "faithful",
        device: str | None = None,
        runtime: str = "auto",
    ) -> Refiner:
        """Refiner with shipped weights, or with your own.

        Parameters
        ----------
        weights : str or Path, optional
            A name of shipped weights, a ``.safetensors`` file with its card, or the authors'
            ``params.pth``; its own look counts.
        look : str
            ``faithful`` or ``dry``: which of the shipped weights.
        device : str, optional
            ``cpu``, ``cuda``, …; by default a GPU if there is one and PyTorch is installed.
        runtime : str
            ``auto``: the fastest on this machine that agrees with float32, measured in some
            seconds when it is first asked for, then remembered; or a name of
            `lctem_core.refine.runtimes.NAMES`.

        Returns
        -------
        Refiner
        """
        if weights is None and look not in LOOKS:
            raise InputError(f"a look of {', '.join(LOOKS)}", repr(look), "Use one of these names.")
        return cls(Model.load(LOOKS[look] if weights is None else weights), None, device, runtime)

    @property
    def network(self) -> nn.Module:
        """The network as a PyTorch module, where PyTorch is installed."""
        return self.model.network

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
            The frame's own counts without noise; with the dry look, [0, 1]: particles dark,
            background bright.

        Raises
        ------
        InputError
            If the frame is not a real, finite, two-dimensional image of at least 64 × 64 pixels,
            also after reduction, that vary.
        """
        image, back = self._prepare(frame, size)
        return back(self.refine_prepared(image))

    def with_spread(self, frame: np.ndarray, size: int = 512) -> tuple[np.ndarray, np.ndarray]:
        """Refine a frame in several orientations: their mean, and how far they disagree.

        A network does not know that an image may be mirrored or turned. Where its answers to the
        eight orientations (four if the frame is not square) differ, the frame does not determine
        the answer. The spread is a lower bound of the error: what all of them get wrong alike, it
        does not show.

        Parameters
        ----------
        frame : ndarray, (H, W)
            Counts, any real type.
        size : int
            Longer side of the result [px].

        Returns
        -------
        refined, spread : ndarray, (H', W'), float32
            Mean and standard deviation over the orientations, in the units of `__call__`.
        """
        image, back = self._prepare(frame, size)
        turns = [(t, y, x) for t in (False, True) for y in (1, -1) for x in (1, -1)]
        if image.shape[0] != image.shape[1]:
            turns = turns[:4]
        answers = []
        for transposed, y, x in turns:
            turned = (image.T if transposed else image)[::y, ::x]
            answer = back(self.refine_prepared(turned))[::y, ::x]
            answers.append(answer.T if transposed else answer)
        return np.mean(answers, axis=0), np.std(answers, axis=0, ddof=1)

    def _prepare(
        self, frame: np.ndarray, size: int
    ) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        if self.model.channels > 1:
            raise InputError(
                "weights of a network for single frames", "those of a temporal one",
                "Give its last frames to ClipRefiner, or take other weights.",
            )  # fmt: skip
        reduced = reduce_longer(check_image(frame, "frame"), size)
        if min(reduced.shape) < 64:  # as in a stream, whose frames come reduced
            raise InputError(
                "at least 64 × 64 pixels after reduction",
                f"{reduced.shape[0]} × {reduced.shape[1]} from {np.shape(frame)} at size {size}",
                "Raise the size, or cut the frame.",
            )
        spread = np.ptp(reduced) if np.asarray(frame).dtype.itemsize > 2 else 1.0
        if not np.isfinite(spread):
            raise InputError(
                "counts that float32 can hold", "a frame with larger ones",
                "Divide the frame by a constant.",
            )  # fmt: skip
        if not spread:
            raise InputError(
                "counts that differ by more than float32 rounds to",
                f"a frame that is {reduced[0, 0]:.10g} everywhere in float32",
                "Subtract the counts' offset first.",
            )
        return self.stretch(reduced)

    def stretch(self, image: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
        """Image as the network takes it, and how to bring the answer back to the image's scale.

        Parameters
        ----------
        image : ndarray, (H, W)
            Finite counts, reduced already.

        Returns
        -------
        image : ndarray, (H, W), float32
            Stretched between percentiles.
        back : callable
            (H, W) -> (H, W): from the network's scale to that of `__call__`.
        """
        low, high = (self.card["preprocessing"][name] for name in ("low", "high"))
        if self.look == "dry":
            return Stretch.between(image, low, high, checked=True).apply(image), lambda same: same
        stretch = Stretch.between(image, low, high, clip=FAR, checked=True)
        return stretch.apply_quickly(image), stretch.undo

    def refine_prepared(self, image: np.ndarray) -> np.ndarray:
        """Refine an image that is preprocessed already, in the same scale.

        Parameters
        ----------
        image : ndarray, (H, W) or (C, H, W)
            Stretched; with C channels for a network that takes C frames.

        Returns
        -------
        ndarray, (H, W), float32
        """
        height, width = image.shape[-2:]
        # The network halves the grid several times; a mirrored margin makes the sides divisible
        # and is cut off again.
        below, right = -height % self.model.stride, -width % self.model.stride
        if below or right:
            margins = [(0, 0)] * (image.ndim - 2) + [(0, below), (0, right)]
            image = np.pad(image, margins, mode="symmetric")
        batch = np.ascontiguousarray(image, np.float32).reshape(1, -1, *image.shape[-2:])
        return self.runtime(batch)[0, 0, :height, :width]
