"""Studies: trainings that are compared, each recorded as a small JSON file with its provenance.

A study is a list of runs that share data and test images. A run that has a record is not done
again; a killed one continues from its last checkpoint.

A record is of other parameters if its `Run.key` differs, and stale if the present simulator draws
other images than it was trained and tested on, see `stale`. Both are compared, not assumed: the key
by its value; the images by the hash of the code that draws them or, where that code was edited, by
the first images themselves. The training code has no such fingerprint. Every edit of it would make
the records stale, weights differ between processors, and only hours of training could tell an edit
that matters: for it, a record has the commit and the versions that it was made with, and a change
that is meant gets a parameter in `lctem_core.train.config.Config`, which is in the key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from lctem_core.networks.unet import parameter_count
from lctem_core.networks.weights import load
from lctem_core.train.config import Config
from lctem_core.train.fitting import fit
from lctem_core.train.images import Data, digest, drawing_hash, first_images
from lctem_core.train.leakage import known_truths
from lctem_core.train.loaders import PairsData
from lctem_core.train.store import Store

#: Training parameters that came after the first records, whose keys do not have them.
ADDED = ("frames", "initial", "settled")
#: Electrons per pixel of the frames on which grey levels are recorded [e-/px].
GREY_ELECTRONS = (10.0, 100.0, 1000.0)


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
        """Fingerprint of data, test images and training parameters as the study names them."""
        config = asdict(self.config)
        for name in ADDED:
            if config[name] == getattr(Config(), name):
                del config[name]
        return digest({"data": asdict(self.data), "test": asdict(self.test), "config": config})


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


def record(
    run: Run, results: Path, cache: Path, progress: bool = True, again: bool = False
) -> Path:
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
    again : bool
        Also if its record is there, because it is stale.

    Returns
    -------
    Path
        Of the record.
    """
    path = _path(run, results)
    if read_record(run, results) and not again:
        return path
    store = run.data.open(cache, run.config.target, progress)
    drawn = simulator(run)
    begun = digest({"key": run.key, "drawn by": drawn["hash"]})
    folder = cache / "runs" / run.study / f"{run.name}-{begun}"
    weights = fit(store, folder, run.config, progress=progress)
    network, card = load(weights)
    test = run.test.open(cache, run.config.target, progress)
    kept = ("architecture", "config", "crops_seen", "data", "metrics", "pairs", "provenance")
    content = {
        "simulator": drawn,
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
    _write(content, path)
    return path


def _write(content: dict[str, Any], path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")


def _own(network: torch.nn.Module, store: Store, config: Config, progress: bool) -> dict[str, Any]:
    """Scores of the images of training and validation, and what of each was trained on."""
    training = PairsData(store, config).training
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


def simulator(run: Run) -> dict[str, Any]:
    """What tells the images of a run from those of another simulator, for its record.

    Returns
    -------
    dict
        ``hash`` of the code that draws and prepares images; ``first``, for the training's images
        and the test's, what was drawn (the arguments of `Data`) and its `first_images`.
    """
    drawn = [
        {"data": asdict(data), "images": " ".join(f"{value:g}" for value in first_images(data))}
        for data in (run.data, run.test)
    ]
    return {"hash": drawing_hash(), "first": drawn}


def stale(content: dict[str, Any]) -> str:
    """Why a record is stale, a sentence; empty if it is not.

    A record is current if the code that draws its images is, literally, the code that drew them;
    or if the present code draws the same first images. It takes a second or two to find out in the
    latter case, once for all records that share their images.

    Parameters
    ----------
    content : dict
        As `read_record` gives it.

    Returns
    -------
    str

    Raises
    ------
    OSError
        If the images are those of the published list, and it cannot be had.
    """
    if "simulator" not in content:
        return "It does not say which simulator drew its images."
    if content["simulator"]["hash"] == drawing_hash():
        return ""
    for drawn in content["simulator"]["first"]:
        # Another processor's rounding turns an electron here and there, another simulator all.
        found = first_images(Data(**drawn["data"]))
        expected = [float(value) for value in drawn["images"].split()]
        if len(found) != len(expected) or not np.allclose(found, expected, rtol=1e-4, atol=1e-6):
            return "The simulator has changed since: it now draws other images."
    return ""


def staleness(contents: Iterable[dict[str, Any]]) -> str:
    """What a page says of its records: that all are current, or which are stale and why.

    Parameters
    ----------
    contents : iterable of dict
        As `read_record` gives them.

    Returns
    -------
    str
        Markdown.
    """
    contents = list(contents)
    reasons: dict[str, list[str]] = {}
    for one in contents:
        if reason := stale(one):
            reasons.setdefault(reason, []).append(f"{one['study']}/{one['name']}")
    if not reasons:
        return f"The present simulator draws the images of all {len(contents)} records."
    told = [f"{reason} ({', '.join(names)})" for reason, names in reasons.items()]
    number = sum(map(len, reasons.values()))
    return f"**{number} of {len(contents)} records are stale.** {' '.join(told)}"


def renew(run: Run, results: Path) -> bool:
    """Note the present code's hash in a record whose images it still draws.

    Returns
    -------
    bool
        Whether the record was written.
    """
    content = read_record(run, results)
    if not content or stale(content) or content["simulator"]["hash"] == drawing_hash():
        return False
    content["simulator"]["hash"] = drawing_hash()
    _write(content, _path(run, results))
    return True


def read_record(run: Run, results: Path) -> dict[str, Any] | None:
    """Record of a run; None if there is none, or one of other parameters.

    Whether its images are those of the present simulator, `stale` tells.
    """
    path = _path(run, results)
    if not path.exists():
        return None
    content = json.loads(path.read_text("utf8"))
    if run.own and "own" not in content:
        return None
    return content if content["key"] == run.key else None


def _path(run: Run, results: Path) -> Path:
    return Path(results, run.study, f"{run.name}.json")
