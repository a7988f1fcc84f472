"""The timing chapter's measurements: networks in runtimes, the way of a frame, what speed costs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from lctem_core.errors import InputError
from lctem_core.evaluate.timing import Times, in_turns, operations, peak, record
from lctem_core.io.frames import check_image
from lctem_core.networks import weights
from lctem_core.networks.model import Model
from lctem_core.networks.shortened import shortened
from lctem_core.networks.unet import unet
from lctem_core.refine import runtimes
from lctem_core.refine.agreement import losses
from lctem_core.refine.display import draw
from lctem_core.refine.preprocess import reduce_longer
from lctem_core.refine.refiner import Refiner
from lctem_core.refine.runtimes import Runtime, trial_frame

#: Networks that are timed: the paper's, with weights at random, and the shipped ones.
NETWORKS = ("paper", "faithful", "temporal", "dry-look")
STAGES = ("check", "reduce", "stretch", "infer", "scale back", "draw")


def load(name: str) -> Model:
    """One of `NETWORKS`, in PyTorch's memory: the others are compared with PyTorch."""
    if name not in NETWORKS:
        raise InputError(f"a network of {', '.join(NETWORKS)}", repr(name), "Use one of these.")
    if name != "paper":
        network, card = weights.load(name)
        return Model(card, network=network)
    torch.manual_seed(0)
    card = {"architecture": {"encoder": "resnet18"}, "preprocessing": {"low": 0.1, "high": 99.9}}
    return Model(card, network=unet("resnet18"))


def measure(
    sizes: Sequence[int],
    *,
    networks: Sequence[str] = NETWORKS,
    names: Sequence[str] = (),
    largest: Mapping[str, int] | None = None,
    repeats: int = 30,
    budget: float = 60.0,
    camera: int = 2048,
    path_repeats: int = 100,
    loss_frames: int = 40,
    device: str | None = None,
) -> dict[str, Any]:
    """Everything that the chapter shows, measured in one go on this machine.

    Parameters
    ----------
    sizes : sequence of int
        Sides of the frames [px].
    networks : sequence of str
        Of `NETWORKS`.
    names : sequence of str
        Runtimes; by default all that suit this machine.
    largest, repeats, budget :
        As for `time_networks`.
    camera : int
        Side of the camera's frame, whose way to the display is timed [px].
    path_repeats : int
        Frames on this way.
    loss_frames : int
        Simulated frames on which the runtimes' loss is measured.
    device : str, optional
        By default a GPU if there is one.

    Returns
    -------
    dict
        ``times`` (rows), ``operations`` by network [per pixel], ``operations shortened`` as
        all runtimes but ``torch`` execute them on a CPU, ``peak`` before and after [1/s],
        ``path`` by runtime and stage, ``agreement`` and ``loss``, machine and provenance.
    """
    where = runtimes.device_of(device)
    begun = time.perf_counter()
    tried = {name: runtimes.unsuited(name, where) for name in names or runtimes.NAMES}
    loaded = {name: load(name) for name in networks}
    made: dict[str, dict[str, Runtime]] = {}
    with warnings.catch_warnings():
        # Whether 8 bits suit a network is measured here.
        warnings.filterwarnings("ignore", message="8-bit integers")
        for name, model in loaded.items():
            made[name] = {
                runtime: runtimes.make(runtime, model, where)
                for runtime, reason in tried.items()
                if not reason
            }
    before = peak()
    path = {}
    if "faithful" in loaded:
        path = paths(loaded["faithful"], made["faithful"], camera, path_repeats)
    content = {
        "path": path,
        "times": time_networks(made, sizes, largest=largest, repeats=repeats, budget=budget),
        "operations": {
            name: operations(model.network, 256, 256, model.channels) / 256**2
            for name, model in loaded.items()
        },
        "operations shortened": {
            name: operations(shortened(model.network), 256, 256, model.channels) / 256**2
            for name, model in loaded.items()
        },
        "unsuited": {name: reason for name, reason in tried.items() if reason},
        "agreement": {
            name: {
                runtime: {"largest": one.agreement.largest, "psnr": _finite(one.agreement.psnr)}
                for runtime, one in of_network.items()
            }
            for name, of_network in made.items()
        },
        "loss": {},
    }
    if "faithful" in loaded:
        content["loss"] = losses(made["faithful"], loaded["faithful"].card, loss_frames)
    content["peak"] = [before, peak()]
    content["seconds"] = round(time.perf_counter() - begun)
    content["camera"] = camera
    return record(**content)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def camera_frame(size: int = 2048, seed: int = 0) -> np.ndarray:
    """Dark discs in Poisson noise as a camera gives them, (size, size) uint16."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[:size, :size]
    expected = np.full((size, size), 200.0)
    for _ in range(20):
        row, column = rng.uniform(0, size, 2)
        expected[np.hypot(y - row, x - column) < size / 40] *= 0.5
    return rng.poisson(expected).astype(np.uint16)


def paths(
    model: Model, made: Mapping[str, Runtime], camera: int, repeats: int
) -> dict[str, dict[str, dict[str, float | int]]]:
    """`path_stages` in every runtime, as numbers of `Times.facts` [ms]."""
    frame = camera_frame(camera)
    found = {}
    for name, runtime in made.items():
        refine = Refiner(model, None, runtime.device, runtime)
        stages = path_stages(refine, frame, repeats=repeats)
        found[name] = {stage: times.facts() for stage, times in stages.items()}
    return found


def time_networks(
    networks: Mapping[str, Mapping[str, Runtime]],
    sizes: Sequence[int],
    *,
    largest: Mapping[str, int] | None = None,
    repeats: int = 30,
    budget: float = 60.0,
) -> list[dict[str, Any]]:
    """Time networks in runtimes on square frames, those of one size in turns.

    Parameters
    ----------
    networks : mapping of str to mapping of str to Runtime
        Runtimes by network and name.
    sizes : sequence of int
        Sides of the frames [px].
    largest : mapping of str to int, optional
        Largest side by network [px].
    repeats, budget :
        As for `in_turns`, for each size.

    Returns
    -------
    list of dict
        ``network``, ``runtime``, ``size`` and the numbers of `Times.facts` [ms].
    """
    rows = []
    for size in sizes:
        chosen = {
            (network, name): runtime
            for network, made in networks.items()
            for name, runtime in made.items()
            if size <= (largest or {}).get(network, size)
        }
        calls = {
            key: partial(runtime, trial_frame(runtime.channels, size))
            for key, runtime in chosen.items()
        }
        for (network, name), times in in_turns(calls, repeats=repeats, budget=budget).items():
            rows.append({"network": network, "runtime": name, "size": size} | times.facts())
        for runtime in chosen.values():
            runtime.engine.forget()
    return rows


def path_stages(
    refine: Refiner, frame: np.ndarray, size: int = 512, *, repeats: int = 100, warm_up: int = 5
) -> dict[str, Times]:
    """Time the way from a camera's frame to grey levels on a screen, stage by stage.

    Parameters
    ----------
    refine : Refiner
    frame : ndarray, (H, W)
        As the camera gives it.
    size : int
        Longer side of the refined image [px].
    repeats, warm_up : int

    Returns
    -------
    dict of str to Times
        One of each of `STAGES`, and ``total``, each frame's sum.
    """
    if repeats < 1:
        raise InputError("1 repeat or more", str(repeats), "100 are usual.")
    taken = []
    for turn in range(warm_up + repeats):
        marks = [time.perf_counter()]
        check_image(frame, "frame")
        marks.append(time.perf_counter())
        image = reduce_longer(frame, size)
        marks.append(time.perf_counter())
        image, back = refine.stretch(image)
        marks.append(time.perf_counter())
        refined = refine.refine_prepared(image)
        marks.append(time.perf_counter())
        refined = back(refined)
        marks.append(time.perf_counter())
        draw(refined)
        marks.append(time.perf_counter())
        if turn >= warm_up:
            taken.append(np.diff(marks))
    columns = np.array(taken)
    stages = {name: Times(columns[:, i]) for i, name in enumerate(STAGES)}
    return stages | {"total": Times(columns.sum(axis=1))}
