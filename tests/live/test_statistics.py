"""Statistics of a stream, against those of the durations themselves."""

import json

import numpy as np
import pytest

from lctem_core.live.statistics import Histogram, Memory, SinkReport, Statistics


@pytest.mark.parametrize("percent", [1, 50, 95, 99, 100])
def test_percentiles_are_those_of_the_durations_to_a_percent(percent):
    seconds = np.random.default_rng(0).lognormal(-4, 1.5, 5000)
    histogram = Histogram()
    for one in seconds:
        histogram.add(one)
    expected = np.percentile(seconds, percent, method="inverted_cdf")
    assert histogram.percentile(percent) == pytest.approx(expected, rel=0.011)
    assert histogram.mean == pytest.approx(seconds.mean())
    assert (histogram.count, histogram.largest) == (5000, seconds.max())


def test_durations_beyond_the_bins():
    histogram = Histogram()
    assert np.isnan(histogram.percentile(50))
    assert np.isnan(histogram.mean)
    histogram.add(-1.0)  # a clock that was set back
    assert histogram.percentile(50) <= 1e-6
    histogram.add(1e5)
    assert histogram.percentile(100) <= 1e5


def test_a_log_is_of_plain_numbers_that_json_takes():
    seen = Statistics(seen=5, refined=3, skipped=2, runtime="torch")
    for seconds in (0.01, 0.02, 0.03):
        seen.latency.add(seconds)
    with seen.stage("refine"):
        pass
    seen.sinks["out.tif"] = SinkReport(written=3, problem="disk full")
    log = json.loads(json.dumps(seen.as_dict()))
    assert (log["seen"], log["refined"], log["skipped"]) == (5, 3, 2)
    assert log["latency p50 [ms]"] == pytest.approx(20, rel=0.01)
    assert (log["runtime"], log["out.tif: problem"]) == ("torch", "disk full")
    assert "refine p95 [ms]" in log
    assert "memory early [MiB]" not in log


def test_memory_counts_once_everything_is_allocated():
    memory = Memory()
    memory.sample(Memory.WARM - 1)
    assert np.isnan(memory.late)
    memory.sample(Memory.WARM)
    assert memory.early == memory.late == memory.largest > 10
    held = np.ones(2**25)  # 256 MiB
    memory.sample(Memory.WARM + 1)
    assert held.nbytes / 2**20 * 0.5 < memory.late - memory.early
    del held
    assert memory.largest >= memory.late > memory.early
