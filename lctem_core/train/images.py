"""Simulated images of a study: drawn when they are needed, and told from another simulator's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lctem_core.errors import InputError
from lctem_core.files import source_hash, sources
from lctem_core.io.published import pair_list
from lctem_core.train import dataset, generate
from lctem_core.train.dataset import simulator_fingerprint
from lctem_core.train.pairs import Pair, read_list
from lctem_core.train.store import TARGETS, Store, prepare

#: Images by which a simulator is told from another; of ``listed``, dry images with all their pairs.
FIRST = {"examples": 6, "pairs": 6, "listed": 2}
#: Modules that the drawing code uses and that decide no grey level.
_NO_IMAGES = ("errors.py", "files.py", "provenance.py")


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
        name = digest(asdict(self) | {"simulator": simulator_fingerprint()})
        folder = cache / "data" / f"{self.kind}_{name}"
        like = read_list(pair_list()) if self.kind == "listed" else None
        return Store.open(self._written(folder, self.number, like, progress), target)

    def first(self, folder: Path) -> list[Store]:
        """First of these images only (`FIRST`), made in a new folder: a store for each target."""
        number, like = min(self.number, FIRST.get(self.kind, 1)), None
        if self.kind == "listed":
            full = read_list(pair_list())
            names = list(dict.fromkeys(pair.dry for pair in full))[:number]
            like = [pair for pair in full if pair.dry in names]
            number = len(like)
        path = self._written(folder, number, like, progress=False, workers=1)
        targets = TARGETS if self.kind == "examples" else ("dry",)
        return [Store.open(path, target) for target in targets]

    def _written(
        self, folder: Path, number: int, like: list[Pair] | None, progress: bool,
        workers: int | None = None,
    ) -> Path:  # fmt: skip
        """Simulate into a folder; where the store is."""
        if self.kind not in FIRST:
            raise InputError(f"data of {', '.join(FIRST)}", self.kind, "Use one of them.")
        options = {"seed": self.seed, "recipe": self.recipe, "size": self.size,
                   "workers": workers, "progress": progress}  # fmt: skip
        if self.kind == "examples":
            generate.write_examples(folder, number, **options)
            return folder
        images = folder / "images"
        dataset.write_dataset(images, number, like=like, **options)
        prepare(images, images / dataset.LIST, folder / "store", progress=progress,
                facts={"data": dataset.describe(images)})  # fmt: skip
        return folder / "store"


def drawing_hash() -> str:
    """Hash of the code that draws a study's images and prepares them for a network."""
    files = {Path(module.__file__).resolve() for module in (dataset, generate)}
    files |= {path for file in files for path in sources(file)}
    return source_hash(path for path in files if path.name not in _NO_IMAGES)


@cache
def first_images(data: Data) -> tuple[float, ...]:
    """Numbers of the first images that the present code draws and prepares.

    Parameters
    ----------
    data : Data

    Returns
    -------
    tuple of float
        Mean, standard deviation and roughness (mean absolute difference of neighbours in a row) of
        each noisy image and its truth, target by target; six digits.
    """
    with TemporaryDirectory() as folder:
        images = [
            image
            for store in data.first(Path(folder) / "store")
            for i in range(len(store))
            for image in (store.noisy(i), store.truth(i))
        ]
        numbers = [
            value
            for image in images
            for value in (image.mean(), image.std(), np.abs(np.diff(image)).mean())
        ]
    return tuple(float(f"{value:.6g}") for value in numbers)


def digest(values: dict[str, Any]) -> str:
    """Short hash of JSON values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]
