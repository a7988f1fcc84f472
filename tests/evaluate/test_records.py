"""Records: what was measured, by which code, and whether that code is still the same."""

from __future__ import annotations

import json

import pytest

from lctem_core import provenance
from lctem_core.errors import InputError
from lctem_core.evaluate import bootstrap, records
from lctem_core.evaluate.records import Measure, read_record, write_record

MEASURE = Measure(bootstrap.mean_interval, {"values": [1.0, 2.0, 4.0], "draws": 50})


def test_a_record_gives_back_what_was_measured(tmp_path):
    record = read_record(write_record(tmp_path / "a" / "mean.json", MEASURE))
    assert record.found == list(bootstrap.mean_interval([1.0, 2.0, 4.0], 50))
    assert record.arguments == MEASURE.arguments
    assert record.current
    assert {"commit", "date", "seconds", "versions"} <= set(record.provenance)
    assert "OUT OF DATE" not in str(record)
    assert record.provenance["commit"] == provenance.commit()


def test_the_commit_can_be_that_of_the_beginning(tmp_path):
    record = read_record(write_record(tmp_path / "mean.json", MEASURE, "abc1234"))
    assert record.provenance["commit"] == "abc1234"
    assert "commit abc1234" in str(record)


def test_other_code_is_told(tmp_path, monkeypatch):
    path = write_record(tmp_path / "mean.json", MEASURE)
    monkeypatch.setattr(records, "source_hash", lambda files: "00000000")
    record = read_record(path)
    assert not record.current
    assert str(record).endswith("OUT OF DATE: the code has changed since")


def test_files_that_it_reads_count(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "PACKAGE", tmp_path)
    monkeypatch.setattr(records, "sources", lambda file: set())
    monkeypatch.setattr(records, "source_hash", lambda files: "|".join(
        sorted(file.read_text("utf8") for file in files if file.suffix == ".json")
    ))  # fmt: skip
    (tmp_path / "card.json").write_text("1")
    measure = Measure(bootstrap.mean_interval, MEASURE.arguments, ("card.json",))
    path = write_record(tmp_path / "mean.json", measure)
    assert read_record(path).current
    (tmp_path / "card.json").write_text("2")
    assert not read_record(path).current
    (tmp_path / "card.json").unlink()
    assert not read_record(path).current


@pytest.mark.parametrize("gone", ["lctem_core.evaluate.bootstrap.gone", "lctem_core.gone.mean"])
def test_a_function_that_is_gone_is_no_current_code(tmp_path, gone):
    path = write_record(tmp_path / "mean.json", MEASURE)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"measure": gone}))
    assert not read_record(path).current


def test_no_record(tmp_path):
    with pytest.raises(InputError, match=r"python book/measures\.py mean"):
        read_record(tmp_path / "mean.json")
