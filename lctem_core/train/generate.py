"""Stores of simulated images: drawn in several processes, written as they come."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.files import source_hash, sources
from lctem_core.provenance import provenance
from lctem_core.refine.preprocess import FAR, Stretch, rescale
from lctem_core.simulate import examples, movie
from lctem_core.simulate.examples import Example, example
from lctem_core.simulate.movie import FRAMES, Clip, clip
from lctem_core.simulate.recipes import recipes_by_name
from lctem_core.train.pairs import Pair
from lctem_core.train.store import FORMAT, Store, Writer

#: Range of each kind of image of a store.
RANGES = {"noisy": FAR, "faithful": FAR, "truth": (0.0, 1.0)}


def write_simulated(
    out: str | Path,
    noun: str,
    draw: Callable[[list[int]], dict[str, np.ndarray]],
    arguments: dict[str, Any],
    *,
    simulator: str,
    kinds: tuple[str, ...],
    parameters: dict[str, Any],
    workers: int | None = None,
    progress: bool = True,
) -> Store:
    """Simulate images straight into a store; goes on where a killed run stopped.

    Parameters
    ----------
    out : str or Path
        Folder to make.
    noun : str
        What one of them is: ``example``, ``clip``.
    draw : callable
        Seed -> images by kind; a module's own function, since processes are spawned. Image `i` has
        the seed ``[seed, i]``.
    arguments : dict
        ``number``, ``seed``, ``recipe``, ``size`` [px], and what else the images depend on.
    simulator : str
        Fingerprint of the code that draws.
    kinds : tuple of str
        Of `RANGES`.
    parameters : dict
        How the images were stretched, for the store's note.
    workers : int, optional
        Processes; by default one per core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        For a wrong argument, or an `out` made with other arguments.
    """
    number, seed, size = (arguments[name] for name in ("number", "seed", "size"))
    if number < 1:
        raise InputError(f"at least 1 {noun}", str(number), "Give a positive number.")
    if not 64 <= size <= 4096:
        raise InputError("frames of 64 to 4096 pixels", str(size), "512 is usual.")
    recipes_by_name(arguments["recipe"])
    made = json.dumps(arguments | {"simulator": simulator})
    fingerprint = hashlib.sha256(made.encode()).hexdigest()
    out = Path(out)
    if (out / "store.json").exists():
        store = Store.open(out, "faithful")
        if store.identity["list_sha256"] != fingerprint:
            raise InputError(
                f"a new folder, or {noun}s made with {arguments}",
                f"{out}, made with other arguments or another simulator",
                "Choose another folder, or delete this one.",
            )
        return store
    names = [f"{noun}{i:06d}" for i in range(number)]
    note = {
        "format": FORMAT,
        "kinds": {kind: RANGES[kind] for kind in kinds},
        "parameters": parameters,
        "list_sha256": fingerprint,
        "images_sha256": fingerprint,
        "pairs": [Pair(name, 0, 0, size, size, f"{name}w", 0, 0) for name in names],
        "facts": {
            "data": f"simulated: {number} {noun}s, recipe {arguments['recipe']}, seed {seed}, "
            f"{size} pixels, commit {provenance()['commit']}"
        },
    }
    with Writer(out, note) as writer:
        drawn = in_processes(partial(_draw, draw, seed), writer.missing, workers)
        bar = tqdm(
            zip(writer.missing, drawn, strict=True), f"{noun}s",
            number, initial=number - len(writer.missing), disable=not progress,
        )  # fmt: skip
        for i, images in bar:
            writer.write(i, images)
    return Store.open(out, "faithful")


def _draw(draw: Callable[[list[int]], dict[str, np.ndarray]], seed: int, i: int) -> dict:
    return draw([seed, i])


def in_processes(make: partial, items: list[int], workers: int | None) -> Iterator:
    """Results in order, from several processes."""
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(items) < 8:
        yield from map(make, items)
        return
    # Spawned, and with one thread each: see `lctem_core.train.dataset`.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        # In batches: a pool computes everything at once and would fill the memory.
        for begin in range(0, len(items), 128):
            yield from pool.map(make, items[begin : begin + 128], chunksize=4)


#: Least contrast of the dry look: keeps an empty field from being stretched.
LEAST_CONTRAST = 0.3


LOW, HIGH = 0.1, 99.9


def scaled(one: Example, least_contrast: float = LEAST_CONTRAST) -> dict[str, np.ndarray]:
    """Images of an example as a network gets and should give them.

    Parameters
    ----------
    one : Example
    least_contrast : float
        Of the dry look, see `lctem_core.refine.preprocess.limits`.

    Returns
    -------
    dict of ndarray, (N, N), float32
        ``noisy`` and ``faithful``, both stretched by the noisy frame's percentiles and not clipped
        to [0, 1]; ``truth``, the dry look in [0, 1].
    """
    stretch = Stretch.between(one.noisy, LOW, HIGH, clip=FAR)
    empty = not np.ptp(one.look)
    return {
        "noisy": stretch.apply(one.noisy),
        "faithful": stretch.apply(one.faithful),
        "truth": np.ones_like(one.look) if empty else rescale(one.look, LOW, HIGH, least_contrast),
    }


def write_examples(
    out: str | Path,
    number: int,
    *,
    seed: int = 0,
    recipe: str = "broad",
    size: int = 512,
    workers: int | None = None,
    progress: bool = True,
) -> Store:
    """Simulate examples straight into a store; goes on where a killed run stopped.

    Parameters
    ----------
    out : str or Path
        Folder to make.
    number : int
    seed : int
        Example `i` is ``example([seed, i], recipe, size)``.
    recipe : str
        A name of `lctem_core.simulate.recipes.RECIPES`.
    size : int
        Pixels on a side.
    workers : int, optional
        Processes; by default one per core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        For a wrong argument, or an `out` made with other arguments.
    """
    arguments = {"number": number, "seed": seed, "recipe": recipe, "size": size}
    return write_simulated(
        out, "example", partial(_scaled_example, recipe, size), arguments,
        simulator=_drawn_by(examples), kinds=("noisy", "faithful", "truth"),
        parameters={"size": size, "low": LOW, "high": HIGH, "least_contrast": LEAST_CONTRAST},
        workers=workers, progress=progress,
    )  # fmt: skip


def _scaled_example(recipe: str, size: int, seed: list[int]) -> dict[str, np.ndarray]:
    return scaled(example(seed, recipe, size))


def scaled_clip(one: Clip) -> dict[str, np.ndarray]:
    """Images of a clip as a network gets and should give them.

    Returns
    -------
    dict of ndarray, float32
        ``noisy`` (T, N, N) and ``faithful`` (N, N), stretched by the percentiles of the mean of
        the frames and not clipped to [0, 1].
    """
    mean = one.noisy.mean(axis=0, dtype=np.float64)
    stretch = Stretch.between(mean, LOW, HIGH, clip=FAR)
    return {
        "noisy": stretch.apply_quickly(one.noisy),
        "faithful": stretch.apply_quickly(one.faithful),
    }


def write_clips(
    out: str | Path,
    number: int,
    *,
    seed: int = 0,
    recipe: str = "broad",
    size: int = 512,
    workers: int | None = None,
    progress: bool = True,
) -> Store:
    """Simulate clips straight into a store; goes on where a killed run stopped.

    Parameters
    ----------
    out : str or Path
        Folder to make.
    number : int
    seed : int
        Clip `i` is ``clip([seed, i], recipe, size)``.
    recipe : str
        A name of `lctem_core.simulate.recipes.RECIPES`.
    size : int
        Pixels on a side.
    workers : int, optional
        Processes; by default one per core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        For a wrong argument, or an `out` made with other arguments.
    """
    arguments = {"number": number, "seed": seed, "recipe": recipe, "size": size, "frames": FRAMES}
    return write_simulated(
        out, "clip", partial(_scaled_clip, recipe, size), arguments,
        simulator=_drawn_by(movie), kinds=("noisy", "faithful"),
        parameters={
            "size": size, "low": LOW, "high": HIGH, "least_contrast": 0.0, "frames": FRAMES,
        },
        workers=workers, progress=progress,
    )  # fmt: skip


def _scaled_clip(recipe: str, size: int, seed: list[int]) -> dict[str, np.ndarray]:
    return scaled_clip(clip(seed, recipe, size))


def _drawn_by(module: ModuleType) -> str:
    """Hash of the code that a simulator's module runs: another one gives other images."""
    path = Path(module.__file__)
    return source_hash(sources(path) | {path})
