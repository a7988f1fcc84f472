"""The authors' published files: a real frame and the pair list, downloaded once and checked."""

from __future__ import annotations

import os
from pathlib import Path

from lctem_core.errors import InputError

_PUBLIC = (
    "https://raw.githubusercontent.com/hiroyasukatsuno/"
    "Machine-learning-refinement-of-images-acquired-by-LC-TEM/"
    "673a36349d91ef366ab0b58bd58dabf9a35ebd9e/"
)


_SAMPLE_SHA256 = "23e13759529d9c0914785a715e333c0972c6cc75310c1634164388a25e7fd112"


_LIST_SHA256 = "6ad2ecf1bb37199c2ec2d4b77b9d40afe7d40deb6260648a97f2b1449e197c06"


def data_dir() -> Path:
    """Folder of the real data: ``LCTEM_DATA``, or ``../shared/data`` beside the repository."""
    named = os.environ.get("LCTEM_DATA")
    if named:
        return Path(named).expanduser()
    return Path(__file__).resolve().parents[3] / "shared" / "data"


def sample_frame() -> Path:
    """The authors' published frame, 512 × 512 counts; downloaded once if not in `data_dir`."""
    return _published("sample.tif", "images/sample.tif", _SAMPLE_SHA256)


def pair_list() -> Path:
    """The authors' published list of 1,204 pairs; downloaded once if not in `data_dir`."""
    return _published("list_dataset.txt", "list/list_dataset.txt", _LIST_SHA256)


def _published(name: str, address: str, sha256: str) -> Path:
    path = data_dir() / name
    if path.is_file():
        return path
    import pooch  # takes a while to import and is rarely needed

    try:
        fetched = pooch.retrieve(
            _PUBLIC + address, f"sha256:{sha256}", fname=name,
            path=pooch.os_cache("lctem"), progressbar=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:  # ValueError: not the file whose checksum is known
        text = InputError(
            f"{name} in {data_dir()} or from {_PUBLIC}{address}", str(error),
            f"Put the file into a folder and name that folder in LCTEM_DATA; sha256 {sha256}.",
        )  # fmt: skip
        raise OSError(str(text)) from error
    return Path(fetched)
