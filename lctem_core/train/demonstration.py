"""A training that is short enough to be watched, and what a page shows of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from lctem_core.evaluate.measures import Measure
from lctem_core.files import workspace
from lctem_core.train.callbacks import read_log
from lctem_core.train.config import Config
from lctem_core.train.fitting import fit
from lctem_core.train.loaders import PairsData
from lctem_core.train.scoring import scores_untreated, simulated_pairs
from lctem_core.train.store import Store


def short_training(store: Store, config: Config, progress: bool = False) -> dict[str, Any]:
    """Train in the notebooks' workspace; a run that was interrupted goes on where it was.

    Parameters
    ----------
    store : Store
    config : Config
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict
        ``curves``, as `lctem_core.train.callbacks.read_log` gives them; ``untreated``, mean
        ``psnr`` [dB] and ``ssim`` of the noisy validation frames; ``pairs`` and ``crops_seen``,
        numbers; ``seconds`` of training [s].
    """
    made = json.dumps([store.identity, store.target, repr(config)], sort_keys=True)
    run = workspace("trainings", hashlib.sha256(made.encode()).hexdigest()[:10])
    card = json.loads(fit(store, run, config, progress=progress).with_suffix(".json").read_text())
    scores = scores_untreated(store, PairsData(store, config).validation)
    return {
        "curves": read_log(run),
        "untreated": {name: float(np.mean(values)) for name, values in scores.items()},
        "pairs": card["pairs"],
        "crops_seen": card["crops_seen"],
        "seconds": card["provenance"]["seconds"],
    }


#: A training of some minutes: pairs, see `lctem_core.train.scoring.simulated_pairs`, and how.
PAIRS = {"recipe": "mixed", "number": 240, "seed": 2, "camera": 832, "least_contrast": 0.3}
CONFIG = {
    "encoder": "resnet18", "shuffle": 4, "depth": 4, "loss": "ssim", "crop": 256, "batch": 16,
    "epochs": 8, "rate": 1e-3, "schedule": "cosine", "mosaic": 0.0, "split": "grouped",
    "validate_every": 1, "workers": 0, "seed": 2,
}  # fmt: skip


def training_on_pairs(
    pairs: dict[str, Any] = PAIRS, config: dict[str, Any] = CONFIG
) -> dict[str, Any]:
    """`short_training` on simulated pairs, for a record.

    Parameters
    ----------
    pairs : dict
        Arguments of `lctem_core.train.scoring.simulated_pairs`.
    config : dict
        See `lctem_core.train.config.Config`.

    Returns
    -------
    dict
        As `short_training` gives it, without its time; the curves are lists, with None where an
        epoch was not validated.
    """
    found = short_training(simulated_pairs(**pairs)[0], Config.of(config), progress=True)
    curves = {
        name: [None if np.isnan(value) else round(float(value), 5) for value in values]
        for name, values in found["curves"].items()
    }
    del found["seconds"]  # of one machine, with whatever else it did
    return found | {"curves": curves}


SHORT = Measure("weights/short-training", training_on_pairs)
