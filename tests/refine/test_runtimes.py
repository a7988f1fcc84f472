"""Runtimes against PyTorch in float32: accuracy, shapes, choice, errors."""

import copy
import json
import sys
import time
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from lctem_core import Refiner
from lctem_core.errors import InputError
from lctem_core.evaluate import benchmark
from lctem_core.networks.unet import build
from lctem_core.networks.weights import load
from lctem_core.refine import engines, runtimes
from lctem_core.refine.preprocess import percentiles

CPU = torch.device("cpu")
SLIM = {"encoder": "slim", "shuffle": 4, "depth": 4, "head": "detail"}
LINEAR = {"encoder": "resnet18", "shuffle": 4, "depth": 3, "head": "linear"}
EXACT = ("torch-channels-last", "openvino", "onnxruntime")


def card_of(architecture):
    return {"architecture": architecture, "preprocessing": {"low": 0.1, "high": 99.9}}


@pytest.fixture(scope="module")
def shipped():
    return load("faithful")


def plain(network, batch):
    """The answer that counts, by nothing but PyTorch."""
    with torch.no_grad():
        return network(torch.from_numpy(batch)).numpy()


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("architecture", [SLIM, LINEAR, SLIM | {"frames": 3}], ids=str)
def test_exact_runtimes_in_changing_shapes(name, architecture):
    """The heads unshuffle, pool and enlarge; their export has to be exact for any sides."""
    torch.manual_seed(0)
    network = build(architecture).eval()
    for module in network.modules():  # statistics that do something
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    runtime = runtimes.make(name, network, card_of(architecture), CPU)
    rng = np.random.default_rng(0)
    frames = runtimes.channels({"architecture": architecture})
    for sides in [(64, 128), (192, 64), (64, 64), (64, 192), (128, 64), (128, 128), (64, 128)]:
        batch = rng.random((1, frames, *sides), np.float32)
        before = batch.copy()
        answer = runtime(batch)
        assert answer.shape == (1, 1, *sides)
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer, plain(network, batch), atol=1e-5)
        np.testing.assert_array_equal(batch, before)


@pytest.mark.parametrize("name", EXACT)
def test_answers_are_not_overwritten_by_the_next(shipped, name):
    runtime = runtimes.make(name, *shipped, CPU)
    one, other = np.random.default_rng(0).random((2, 1, 1, 64, 64), np.float32)
    first = runtime(one)
    kept = first.copy()
    runtime(other)
    np.testing.assert_array_equal(first, kept)


def test_half_precision_is_near(shipped):
    """What a GPU computes in, here on the CPU."""
    network, _ = shipped
    frame = runtimes.trial_frame()
    expected = plain(network, frame)
    half = engines.Torch(network, CPU, channels_last=True, weights=torch.float16)(frame)
    assert half.dtype == np.float32
    assert 0 < np.abs(half - expected).max() < 0.03
    assert next(network.parameters()).dtype == torch.float32  # the original is left alone
    for name in ("torch-bf16", "openvino-bf16"):  # PyTorch can do it on any processor
        if not runtimes.obstacle(name, CPU):
            # The frame rounded to eight bits would be at 55 dB.
            assert 65 < runtimes.make(name, *shipped, CPU).agreement.psnr < 100


@pytest.mark.parametrize("architecture", [SLIM, LINEAR, SLIM | {"frames": 3}], ids=str)
def test_a_network_in_two_parts_gives_the_same(architecture):
    """OpenVINO computes only the U-Net in bfloat16; here both parts are in float32."""
    torch.manual_seed(0)
    network = build(architecture).eval()
    frames = runtimes.channels({"architecture": architecture})
    whole = engines.OpenVino(engines.to_onnx(network, frames), "f32", 1)
    apart = engines.OpenVino(engines.to_onnx(network, frames), "f32", 1)
    apart.parts = engines._unet_and_rest(apart.graph)
    assert apart.parts is not None
    for sides in [(64, 128), (128, 64), (64, 128)]:
        batch = np.random.default_rng(0).random((1, frames, *sides), np.float32)
        np.testing.assert_allclose(apart(batch), whole(batch), atol=1e-6)


def test_the_papers_network_is_not_taken_apart():
    network = build({"encoder": "resnet18", "shuffle": 1, "depth": 5, "head": "sigmoid"})
    assert engines.OpenVino(engines.to_onnx(network), "bf16", 1).parts is None


def test_eight_bits(shipped):
    pytest.importorskip("nncf")
    runtime = runtimes.make("openvino-int8", *shipped, CPU)
    assert 30 < runtime.agreement.psnr < 80  # far from exact; `auto` never takes it
    frame = np.ascontiguousarray(runtimes.trial_frame(1, 256, 5)[:, :, :128])
    assert runtime(frame).shape == frame.shape


def test_what_eight_bits_may_cost(shipped, monkeypatch):
    pytest.importorskip("nncf")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the shipped weights lose less than the limit
        runtimes.make("openvino-int8", *shipped, CPU)
    monkeypatch.setattr(runtimes, "MOST_LOSS", -3.0)
    with pytest.warns(UserWarning, match=r"do not suit this network: -?0\.\d\d dB less against"):
        runtimes.make("openvino-int8", *shipped, CPU)
    # Without a truth that it was trained for, only its agreement with float32 counts.
    network, card = shipped
    card = card | {"preprocessing": card["preprocessing"] | {"target": "dry"}}
    monkeypatch.setattr(runtimes, "losses", None)
    monkeypatch.setattr(runtimes, "LEAST_PSNR", 90.0)
    with pytest.warns(UserWarning, match="dB against float32, less than 90 dB"):
        runtimes.make("openvino-int8", network, card, CPU)


def test_trial_frames_of_a_temporal_network_have_its_noise():
    image, noise = runtimes.trial_frame(2)[0]
    assert noise.min() == pytest.approx(10**-0.5)
    assert noise.max() == 1
    # Noise alone: neighbouring pixels differ less where ten frames are averaged.
    left, right = (np.abs(np.diff(half, axis=0)).mean() for half in np.hsplit(image, 2))
    assert left == pytest.approx(right * 10**-0.5, rel=0.2)


def test_other_weights_are_checked_anew(shipped, monkeypatch):
    monkeypatch.setattr(runtimes, "_chosen", {})
    network, card = shipped
    first = runtimes.choose(network, card, CPU)
    again = runtimes.choose(network, card, CPU)
    assert again.trials is first.trials
    other = copy.deepcopy(network)
    with torch.no_grad():
        next(other.parameters()).mul_(1.1)
    assert runtimes.choose(other, card, CPU).trials is not first.trials


def test_auto_takes_an_exact_one_and_stays_with_it(monkeypatch):
    monkeypatch.setattr(runtimes, "_chosen", {})
    first = Refiner.load(device="cpu")
    names = [trial.name for trial in first.runtime.trials]
    assert first.runtime.name in names
    assert first.runtime.agreement.psnr >= runtimes.LEAST_PSNR
    for trial in first.runtime.trials:
        assert trial.refused or (trial.seconds > 0 and trial.agreement.psnr >= runtimes.LEAST_PSNR)
    second = Refiner.load(device="cpu")
    assert second.runtime.name == first.runtime.name
    assert second.runtime.trials == first.runtime.trials
    counts = np.random.default_rng(0).poisson(20, (100, 150))
    np.testing.assert_array_equal(first(counts), second(counts))
    # The network's scale goes from the counts' low to their high percentile.
    difference = first(counts) - Refiner.load(device="cpu", runtime="torch")(counts)
    least = 10 ** (-runtimes.LEAST_PSNR / 20) * np.ptp(percentiles(counts, 0.1, 99.9))
    assert np.sqrt(np.mean(difference**2)) < least


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
    assert runtimes.choose(*shipped, CPU).name == expected


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
    chosen = runtimes.choose(*shipped, CPU)
    assert chosen.name == "onnxruntime"


def _with_engines(monkeypatch, shipped, speeds):
    network, _ = shipped
    answer = engines.Torch(network, CPU)(runtimes.trial_frame())
    speeds = speeds | {"torch-channels-last": (Sleeping, (0.1, 0.0))}

    def engine(name, *_):
        kind, (seconds, error) = speeds.get(name, (Sleeping, (1.0, 0.0)))
        return kind(answer, seconds, error)

    monkeypatch.setattr(runtimes, "_chosen", {})
    monkeypatch.setattr(runtimes, "_engine", engine)
    monkeypatch.setattr(
        runtimes, "unsuited", lambda name, _: "" if name in speeds else "not in this test"
    )


def test_without_other_runtimes_auto_is_pytorch(monkeypatch):
    monkeypatch.setattr(runtimes, "_chosen", {})
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None)
    monkeypatch.setitem(sys.modules, "openvino", None)  # an import would fail
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    refine = Refiner.load(device="cpu")
    assert refine.runtime.name in ("torch-channels-last", "torch-bf16")
    reasons = {trial.name: trial.refused for trial in refine.runtime.trials}
    assert "not installed" in reasons["openvino"]
    assert "not installed" in reasons["onnxruntime"]
    with pytest.raises(InputError, match="openvino is not installed"):
        Refiner.load(device="cpu", runtime="openvino")


class Odd(nn.Module):
    """A network that ONNX cannot express."""

    def forward(self, x):
        return torch.special.bessel_j0(x)


def test_a_network_that_others_cannot_run(monkeypatch):
    monkeypatch.setattr(runtimes, "_chosen", {})
    with pytest.warns(UserWarning, match="cannot run this network"):
        refine = Refiner(Odd(), card_of({"depth": 3}), device="cpu", runtime="auto")
    assert refine.runtime.name in ("torch-channels-last", "torch-bf16")


@pytest.mark.parametrize("name", ["tensorflow", "", "Torch"])
def test_unknown_names(shipped, name):
    with pytest.raises(InputError, match="a runtime of auto, torch, "):
        Refiner(*shipped, runtime=name)


def test_runtimes_that_this_machine_lacks(shipped):
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device of this machine"):
            Refiner(*shipped, runtime="cuda-half")
        with pytest.raises(InputError, match="needs a GPU"):
            Refiner(*shipped, device="cpu", runtime="cuda")
    if not engines.openvino_has_bf16():
        with pytest.raises(InputError, match="bfloat16"):
            Refiner(*shipped, runtime="openvino-bf16")
    assert "runs on a CPU" in runtimes.obstacle("onnxruntime", torch.device("cuda"))


def test_openvino_keeps_float32(shipped):
    """Left to itself it takes bfloat16 where the processor has it."""
    runtime = runtimes.make("openvino", *shipped, CPU)
    assert runtime.engine.config["INFERENCE_PRECISION_HINT"] == "f32"
    assert runtime.agreement.largest < 1e-5


def test_compiled_models_are_bounded(shipped):
    engine = runtimes.make("openvino", *shipped, CPU).engine
    for side in range(64, 64 * (engines.KEPT_SHAPES + 2), 64):
        engine(np.zeros((1, 1, 64, side), np.float32))
    assert engine.request.cache_info().currsize == engines.KEPT_SHAPES
    engine.forget()
    assert engine.request.cache_info().currsize == 0


@pytest.mark.parametrize("kind", ["counts", "even", "float", "sorted", "two values", "small"])
@pytest.mark.parametrize("pair", [(0.1, 99.9), (0, 100), (1, 50), (40, 60), (5, 99)])
def test_percentiles_are_numpys(kind, pair):
    rng = np.random.default_rng(0)
    image = {
        "counts": rng.poisson(3, (128, 150)).astype(np.float32),
        "even": np.full((100, 100), 7.0),
        "float": rng.normal(size=(100, 333)),
        "sorted": np.sort(rng.random(128 * 128)).reshape(128, 128),  # a ramp
        "two values": (np.arange(128 * 128) % 17 == 0).reshape(128, 128),  # the part sees one
        "small": rng.random((3, 3)),
    }[kind]
    expected = np.percentile(image.astype(float), pair)
    np.testing.assert_allclose(percentiles(image, *pair), expected, rtol=1e-6)


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
