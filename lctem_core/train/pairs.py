"""The pair list, its crops and its splits.

A list file has one pair per line, ``dry x1 y1 x2 y2 wet x1 y1``: a crop of a dry image (the
truth), and where the crop of the same size begins in a wet image (the noisy one). The images are
``<folder>/<name>.tif``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.io import frames

_COLUMNS = "dry x1 y1 x2 y2 wet x1 y1"


class Pair(NamedTuple):
    """One line of the list; all positions in pixels, x to the right and y down."""

    dry: str
    x1: int
    y1: int
    x2: int
    y2: int
    wet: str
    wet_x1: int
    wet_y1: int

    @property
    def width(self) -> int:
        """Width of both crops [px]."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """Height of both crops [px]."""
        return self.y2 - self.y1

    @property
    def truth_key(self) -> tuple[str, int, int, int, int]:
        """What tells one truth crop from another: dry name, x1, y1, x2, y2."""
        return self[:5]

    @property
    def line(self) -> str:
        """The pair as it stands in the list."""
        return " ".join(map(str, self))


class Images(Protocol):
    """Anything that gives prepared images by index, such as `lctem_core.train.store.Store`."""

    def noisy(self, i: int) -> np.ndarray:
        """Noisy image (H, W) in [0, 1]."""

    def truth(self, i: int) -> np.ndarray:
        """Truth image (H, W) in [0, 1]."""


def read_list(path: str | Path) -> list[Pair]:
    """Pairs of a list file; empty lines are skipped.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InputError
        For an empty list or a malformed line, with its number.
    """
    path = Path(path)
    if not path.is_file():
        text = InputError("a pair list", f"no file at {path}", "Check the path.")
        raise FileNotFoundError(str(text))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("a pair list in plain text", str(path), "Check the path.") from error
    pairs = [_parse(text, f"{path}, line {i}") for i, text in enumerate(lines, 1) if text.strip()]
    if not pairs:
        raise InputError(
            f"a list with lines '{_COLUMNS}'", f"{path} without any", "Check the path."
        )
    return pairs


def write_list(path: str | Path, pairs: Sequence[Pair]) -> None:
    """Write a list file; it appears whole or not at all."""
    if not pairs:
        raise InputError("at least one pair", "none", "A list without pairs cannot be read back.")
    for number, pair in enumerate(pairs, 1):
        _parse(pair.line, f"pair {number}")  # what is written must be readable
    with replacing(path) as temporary:
        temporary.write_text("".join(f"{pair.line}\n" for pair in pairs), encoding="utf-8")


def _parse(text: str, where: str) -> Pair:
    words = text.split()
    try:
        dry, *box, wet, wet_x1, wet_y1 = words
        x1, y1, x2, y2 = map(int, box)
        pair = Pair(dry, x1, y1, x2, y2, wet, int(wet_x1), int(wet_y1))
    except ValueError:
        raise InputError(
            f"'{_COLUMNS}' with whole numbers", f"{text.strip()!r} ({where})", "Correct that line."
        ) from None
    if pair.width <= 0 or pair.height <= 0 or min(x1, y1, pair.wet_x1, pair.wet_y1) < 0:
        raise InputError(
            "x2 > x1, y2 > y1 and no negative position", f"{text.strip()!r} ({where})",
            "Correct that line.",
        )  # fmt: skip
    return pair


def check_list(pairs: Sequence[Pair], folder: str | Path) -> None:
    """Raise a `FileNotFoundError` if images of the list are absent from `folder`."""
    names = dict.fromkeys(name for pair in pairs for name in (pair.dry, pair.wet))
    absent = [name for name in names if not image_path(folder, name).is_file()]
    if absent:
        first = ", ".join(f"{name}.tif" for name in absent[:3])
        more = ", …" if len(absent) > 3 else ""
        text = InputError(
            f"the {len(names)} images of the list in {folder}",
            f"{len(absent)} absent ({first}{more})", "Check the folder, or shorten the list.",
        )  # fmt: skip
        raise FileNotFoundError(str(text))


def image_path(folder: str | Path, name: str) -> Path:
    """Where an image of the list is stored."""
    return Path(folder) / f"{name}.tif"


def read_counts(path: Path) -> np.ndarray:
    """Counts of an image file."""
    return frames.read(path).counts


def load_pair(
    pair: Pair, folder: str | Path, read: Callable[[Path], np.ndarray] = read_counts
) -> tuple[np.ndarray, np.ndarray]:
    """Crops of a pair as stored.

    Parameters
    ----------
    pair : Pair
        Names and positions.
    folder : str or Path
        Where the images are.
    read : callable
        Reads one image; a caller that needs an image several times gives one that remembers.

    Returns
    -------
    noisy, truth : ndarray, (H, W)
        Counts.

    Raises
    ------
    FileNotFoundError
        If an image is absent.
    InputError
        If a crop reaches beyond its image or cannot be used; the message holds the list line.
    """
    noisy = _crop(pair, folder, pair.wet, pair.wet_x1, pair.wet_y1, read)
    truth = _crop(pair, folder, pair.dry, pair.x1, pair.y1, read)
    return noisy, truth


def _crop(
    pair: Pair, folder: str | Path, name: str, x: int, y: int, read: Callable[[Path], np.ndarray]
) -> np.ndarray:
    path = image_path(folder, name)
    if not path.is_file():
        text = InputError(f"{path}", f"no such file (list line '{pair.line}')", "Check the folder.")
        raise FileNotFoundError(str(text))
    image = read(path)
    what = f"{name}.tif (list line '{pair.line}')"
    if image.ndim != 2:
        raise InputError("single images", f"{what}, a stack of {len(image)}", "Save one frame.")
    height, width = image.shape
    if x + pair.width > width or y + pair.height > height:
        raise InputError(
            f"a crop inside the {width} × {height} pixels of {name}.tif",
            f"x {x} to {x + pair.width}, y {y} to {y + pair.height} (list line '{pair.line}')",
            "Correct the line, or check that the image is the one the list was made for.",
        )
    return frames.check_image(image[y : y + pair.height, x : x + pair.width], f"crop of {what}")


# Splits --------------------------------------------------------------------------------------


def split(
    pairs: Sequence[Pair] | range, how: str = "grouped", fraction: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Divide pairs into training and validation.

    ``random`` draws single pairs, as the public code does. ``grouped`` keeps pairs that share a
    dry image or a wet image on one side, also through a chain of others. In the published list
    every wet image belongs to one dry image, so that its groups are its 297 dry images, of at
    most 16 pairs.

    Parameters
    ----------
    pairs : sequence of Pair
        The list; for ``random``, a range of its length does.
    how : str
        ``grouped`` or ``random``.
    fraction : float
        Share for validation: ``int(fraction * n + 1)`` of n pairs, as in the public code.
        ``grouped`` fills up to this number with whole groups, in random order.
    seed : int
        The same seed gives the same split.

    Returns
    -------
    training, validation : ndarray of int
        Sorted indices, neither empty.

    Raises
    ------
    InputError
        For another `how`, a fraction outside (0, 1), or fewer than two groups or pairs.
    """
    if how not in ("grouped", "random"):
        raise InputError("a split 'grouped' or 'random'", repr(how), "Use one of them.")
    if not 0 < fraction < 1:
        raise InputError("a share for validation between 0 and 1", str(fraction), "0.1 is usual.")
    groups = _groups(pairs) if how == "grouped" else [[i] for i in range(len(pairs))]
    if len(groups) < 2:
        raise InputError(
            "at least two pairs" + (" that share no image" if how == "grouped" else ""),
            f"{len(pairs)} in {len(groups)} group", "Add pairs of other dry images.",
        )  # fmt: skip
    wanted = min(int(fraction * len(pairs) + 1), len(pairs) - 1)
    order = np.random.default_rng(seed).permutation(len(groups))
    chosen = _fill([groups[i] for i in order], wanted)
    validation = np.zeros(len(pairs), bool)
    validation[chosen] = True
    return np.flatnonzero(~validation), np.flatnonzero(validation)


def _groups(pairs: Sequence[Pair]) -> list[list[int]]:
    """Indices of pairs connected by dry or wet images, in order of first appearance."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]  # halves the path, so that chains stay short
            node = parent[node]
        return node

    for pair in pairs:
        parent[root(("wet", pair.wet))] = root(("dry", pair.dry))
    groups = defaultdict(list)
    for i, pair in enumerate(pairs):
        groups[root(("dry", pair.dry))].append(i)
    return list(groups.values())


def _fill(groups: list[list[int]], wanted: int) -> list[int]:
    """Whole groups, taken in order where they still fit, that come near to `wanted` indices."""
    chosen: list[int] = []
    left = []
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen += group
        else:
            left.append(group)
    # Every group left is larger than the gap; one more may still come nearer.
    smallest = min(left, key=len)
    missing = wanted - len(chosen)
    if not chosen or (len(left) > 1 and len(smallest) - missing < missing):
        chosen += smallest
    return chosen


def overlap(
    pairs: Sequence[Pair], training: Sequence[int], validation: Sequence[int]
) -> dict[str, float]:
    """How much of the validation pairs a split has shown in training.

    Parameters
    ----------
    pairs : sequence of Pair
        The list.
    training, validation : sequence of int
        Indices as from `split`.

    Returns
    -------
    dict
        ``dry`` and ``wet``: share of validation pairs whose dry or wet image also occurs in
        training; ``iou``: median over validation pairs of the greatest intersection over union of
        the truth crop with a training crop of the same dry image (0 if none).
    """
    boxes = defaultdict(set)
    for i in training:
        boxes[pairs[i].dry].add(pairs[i].truth_key[1:])
    wets = {pairs[i].wet for i in training}
    held = [pairs[i] for i in validation]
    nearest = [
        max((_iou(pair.truth_key[1:], box) for box in boxes.get(pair.dry, ())), default=0.0)
        for pair in held
    ]
    return {
        "dry": float(np.mean([pair.dry in boxes for pair in held])),
        "wet": float(np.mean([pair.wet in wets for pair in held])),
        "iou": float(np.median(nearest)),
    }


def _iou(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, wide) * max(0, high)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (areas - shared)
