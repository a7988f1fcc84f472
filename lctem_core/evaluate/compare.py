"""Refined frames beside those of methods that need no pairs: scores, particles found and invented.

The test frames are simulated, with seeds that no training used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.evaluate import baselines, detection
from lctem_core.evaluate.blindspot import train_blindspot
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.particles import contrast
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.examples import Example, example

#: A method: one noisy frame (H, W) -> an image of the same shape.
Method = Callable[[np.ndarray], np.ndarray]
#: Widths among which the best for each frame is chosen by its truth [px].
WIDTHS = (1, 2, 4, 8, 16)
BEST_WIDTH = "Gaussian, best width"


def methods(blind: Method, faithful: Method, dry: Method, profile: str = "lc") -> dict[str, Method]:
    """Every way to treat a noisy frame that is compared, by name.

    Parameters
    ----------
    blind : callable
        A blind-spot network, see `lctem_core.evaluate.blindspot`.
    faithful, dry : callable
        The refiner with either look.
    profile : str
        Of BM3D, see `lctem_core.evaluate.baselines.bm3d`.

    Returns
    -------
    dict of callable
    """
    return {
        "noisy": np.float32,
        "Gaussian, 2 px": baselines.gaussian,
        "median, 5 × 5 px": baselines.median,
        "non-local means": baselines.non_local_means,
        "BM3D": lambda image: baselines.bm3d(image, profile),
        "blind spot": blind,
        "refined, faithful": faithful,
        "refined, dry": dry,
    }


def scored(image: np.ndarray, one: Example) -> dict[str, float]:
    """PSNR and SSIM with the faithful truth; NaN for a field without particles, and so contrast."""
    if not one.scene.particles:
        return {"psnr": np.nan, "ssim": np.nan}
    return baselines.contrast_scores(image, one.faithful)


def counted(image: np.ndarray, one: Example, *, dry: bool = False) -> np.ndarray:
    """Particles found, missed and invented in an image of a test frame, threshold by threshold.

    What lies on a particle that is too faint to be asked for is not invented.

    Parameters
    ----------
    image : ndarray, (H, W)
    one : Example
    dry : bool
        The image has the dry look, whose particles are dark also in dark field.

    Returns
    -------
    ndarray, (T, 3), int
        At every second one of `lctem_core.evaluate.detection.THRESHOLDS`.
    """
    bright = one.acquisition.dark_field is not None and not dry
    seen = contrast(image, bright=bright) if np.ptp(image) else detection.contrast_of(image)
    return detection.sweep(seen, one.look < 0.9, one.look < 0.98, detection.THRESHOLDS[::2])


def of_best_width(one: Example) -> dict[str, float]:
    """Scores of the Gaussian filter of the width that fits a frame's truth best."""
    every = (scored(baselines.gaussian(one.noisy, width), one) for width in WIDTHS)
    return max(every, key=lambda scores: scores["psnr"])


def compare(
    frames: Iterable[Example], ways: Mapping[str, Method], few: int = 0
) -> dict[str, dict[str, list]]:
    """Scores and counts of every method on the same frames.

    Parameters
    ----------
    frames : iterable of Example
    ways : mapping of callable
        As of `methods`.
    few : int
        Frames that BM3D, the slowest, gets: the first ones.

    Returns
    -------
    dict of dict
        By method: ``psnr`` [dB] and ``ssim`` of each frame, ``objects`` as of `counted`.
    """
    found: dict[str, dict[str, list]] = {}

    def keep(name: str, scores: dict[str, float]) -> dict[str, list]:
        own = found.setdefault(name, {"psnr": [], "ssim": []})
        for score, value in scores.items():
            own[score].append(value)
        return own

    for i, one in enumerate(frames):
        for name, treat in ways.items():
            if name == "BM3D" and i >= few:
                continue
            image = treat(one.noisy)
            own = keep(name, scored(image, one))
            counts = counted(image, one, dry=name == "refined, dry")
            own.setdefault("objects", []).append(counts)
        keep(BEST_WIDTH, of_best_width(one))
    return found


def measure(
    recipes: Sequence[str] = ("broad", "wide", "paper"),
    frames: int = 20,
    bm3d_frames: int = 20,
    profile: str = "lc",
    blind_steps: int = 300,
    seed: int = 7000,
) -> dict[str, Any]:
    """Compare all methods on simulated frames of several recipes.

    Parameters
    ----------
    recipes : sequence of str
    frames : int
        Of each recipe.
    bm3d_frames : int
        Of these, how many BM3D treats.
    profile : str
        Of BM3D.
    blind_steps : int
        Of the blind-spot network's training, on the noisy test frames themselves.
    seed : int

    Returns
    -------
    dict
        By recipe, as of `compare`.
    """
    tests = {recipe: [example([seed, i], recipe) for i in range(frames)] for recipe in recipes}
    noisy = [one.noisy for many in tests.values() for one in many]
    blind = train_blindspot(noisy, steps=blind_steps, width=16, seed=seed)
    ways = methods(blind, Refiner.load(), Refiner.load(look="dry"), profile)
    return {
        recipe: compare(tqdm(many, recipe), ways, bm3d_frames) for recipe, many in tests.items()
    }


COMPARISON = Measure("trust/methods", measure, ("faithful", "dry-look"))


# What the tables ask of it -----------------------------------------------------------------------


def gains(
    compared: Mapping[str, Mapping[str, Any]], name: str, of: str = "refined, faithful"
) -> np.ndarray:
    """PSNR of one method less that of another, frame by frame, over all recipes [dB].

    Parameters
    ----------
    compared : mapping
        As of `measure`.
    name : str
        The method that is subtracted; where it saw fewer frames, only those count.
    of : str

    Returns
    -------
    ndarray, (N,)
    """
    parts = []
    for by_method in compared.values():
        other = np.array(by_method[name]["psnr"], float)
        parts.append(np.array(by_method[of]["psnr"], float)[: len(other)] - other)
    return np.concatenate(parts)


def best_other(by_method: Mapping[str, Any], allowed: float = 1.0) -> tuple[float, str]:
    """Largest share of the objects found by a method that was not trained on pairs, and its name.

    Parameters
    ----------
    by_method : mapping
        Of one recipe. A method that saw fewer frames than the refiner is left out.
    allowed : float
        Invented regions per frame.

    Returns
    -------
    share : float
    name : str
    """
    number = len(by_method["refined, faithful"]["objects"])
    return max(
        (detection.recall_at(np.array(own["objects"]), allowed), name)
        for name, own in by_method.items()
        if not name.startswith("refined") and len(own.get("objects", ())) == number
    )
