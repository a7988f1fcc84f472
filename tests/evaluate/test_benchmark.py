"""What chapter 05 shows, measured in one go on small frames."""

import json

import pytest

from lctem_core.errors import InputError
from lctem_core.evaluate import benchmark


def test_a_benchmark_runs_and_can_be_written(monkeypatch):
    monkeypatch.setattr(benchmark, "peak", lambda: 1e11)
    content = benchmark.measure(
        [64, 128], networks=["faithful"], names=["torch", "onnxruntime"],
        largest={"faithful": 64}, repeats=3, budget=1.0, camera=256, path_repeats=3, loss_frames=1,
    )  # fmt: skip
    assert json.loads(json.dumps(content)) == content
    assert [(r["runtime"], r["size"]) for r in content["times"]] == [
        ("torch", 64), ("onnxruntime", 64),
    ]  # fmt: skip
    stages = content["path"]["onnxruntime"]
    assert set(stages) == {*benchmark.STAGES, "total"}
    parts = sum(stages[stage]["least"] for stage in benchmark.STAGES)
    assert parts <= stages["total"]["median"] * 1.01
    assert abs(content["loss"]["onnxruntime"]["loss"]) < 1e-3
    assert content["loss"]["torch"]["psnr"] > 15
    with pytest.raises(InputError, match="paper, faithful"):
        benchmark.load("unet")
