"""Published files: found on this machine, or downloaded once and checked."""

from pathlib import Path

import pooch
import pytest

from lctem_core.io import published
from lctem_core.io.published import _LIST_SHA256, _SAMPLE_SHA256, data_dir, pair_list, sample_frame


def test_data_dir(monkeypatch, tmp_path):
    monkeypatch.setenv("LCTEM_DATA", str(tmp_path))
    assert data_dir() == tmp_path
    (tmp_path / "sample.tif").write_bytes(b"mine")
    assert sample_frame() == tmp_path / "sample.tif"
    monkeypatch.delenv("LCTEM_DATA")
    root = Path(published.__file__).resolve().parents[2]
    assert data_dir() == root.parent / "shared" / "data"


def test_downloads_are_pinned(monkeypatch, tmp_path):
    monkeypatch.setenv("LCTEM_DATA", str(tmp_path))
    asked = {}

    def retrieve(url, known_hash, fname, **_):
        asked[fname] = (url, known_hash)
        return str(tmp_path / "cache" / fname)

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    assert sample_frame() == tmp_path / "cache" / "sample.tif"
    assert pair_list() == tmp_path / "cache" / "list_dataset.txt"
    url, known = asked["sample.tif"]
    assert url.endswith("LC-TEM/673a36349d91ef366ab0b58bd58dabf9a35ebd9e/images/sample.tif")
    assert known.startswith("sha256:23e13759")
    url, known = asked["list_dataset.txt"]
    assert url.endswith("LC-TEM/673a36349d91ef366ab0b58bd58dabf9a35ebd9e/list/list_dataset.txt")
    assert known.startswith("sha256:6ad2ecf1")


def test_the_pinned_hashes_are_those_of_the_real_files(real_data):
    for name, known in (
        ("sample.tif", _SAMPLE_SHA256), ("list_dataset.txt", _LIST_SHA256),
    ):  # fmt: skip
        assert pooch.file_hash(str(real_data(name))) == known


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("hash does not match")])
def test_a_failed_download_says_what_to_do(monkeypatch, tmp_path, error):
    monkeypatch.setenv("LCTEM_DATA", str(tmp_path))

    def retrieve(*_, **__):
        raise error

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    with pytest.raises(OSError, match=f"{error}.* name that folder in LCTEM_DATA; sha256 23e1"):
        sample_frame()
