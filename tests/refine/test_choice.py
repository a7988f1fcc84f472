"""The fastest exact runtime: chosen by medians of turns, remembered, measured again when asked."""

import copy
import json
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn

from lctem_core import Refiner
from lctem_core.errors import InputError
from lctem_core.networks.model import Model
from lctem_core.networks.weights import load
from lctem_core.refine import choice, runtimes, torch_engine
from lctem_core.refine.preprocess import percentiles

CPU = "cpu"
CARD = {"architecture": {"depth": 3}, "preprocessing": {"low": 0.1, "high": 99.9}}


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    """Nothing is remembered from elsewhere, and nothing is left behind."""
    monkeypatch.setenv("LCTEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "_chosen", {})


@pytest.fixture(scope="module")
def shipped():
    """The default network in PyTorch's memory."""
    network, card = load("faithful")
    return Model(card, network=network)


def files(tmp_path):
    return sorted((tmp_path / "cache" / "runtimes").glob("*"))


def test_other_weights_are_checked_anew(shipped):
    first = choice.choose(shipped, CPU)
    again = choice.choose(shipped, CPU)
    assert again.trials is first.trials
    other = copy.deepcopy(shipped.network)
    with torch.no_grad():
        next(other.parameters()).mul_(1.1)
    assert choice.choose(Model(shipped.card, network=other), CPU).trials is not first.trials


def test_auto_takes_an_exact_one_and_remembers_it(monkeypatch, tmp_path):
    first = Refiner.load(device="cpu")
    names = [trial.name for trial in first.runtime.trials]
    assert first.runtime.name in names
    assert first.runtime.agreement.psnr >= runtimes.LEAST_PSNR
    for trial in first.runtime.trials:
        assert trial.refused or (trial.seconds > 0 and trial.agreement.psnr >= runtimes.LEAST_PSNR)
    [kept] = files(tmp_path)
    # Another process, for which no memory of this one counts, does not measure.
    monkeypatch.setattr(choice, "_chosen", {})
    monkeypatch.setattr(choice, "_trials", None)
    second = Refiner.load(device="cpu")
    assert second.runtime.name == first.runtime.name
    assert second.runtime.trials == first.runtime.trials
    counts = np.random.default_rng(0).poisson(20, (100, 150))
    np.testing.assert_array_equal(first(counts), second(counts))
    # The network's scale goes from the counts' low to their high percentile.
    difference = first(counts) - Refiner.load(device="cpu", runtime="torch")(counts)
    least = 10 ** (-runtimes.LEAST_PSNR / 20) * np.ptp(percentiles(counts, 0.1, 99.9))
    assert np.sqrt(np.mean(difference**2)) < least
    assert files(tmp_path) == [kept]


@pytest.mark.parametrize("content", ["", "{}", "no JSON", '{"name": "tensorflow", "trials": []}'])
def test_a_memory_that_cannot_be_read_is_measured_again(tmp_path, monkeypatch, content):
    name = Refiner.load(device="cpu").runtime.name
    [kept] = files(tmp_path)
    kept.write_text(content)
    monkeypatch.setattr(choice, "_chosen", {})
    again = Refiner.load(device="cpu").runtime
    assert json.loads(kept.read_text())["name"] == again.name
    assert {name, again.name} <= {"onnxruntime", "openvino", "openvino-bf16"}


def test_another_machine_or_version_is_measured_again(tmp_path, monkeypatch):
    choice.choose(Model.load("faithful"), CPU)
    monkeypatch.setattr(choice, "processor", lambda: "another processor")
    choice.choose(Model.load("faithful"), CPU)
    monkeypatch.setattr(choice, "version", lambda package: "99")
    choice.choose(Model.load("faithful"), CPU)
    assert len(files(tmp_path)) == 3


def test_where_one_runtime_is_installed_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(
        runtimes, "find_spec", lambda package: None if package == "openvino" else object()
    )
    monkeypatch.setattr(choice, "_trials", None)
    refine = Refiner.load(device="cpu")
    assert refine.runtime.name == "onnxruntime"
    assert refine.runtime.trials == ()
    assert refine.runtime.agreement.largest < 1e-5  # with PyTorch, as the card records
    assert not files(tmp_path)
    with pytest.raises(InputError, match=r"openvino is not installed \(pip install 'lctem-core"):
        Refiner.load(device="cpu", runtime="openvino")


def test_without_other_runtimes_auto_is_pytorch(monkeypatch, shipped):
    missing = ("openvino", "onnxruntime")
    monkeypatch.setattr(
        runtimes, "find_spec", lambda package: None if package in missing else object()
    )
    monkeypatch.setitem(sys.modules, "openvino", None)  # an import would fail
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    refine = Refiner(shipped, device="cpu", runtime="auto")
    assert refine.runtime.name in ("torch-channels-last", "torch-bf16")
    reasons = {trial.name: trial.refused for trial in refine.runtime.trials}
    assert "not installed" in reasons["openvino"]
    assert "not installed" in reasons["onnxruntime"]


class Odd(nn.Module):
    """A network that ONNX cannot express."""

    def forward(self, x):
        return torch.special.bessel_j0(x)


def test_a_network_that_others_cannot_run():
    with pytest.warns(UserWarning, match="cannot run this network"):
        refine = Refiner(Odd(), CARD, device="cpu", runtime="auto")
    assert refine.runtime.name in ("torch-channels-last", "torch-bf16")


class Sleeping:
    """An engine that takes its time, and may be wrong."""

    def __init__(self, answer, seconds, error=0.0):
        self.answer, self.seconds, self.error = answer, seconds, error

    def __call__(self, batch):
        time.sleep(self.seconds)
        return self.answer + np.float32(self.error)


@pytest.mark.parametrize(
    ("openvino", "onnxruntime", "expected"),
    [
        ((0.010, 0.0), (0.060, 0.0), "openvino"),
        ((0.060, 0.0), (0.010, 0.0), "onnxruntime"),
        ((0.0500, 0.0), (0.0490, 0.0), "openvino"),  # too little of an advantage
        ((0.010, 0.1), (0.060, 0.0), "onnxruntime"),  # fast and wrong
    ],
)
def test_the_choice(shipped, monkeypatch, openvino, onnxruntime, expected):
    _with_engines(
        monkeypatch,
        shipped,
        {"openvino": (Sleeping, openvino), "onnxruntime": (Sleeping, onnxruntime)},
    )
    assert choice.choose(shipped, CPU).name == expected


class OnceFast(Sleeping):
    """An engine that happens to run while a rented machine is fast, for one call."""

    calls = 0

    def __call__(self, batch):
        self.calls += 1
        time.sleep(self.seconds * (0.3 if self.calls == 5 else 1))
        return self.answer


def test_a_moment_of_a_faster_machine_does_not_make_the_choice(shipped, monkeypatch):
    speeds = {"openvino": (OnceFast, (0.030, 0.0)), "onnxruntime": (Sleeping, (0.015, 0.0))}
    _with_engines(monkeypatch, shipped, speeds)
    chosen = choice.choose(shipped, CPU)
    assert chosen.name == "onnxruntime"


def _with_engines(monkeypatch, shipped, speeds):
    reference = torch_engine.Torch(shipped.network, torch.device(CPU))
    answer = reference(runtimes.trial_frame())
    speeds = speeds | {"torch-channels-last": (Sleeping, (0.1, 0.0))}

    def engine(name, *_):
        if name == "torch":
            return reference
        kind, (seconds, error) = speeds.get(name, (Sleeping, (1.0, 0.0)))
        return kind(answer, seconds, error)

    monkeypatch.setattr(runtimes, "engine_of", engine)
    monkeypatch.setattr(
        choice, "unsuited", lambda name, _: "" if name in speeds else "not in this test"
    )
