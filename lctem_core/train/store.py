"""The prepared store: images cropped, reduced and rescaled once, ready for training.

A store is a folder with ``noisy.npy``, one or both of ``truth.npy`` (the dry look) and
``faithful.npy`` (the noisy frame without noise, in its own scale), each (N, size, size) uint16 over
the range that ``store.json`` states, by default [0, 1]. A store of clips has several noisy frames
for each truth, (N, frames, size, size).

What ``store.json`` says is in `lctem_core.train.note`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.refine.preprocess import check_percentiles, reduce, rescale
from lctem_core.train import note as notes
from lctem_core.train.note import FORMAT, compare, damaged
from lctem_core.train.pairs import (
    Pair,
    check_list,
    image_path,
    load_pair,
    read_counts,
    read_list,
    split,
)

_FULL = 65535
#: Array that holds the truth, by target.
TARGETS = {"dry": "truth", "faithful": "faithful"}


class Store:
    """Prepared images, read from disk as they are needed; open one by `Store.open`.

    Attributes
    ----------
    path : Path
        The folder.
    pairs : list of Pair
        The list, in its order; empty for simulated images that are not of a list.
    size : int
        Side of the images [px].
    frames : int
        Noisy frames for each truth.
    parameters : dict
        ``size``, ``low``, ``high`` and ``least_contrast`` of the preprocessing; of clips also
        ``frames``.
    facts : dict
        What the maker noted.
    identity : dict
        Parameters and hashes of what the store was made from; another store has another identity.
    target : str
        ``dry``: images in [0, 1], the truth is the dry look. ``faithful``: the truth is the noisy
        frame without noise, and both may leave [0, 1].
    """

    def __init__(
        self, path: Path, note: dict[str, Any], arrays: dict[str, np.ndarray], target: str = "dry"
    ) -> None:
        self.path = path
        self.target = target
        self.pairs = [Pair(*fields) for fields in note["source"].get("pairs", ())]
        self.parameters: dict[str, Any] = note["parameters"]
        self.size: int = self.parameters["size"]
        self.frames: int = self.parameters.get("frames", 1)
        self.facts: dict[str, Any] = note["facts"]
        self.identity: dict[str, Any] = self.parameters | notes.hashes(note["source"])
        self._number = notes.number(note)
        self._arrays = arrays
        self._ranges = notes.ranges(note)

    @classmethod
    def open(cls, path: str | Path, target: str = "dry") -> Store:
        """Open a finished store, for one target.

        Raises
        ------
        FileNotFoundError
            If there is no finished store.
        InputError
            If it is unfinished, damaged, of another version, or without that target.
        """
        path = Path(path)
        if target not in TARGETS:
            raise InputError(f"a target of {', '.join(TARGETS)}", repr(target), "Use one of them.")
        if not (path / "store.json").is_file():
            begun = _part(path).is_dir()
            text = InputError(
                "a prepared store",
                f"{path}, whose preparation is unfinished" if begun else f"none at {path}",
                "Run 'lctem prepare' again; it continues where it stopped." if begun
                else "Make one with 'lctem prepare'.",
            )  # fmt: skip
            raise FileNotFoundError(str(text))
        note = notes.read(path)
        arrays = {}
        if TARGETS[target] not in notes.ranges(note):
            raise InputError(
                f"a store with {target} truth images", f"{path} without them",
                "The faithful target needs simulated examples: make them with 'lctem examples'."
                if target == "faithful" else "Make one with 'lctem prepare'.",
            )  # fmt: skip
        for kind in ("noisy", TARGETS[target]):
            try:
                arrays[kind] = np.load(path / f"{kind}.npy", mmap_mode="r")
            except (OSError, ValueError) as error:
                raise damaged(path, f"{kind}.npy: {error}") from error
            shape = notes.shape(note, kind)
            if arrays[kind].shape != shape or arrays[kind].dtype != np.uint16:
                raise damaged(path, f"{kind}.npy of shape {arrays[kind].shape}, not {shape}")
        return cls(path, note, arrays, target)

    def __len__(self) -> int:
        return self._number

    @property
    def scenes(self) -> list[int]:
        """Number of the dry image that each image shows, counted in the order of the list."""
        if not self.pairs:  # simulated ones show a scene of their own each
            return list(range(len(self)))
        numbers = {name: k for k, name in enumerate(dict.fromkeys(p.dry for p in self.pairs))}
        return [numbers[pair.dry] for pair in self.pairs]

    def split(
        self, how: str = "grouped", fraction: float = 0.1, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Divide the images into training and validation.

        Parameters
        ----------
        how, fraction, seed
            See `lctem_core.train.pairs.split`, which says what is raised. Simulated images that are
            not of a list share nothing: both ways are the same for them.

        Returns
        -------
        training, validation : ndarray of int
            Sorted indices.
        """
        if self.pairs:
            return split(self.pairs, how, fraction, seed)
        return split(range(len(self)), "random" if how == "grouped" else how, fraction, seed)

    def noisy(self, i: int) -> np.ndarray:
        """Noisy image `i`, (size, size) float32, or clip; in [0, 1] for the dry target."""
        image = self._image("noisy", i)
        return np.clip(image, 0, 1) if self.target == "dry" else image

    def truth(self, i: int) -> np.ndarray:
        """Truth image `i` of the target, (size, size) float32; in [0, 1] for the dry one."""
        return self._image(TARGETS[self.target], i)

    def _image(self, kind: str, i: int) -> np.ndarray:
        low, high = self._ranges[kind]
        return self._arrays[kind][i] * np.float32((high - low) / _FULL) + np.float32(low)

    def __reduce__(self) -> tuple[Any, ...]:
        # A loader's worker maps the files instead of copying them.
        return Store.open, (self.path, self.target)


def prepare(
    folder: str | Path,
    list_path: str | Path,
    out: str | Path,
    *,
    size: int = 512,
    low: float = 0.1,
    high: float = 99.9,
    least_contrast: float = 0.0,
    facts: dict[str, Any] | None = None,
    progress: bool = True,
) -> Store:
    """Prepare every pair of a list; continue where a killed run stopped.

    The store is built in ``<out>.part`` and renamed when it is complete. A finished store that was
    made from the same images with the same parameters is returned at once.

    Parameters
    ----------
    folder : str or Path
        Where the images of the list are, as TIFFs.
    list_path : str or Path
        The pair list.
    out : str or Path
        Folder to make.
    size : int
        Side of the prepared images [px].
    low, high : float
        Percentiles that become 0 and 1 [%].
    least_contrast : float
        For the truth images, see `lctem_core.refine.preprocess.limits`; 0 is the public code's.
    facts : dict, optional
        Kept with the store; JSON values.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Store

    Raises
    ------
    FileNotFoundError
        If the list or some of its images are absent; checked before the work starts.
    InputError
        If a pair cannot be used, or `out` was begun or made from something else.
    """
    out = Path(out)
    if size < 1:
        raise InputError("a size of 1 pixel or more", str(size), "512 is usual.")
    check_percentiles(low, high, least_contrast)
    pairs = read_list(list_path)
    source = {"list_sha256": hashlib.sha256(Path(list_path).read_bytes()).hexdigest()}
    note = {
        "format": FORMAT,
        "parameters": {"size": size, "low": low, "high": high, "least_contrast": least_contrast},
        "source": source,
    }
    if (out / "store.json").exists() and not _all_there(pairs, folder):
        compare(out, note)  # the images may have been deleted to save space
        return Store.open(out)
    check_list(pairs, folder)
    source["images_sha256"] = _fingerprint(pairs, folder)
    if (out / "store.json").exists():
        compare(out, note)
        return Store.open(out)
    if out.exists():
        raise InputError("a new folder for the store", f"{out}, which exists", "Choose another.")
    source["pairs"] = pairs
    note["facts"] = facts or {}
    with Writer(out, note) as writer:
        # A list names an image in several lines that need not follow each other: sorted and with
        # the last two images remembered, each is read once, and never more than three are in
        # memory.
        order = sorted(writer.missing, key=lambda i: (pairs[i].dry, pairs[i].wet))
        read = lru_cache(maxsize=2)(read_counts)
        bar = tqdm(
            order, "prepare", len(pairs), initial=len(pairs) - len(order), unit=" pairs",
            disable=not progress,
        )  # fmt: skip
        for i in bar:
            noisy, truth = load_pair(pairs[i], folder, read)
            noisy = rescale(reduce(noisy, size), low, high)
            truth = rescale(reduce(truth, size), low, high, least_contrast)
            writer.write(i, {"noisy": noisy, "truth": truth})
    return Store.open(out)


class Writer:
    """Fills a new store, image by image, in any order; continues where a killed one stopped.

    The store is built in ``<out>.part`` and renamed when the block ends without an error.

    Parameters
    ----------
    out : Path
        Folder to make.
    note : dict
        Content of ``store.json``, see `lctem_core.train.note`.

    Raises
    ------
    InputError
        If `out` was begun from something else.
    """

    def __init__(self, out: Path, note: dict[str, Any]) -> None:
        self.out, self.part = out, _part(out)
        if (self.part / "store.json").exists():
            compare(self.part, note)
        else:
            _begin(self.part, note)
        self.ranges = notes.ranges(note)
        done = (self.part / "done").read_bytes()
        #: Indices of the images that are not there yet.
        self.missing = [i for i in range(len(done)) if not done[i]]

    def __enter__(self) -> Writer:
        # Plain files: writing to a memory map ends the process without a word when the disk is
        # full.
        self._files = {kind: (self.part / f"{kind}.npy").open("r+b") for kind in self.ranges}
        self._marks = (self.part / "done").open("r+b")
        self._number = (self.part / "done").stat().st_size
        return self

    def write(self, i: int, images: dict[str, np.ndarray]) -> None:
        """Write the images of one pair, by kind, and mark it as done."""
        for kind, (low, high) in self.ranges.items():
            levels = (images[kind] - np.float32(low)) * np.float32(_FULL / (high - low))
            _write(self._files[kind], np.clip(np.round(levels), 0, _FULL), i - self._number)
        # The images are on the disk before the mark is: a kill or a power cut in between costs
        # this pair's work and nothing else.
        self._marks.seek(i)
        self._marks.write(b"\1")
        self._marks.flush()

    def __exit__(self, kind: type | None, *_: Any) -> None:
        for file in (*self._files.values(), self._marks):
            file.close()
        if kind is None:
            self.part.rename(self.out)
            (self.out / "done").unlink()


def _write(file: Any, levels: np.ndarray, from_end: int) -> None:
    """Write levels as uint16 at their place, counted in images from the end of the file."""
    content = levels.astype("<u2").tobytes()
    file.seek(from_end * len(content), os.SEEK_END)
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


def _begin(part: Path, note: dict[str, Any]) -> None:
    """Make the files of an empty store; its note comes last and tells that they are whole."""
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    for kind in notes.ranges(note):
        np.lib.format.open_memmap(part / f"{kind}.npy", "w+", np.uint16, notes.shape(note, kind))
    (part / "done").write_bytes(bytes(notes.number(note)))
    with replacing(part / "store.json") as path:
        path.write_text(json.dumps(note, indent=1), encoding="utf-8")


def _fingerprint(pairs: Sequence[Pair], folder: str | Path) -> str:
    """Hash of the images' names and lengths: tells data sets with the same list apart, quickly."""
    names = sorted({name for pair in pairs for name in (pair.dry, pair.wet)})
    lines = [f"{name} {image_path(folder, name).stat().st_size}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _all_there(pairs: Sequence[Pair], folder: str | Path) -> bool:
    try:
        check_list(pairs, folder)
    except FileNotFoundError:
        return False
    return True


def _part(out: Path) -> Path:
    return out.with_name(out.name + ".part")
