"""The scripts of the book that train and measure for its records."""

from __future__ import annotations

import json
import sys

import measures
import pytest
import realtime
import studies
import yaml

from lctem_core.errors import InputError
from lctem_core.evaluate.measures import Measure
from lctem_core.train import scoring, study


def log_of(p95, refined):
    return {"refined": refined, "seen": 100, "latency p50 [ms]": 1.0, "latency p95 [ms]": p95,
            "peak [GFLOP/s]": [1.0, 2.0], "other": p95}  # fmt: skip


def test_the_run_in_the_middle_with_the_numbers_of_all():
    found = realtime.middle([log_of(30.0, 90), log_of(10.0, 100), log_of(20.0, 99)])
    assert found["other"] == 20.0
    assert [one["latency p95 [ms]"] for one in found["runs"]] == [30.0, 10.0, 20.0]
    assert "other" not in found["runs"][0]


def test_a_training_that_cannot_be_done_does_not_stop_the_others(monkeypatch, tmp_path, capsys):
    begun = []

    def record(run, results, cache, again):
        begun.append(run.name)
        if run.name.endswith("-1"):
            raise InputError("weights", "none", "Find some.")

    monkeypatch.setattr(studies.study, "record", record)
    monkeypatch.setattr(
        sys, "argv", ["studies.py", "split", "--results", str(tmp_path), "--cache", str(tmp_path)]
    )
    with pytest.raises(SystemExit, match="1 of 3 runs were not done"):
        studies.main()
    assert begun == ["random-0", "random-1", "random-2"]
    told = capsys.readouterr()
    assert "2/3 split/random-1: Expected weights; got none. Find some." in told.err
    assert "3/3 split/random-2: 0 s" in told.out


def listed(monkeypatch, capsys, *options):
    monkeypatch.setattr(sys, "argv", ["studies.py", "split", *options])
    studies.main()
    return capsys.readouterr().out.splitlines()


def test_stale_records_are_listed_and_made_again_only_if_asked(monkeypatch, tmp_path, capsys):
    """The first record is current, the second of another simulator, the third does not tell."""
    names = {"random-0": "a", "random-1": "b", "random-2": None}
    for name, drawn_by in names.items():
        path = studies.BOOK / "results" / "split" / f"{name}.json"
        content = json.loads(path.read_text("utf8"))
        first = [{"data": content["test"], "images": "0.5 0.1 0.2"}]
        content["simulator"] = {"hash": drawn_by, "first": first}
        if drawn_by is None:
            del content["simulator"]
        (tmp_path / "split").mkdir(exist_ok=True)
        (tmp_path / "split" / f"{name}.json").write_text(json.dumps(content))
    monkeypatch.setattr(studies.study, "drawing_hash", lambda: "a")
    begun = []
    monkeypatch.setattr(
        studies.study, "record", lambda run, *_, again: begun.append((run.name, again))
    )
    where = ("--results", str(tmp_path), "--cache", str(tmp_path))
    said = [
        "1/3 split/random-0: recorded",
        "2/3 split/random-1: stale. The simulator has changed since: it now draws other images.",
        "3/3 split/random-2: stale. It does not say which simulator drew its images.",
    ]
    assert listed(monkeypatch, capsys, "--list", *where) == said
    assert listed(monkeypatch, capsys, *where) == said
    assert not begun
    assert listed(monkeypatch, capsys, "--stale", *where)[0] == said[0]
    assert begun == [("random-1", True), ("random-2", True)]


def tripled(x: float = 2.0) -> dict[str, float]:
    return {"x": 3 * x}


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """One quick measure instead of the book's, recorded into a folder of the test's own."""
    quick = Measure("quick/tripled", tripled)
    monkeypatch.setattr(measures, "MEASURES", {quick.name: quick})
    monkeypatch.setattr(measures, "ROOT", tmp_path)
    monkeypatch.setattr(measures, "commit", lambda: "abc1234")
    return quick.path(tmp_path)


def test_a_measure_is_recorded_with_the_commit_that_ran(measured, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["measures.py"])
    assert measures.standing_of("quick/tripled") == "missing"
    measures.main()
    there = json.loads(measured.read_text())
    assert there["content"] == {"x": 6.0}
    assert there["provenance"]["commit"] == "abc1234"
    written = measured.stat().st_mtime_ns
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["measures.py", "--stale"])
    measures.main()
    assert measured.stat().st_mtime_ns == written
    assert "quick/tripled: stands" in capsys.readouterr().out


def test_other_code_makes_a_record_out_of_date(measured, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["measures.py", "quick/tripled"])
    measures.main()
    there = json.loads(measured.read_text())
    there["fingerprint"]["the code"] = "00000000"
    measured.write_text(json.dumps(there))
    assert measures.standing_of("quick/tripled") == "the code"


def test_uncommitted_code_is_not_recorded(measured, monkeypatch, capsys):
    monkeypatch.setattr(measures, "commit", lambda: "abc1234+changes")
    monkeypatch.setattr(sys, "argv", ["measures.py"])
    with pytest.raises(SystemExit):
        measures.main()
    assert "commit them first" in capsys.readouterr().err
    assert not measured.exists()


def test_a_record_has_to_be_known(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["measures.py", "wings"])
    with pytest.raises(SystemExit):
        measures.main()
    assert "no record wings; known: dataset/pairs" in capsys.readouterr().err


def test_untreated_images_are_those_that_table_1_is_tested_on():
    described = yaml.safe_load((studies.BOOK / "studies.yaml").read_text("utf8"))
    tested = next(study.read_studies(described, ["table1"])).test
    measured = scoring.UNTREATED.parameters()
    assert tested.kind == "pairs"
    assert measured.pop("camera") == tested.size
    assert measured == {name: getattr(tested, name) for name in measured}
