"""Whole files, and folders begun for one purpose."""

import json

import pytest

from lctem_core.errors import InputError
from lctem_core.files import claim, differences, replacing


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with replacing(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("one")
        assert not path.exists()

    def interrupted():
        with replacing(path) as temporary:
            temporary.write_text("half of tw")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "one"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_is_claimed_once(tmp_path):
    note = tmp_path / "run" / "note.json"
    claim(note, {"config": {"rate": 0.1, "widths": (1, 2)}, "seed": 3})
    before = note.read_bytes()
    claim(note, {"config": {"rate": 0.1, "widths": (1, 2)}, "seed": 3})
    assert json.loads(before) == {"config": {"rate": 0.1, "widths": [1, 2]}, "seed": 3}
    with pytest.raises(
        InputError, match=r"begun with \(rate 0.1, seed 3\); got other values of rate"
    ):
        claim(note, {"config": {"rate": 0.2, "widths": (1, 2)}, "seed": 4})
    assert note.read_bytes() == before


def test_other_files_are_not_mixed_in(tmp_path):
    (tmp_path / ".hidden").touch()
    claim(tmp_path / "note.json", {}, empty=True)
    (tmp_path / "a.txt").touch()
    claim(tmp_path / "note.json", {}, empty=True)
    with pytest.raises(InputError, match="an empty or new folder"):
        claim(tmp_path / "other.json", {}, empty=True)
    claim(tmp_path / "other.json", {})


def test_what_only_the_earlier_one_has_does_not_count():
    earlier = {"a": 1, "b": {"c": 2, "gone": 3}, "gone": 4}
    assert differences(earlier, {"a": 1, "b": {"c": 2}}) == {}
    changed = differences(earlier, {"b": {"new": 0, "c": 5}, "a": None})
    assert list(changed.items()) == [("a", (1, None)), ("c", (2, 5)), ("new", (None, 0))]
