"""A network in the forms that runtimes take, and what is shipped of each."""

import hashlib
import json
import shutil
import sys

import numpy as np
import onnx
import pytest
import torch

from lctem_core import Refiner
from lctem_core.errors import InputError, MissingExtra
from lctem_core.networks.cards import WEIGHTS
from lctem_core.networks.model import Model
from lctem_core.networks.onnx_model import halved, to_onnx
from lctem_core.networks.unet import unet
from lctem_core.networks.weights import load
from lctem_core.refine.engines import OnnxRuntime
from lctem_core.refine.runtimes import trial_frame

SHIPPED = sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LCTEM_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_of_the_shipped_weights(name):
    model = Model.load(name)
    noted = model.card["onnx"]
    assert noted["of"] == hashlib.sha256((WEIGHTS / f"{name}.safetensors").read_bytes()).hexdigest()
    assert noted["sha256"] == hashlib.sha256(model.onnx).hexdigest()
    onnx.checker.check_model(onnx.load_from_string(model.onnx), full_check=True)
    assert not model.in_memory
    # What the card records, measured again against PyTorch.
    frame = trial_frame(model.channels, 128)
    with torch.inference_mode():
        expected = load(name)[0](torch.from_numpy(frame)).numpy()
    difference = np.abs(OnnxRuntime(model.onnx, 1)(frame) - expected).max()
    assert difference < 1e-5
    assert noted["agreement"]["largest_difference"] < 1e-5


def test_halving_loses_nothing():
    network = load("faithful")[0]
    whole = to_onnx(network)
    half = halved(whole)
    assert len(half) < 0.6 * len(whole)
    frame = trial_frame(1, 128)
    np.testing.assert_array_equal(OnnxRuntime(half, 1)(frame), OnnxRuntime(whole, 1)(frame))


def test_numbers_that_half_precision_does_not_hold_stay():
    torch.manual_seed(0)
    network = unet("slim", shuffle=4, depth=3, head="detail").eval()
    whole = to_onnx(network)
    frame = trial_frame(1, 64)
    np.testing.assert_array_equal(
        OnnxRuntime(halved(whole), 1)(frame), OnnxRuntime(whole, 1)(frame)
    )


@pytest.fixture
def own(tmp_path):
    """The default weights as a user's own: a copy in another folder, without an ONNX model."""
    for suffix in (".safetensors", ".json"):
        shutil.copy(WEIGHTS / f"faithful{suffix}", tmp_path / f"own{suffix}")
    return tmp_path / "own.safetensors"


def test_a_model_is_made_once_and_kept(own, tmp_path, monkeypatch):
    made = Model.load(own).onnx
    [kept] = (tmp_path / "cache" / "onnx").iterdir()
    assert kept.read_bytes() == made
    monkeypatch.setattr(Model, "_made", None)
    again = Model.load(own)
    assert again.onnx == made
    assert not again.in_memory


def test_a_model_of_other_weights_is_not_taken(own, tmp_path):
    shutil.copy(WEIGHTS / "faithful.onnx", tmp_path / "own.onnx")
    card = json.loads(own.with_suffix(".json").read_text())
    card["onnx"]["of"] = "0" * 64
    own.with_suffix(".json").write_text(json.dumps(card))
    assert Model.load(own)._beside() is None
    card["onnx"]["of"] = Model.load(own).checksum
    own.with_suffix(".json").write_text(json.dumps(card))
    (tmp_path / "own.onnx").write_bytes(b"something else")
    with pytest.raises(InputError, match="another checksum"):
        _ = Model.load(own).onnx


def test_without_pytorch_a_model_is_not_made(own, monkeypatch):
    # As where it is not installed: the module that needs it is imported anew and does not find it.
    monkeypatch.delitem(sys.modules, "lctem_core.networks.weights")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'lctem-core\[train\]'"):
        _ = Model.load(own).onnx


@pytest.mark.parametrize("encoder", ["resnet18", "resnet34"])
def test_the_authors_own_file(tmp_path, encoder):
    torch.manual_seed(0)
    network = unet(encoder).eval()
    torch.save(network.state_dict(), tmp_path / "params.pth")
    counts = np.random.default_rng(0).poisson(30, (64, 96))
    refine = Refiner.load(tmp_path / "params.pth", device="cpu", runtime="onnxruntime")
    assert refine.look == "dry"
    card = {"architecture": {"encoder": encoder}, "preprocessing": {"low": 0.1, "high": 99.9}}
    expected = Refiner(network, card, device="cpu", runtime="torch")(counts)
    np.testing.assert_allclose(refine(counts), expected, atol=1e-5)
