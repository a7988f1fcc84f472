"""Whether live runs keep up: on logs whose answers are known, and on the recorded ones."""

from pathlib import Path

import numpy as np
import pytest

from lctem_core.live import aims

ROOT = Path(__file__).resolve().parents[2]


def log(refined=100, p95=10.0, **more):
    return {"refined": refined, "seen": 100, "latency p95 [ms]": p95} | more


def test_both_aims_count():
    assert aims.keeps_up(log(99, 20.0))
    assert not aims.keeps_up(log(98, 5.0))
    assert not aims.keeps_up(log(100, 20.1))


def test_verdicts_run_by_run():
    assert aims.aims_met(log()) == "met"
    assert aims.aims_met(log(50)) == "missed"
    runs = [log(), log(50), log()]
    assert aims.aims_met(log(runs=runs)) == "met in 2 of 3"
    assert aims.aims_met(log(50, runs=[log(), log()])) == "met"


def test_medians_and_ratios_over_runs():
    way = log(runs=[log(p95=1.0), log(p95=9.0), log(p95=4.0)])
    assert aims.median_over_runs(way, "latency p95 [ms]") == 4
    record = {"ways": {"temporal": way, "none": log(p95=2.0)}}
    assert aims.ratios([record], "latency p95 [ms]", "temporal", "none") == [2.0]


def test_the_newest_records_soak():
    records = {
        "old": {"provenance": {"date": "2026-01-31"}, "soak": {"late": 1.0}},
        "new": {"provenance": {"date": "2026-02-01"}, "soak": {"late": 2.0}},
    }
    assert aims.longest_soak(records)["late"] == 2.0


def test_recorded_runs_are_read():
    records = aims.read_records(ROOT / "book/results/realtime")
    assert len(records) >= 2
    for record in records.values():
        for way in record["ways"].values():
            met = [
                r["refined"] >= 0.99 * r["seen"] and r["latency p95 [ms]"] <= 20
                for r in way["runs"]
            ]
            expected = {0: "missed", len(met): "met"}.get(
                sum(met), f"met in {sum(met)} of {len(met)}"
            )
            assert aims.aims_met(way) == expected
    assert np.isfinite(aims.ratios(records.values(), "latency p50 [ms]", "temporal", "none")).all()
    with pytest.raises(KeyError):
        aims.ratios(records.values(), "unknown", "temporal", "none")
