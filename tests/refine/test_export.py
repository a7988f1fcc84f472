"""The ONNX model in ONNX Runtime alone, fed as its card says."""

import hashlib
import json

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from lctem_core import Refiner
from lctem_core.errors import InputError
from lctem_core.refine.export import export


def feed(session, card, frame):
    """Refine a frame by what the card says, with NumPy and OpenCV."""
    given, steps = card["input"], card["preprocessing"]
    sides = tuple(given["shape"][:1:-1])
    image = cv2.resize(frame.astype(given["type"]), sides, interpolation=cv2.INTER_AREA)
    lower, upper = np.percentile(image, [steps["low_percentile"], steps["high_percentile"]])
    image = np.clip((image - lower) / (upper - lower), *steps["clip"]).astype(np.float32)
    batch = image.reshape(given["shape"])
    (answer,) = session.run([card["output"]["name"]], {given["name"]: batch})
    assert list(answer.shape) == card["output"]["shape"]
    if steps["after"].startswith("answer *"):
        return answer[0, 0] * (upper - lower) + lower
    return answer[0, 0]


@pytest.mark.parametrize("look", ["faithful", "dry"])
def test_the_card_is_enough(tmp_path, look):
    path = tmp_path / "new" / "network.onnx"
    card = export(path, look=look, size=128)
    assert card == json.loads(path.with_suffix(".json").read_text("utf8"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card["onnx_sha256"]
    assert card["agreement"]["largest_difference"] < 1e-4
    loaded = onnx.load(path)
    onnx.checker.check_model(loaded, full_check=True)
    assert [o.version for o in loaded.opset_import if o.domain == ""] == [card["opset"]] == [17]
    assert loaded.ir_version <= 8  # what runtimes of 2022 read
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    frame = np.random.default_rng(0).poisson(30, (256, 256)).astype(np.uint16)
    expected = Refiner.load(look=look, device="cpu", runtime="torch")(frame, 128)
    np.testing.assert_allclose(feed(session, card, frame), expected, atol=1e-3)
    assert not list(path.parent.glob(".*"))  # nothing temporary stays


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("x.pt", {}, "ends in .onnx"),
        ("x.onnx", {"size": 100}, "divisible by 64.*128 would do"),
        ("x.onnx", {"size": 0}, "divisible by 64"),
        ("x.onnx", {"look": "pretty"}, "faithful, dry"),
        ("x.onnx", {"weights": "absent"}, "shipped weights"),
    ],
)
def test_errors(tmp_path, name, options, words):
    with pytest.raises(InputError, match=words):
        export(tmp_path / name, **options)
    assert not list(tmp_path.iterdir())


def test_a_temporal_networks_card_says_what_its_channels_are(tmp_path):
    card = export(tmp_path / "t.onnx", "temporal", size=128)
    assert card["input"]["shape"] == [1, 2, 128, 128]
    first, second = card["preprocessing"]["before"][2:4]
    assert first.startswith("first channel: means of the last 10, 3, 1 frames")
    assert second.startswith("second channel: the noise")
