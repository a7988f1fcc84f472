"""Studies: trainings that are compared, each recorded as a small JSON file with its provenance.

A study is a list of runs that share data and test images. A run whose file is there is not done
again, a killed one goes on from its last checkpoint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.evaluate.greys import grey_levels
from lctem_core.files import replacing
from lctem_core.io.published import pair_list
from lctem_core.networks.unet import parameter_count
from lctem_core.networks.weights import load
from lctem_core.train import dataset
from lctem_core.train.config import Config
from lctem_core.train.dataset import simulator_fingerprint
from lctem_core.train.fitting import fit
from lctem_core.train.generate import write_examples
from lctem_core.train.leakage import known_truths
from lctem_core.train.pairs import read_list
from lctem_core.train.store import Store, prepare

#: Training parameters that came after the first records, whose keys do not have them.
ADDED = ("frames", "initial", "settled")
#: Electrons per pixel of the frames on which grey levels are recorded [e-/px].
GREY_ELECTRONS = (10.0, 100.0, 1000.0)


@dataclass(frozen=True)
class Data:
    """Simulated images of a study.

    Attributes
    ----------
    kind : str
        ``pairs``: dry and wet images in the paper's layout. ``listed``: the same with the sharing
        of images and regions of the published list. ``examples``: see
        `lctem_core.simulate.examples`.
    number : int
        Pairs or examples; of ``listed``, the length of the published list.
    seed : int
    recipe : str
    size : int
        Pixels on a side of the camera; of ``examples``, of the frames.
    """

    kind: str
    number: int
    seed: int
    recipe: str = "paper"
    size: int = 832

    def open(self, cache: Path, target: str = "dry", progress: bool = True) -> Store:
        """Store with these images, made if it is not there.

        Parameters
        ----------
        cache : Path
            Folder for stores.
        target : str
            See `lctem_core.train.store.Store`.
        progress : bool
            Show progress bars.

        Returns
        -------
        Store
        """
        name = _digest(asdict(self) | {"simulator": simulator_fingerprint()})
        folder = cache / "data" / f"{self.kind}_{name}"
        if self.kind == "examples":
            write_examples(folder, self.number, seed=self.seed, recipe=self.recipe,
                           size=self.size, progress=progress)  # fmt: skip
            return Store.open(folder, target)
        if self.kind not in ("pairs", "listed"):
            raise InputError("data of pairs, listed or examples", self.kind, "Use one of them.")
        like = read_list(pair_list()) if self.kind == "listed" else None
        images = folder / "images"
        dataset.write_dataset(images, self.number, seed=self.seed, recipe=self.recipe,
                              size=self.size, like=like, progress=progress)  # fmt: skip
        prepare(images, images / dataset.LIST, folder / "store", progress=progress,
                facts={"data": dataset.describe(images)})  # fmt: skip
        return Store.open(folder / "store", target)


@dataclass(frozen=True)
class Run:
    """One training of a study.

    Attributes
    ----------
    study, name : str
    data, test : Data
        What it is trained and validated on, and what it is tested on.
    config : Config
    own : bool
        Score the images that it is trained and validated on, too, see `lctem_core.train.leakage`.
    """

    study: str
    name: str
    data: Data
    test: Data
    config: Config
    own: bool = False

    @property
    def key(self) -> str:
        """Fingerprint of everything that the reader can change; a record with another is stale."""
        config = asdict(self.config)
        for name in ADDED:
            if config[name] == getattr(Config(), name):
                del config[name]
        return _digest({"data": asdict(self.data), "test": asdict(self.test), "config": config})


def read_studies(described: dict[str, Any], only: Sequence[str] = ()) -> Iterator[Run]:
    """Runs of a description such as ``book/studies.yaml``.

    Parameters
    ----------
    described : dict
        By study: ``data``, ``test``, ``config`` (shared values) and ``runs``, a list of values
        that differ with a ``name`` and ``seeds``.
    only : sequence of str
        Names of studies; all if empty.

    Yields
    ------
    Run
    """
    for unknown in set(only) - set(described):
        raise InputError(f"a study of {', '.join(described)}", unknown, "Use one of these names.")
    for study, content in described.items():
        if only and study not in only:
            continue
        for entry in content["runs"]:
            values = dict(entry)
            name, seeds, own = values.pop("name"), values.pop("seeds"), values.pop("own", False)
            data = Data(**(content["data"] | values.pop("data", {})))
            for seed in seeds:
                config = Config.of(content["config"] | values | {"seed": seed})
                yield Run(study, f"{name}-{seed}", data, Data(**content["test"]), config, own)


def record(run: Run, results: Path, cache: Path, progress: bool = True) -> Path:
    """Train and test one run, unless its record is there.

    Parameters
    ----------
    run : Run
    results : Path
        Folder of the records, ``<results>/<study>/<name>.json``.
    cache : Path
        Folder for images, stores and unfinished trainings.
    progress : bool
        Show progress bars.

    Returns
    -------
    Path
        Of the record.
    """
    path = _path(run, results)
    if read_record(run, results):
        return path
    store = run.data.open(cache, run.config.target, progress)
    folder = cache / "runs" / run.study / f"{run.name}-{run.key}"
    weights = fit(store, folder, run.config, progress=progress)
    network, card = load(weights)
    test = run.test.open(cache, run.config.target, progress)
    kept = ("architecture", "config", "crops_seen", "data", "metrics", "pairs", "provenance")
    content = {
        "study": run.study,
        "name": run.name,
        "key": run.key,
        "parameters": parameter_count(network),
        "test": asdict(run.test),
        "scores": scores_on(network, test, progress),
        "greys": {
            f"{electrons:g}": grey_levels(_on_arrays(network), run.config.target, electrons)
            for electrons in GREY_ELECTRONS
        },
    } | {name: card[name] for name in kept}
    if run.own:
        content["own"] = _own(network, store, run.config, progress)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")
    return path


def _own(network: torch.nn.Module, store: Store, config: Config, progress: bool) -> dict[str, Any]:
    """Scores of the images of training and validation, and what of each was trained on."""
    training, _ = store.split(config.split, config.validation, config.seed)
    scores = scores_on(network, store, progress)["psnr"]
    return {
        "psnr": [round(score, 2) for score in scores],
        "known": "".join(map(str, known_truths(store.scenes, training))),
        "dry": " ".join(map(str, store.scenes)),
    }


def _on_arrays(network: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    def refined(image: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return network(torch.from_numpy(image)[None, None])[0, 0].float().numpy()

    return refined


def scores_on(
    network: torch.nn.Module | Callable[[torch.Tensor], torch.Tensor],
    test: Store,
    progress: bool = True,
) -> dict[str, list[float]]:
    """PSNR [dB] and SSIM of every image of a test store.

    For the faithful target, both are taken in units of the truth's contrast. Clipped to [0, 1].
    """
    scores: dict[str, list[float]] = {"psnr": [], "ssim": []}
    for i in tqdm(range(len(test)), "test", disable=not progress):
        noisy, truth = (
            torch.from_numpy(image)[None, None] for image in (test.noisy(i), test.truth(i))
        )
        with torch.inference_mode():
            refined = network(noisy).float()
        if test.target == "faithful":
            refined, truth = metrics.in_contrast(refined, truth)
        refined, truth = refined.clamp(0, 1), truth.clamp(0, 1)
        for name, value in metrics.scores(refined, truth).items():
            scores[name].append(round(float(value[0]), 4))
    return scores


def read_record(run: Run, results: Path) -> dict[str, Any] | None:
    """Record of a run; None if there is none, or one of other parameters."""
    path = _path(run, results)
    if not path.exists():
        return None
    content = json.loads(path.read_text("utf8"))
    if run.own and "own" not in content:
        return None
    return content if content["key"] == run.key else None


def _path(run: Run, results: Path) -> Path:
    return Path(results, run.study, f"{run.name}.json")


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]
