"""A simulated data set in the paper's own file layout.

Each dry image is seen wet several times, at several doses, and one or more regions are cut from
it, as in the published list: 1,204 pairs there come from 297 dry images, 395 regions and 873 wet
images. Dry and wet frames of a region are shifted against each other, because the membrane bulges
differently; the list's coordinates undo the shift. The real shifts (up to a quarter of the frame)
and regions (up to 2.4 times as high as wide) vary more than ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.files import claim, replacing, source_hash, sources
from lctem_core.io.frames import write_tiff
from lctem_core.provenance import provenance
from lctem_core.simulate.optics import Scene, acquire, depths, fit_gain
from lctem_core.simulate.recipes import draw_dry, draw_scene, draw_wet, recipes_by_name
from lctem_core.simulate.recipes import facts as facts_of
from lctem_core.train.pairs import Pair, read_list, write_list
from lctem_core.train.processes import in_processes

#: File names inside the folder of a simulated data set.
LIST = "list_dataset.txt"
FACTS = "simulation.json"

#: Probabilities of 1, 2, 3 regions and of 1 … 6 wet frames of a dry image: the real list's means.
REGIONS = (0.72, 0.23, 0.05)
WET_FRAMES = (0.15, 0.25, 0.28, 0.18, 0.09, 0.05)

#: Largest shift between dry and wet, and smallest side of a region, as shares of the frame.
SHIFT = 0.04
LEAST_REGION = 0.55


@dataclass(frozen=True)
class _Task:
    """One dry image with everything that is cut and acquired of it."""

    folder: Path
    name: str
    seed: int
    number: int
    recipe: str
    size: int
    regions: int
    wet_frames: int
    plan: _Plan | None = None


@dataclass(frozen=True)
class _Plan:
    """Which boxes (x1, y1, x2, y2) of a dry image are listed with which wet frame, shifted by."""

    boxes: tuple[tuple[int, int, int, int], ...]
    shifts: tuple[tuple[int, int], ...]
    listed: tuple[tuple[int, int], ...]


def write_dataset(
    folder: str | Path,
    pairs: int,
    *,
    seed: int = 0,
    recipe: str = "paper",
    size: int = 1024,
    like: Sequence[Pair] | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> list[Pair]:
    """Simulate pairs and write them as 16-bit TIFFs with a list file.

    Dry images are ``SIM_d0000.tif``, their wet frames ``SIM_d0000w0.tif``; the list
    ``list_dataset.txt`` has a line ``dry x1 y1 x2 y2 wet x1 y1`` per pair; ``simulation.json``
    holds the dose [e-/nm²], pixel size [nm] and so on of every frame. A killed run continues where
    it stopped. The same arguments give the same files, whatever the number of workers.

    Parameters
    ----------
    folder : str or Path
    pairs : int
        Number of lines of the list.
    seed : int
    recipe : str
        ``paper``, ``wide`` or ``mixed``, see `lctem_core.simulate.recipes.Recipe`.
    size : int
        Pixels on a side of the simulated camera; the paper's has 4,096.
    like : sequence of Pair, optional
        A list for a camera of 4,096 pixels, such as the published one. The simulated set gets its
        numbers of dry and wet images, its regions and its pairing. `pairs` must be its length.
    workers : int, optional
        Processes; by default one per core.
    progress : bool
        Show a progress bar.

    Returns
    -------
    list of Pair

    Raises
    ------
    InputError
        If `pairs` is below 1, the camera below 128 pixels or the recipe unknown, or if the folder
        holds other files or a data set made with other arguments.
    """
    if pairs < 1:
        raise InputError("at least 1 pair", str(pairs), "Give a positive number.")
    if not 128 <= size <= 8192:
        raise InputError("a camera of 128 to 8192 pixels", str(size), "1024 is the default.")
    recipes_by_name(recipe)
    folder = Path(folder)
    arguments: dict[str, Any] = {"pairs": pairs, "seed": seed, "recipe": recipe, "size": size}
    arguments["like"] = None
    if like is not None:
        if len(like) != pairs:
            raise InputError(f"{len(like)} pairs, as the list has", str(pairs), "Give that number.")
        lines = "".join(f"{pair.line}\n" for pair in like)
        arguments["like"] = hashlib.sha256(lines.encode()).hexdigest()[:8]
    simulator = simulator_fingerprint()
    claim(folder / "arguments.json", arguments | {"simulator": simulator}, empty=True)
    if (folder / LIST).exists() and (folder / FACTS).exists():
        return read_list(folder / LIST)
    if like is None:
        tasks = list(_tasks(folder, pairs, seed, recipe, size))
    else:
        tasks = list(_planned_tasks(folder, like, seed, recipe, size))
    done = in_processes(_acquire_all, tasks, workers)
    results = list(tqdm(done, "simulate", len(tasks), disable=not progress, unit=" dry images"))
    listed = [pair for pairs_of_one, _ in results for pair in pairs_of_one][:pairs]
    frames = {name: facts for _, facts_of_one in results for name, facts in facts_of_one.items()}
    with replacing(folder / FACTS) as temporary:
        temporary.write_text(json.dumps(
            {"arguments": arguments, "provenance": provenance(seed=seed), "frames": frames},
            indent=1,
        ))  # fmt: skip
    write_list(folder / LIST, listed)
    return listed


def read_facts(folder: str | Path) -> dict[str, dict[str, float]]:
    """Facts of every frame of a simulated data set.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    dict
        By frame name: dose [e-/nm²], pixel size [nm] and the rest of
        `lctem_core.simulate.recipes.facts`.

    Raises
    ------
    InputError
        If the folder has no simulated data set.
    """
    path = Path(folder) / FACTS
    if not path.is_file():
        raise InputError(
            f"a simulated data set with {FACTS}",
            f"none in {folder}",
            "Only simulated sets carry these facts; make one with 'lctem simulate'.",
        )
    return json.loads(path.read_text())["frames"]


def electrons_per_pixel(pair: Pair, facts: dict[str, dict[str, float]], size: int) -> float:
    """Electrons per pixel of a prepared noisy image, in the background [e-/px].

    Parameters
    ----------
    pair : Pair
    facts : dict
        As `read_facts` gives them.
    size : int
        Side to which the region was reduced [px].

    Returns
    -------
    float
    """
    wet = facts[pair.wet]
    return wet["dose"] * wet["pixel_size"] ** 2 * pair.width * pair.height / size**2


def describe(folder: str | Path) -> str:
    """One line that says where a folder's images come from, for stores and cards."""
    path = Path(folder) / FACTS
    if not path.is_file():
        return f"images of the folder {Path(folder).resolve().name}"
    told = json.loads(path.read_text())
    made, commit = told["arguments"], told["provenance"]["commit"]
    return (
        f"simulated: {made['pairs']} pairs, recipe {made['recipe']}, seed {made['seed']}, "
        f"camera of {made['size']} pixels, commit {commit}"
    )


def simulator_fingerprint() -> str:
    """Hash of the code that draws pairs: another one gives other images."""
    drawing = {path for path in sources(__file__) if path.parent.name == "simulate"}
    return source_hash(drawing | {Path(__file__).resolve()})


def _tasks(folder: Path, pairs: int, seed: int, recipe: str, size: int) -> Iterator[_Task]:
    rng = np.random.default_rng([seed, 1])
    planned = number = 0
    while planned < pairs:
        regions = int(rng.choice(len(REGIONS), p=REGIONS)) + 1
        wet_frames = int(rng.choice(len(WET_FRAMES), p=WET_FRAMES)) + 1
        name = f"SIM_d{number:04d}"
        yield _Task(folder, name, seed, number, recipe, size, regions, wet_frames)
        planned += regions * wet_frames
        number += 1


#: Pixels on a side of the camera of the published list.
_LISTED_CAMERA = 4096


def _planned_tasks(
    folder: Path, like: Sequence[Pair], seed: int, recipe: str, size: int
) -> Iterator[_Task]:
    """One task per dry image of a list."""
    of_dry: dict[str, list[Pair]] = {}
    for pair in like:
        of_dry.setdefault(pair.dry, []).append(pair)
    for number, listed in enumerate(of_dry.values()):
        boxes = list(dict.fromkeys(pair.truth_key[1:] for pair in listed))
        scaled = tuple(tuple(v * size // _LISTED_CAMERA for v in box) for box in boxes)
        wets = list(dict.fromkeys(pair.wet for pair in listed))
        entries = [(boxes.index(pair.truth_key[1:]), wets.index(pair.wet)) for pair in listed]
        shifts = []
        for number_of_wet, wet in enumerate(wets):
            moves = np.array([[p.wet_x1 - p.x1, p.wet_y1 - p.y1] for p in listed if p.wet == wet])
            move = np.median(moves, axis=0) * size / _LISTED_CAMERA
            # Every region of this wet frame must lie inside of it.
            used = np.array([scaled[box] for box, one in entries if one == number_of_wet])
            low, high = -used[:, :2].min(axis=0), size - used[:, 2:].max(axis=0)
            shifts.append(tuple(int(v) for v in np.clip(np.rint(move), low, high)))
        plan = _Plan(scaled, tuple(shifts), tuple(entries))
        name = f"SIM_d{number:04d}"
        yield _Task(folder, name, seed, number, recipe, size, len(boxes), len(wets), plan)


def _acquire_all(task: _Task) -> tuple[list[Pair], dict[str, dict[str, float]]]:
    """Write the frames of one dry image; return its list lines and facts.

    Everything is drawn before anything is written, so that a resumed run draws the same numbers
    and skips only the work whose files are there.
    """
    rng = np.random.default_rng([task.seed, 2, task.number])
    recipes = recipes_by_name(task.recipe)
    recipe = recipes[rng.integers(len(recipes))]
    scene = draw_scene(recipe, rng)
    pixel = scene.width / task.size
    if task.plan:
        scene = _with_particles_in(scene, np.array(task.plan.boxes) * pixel, rng)
    wets = [fit_gain(draw_wet(recipe, scene, rng), pixel) for _ in range(task.wet_frames)]
    dry = draw_dry(recipe, rng, least_dose=100 * max(wet.dose for wet in wets))
    dry = fit_gain(dry, pixel)
    if task.plan:
        boxes, shifts, listed = task.plan.boxes, np.array(task.plan.shifts), task.plan.listed
    else:
        reach = int(SHIFT * task.size)
        shifts = rng.integers(-reach, reach + 1, (task.wet_frames, 2))
        centres = np.array([(one.x, one.y) for one in scene.particles]).reshape(-1, 2) / pixel
        boxes = [_region(task.size, centres, rng) for _ in range(task.regions)]
        listed = product(range(task.regions), range(task.wet_frames))
    wet_names = [f"{task.name}w{i}" for i in range(task.wet_frames)]

    names = [task.name, *wet_names]
    noise = rng.spawn(len(names))
    if not all((task.folder / f"{name}.tif").exists() for name in names):
        depth, upper = depths(scene, task.size)
        moves = [(0, 0), *shifts]
        for name, acquisition, move, stream in zip(names, [dry, *wets], moves, noise, strict=True):
            path = task.folder / f"{name}.tif"
            if path.exists():
                continue
            counts = acquire(
                _shifted(depth, move), acquisition, pixel, stream,
                None if upper is None else _shifted(upper, move),
            )  # fmt: skip
            write_tiff(path, counts, pixel_size=pixel)

    pairs = [
        Pair(
            task.name, *boxes[box], wet_names[wet], *(int(v) for v in boxes[box][:2] + shifts[wet])
        )
        for box, wet in listed
    ]
    facts = {
        name: facts_of(acquisition, pixel)
        for name, acquisition in zip(names, [dry, *wets], strict=True)
    }
    return pairs, facts


def _with_particles_in(scene: Scene, boxes: np.ndarray, rng: np.random.Generator) -> Scene:
    """Scene with a particle moved into every box (x1, y1, x2, y2) [nm] that has none."""
    particles = list(scene.particles)
    for x1, y1, x2, y2 in boxes:
        if any(x1 < one.x < x2 and y1 < one.y < y2 for one in particles):
            continue
        copied = particles[rng.integers(len(particles))]
        x, y = rng.uniform(0.2, 0.8, 2) * (x2 - x1, y2 - y1) + (x1, y1)
        particles.append(replace(copied, x=float(x), y=float(y)))
    return replace(scene, particles=tuple(particles))


def _region(size: int, centres: np.ndarray, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Box (x1, y1, x2, y2) that stays inside the frame under any shift, not quite square.

    It holds a particle if there is one away from the edges: the paper's were clipped by hand to
    what is of interest.
    """
    margin = int(SHIFT * size) + 1
    room = size - 2 * margin
    width = int(rng.uniform(LEAST_REGION, 1) * room)
    height = int(np.clip(width * rng.uniform(0.8, 1.25), LEAST_REGION * room, room))
    inside = centres[((centres > margin + 2) & (centres < size - margin - 2)).all(axis=1)]
    corner = []
    wanted = inside[rng.integers(len(inside))] if len(inside) else (None, None)
    for length, at in zip((width, height), wanted, strict=True):
        low, high = margin, margin + room - length
        if at is not None:
            low, high = max(low, int(at) - length + 2), min(high, int(at) - 1)
        corner.append(int(rng.integers(low, high + 1)))
    x1, y1 = corner
    return x1, y1, x1 + width, y1 + height


def _shifted(depth: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Move the particles by whole pixels (dx, dy); nothing enters at the edges."""
    dx, dy = (int(v) for v in move)
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    return cv2.warpAffine(depth, matrix, depth.shape[::-1], flags=cv2.INTER_NEAREST)
