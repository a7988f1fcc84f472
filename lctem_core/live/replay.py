"""A recording or a simulated camera, refined as it would be at the microscope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError, needs
from lctem_core.io.recording import Recording
from lctem_core.live import methods
from lctem_core.live.methods import Method
from lctem_core.live.sinks import Display, Sink, recorder
from lctem_core.live.sources import replay
from lctem_core.live.statistics import Statistics
from lctem_core.live.stream import Stream


def run(
    source: Path | None = None,
    *,
    fps: float | None = 100.0,
    seconds: float | None = None,
    integrate: str = "none",
    n: int = 10,
    size: int = 512,
    out: Path | None = None,
    rate: float = 60.0,
    look: str = "faithful",
    weights: str | Path | None = None,
    runtime: str = "auto",
    camera: int = 2048,
    dose: float = 10.0,
    progress: bool = True,
) -> Statistics:
    """Refine a recording, or a simulated camera, at the camera's speed.

    The network runs once before the first frame is due, as an operator would have it ready.

    Parameters
    ----------
    source : Path, optional
        A recording; without it, the simulated camera.
    fps : float or None
        Frames per second; None is as fast as it goes.
    seconds : float, optional
        Stops after this time; needed for the simulated camera, which never ends [s].
    integrate : str
        A name of `lctem_core.live.methods.METHODS`.
    n : int
        Frames that are integrated; the temporal network has its own number.
    size : int
        Longer side of the refined frames [px].
    out : Path, optional
        Record every refined frame, see `lctem_core.live.sinks.recorder`. Without it, refined frames
        are drawn for a display and not kept.
    rate : float
        Frames per second that the display shows at most.
    look, weights, runtime
        See `lctem_core.refine.refiner.Refiner.load`.
    camera : int
        Pixels on a side of the simulated camera.
    dose : float
        Of its frames [e-/nm²].
    progress : bool
        Show a progress bar.

    Returns
    -------
    Statistics

    Raises
    ------
    InputError
        If an argument cannot be used, or `source` is not a recording.
    FileNotFoundError
        If `source` does not exist.
    """
    if source is None and seconds is None:
        raise InputError("a time for the simulated camera", "none", "Give --seconds, 60 say.")
    replay((), fps, seconds=seconds)  # says what is wrong before anything takes time
    if source is None:
        with needs("analysis", "the simulated camera"):
            from lctem_core.simulate.session import simulated_camera
    method = methods.load(integrate, n, look=look, weights=weights, runtime=runtime)
    pixel_size: float | None
    images: Iterable[np.ndarray]
    if source is None:
        pool = simulated_camera(max(12, 2 * n), size=camera, dose=dose)
        images, shape, pixel_size = cycle(pool), pool.shape[1:], 2560.0 / camera
        total = round(seconds * fps) if fps else None
    else:
        recording = Recording.open(source)
        images, shape = recording, recording.shape[1:]
        pixel_size, total = recording.pixel_size, len(recording)
        if seconds and fps:
            total = min(total, max(1, round(seconds * fps)))
    reduction = max(1.0, max(shape) / size)
    sinks: list[Sink] = [Display(lambda grey: None, rate)]
    if out is not None:
        sinks.append(recorder(out, fps=fps, pixel_size=pixel_size and pixel_size * reduction))
    _warm_up(method, shape, size)
    bar = tqdm(total=total, desc="replay", unit=" frames", disable=not progress)
    frames = replay(_counted(images, bar), fps, seconds=seconds)
    with bar:
        return Stream(frames, method, sinks, size=size).run()


def _counted(images: Iterable[np.ndarray], bar: tqdm) -> Iterator[np.ndarray]:
    for image in images:
        yield image
        bar.update()


def _warm_up(method: Method, shape: tuple[int, ...], size: int) -> None:
    """Refine noise of the stream's size: compiling for a shape takes longer than many frames."""
    scale = min(1.0, size / max(shape))
    small = tuple(max(1, round(side * scale)) for side in shape)
    noise = np.random.default_rng(0).integers(50, 150, small).astype(np.float32)
    for time in range(3):
        method.refine(method.push(noise, float(time)))
    method.reset()
