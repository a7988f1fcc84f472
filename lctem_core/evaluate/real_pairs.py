"""Methods compared on real frames, of which a second one of the same field exists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.evaluate import baselines
from lctem_core.evaluate.blindspot import train_blindspot
from lctem_core.evaluate.compare import Method, methods
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.uncertainty import PairError, pair_error
from lctem_core.io import frames
from lctem_core.io.published import data_dir
from lctem_core.refine.refiner import Refiner

#: Files of the published pairs by field, of which two frames exist (Katsuno et al. 2022).
FIELDS = {"field 1": "train", "field 2": "val"}
#: The method with which the others are compared.
REFERENCE = "refined, faithful"


def pair_files(folder: Path | None = None) -> dict[str, list[Path]]:
    """The two files of each field; of none if one of them is missing.

    Parameters
    ----------
    folder : Path, optional
        By default ``gatan_tiff`` in the data folder.

    Returns
    -------
    dict of list of Path
    """
    folder = folder or data_dir() / "gatan_tiff"
    files = {
        field: [folder / f"{name}_{k:04d}.tif" for k in (1, 2)] for field, name in FIELDS.items()
    }
    return files if all(path.is_file() for two in files.values() for path in two) else {}


def read_pairs(folder: Path | None = None) -> dict[str, list[np.ndarray]]:
    """Counts of the two frames of each field; see `pair_files`."""
    return {
        field: [frames.read(path).counts for path in two]
        for field, two in pair_files(folder).items()
    }


def real_methods(
    blind: Method, faithful: Refiner, dry: Refiner, profile: str = "lc"
) -> dict[str, Method]:
    """`methods`, wider Gaussian filters, and the mean over eight orientations."""
    wider: dict[str, Method] = {
        f"Gaussian, {sigma} px": lambda image, sigma=sigma: baselines.gaussian(image, sigma)
        for sigma in (4, 6, 8, 12)
    }
    eight: dict[str, Method] = {
        "refined, 8 orientations": lambda image: faithful.with_spread(image)[0]
    }
    return methods(blind, faithful, dry, profile) | wider | eight


def shares(one: PairError, reference: PairError) -> dict[str, Any]:
    """A method's error as a share of the signal's variance, and how far it is from another's.

    Parameters
    ----------
    one, reference : PairError
        From the same frames with the same seed: their draws are then of the same blocks.

    Returns
    -------
    dict
        ``error`` with its 95 % interval ``low``, ``high``; ``slope``; ``fitted``, the error after
        a line; ``change``, the error less that of the reference, with ``change low`` and ``high``.
    """
    low, high = np.percentile(one.error_draws, [2.5, 97.5]) / one.signal
    change = np.percentile(one.error_draws - reference.error_draws, [2.5, 97.5]) / one.signal
    return {
        "error": one.error / one.signal,
        "low": low,
        "high": high,
        "slope": one.slope,
        "fitted": one.fitted / one.signal,
        "change": (one.error - reference.error) / one.signal,
        "change low": change[0],
        "change high": change[1],
    }


def compare_pairs(
    pairs: Mapping[str, list[np.ndarray]], ways: Mapping[str, Method]
) -> dict[str, dict[str, Any]]:
    """Errors of every method on the first frame of each field, measured on the second.

    Parameters
    ----------
    pairs : mapping of list of ndarray
        Two frames (H, W) of each field.
    ways : mapping of callable
        With `REFERENCE` among them.

    Returns
    -------
    dict
        By field: ``signal`` and ``noise``, variances [counts²], and ``methods``, each as of
        `shares`.
    """
    found = {}
    for field, (a, b) in pairs.items():
        errors = {
            name: pair_error(treat(a), a, b)
            for name, treat in tqdm(ways.items(), f"real frames, {field}")
        }
        reference = errors[REFERENCE]
        found[field] = {
            "signal": reference.signal,
            "noise": reference.noise,
            "methods": {name: shares(one, reference) for name, one in errors.items()},
        }
    return found


def measure(profile: str = "lc", blind_steps: int = 300, seed: int = 7000) -> dict[str, Any]:
    """`compare_pairs` of the published pairs.

    Parameters
    ----------
    profile : str
        Of BM3D.
    blind_steps : int
        Of the blind-spot network's training, on the first frame of each field.
    seed : int

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the frames are not on this machine.
    """
    pairs = read_pairs()
    if not pairs:
        raise InputError(
            "the published pairs of frames", "none",
            "The intro says where they are from; put them into gatan_tiff in the data folder.",
        )  # fmt: skip
    first = [two[0] for two in pairs.values()]
    blind = train_blindspot(first, steps=blind_steps, width=16, seed=seed)
    ways = real_methods(blind, Refiner.load(), Refiner.load(look="dry"), profile)
    return compare_pairs(pairs, ways)


PAIRS = Measure("trust/pairs", measure, ("faithful", "dry-look"))


def shared_pattern(pairs: Mapping[str, list[np.ndarray]]) -> float:
    """Covariance of frames of two different fields: what the camera puts into all [counts²].

    Parameters
    ----------
    pairs : mapping of list of ndarray
        Two frames (H, W) of each of two fields.

    Returns
    -------
    float
    """
    one, other = pairs.values()
    every = [np.cov(a.ravel(), b.ravel())[0, 1] for a in one for b in other]
    return float(np.mean(every))


def streaks(a: np.ndarray, b: np.ndarray) -> float:
    """How many times noisier the means of rows are than noise of single pixels makes them.

    Parameters
    ----------
    a, b : ndarray, (H, W)
        Two frames of one field.

    Returns
    -------
    float
        1 if the noise of neighbours in a row is independent.
    """
    change = b.astype(float) - a
    alone = np.sqrt(np.var(change) / a.shape[1])
    return float(np.sqrt(np.var(change.mean(axis=1))) / alone)
