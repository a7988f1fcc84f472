"""The scripts of the book that train and measure for its records."""

from __future__ import annotations

import sys

import pytest
import realtime
import studies

from lctem_core.errors import InputError


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

    def record(run, results, cache):
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
