"""What a store says of itself: ``store.json``.

It has the ``format``; the ``parameters`` of the preprocessing; ``kinds``, the ranges of the arrays,
unless they are those of pairs; ``facts``, what the maker noted; and the ``source``. This is either
the ``pairs`` of a list with ``list_sha256`` and ``images_sha256``, or ``simulated`` (the name of
one image), the ``number`` of images, their ``arguments`` and the ``sha256`` of these.

In format 1 every store had pairs, made up for simulated images; such stores can still be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lctem_core.errors import InputError
from lctem_core.files import differences

FORMAT = 2
#: Arrays of a store of pairs, and the intensities that 0 and 65,535 stand for.
_PAIRS = {"noisy": (0.0, 1.0), "truth": (0.0, 1.0)}


def ranges(note: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Kinds of images, and the intensities that 0 and 65,535 stand for in each."""
    return {kind: tuple(ends) for kind, ends in note.get("kinds", _PAIRS).items()}


def shape(note: dict[str, Any], kind: str) -> tuple[int, ...]:
    """Shape of the array of a kind of image."""
    size, frames = note["parameters"]["size"], note["parameters"].get("frames", 1)
    stack = (frames,) if kind == "noisy" and frames > 1 else ()
    return (number(note), *stack, size, size)


def number(note: dict[str, Any]) -> int:
    """Number of images."""
    source = note["source"]
    return len(source["pairs"]) if "pairs" in source else source["number"]


def hashes(source: dict[str, Any]) -> dict[str, str]:
    """Hashes of the list and of the images; of simulated images, their arguments are both."""
    if "sha256" in source:
        return dict.fromkeys(("list_sha256", "images_sha256"), source["sha256"])
    return {name: source[name] for name in ("list_sha256", "images_sha256") if name in source}


def read(path: Path) -> dict[str, Any]:
    """Note of the store in a folder, finished or not.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        As of the present format.

    Raises
    ------
    InputError
        If it cannot be read or is of another format.
    """
    try:
        note = json.loads((path / "store.json").read_text(encoding="utf-8"))
        version = note["format"]
        if version == 1:
            return _of_format_1(note)
        if version == FORMAT:
            shape(note, "noisy")  # what it needs
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"store.json: {error!r}") from error
    if version != FORMAT:
        raise InputError(
            f"a store of format 1 or {FORMAT}", f"{version} in {path}", "Prepare it again."
        )
    return note


def _of_format_1(note: dict[str, Any]) -> dict[str, Any]:
    """Note as of the present format: a simulated store has one hash, and pairs made up for it."""
    pairs, of_list, of_images = (note.pop(n) for n in ("pairs", "list_sha256", "images_sha256"))
    if of_list == of_images:
        source = {"simulated": pairs[0][0].rstrip("0123456789"), "number": len(pairs)}
        return note | {"source": source | {"sha256": of_list}}
    return note | {"source": {"pairs": pairs, "list_sha256": of_list, "images_sha256": of_images}}


def compare(path: Path, wanted: dict[str, Any]) -> None:
    """Raise an `InputError` if the store in `path` was made from something else than `wanted`.

    Parameters
    ----------
    path : Path
        Folder of a store, finished or not.
    wanted : dict
        Note of the store that should be there; without ``images_sha256`` if these are unknown.
    """
    note = read(path)
    found, source = note["source"], wanted["source"]
    if note["parameters"] != wanted["parameters"]:
        made, instead = f"with {wanted['parameters']}", f"with {note['parameters']}"
    elif found.get("sha256") != source.get("sha256"):
        made, instead = "with the given arguments", "with others, or by another simulator"
        if "arguments" in found and "arguments" in source:
            changed = differences(found["arguments"], source["arguments"])
            made = "with " + ", ".join(f"{name} {value}" for name, (_, value) in changed.items())
            instead = "with " + ", ".join(f"{name} {was}" for name, (was, _) in changed.items())
    elif found.get("list_sha256") != source.get("list_sha256"):
        made, instead = "from the given list", "from another list"
    elif hashes(found) | hashes(source) != hashes(found):
        made, instead = "from the images in the given folder", "from other images"
    else:
        return
    raise InputError(
        f"a store made {made}", f"{path}, made {instead}",
        "Delete that folder, or choose another one for the store.",
    )  # fmt: skip


def damaged(path: Path, found: str) -> InputError:
    """The error for a store that cannot be read."""
    return InputError("a readable store", f"{path} ({found})", "Delete it and prepare it again.")
