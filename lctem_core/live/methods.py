"""Ways to refine a stream: what is integrated, and how that is refined.

A `Method` pairs a window of the last frames with a refiner that takes what the window gives. To add
one, write a `lctem_core.live.integrate.Window` and put a line into `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lctem_core.errors import InputError
from lctem_core.live.integrate import Exponential, Means, Registered, Sum, Window
from lctem_core.refine.adaptive import adapted

if TYPE_CHECKING:
    from lctem_core.refine.clip_refiner import ClipRefiner

#: Refines one image, (H, W) -> (H, W) float32: a `lctem_core.refine.refiner.Refiner`.
Single = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Method:
    """What is done with the frames of a stream.

    Attributes
    ----------
    refine : callable
        What `push` returns -> refined image (H, W) float32.
    window : Window, optional
        Takes every camera frame; by default frames are refined one by one.
    runtime : str
        Name of what the network runs in; empty if unknown.
    """

    refine: Callable[[np.ndarray], np.ndarray]
    window: Window | None = None
    runtime: str = ""

    def push(self, frame: np.ndarray, time: float, exposure: float | None = None) -> np.ndarray:
        """Take a camera frame; see `lctem_core.live.integrate.Window.push`.

        Parameters
        ----------
        frame : ndarray, (H, W)
            Counts, any real type.
        time : float
            End of the exposure [s].
        exposure : float, optional
            [s]

        Returns
        -------
        ndarray
            What `refine` takes.

        Raises
        ------
        InputError
            If a window cannot use the frame.
        """
        return frame if self.window is None else self.window.push(frame, time, exposure)

    @property
    def restarts(self) -> int:
        """How often the window started again."""
        return 0 if self.window is None else self.window.restarts

    def reset(self) -> None:
        """Forget all frames."""
        if self.window is not None:
            self.window.reset()

    def newest(self, frames: Iterable[np.ndarray]) -> np.ndarray:
        """Refine the newest frame of a recording, from its start.

        Parameters
        ----------
        frames : iterable of ndarray, (H, W)
            One or more, oldest first, at equal distances in time.

        Returns
        -------
        ndarray, (H, W), float32
        """
        self.reset()
        for time, frame in enumerate(frames):
            pushed = self.push(frame, float(time))
        self.reset()
        return self.refine(pushed)


def _alone(refiner: Single, n: int) -> Method:
    return Method(refiner)


def _sum(refiner: Single, n: int) -> Method:
    return Method(refiner, Sum(n, mean=True))


def _registered(refiner: Single, n: int) -> Method:
    return Method(refiner, Registered(n, mean=True))


def _exponential(refiner: Single, n: int) -> Method:
    return Method(refiner, Exponential(n, mean=True))


def _adaptive(refiner: Single, n: int) -> Method:
    return Method(lambda means: refiner(adapted(means, n)[0]), Means(n))


def _temporal(refiner: ClipRefiner, n: int) -> Method:
    return Method(refiner.of_means, Means(refiner.frames))


#: Methods by name: (refiner, number of frames) -> `Method`.
METHODS: dict[str, Callable[[Any, int], Method]] = {
    "none": _alone,
    "sum": _sum,
    "registered": _registered,
    "exponential": _exponential,
    "adaptive": _adaptive,
    "temporal": _temporal,
}
#: The one that needs a `lctem_core.refine.clip_refiner.ClipRefiner`.
TEMPORAL = "temporal"


def method(name: str, refiner: Single | ClipRefiner, n: int = 10) -> Method:
    """Method for a refiner.

    Parameters
    ----------
    name : str
        A name of `METHODS`.
    refiner : callable or ClipRefiner
        A `ClipRefiner` for the temporal method; for the others, what refines one image.
    n : int
        Frames that are integrated; the temporal network has its own number.

    Returns
    -------
    Method

    Raises
    ------
    InputError
        If there is no method of that name, or `n` is not a whole number of 1 or more.
    """
    if name not in METHODS:
        raise InputError(f"one of {', '.join(METHODS)}", repr(name), "Use one of these names.")
    return METHODS[name](refiner, n)


def load(
    name: str = "none",
    n: int = 10,
    *,
    look: str = "faithful",
    weights: str | Path | None = None,
    runtime: str = "auto",
) -> Method:
    """Method with its network.

    Parameters
    ----------
    name, n
        See `method`, which says what is raised.
    look, weights, runtime
        See `lctem_core.refine.refiner.Refiner.load`.

    Returns
    -------
    Method
    """
    if name == TEMPORAL:
        from lctem_core.refine.clip_refiner import ClipRefiner

        temporal = ClipRefiner.load(*([weights] if weights else []), runtime=runtime)
        return replace(method(name, temporal, n), runtime=temporal.refiner.runtime.name)
    method(name, np.asarray, n)  # says what is wrong before a network is loaded
    from lctem_core.refine.refiner import Refiner

    single = Refiner.load(weights, look=look, runtime=runtime)
    return replace(method(name, single, n), runtime=single.runtime.name)
