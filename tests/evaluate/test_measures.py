"""Records of measurements: whole, compact, and out of date when something changed."""

import json
from pathlib import Path

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.evaluate import measures
from lctem_core.evaluate.measures import Measure, text_of

ROOT = Path(__file__).resolve().parents[2]
CALLS = []


def counted(number: int = 3, names=("a", "b")):
    CALLS.append(number)
    return {"squares": np.arange(number) ** 2, "names": names, "mean": np.float32(1) / 3}


MEASURE = Measure("folder/numbers", counted)


@pytest.fixture(autouse=True)
def _fresh():
    CALLS.clear()


def test_what_is_recorded_is_read_without_measuring(tmp_path):
    path = MEASURE.record(tmp_path, "abc1234")
    assert path == tmp_path / "book/results/folder/numbers.json"
    found = MEASURE.get(tmp_path)
    assert CALLS == [3]
    assert found.content == {"squares": [0, 1, 4], "names": ["a", "b"], "mean": 0.333333}
    assert found.provenance["commit"] == "abc1234"
    assert not found.stale
    assert "abc1234" in found.standing


def test_measured_again_it_is_the_same_and_leaves_the_record(tmp_path):
    MEASURE.record(tmp_path)
    before = MEASURE.path(tmp_path).read_bytes()
    found = MEASURE.get(tmp_path, recompute=True, number=2)
    assert found.fresh
    assert found.content["squares"] == [0, 1]
    assert MEASURE.path(tmp_path).read_bytes() == before


def test_other_parameters_are_named(tmp_path):
    MEASURE.record(tmp_path, number=2)
    assert MEASURE.get(tmp_path, number=2, names=["a", "b"]).stale == ()
    found = MEASURE.get(tmp_path)
    assert found.stale == ("number (2, not 3)",)
    assert found.standing.startswith("**Out of date.**")


def test_a_change_of_the_code_or_of_weights_is_named(tmp_path, monkeypatch):
    of_weights = Measure("folder/weights", counted, ("faithful",))
    of_weights.record(tmp_path)
    assert of_weights.get(tmp_path).stale == ()
    monkeypatch.setattr(measures, "source_hash", lambda files: "other")
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"other")
    monkeypatch.setattr(measures, "weights_path", lambda name: other)
    assert of_weights.get(tmp_path).stale == ("the code", "the weights faithful")


def test_a_change_during_the_measurement_leaves_no_record(tmp_path, monkeypatch):
    hashes = iter(("before", "after"))
    monkeypatch.setattr(measures, "source_hash", lambda files: next(hashes))
    with pytest.raises(InputError, match="stay as they are"):
        MEASURE.record(tmp_path)
    assert not MEASURE.path(tmp_path).exists()


def test_no_record_and_no_such_parameter(tmp_path):
    with pytest.raises(InputError, match="a record"):
        MEASURE.get(tmp_path)
    with pytest.raises(TypeError, match="unknown"):
        MEASURE.get(tmp_path, unknown=1)


def test_lists_of_numbers_are_on_one_line_and_lose_nothing():
    content = {
        "deep": np.arange(24).reshape(2, 4, 3),
        "with": [1.5, float("inf"), 1e-9],
        "names": ["[1, 2]", "x"],
        "none": [],
    }
    text = text_of(content)
    read = json.loads(text)
    assert read["deep"] == content["deep"].tolist()
    assert read["with"] == content["with"]
    assert read["names"] == content["names"]
    assert max(line.count("[ ") for line in text.splitlines()) == 5  # four of three in one


def test_the_books_records_are_of_a_commit():
    records = [
        p for p in (ROOT / "book/results").glob("*/*.json") if '"fingerprint"' in p.read_text()
    ]
    assert records
    for path in records:
        made = json.loads(path.read_text("utf8"))["provenance"]["commit"]
        assert made != "unknown", path
        assert not made.endswith("+changes"), path
