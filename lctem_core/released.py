"""Weights that are too large for the repository, by name: downloaded once, checked, kept.

`released.json` beside this file lists them: ``{NAME: {"address": …, "weights": …, "card": …}}``,
the address without its suffix, and the SHA-256 of the ``.safetensors`` file and of the card. A file
of another checksum is refused.
"""

from __future__ import annotations

import json
from pathlib import Path

from lctem_core.errors import InputError

REGISTRY = Path(__file__).with_suffix(".json")
#: Files of a set of weights: key in the registry -> suffix.
FILES = {"weights": ".safetensors", "card": ".json"}


def names() -> list[str]:
    """Names of the released weights."""
    return sorted(json.loads(REGISTRY.read_text("utf8")))


def entry(path: str | Path, address: str) -> dict[str, str]:
    """What the registry has to say of weights that are to be released.

    Parameters
    ----------
    path : str or Path
        Of the ``.safetensors`` file; its card beside it.
    address : str
        Where both files will be, without the suffix.

    Returns
    -------
    dict of str
    """
    import pooch  # takes a while to import and is rarely needed

    path = Path(path)
    return {"address": address} | {
        key: pooch.file_hash(str(path.with_suffix(suffix))) for key, suffix in FILES.items()
    }


def fetch(name: str) -> Path:
    """Path of released weights, their card beside them; downloaded if not yet on this computer.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Path
        Of the ``.safetensors`` file.

    Raises
    ------
    OSError
        If a file cannot be had, or is not the one of the registry.
    """
    import pooch

    found = json.loads(REGISTRY.read_text("utf8"))[name]
    folder = Path(pooch.os_cache("lctem")) / "weights"
    paths = []
    for key, suffix in FILES.items():
        address = found["address"] + suffix
        try:
            fetched = pooch.retrieve(
                address, f"sha256:{found[key]}", fname=name + suffix, path=folder, progressbar=True
            )
        except (OSError, ValueError) as error:  # ValueError: another checksum
            text = InputError(
                f"{name}{suffix} in {folder} or from {address}", str(error),
                f"Put the file with SHA-256 {found[key]} there, or take shipped weights.",
            )  # fmt: skip
            raise OSError(str(text)) from error
        paths.append(Path(fetched))
    return paths[0]
