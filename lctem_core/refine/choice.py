"""Which runtime is the fastest on this machine: measured once, and remembered."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from lctem_core.errors import InputError
from lctem_core.files import cache_dir, replacing
from lctem_core.networks.model import Model
from lctem_core.provenance import processor
from lctem_core.refine import runtimes
from lctem_core.refine.agreement import LEAST_PSNR, Agreement, agreement
from lctem_core.refine.engines import Engine, threads
from lctem_core.refine.runtimes import Runtime, Trial, trial_frame, unsuited

#: A runtime has to be this much faster than the one before it, or the one before is taken.
ADVANTAGE = 1.1
# In this order. What takes longer to make than `choose` may (int8, graphs) is not among them, and
# PyTorch only where it is in memory with this network already.
_ON_CPU = ("openvino", "onnxruntime", "openvino-bf16")
_IN_MEMORY = ("torch-channels-last", "openvino", "onnxruntime", "torch-bf16", "openvino-bf16")
_ON_GPU = ("cuda", "cuda-half")

# Choices of this process: two Refiners made alike run alike.
_chosen: dict[str, tuple[str, tuple[Trial, ...]]] = {}


def choose(model: Model, device: str, *, measure: bool = False) -> Runtime:
    """Fastest of the runtimes on this machine that agree with the reference.

    They are timed in turns on a frame of 512 × 512 pixels, a slow network on 256 × 256. The order
    of the candidates is fixed, and a later one is taken only if it is 10 % faster than the one
    taken so far, in the median of the turns; so neither noise nor a machine that becomes slower
    meanwhile changes the choice easily.

    The choice is kept in the user's cache, for this processor, number of threads, network and
    versions of the runtimes. Where one runtime is installed, nothing is measured.

    Parameters
    ----------
    model : Model
    device : str
    measure : bool
        Measure even if a choice is remembered.

    Returns
    -------
    Runtime
        Its `trials` say what was compared; empty where there was nothing to compare.

    Raises
    ------
    InputError
        If no runtime agrees with the reference.
    """
    names = _candidates(model, device)
    refused = {name: unsuited(name, device) for name in names}
    there = [name for name in names if not refused[name]]
    if len(there) == 1 and not model.in_memory:
        return runtimes.make(there[0], model, device)
    key = _key(model, device, there)
    if not measure and (found := _chosen.get(key) or _remembered(key)):
        name, trials = _chosen[key] = found
        return Runtime(name, model, device, runtimes.engine_of(name, model, device), trials)
    engines, trials, times = _trials(model, device, names, refused)
    best = None
    for trial in trials:
        if not trial.refused and (
            not best or np.median(np.divide(times[best.name], times[trial.name])) > ADVANTAGE
        ):
            best = trial
    if best is None:
        told = "; ".join(f"{trial.name}: {trial.refused}" for trial in trials)
        raise InputError("a runtime that agrees with the reference", told, "Name a runtime.")
    _chosen[key] = best.name, trials
    if not model.in_memory:  # a network under someone's hands is not worth a file
        _remember(key, best.name, trials)
    return Runtime(best.name, model, device, engines[best.name], trials)


def _candidates(model: Model, device: str) -> tuple[str, ...]:
    if device.startswith("cuda"):
        return _ON_GPU
    if device != "cpu":  # what only PyTorch knows
        return (runtimes.DEFAULT,)
    return _IN_MEMORY if model.in_memory else _ON_CPU


# The user's cache --------------------------------------------------------------------------------


def _key(model: Model, device: str, names: list[str]) -> str:
    """What a choice depends on."""
    packages = {name.partition("-")[0].replace("cuda", "torch") for name in names}
    facts = {
        "processor": processor(),
        "threads": threads(),
        "device": device,
        "network": model.checksum,
        "candidates": names,
        "versions": {package: _version(package) for package in sorted(packages)},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _version(package: str) -> str:
    for name in (package, f"{package}-gpu", f"{package}-directml"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"


def _file(key: str) -> Path:
    return cache_dir() / "runtimes" / f"{key}.json"


def _remembered(key: str) -> tuple[str, tuple[Trial, ...]] | None:
    """Choice of an earlier process; None if there is none, or its file cannot be read."""
    try:
        told = json.loads(_file(key).read_text("utf8"))
        trials = tuple(
            Trial(**one | {"agreement": one["agreement"] and Agreement(**one["agreement"])})
            for one in told["trials"]
        )
        name = told["name"]
    except (OSError, ValueError, TypeError, KeyError):  # it is measured and written again
        return None
    known = {trial.name for trial in trials if not trial.refused}
    return (name, trials) if name in known else None


def _remember(key: str, name: str, trials: tuple[Trial, ...]) -> None:
    told = {"name": name, "trials": [asdict(trial) for trial in trials]}
    try:
        with replacing(_file(key)) as temporary:
            temporary.write_text(json.dumps(told, indent=1) + "\n", "utf8")
    except OSError as error:
        warnings.warn(f"The choice of a runtime cannot be kept: {error}", stacklevel=3)


# Measuring ---------------------------------------------------------------------------------------


def _trials(
    model: Model, device: str, names: tuple[str, ...], refused: dict[str, str]
) -> tuple[dict[str, Engine], tuple[Trial, ...], dict[str, list[float]]]:
    frame = trial_frame(model.channels)
    expected = runtimes.reference(model)(frame)
    engines: dict[str, Engine] = {}
    found: dict[str, Agreement] = {}
    for name in (one for one in names if not refused[one]):
        try:
            engine = runtimes.engine_of(name, model, device)
            found[name] = agreement(engine(frame), expected)
        except Exception as error:  # of another library, about a network that it cannot run
            if name in (runtimes.DEFAULT, "cuda"):
                raise
            refused[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            warnings.warn(f"Runtime {name} cannot run this network. {refused[name]}", stacklevel=4)
            continue
        if not found[name].psnr >= LEAST_PSNR:
            refused[name] = f"its answer has {found[name].psnr:.1f} dB against float32"
        engines[name] = engine
    if not engines:
        return {}, tuple(Trial(name, refused=refused[name]) for name in names), {}
    # Small frames are not what will be refined; the larger one only where it takes no seconds.
    begun = time.perf_counter()
    next(iter(engines.values()))(frame)
    if time.perf_counter() - begun < 0.05:
        frame = trial_frame(model.channels, 2 * frame.shape[-1])
    times: dict[str, list[float]] = {name: [] for name in engines}
    begun = time.perf_counter()
    for turn in range(12):
        if turn >= 2 and time.perf_counter() - begun > 0.8:
            break
        for name, engine in engines.items():
            engine(frame)  # its data into the caches, its threads awake, as in a stream of frames
            started = time.perf_counter()
            engine(frame)
            times[name].append(time.perf_counter() - started)
    trials = tuple(
        Trial(
            name, float(np.median(times[name])) if name in times else None, found.get(name),
            refused[name],
        )
        for name in names
    )  # fmt: skip
    return engines, trials, times
