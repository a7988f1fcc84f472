"""A recording or a simulated camera, refined as it would be at the microscope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.io.recording import Recording
from lctem_core.live.integrate import Exponential, Integrator, Means, Registered, Sum
from lctem_core.live.sinks import Display, Sink, recorder
from lctem_core.live.sources import replay
from lctem_core.live.statistics import Statistics
from lctem_core.live.stream import Stream
from lctem_core.refine.adaptive import adapted
from lctem_core.refine.clip_refiner import ClipRefiner
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.session import simulated_camera

#: Integrators by name; ``adaptive`` and ``temporal`` adapt the means.
INTEGRATORS: dict[str, Callable[..., Integrator] | None] = {
    "none": None,
    "sum": Sum,
    "registered": Registered,
    "exponential": Exponential,
    "adaptive": Means,
    "temporal": Means,
}


def pipeline(
    integrate: str = "none",
    n: int = 10,
    *,
    look: str = "faithful",
    weights: str | Path | None = None,
    runtime: str = "auto",
) -> tuple[Callable[[np.ndarray], np.ndarray], Integrator | None, str]:
    """Refiner and integrator that belong together.

    Parameters
    ----------
    integrate : str
        A name of `INTEGRATORS`.
    n : int
        Frames that are integrated; the temporal network has its own number.
    look, weights, runtime
        See `lctem_core.refine.refiner.Refiner.load`.

    Returns
    -------
    refine : callable
    integrator : Integrator or None
    runtime : str
        Name of the refiner's runtime.
    """
    if integrate not in INTEGRATORS:
        raise InputError(f"one of {', '.join(INTEGRATORS)}", repr(integrate), "Use one of these.")
    if integrate == "temporal":
        temporal = ClipRefiner.load(*([weights] if weights else []), runtime=runtime)
        return temporal.of_means, Means(temporal.frames), temporal.refiner.runtime.name
    single = Refiner.load(weights, look=look, runtime=runtime)
    make, name = INTEGRATORS[integrate], single.runtime.name
    if make is None:
        return single, None, name
    if integrate == "adaptive":
        return lambda means: single(adapted(means, n)[0]), make(n), name
    return single, make(n, mean=True), name


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

    The network is run before the first frame is due, as an operator would have it ready.

    Parameters
    ----------
    source : Path, optional
        A recording; without it, the simulated camera.
    fps : float or None
        Frames per second; None is as fast as it goes.
    seconds : float, optional
        Stops after this time; needed for the simulated camera, which never ends [s].
    integrate, n
        See `pipeline`.
    size : int
        Longer side of the refined frames [px].
    out : Path, optional
        Records every refined frame, see `lctem_core.live.sinks.recorder`. Without it refined frames
        go to a display that draws them and throws them away.
    rate : float
        Frames per second that the display shows at most.
    look, weights, runtime
        See `pipeline`.
    camera : int
        Pixels on a side of the simulated camera.
    dose : float
        Of its frames [e-/nm²].
    progress : bool
        Show a progress bar.

    Returns
    -------
    Statistics
    """
    if source is None and seconds is None:
        raise InputError("a time for the simulated camera", "none", "Give --seconds, 60 say.")
    replay((), fps, seconds=seconds)  # says what is wrong before anything takes time
    refine, integrator, name = pipeline(integrate, n, look=look, weights=weights, runtime=runtime)
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
    _warm_up(refine, integrator, shape, size)
    bar = tqdm(total=total, desc="replay", unit=" frames", disable=not progress)
    frames = replay(_counted(images, bar), fps, seconds=seconds)
    with bar:
        seen = Stream(frames, refine, sinks, integrator=integrator, size=size).run()
    seen.runtime = name
    return seen


def _counted(images: Iterable[np.ndarray], bar: tqdm) -> Iterator[np.ndarray]:
    for image in images:
        yield image
        bar.update()


def _warm_up(
    refine: Callable[[np.ndarray], np.ndarray],
    integrator: Integrator | None,
    shape: tuple[int, ...],
    size: int,
) -> None:
    """Refine noise of the stream's size: compiling for a shape takes longer than many frames."""
    scale = min(1.0, size / max(shape))
    small = tuple(max(1, round(side * scale)) for side in shape)
    noise = np.random.default_rng(0).integers(50, 150, small).astype(np.float32)
    for time in range(3):
        refine(noise if integrator is None else integrator.push(noise, float(time)))
    if integrator is not None:
        integrator.reset()
