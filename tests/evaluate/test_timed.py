"""Questions to a timed run, on a run whose answers are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from lctem_core.evaluate import timed
from lctem_core.evaluate.timed import ANY, AUTO, TimedRun

ROOT = Path(__file__).resolve().parents[2]


def row(network, runtime, size, median):
    return {"network": network, "runtime": runtime, "size": size, "median": median,
            "q25": 0.9 * median, "q75": 1.1 * median}  # fmt: skip


@pytest.fixture
def run():
    path = {
        name: {"total": {"p95": p95}}
        for name, p95 in (("torch", 9.0), ("openvino-bf16", 5.0), ("openvino", 8.0))
    }
    return TimedRun(
        {
            "times": [
                row("paper", "torch", 256, 100.0),
                row("paper", "torch", 512, 400.0),
                row("faithful", "torch", 512, 20.0),
                row("faithful", "openvino", 512, 10.0),
                row("faithful", "openvino-bf16", 512, 5.0),
                row("faithful", "openvino-int8", 512, 4.0),
                row("faithful", "torch-bf16", 512, 4.5),
            ],
            "agreement": {
                "faithful": {
                    "torch": {"psnr": None},
                    "openvino-bf16": {"psnr": timed.LEAST_PSNR + 1},
                    "torch-bf16": {"psnr": timed.LEAST_PSNR - 1},
                }
            },
            "operations": {"paper": 1000.0},
            "operations shortened": {"paper": 500.0, "faithful": 10.0},
            "peak": [1e9, 2e9],
            "path": path,
        }
    )


def test_fastest_of_those_that_are_exact_enough(run):
    assert run.best("faithful") == "openvino"
    assert run.best("faithful", AUTO) == "openvino-bf16"
    assert run.best("faithful", ANY) == "openvino-int8"
    assert run.path_runtime() == "openvino-bf16"
    assert run.path_runtime(exact=True) == "openvino"


def test_ratios_are_of_the_same_side(run):
    assert run.reference_side == 512
    assert run.sides == [256, 512]
    assert run.ratio("faithful", "openvino") == 40
    assert np.isnan(run.ratio("faithful", "openvino", 256))
    assert TimedRun(run.content | {"times": run.content["times"][:1]}).reference_side == 256


def test_share_of_the_peak_counts_what_is_executed(run):
    # PyTorch executes all operations, the others the shortened network.
    assert run.used("paper", "torch", 512) == pytest.approx(1000 * 512**2 / 0.4 / 2e9)
    assert run.used("faithful", "openvino", 512) == pytest.approx(10 * 512**2 / 0.01 / 2e9)
    assert np.isnan(run.used("faithful", "openvino", 256))


def test_texts_of_a_table(run):
    assert run.texts("paper", "torch", [256, 512, 1024]) == [
        "100 (90–110)", "400 (360–440)", "–",
    ]  # fmt: skip
    assert run.table([512], spread=False)[2] == ["faithful, openvino", "10"]
    assert timed.milliseconds(0.12345) == "0.123"


def test_recorded_runs_are_read():
    runs = TimedRun.read(ROOT / "book/results/timing")
    assert len(runs) >= 2
    for name, run in runs.items():
        rows = json.loads((ROOT / f"book/results/timing/{name}.json").read_text("utf8"))["times"]
        least = min(
            r["median"]
            for r in rows
            if r["network"] == "faithful" and r["size"] == 512
            and not r["runtime"].endswith(timed.COARSE)
        )  # fmt: skip
        assert run.median("faithful", run.best("faithful"), 512) == least
        assert set(run.machine()) >= {"processor", "GPU", "date, commit"}


def test_larger_sides_are_timed_in_pytorch_alone():
    run = TimedRun.of_this_machine(
        [64], eager_sizes=[128], networks=["faithful"], names=["torch", "onnxruntime"], repeats=1,
        budget=0.0, camera=128, path_repeats=1, loss_frames=1,
    )  # fmt: skip
    assert run.sides == [64, 128]
    assert run.reference_side == 64
    assert run.row("faithful", "torch", 128)["n"] == 3
    assert run.row("faithful", "onnxruntime", 128) is None
    assert run.row("faithful", "onnxruntime", 64)["median"] > 0
