"""How good weights are on simulated images that they have not seen, beside filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import cv2
import numpy as np
import torch
from tqdm import tqdm

from lctem_core.evaluate import baselines, metrics
from lctem_core.evaluate.measures import Measure
from lctem_core.evaluate.particles import count_found
from lctem_core.files import workspace
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.examples import example
from lctem_core.train import dataset
from lctem_core.train.store import Store, prepare

#: Widths of the Gaussian filter from which the best is taken [px].
SIGMAS = (1, 2, 4, 8, 16, 32)
#: Least contrast of a truth image, which keeps an empty field from being stretched.
LEAST_CONTRAST = 0.3


def simulated_pairs(
    recipe: str, number: int, seed: int, camera: int, least_contrast: float = LEAST_CONTRAST
) -> tuple[Store, dict[str, dict[str, float]]]:
    """Simulated pairs, prepared, in the notebooks' workspace; made if they are not there.

    Fewer pairs of the same seed are the first ones of more.

    Parameters
    ----------
    recipe : str
        ``paper``, ``wide`` or ``mixed``.
    number, seed : int
    camera : int
        Side of the simulated camera's frames [px].
    least_contrast : float
        See `lctem_core.train.store.prepare`.

    Returns
    -------
    Store
    facts : dict
        Dose, pixel size and so on of every frame, as `dataset.read_facts` gives them.
    """
    name = f"{recipe}_{number}_{seed}_{camera}_{least_contrast:g}"
    folder = workspace("pairs", name)
    images = folder / "images"
    dataset.write_dataset(images, number, seed=seed, recipe=recipe, size=camera, progress=False)
    store = prepare(
        images, images / dataset.LIST, folder / "store", least_contrast=least_contrast,
        progress=False, facts={"data": dataset.describe(images)},
    )  # fmt: skip
    return store, dataset.read_facts(images)


def treatments(
    noisy: np.ndarray,
    truth: np.ndarray,
    refine: Callable[[np.ndarray], np.ndarray],
    sigmas: Sequence[float] = SIGMAS,
) -> dict[str, np.ndarray]:
    """A noisy image, what filters make of it, and what a network does.

    The filters get help that the network does not get: each result is scaled and shifted to fit
    the truth best, and the Gaussian's width is chosen by its SSIM with the truth.

    Parameters
    ----------
    noisy, truth : ndarray, (H, W)
        Prepared, in [0, 1].
    refine : callable
        Prepared image -> refined image in [0, 1].
    sigmas : sequence of float
        [px]

    Returns
    -------
    dict of ndarray, (H, W)
        ``untreated``, ``best Gaussian``, ``non-local means``, ``refined``.
    """

    def fitted(image: np.ndarray) -> np.ndarray:
        return np.clip(baselines.fitted(image, truth), 0, 1)

    blurred = [fitted(cv2.GaussianBlur(noisy, (0, 0), sigma)) for sigma in sigmas]
    return {
        "untreated": noisy,
        "best Gaussian": max(blurred, key=lambda image: metrics.ssim(image, truth)),
        "non-local means": fitted(baselines.non_local_means(noisy)),
        "refined": refine(noisy),
    }


def scores_of_pairs(
    store: Store,
    facts: dict[str, dict[str, float]],
    refine: Callable[[np.ndarray], np.ndarray],
    sigmas: Sequence[float] = SIGMAS,
    chosen: Iterable[int] | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Scores of every treatment of prepared pairs, and the objects that refining finds.

    Parameters
    ----------
    store : Store
        Of the dry target.
    facts : dict
        Of the frames.
    refine : callable
        Prepared image -> refined image.
    sigmas : sequence of float
        See `treatments`.
    chosen : iterable of int, optional
        Which pairs; by default all.
    progress : bool

    Returns
    -------
    dict
        ``electrons``, per pixel of the prepared image [e-/px]; ``psnr`` [dB] and ``ssim``, each by
        treatment; ``objects``: found, missed and invented ones of the refined image, see
        `lctem_core.evaluate.particles.count_found`. One value, or three, for each pair.
    """
    chosen = list(range(len(store)) if chosen is None else chosen)
    found: dict[str, Any] = {"electrons": [], "psnr": {}, "ssim": {}, "objects": []}
    for i in tqdm(chosen, "pairs", disable=not progress):
        truth = store.truth(i)
        done = treatments(store.noisy(i), truth, refine, sigmas)
        for name, image in done.items():
            for score, value in metrics.scores(image, truth).items():
                found[score].setdefault(name, []).append(round(float(value[0]), 4))
        found["objects"].append([int(n) for n in count_found(done["refined"], truth)])
        pair = store.pairs[i]
        electrons = dataset.electrons_per_pixel(pair, facts, store.size)
        found["electrons"].append(float(f"{electrons:.4g}"))
    return found


def dry_look(
    recipes: Sequence[str] = ("paper", "wide"),
    number: int = 60,
    seed: int = 9001,
    camera: int = 1024,
    sigmas: Sequence[float] = SIGMAS,
) -> dict[str, Any]:
    """`scores_of_pairs` of the shipped dry look, by recipe; in PyTorch and float32."""
    refine = Refiner.load(look="dry", device="cpu", runtime="torch").refine_prepared
    return {
        recipe: scores_of_pairs(
            *simulated_pairs(recipe, number, seed, camera), refine, sigmas, progress=True
        )
        for recipe in recipes
    }


def contrast_gains(
    refine: Callable[[np.ndarray], np.ndarray],
    number: int,
    seed: int,
    recipe: str = "broad",
    sigmas: Sequence[float] = SIGMAS,
) -> dict[str, list[float]]:
    """PSNR of frames of other kinds, before and after refining, in units of the truth's contrast.

    Parameters
    ----------
    refine : callable
        Counts (H, W) -> the frame without noise, in any scale.
    number : int
        Examples to draw; empty fields, which have no contrast, are left out.
    seed : int
        Example `i` is ``example([seed, i], recipe)``.
    recipe : str
    sigmas : sequence of float
        Widths of the Gaussian filter from which the best is taken, frame by frame [px].

    Returns
    -------
    dict of list of float
        ``raw``, ``best Gaussian`` and ``refined`` [dB], a value for each frame, and its ``number``.
    """
    found: dict[str, list[float]] = {"number": [], "raw": [], "best Gaussian": [], "refined": []}
    for i in range(number):
        one = example([seed, i], recipe)
        if not one.scene.particles:
            continue
        raw, refined = one.noisy.astype(np.float32), refine(one.noisy)
        blurred = [cv2.GaussianBlur(raw, (0, 0), sigma) for sigma in sigmas]
        found["number"].append(i)
        for name, images in (("raw", [raw]), ("best Gaussian", blurred), ("refined", [refined])):
            best = max(baselines.contrast_psnr(image, one.faithful) for image in images)
            found[name].append(round(best, 4))
    return found


def faithful_look(
    number: int = 60, seed: int = 9001, sigmas: Sequence[float] = SIGMAS
) -> dict[str, list[float]]:
    """`contrast_gains` of the shipped faithful look on the broad recipe; PyTorch, float32."""
    refine = Refiner.load(look="faithful", device="cpu", runtime="torch")
    return contrast_gains(refine, number, seed, sigmas=sigmas)


def untreated(
    recipe: str = "paper", number: int = 150, seed: int = 9300, camera: int = 832
) -> dict[str, list[float]]:
    """PSNR [dB] and SSIM of noisy images, by default of those that Table 1 is tested on."""
    store, _ = simulated_pairs(recipe, number, seed, camera, least_contrast=0.0)
    return scores_untreated(store, range(len(store)))


def scores_untreated(store: Store, chosen: Iterable[int]) -> dict[str, list[float]]:
    """PSNR [dB] and SSIM of noisy images, as `lctem_core.train.study.scores_on` takes them.

    Parameters
    ----------
    store : Store
    chosen : iterable of int
        Which images.
    """
    found: dict[str, list[float]] = {"psnr": [], "ssim": []}
    for i in chosen:
        noisy, truth = (
            torch.from_numpy(image)[None, None] for image in (store.noisy(i), store.truth(i))
        )
        if store.target == "faithful":
            noisy, truth = metrics.in_contrast(noisy, truth)
        for name, value in metrics.scores(noisy.clamp(0, 1), truth.clamp(0, 1)).items():
            found[name].append(round(float(value[0]), 4))
    return found


DRY = Measure("weights/dry-look", dry_look, ("dry-look",))
FAITHFUL = Measure("weights/faithful-look", faithful_look, ("faithful",))
UNTREATED = Measure("weights/untreated", untreated)
