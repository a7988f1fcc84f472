"""Runtimes against PyTorch in float32: accuracy, shapes, choice, errors."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from lctem_core import Refiner
from lctem_core.errors import InputError
from lctem_core.networks.cards import channels
from lctem_core.networks.model import Model
from lctem_core.networks.onnx_model import to_onnx
from lctem_core.networks.unet import build
from lctem_core.networks.weights import load
from lctem_core.refine import engines, runtimes, torch_engine

CPU = "cpu"
SLIM = {"encoder": "slim", "shuffle": 4, "depth": 4, "head": "detail"}
LINEAR = {"encoder": "resnet18", "shuffle": 4, "depth": 3, "head": "linear"}
EXACT = ("torch-channels-last", "openvino", "onnxruntime")


def card_of(architecture):
    return {"architecture": architecture, "preprocessing": {"low": 0.1, "high": 99.9}}


@pytest.fixture(scope="module")
def shipped():
    """The default network in PyTorch's memory, which the others are then compared with."""
    network, card = load("faithful")
    return Model(card, network=network)


def torch_engine_of(network, **options):
    return torch_engine.Torch(network, torch.device(CPU), **options)


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
    model = Model(card_of(architecture), network=network)
    runtime = runtimes.make(name, model, CPU)
    rng = np.random.default_rng(0)
    frames = runtime.channels
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
    runtime = runtimes.make(name, shipped, CPU)
    one, other = np.random.default_rng(0).random((2, 1, 1, 64, 64), np.float32)
    first = runtime(one)
    kept = first.copy()
    runtime(other)
    np.testing.assert_array_equal(first, kept)


def test_half_precision_is_near(shipped):
    """What a GPU computes in, here on the CPU."""
    network = shipped.network
    frame = runtimes.trial_frame()
    expected = plain(network, frame)
    half = torch_engine_of(network, channels_last=True, weights=torch.float16)(frame)
    assert half.dtype == np.float32
    assert 0 < np.abs(half - expected).max() < 0.03
    assert next(network.parameters()).dtype == torch.float32  # the original is left alone
    for name in ("torch-bf16", "openvino-bf16"):  # PyTorch can do it on any processor
        if not runtimes.obstacle(name, CPU):
            # The frame rounded to eight bits would be at 55 dB.
            assert 65 < runtimes.make(name, shipped, CPU).agreement.psnr < 100


@pytest.mark.parametrize("architecture", [SLIM, LINEAR, SLIM | {"frames": 3}], ids=str)
def test_a_network_in_two_parts_gives_the_same(architecture):
    """OpenVINO computes only the U-Net in bfloat16; here both parts are in float32."""
    torch.manual_seed(0)
    network = build(architecture).eval()
    frames = channels({"architecture": architecture})
    whole = engines.OpenVino(to_onnx(network, frames), "f32", 1)
    apart = engines.OpenVino(to_onnx(network, frames), "f32", 1)
    apart.parts = engines._unet_and_rest(apart.graph)
    assert apart.parts is not None
    for sides in [(64, 128), (128, 64), (64, 128)]:
        batch = np.random.default_rng(0).random((1, frames, *sides), np.float32)
        np.testing.assert_allclose(apart(batch), whole(batch), atol=1e-6)


def test_the_papers_network_is_not_taken_apart():
    network = build({"encoder": "resnet18", "shuffle": 1, "depth": 5, "head": "sigmoid"})
    assert engines.OpenVino(to_onnx(network), "bf16", 1).parts is None


def test_eight_bits(shipped):
    pytest.importorskip("nncf")
    runtime = runtimes.make("openvino-int8", shipped, CPU)
    assert 30 < runtime.agreement.psnr < 80  # far from exact; `auto` never takes it
    frame = np.ascontiguousarray(runtimes.trial_frame(1, 256, 5)[:, :, :128])
    assert runtime(frame).shape == frame.shape


def test_what_eight_bits_may_cost(shipped, monkeypatch):
    pytest.importorskip("nncf")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the shipped weights lose less than the limit
        runtimes.make("openvino-int8", shipped, CPU)
    monkeypatch.setattr(runtimes, "MOST_LOSS", -3.0)
    with pytest.warns(UserWarning, match=r"do not suit this network: -?0\.\d\d dB less against"):
        runtimes.make("openvino-int8", shipped, CPU)
    # Without a truth that it was trained for, only its agreement with float32 counts.
    card = shipped.card | {"preprocessing": shipped.card["preprocessing"] | {"target": "dry"}}
    monkeypatch.setattr(runtimes, "losses", None)
    monkeypatch.setattr(runtimes, "LEAST_PSNR", 90.0)
    with pytest.warns(UserWarning, match="dB against float32, less than 90 dB"):
        runtimes.make("openvino-int8", Model(card, network=shipped.network), CPU)


def test_trial_frames_of_a_temporal_network_have_its_noise():
    image, noise = runtimes.trial_frame(2)[0]
    assert noise.min() == pytest.approx(10**-0.5)
    assert noise.max() == 1
    # Noise alone: neighbouring pixels differ less where ten frames are averaged.
    left, right = (np.abs(np.diff(half, axis=0)).mean() for half in np.hsplit(image, 2))
    assert left == pytest.approx(right * 10**-0.5, rel=0.2)


@pytest.mark.parametrize("name", ["tensorflow", "", "Torch"])
def test_unknown_names(shipped, name):
    with pytest.raises(InputError, match="a runtime of auto, torch, "):
        Refiner(shipped, runtime=name)


def test_runtimes_that_this_machine_lacks(shipped):
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device of this machine"):
            Refiner(shipped, runtime="cuda-half")
        with pytest.raises(InputError, match="needs a GPU"):
            Refiner(shipped, device="cpu", runtime="cuda")
    if not engines.openvino_has_bf16():
        with pytest.raises(InputError, match="bfloat16"):
            Refiner(shipped, runtime="openvino-bf16")
    assert "runs on a CPU" in runtimes.obstacle("onnxruntime", "cuda")


def test_openvino_keeps_float32(shipped):
    """Left to itself it takes bfloat16 where the processor has it."""
    runtime = runtimes.make("openvino", shipped, CPU)
    assert runtime.engine.config["INFERENCE_PRECISION_HINT"] == "f32"
    assert runtime.agreement.largest < 1e-5


def test_compiled_models_are_bounded(shipped):
    engine = runtimes.make("openvino", shipped, CPU).engine
    for side in range(64, 64 * (engines.KEPT_SHAPES + 2), 64):
        engine(np.zeros((1, 1, 64, side), np.float32))
    assert engine.request.cache_info().currsize == engines.KEPT_SHAPES
    engine.forget()
    assert engine.request.cache_info().currsize == 0
