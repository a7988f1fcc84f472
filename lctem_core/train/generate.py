"""Stores of simulated images: drawn in several processes, written as they come.

Each image has a seed of its own, so that a store does not depend on the number of processes, nor on
whether its making was interrupted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

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
from lctem_core.train.note import FORMAT, compare
from lctem_core.train.processes import in_processes
from lctem_core.train.store import Store, Writer

#: Percentiles between which frames are stretched [%].
LOW, HIGH = 0.1, 99.9
#: Least contrast of the dry look: keeps an empty field from being stretched.
LEAST_CONTRAST = 0.3
#: Range of each kind of image of a store.
RANGES = {"noisy": FAR, "faithful": FAR, "truth": (0.0, 1.0)}


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


def scaled_clip(one: Clip) -> dict[str, np.ndarray]:
    """Images of a clip as a network gets and should give them.

    Parameters
    ----------
    one : Clip

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


def _scaled_example(recipe: str, size: int, seed: list[int]) -> dict[str, np.ndarray]:
    return scaled(example(seed, recipe, size))


def _scaled_clip(recipe: str, size: int, seed: list[int]) -> dict[str, np.ndarray]:
    return scaled_clip(clip(seed, recipe, size))


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
    """Simulate examples straight into a store; continue where a killed run stopped.

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
        Pixels on a side, 64 to 4096.
    workers : int, optional
        Processes; by default one for each core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        If an argument cannot be used, or `out` was made with other arguments.
    """
    arguments = {"number": number, "seed": seed, "recipe": recipe, "size": size}
    parameters = {"size": size, "low": LOW, "high": HIGH, "least_contrast": LEAST_CONTRAST}
    kinds = ("noisy", "faithful", "truth")
    note = _note("example", arguments, examples, parameters, kinds)
    draw = partial(_scaled_example, recipe, size)
    return _write(Path(out), note, draw, seed, workers, progress)


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
    """Simulate clips straight into a store; continue where a killed run stopped.

    Parameters
    ----------
    out : str or Path
        Folder to make.
    number : int
    seed : int
        Clip `i` is ``clip([seed, i], recipe, size)``.
    recipe, size, workers, progress
        See `write_examples`.

    Returns
    -------
    Store
        For the faithful target.

    Raises
    ------
    InputError
        If an argument cannot be used, or `out` was made with other arguments.
    """
    arguments = {"number": number, "seed": seed, "recipe": recipe, "size": size, "frames": FRAMES}
    parameters = {"size": size, "low": LOW, "high": HIGH, "least_contrast": 0.0, "frames": FRAMES}
    note = _note("clip", arguments, movie, parameters, ("noisy", "faithful"))
    draw = partial(_scaled_clip, recipe, size)
    return _write(Path(out), note, draw, seed, workers, progress)


def _note(
    noun: str,
    arguments: dict[str, Any],
    simulator: ModuleType,
    parameters: dict[str, Any],
    kinds: tuple[str, ...],
) -> dict[str, Any]:
    """Note of a store; refuses arguments that cannot be."""
    number, seed, recipe, size = (arguments[n] for n in ("number", "seed", "recipe", "size"))
    if number < 1:
        raise InputError(f"at least 1 {noun}", str(number), "Give a positive number.")
    if not 64 <= size <= 4096:
        raise InputError("frames of 64 to 4096 pixels", str(size), "512 is usual.")
    recipes_by_name(recipe)
    # Of the code that draws: another one gives other images.
    path = Path(simulator.__file__)
    arguments = arguments | {"simulator": source_hash(sources(path) | {path})}
    fingerprint = hashlib.sha256(json.dumps(arguments).encode()).hexdigest()
    source = {"simulated": noun, "number": number, "arguments": arguments, "sha256": fingerprint}
    told = (
        f"simulated: {number} {noun}s, recipe {recipe}, seed {seed}, {size} pixels, "
        f"commit {provenance()['commit']}"
    )
    return {
        "format": FORMAT,
        "kinds": {kind: RANGES[kind] for kind in kinds},
        "parameters": parameters,
        "source": source,
        "facts": {"data": told},
    }


def _write(
    out: Path,
    note: dict[str, Any],
    draw: Callable[[list[int]], dict[str, np.ndarray]],
    seed: int,
    workers: int | None,
    progress: bool,
) -> Store:
    """Store with the images that `draw` gives for the seeds [seed, 0], [seed, 1], …, by kind."""
    if (out / "store.json").exists():
        compare(out, note)
        return Store.open(out, "faithful")
    number = note["source"]["number"]
    with Writer(out, note) as writer:
        seeds = [[seed, i] for i in writer.missing]
        drawn = in_processes(draw, seeds, workers, least=8)
        bar = tqdm(
            zip(writer.missing, drawn, strict=True), f"{note['source']['simulated']}s", number,
            initial=number - len(writer.missing), disable=not progress,
        )  # fmt: skip
        for i, images in bar:
            writer.write(i, images)
    return Store.open(out, "faithful")
