"""A simulated session at the microscope, refined frame by frame, and its scores over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.evaluate.baselines import contrast_psnr
from lctem_core.evaluate.measures import Measure
from lctem_core.refine.clip_refiner import ClipRefiner
from lctem_core.refine.preprocess import reduce_longer
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.examples import sharper
from lctem_core.simulate.movie import Movie
from lctem_core.simulate.session import session

#: What is compared: the reduced frame, refined alone, the refined sum, the temporal network.
WAYS = ("raw", "single", "sum", "temporal")


@dataclass(frozen=True, eq=False)
class Moment:
    """One frame of a session and what is made of it and of those before it.

    Attributes
    ----------
    number : int
        Of the frame in the movie.
    images : dict of ndarray, (H, W)
        By `WAYS`, in the counts of a frame.
    """

    number: int
    images: dict[str, np.ndarray]


def moments(
    movie: Movie, numbers: Sequence[int], refine: Refiner, follow: ClipRefiner, integrate: int = 10
) -> Iterator[Moment]:
    """Refine some frames of a movie, each alone and with the frames before it.

    Only frames that are integrated for one of these are simulated.

    Parameters
    ----------
    movie : Movie
    numbers : sequence of int
        Of the frames, ascending.
    refine, follow
        Refiners of single frames and of clips; before the movie's first frame the clip repeats it.
    integrate : int
        Frames in a sum; fewer at the movie's beginning.

    Yields
    ------
    Moment
    """
    kept: dict[int, np.ndarray] = {}
    for number in numbers:
        first = number + 1 - max(integrate, follow.frames)
        kept = {
            t: kept[t] if t in kept else reduce_longer(movie.frame(t))
            for t in range(max(first, 0), number + 1)
        }
        frames = [kept[max(t, 0)] for t in range(first, number + 1)]
        summed = [kept[t] for t in range(max(number + 1 - integrate, 0), number + 1)]
        images = (
            kept[number],
            refine(kept[number]),
            refine(np.sum(summed, axis=0, dtype=np.float64)) / len(summed),
            follow(np.stack(frames[-follow.frames :])),
        )
        yield Moment(number, dict(zip(WAYS, images, strict=True)))


def shown_frames(frames: int, every: int) -> list[int]:
    """Numbers of the frames that are scored: the first, and the last of every group."""
    return [t for t in range(frames) if not t or not (t + 1) % every]


def measured_dose(frame: np.ndarray, movie: Movie) -> float:
    """Dose of a frame, from the median of its background [e-/nm²]."""
    camera = movie.acquisition.camera
    return float((np.median(frame) - camera.offset) / camera.gain / movie.pixel_size**2)


def measure(
    camera: int = 512,
    seconds: float = 23.0,
    fps: float = 100.0,
    integrate: int = 10,
    hertz: float = 10,
    seed: int = 5,
) -> dict[str, Any]:
    """Scores of a session over time.

    Parameters
    ----------
    camera : int
        Pixels on a side.
    seconds, fps, seed
        See `lctem_core.simulate.session.session`.
    integrate : int
        Frames in a sum.
    hertz : float
        Frames per second that are scored.

    Returns
    -------
    dict
        ``times`` [s] and ``dose`` [e-/nm²] of the scored frames; ``to truth`` and ``to reference``,
        by way, their PSNR [dB] with respect to the true image of the instant, and to the refined
        sum at 13 s of a session of 23 s, as in the paper's Figure 4a.
    """
    movie = session(camera, seconds=seconds, fps=fps, seed=seed)
    refine, follow = Refiner.load(), ClipRefiner.load()
    numbers = shown_frames(len(movie), round(fps / hertz))
    shown = list(tqdm(moments(movie, numbers, refine, follow, integrate), "session", len(numbers)))
    times = np.array(numbers) / fps
    reference = shown[index_at(times, 13, seconds)].images["sum"]
    clean = sharper(movie.acquisition, movie.pixel_size)
    scores: dict[str, dict[str, list[float]]] = {
        name: {way: [] for way in WAYS} for name in ("to truth", "to reference")
    }
    for moment in tqdm(shown, "scores"):
        truth = reduce_longer(movie.counts_without_noise(moment.number, clean))
        for way, image in moment.images.items():
            scores["to truth"][way].append(contrast_psnr(image, truth))
            scores["to reference"][way].append(contrast_psnr(image, reference))
    dose = [measured_dose(moment.images["raw"], movie) for moment in shown]
    return {"times": times, "dose": dose, **scores}


def index_at(times: np.ndarray, second: float, seconds: float = 23.0) -> int:
    """Index of the frame nearest to a time of the paper's Figure 4.

    Parameters
    ----------
    times : ndarray, (N,)
        [s]
    second : float
        Of the paper's 23.
    seconds : float
        Length of the session, to which the paper's is stretched [s].

    Returns
    -------
    int
    """
    return int(np.abs(np.asarray(times) - second * seconds / 23).argmin())


SESSION = Measure("in_situ/session", measure, ("faithful", "temporal"))
