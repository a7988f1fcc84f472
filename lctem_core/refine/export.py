"""Networks for other programs and for the light installation: ONNX models with their cards."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from lctem_core.errors import InputError, needs
from lctem_core.files import replacing
from lctem_core.networks.cards import INPUT, OPSET, OUTPUT, weights_path
from lctem_core.networks.model import Model
from lctem_core.provenance import provenance
from lctem_core.refine.adaptive import windows
from lctem_core.refine.agreement import LEAST_PSNR, agreement
from lctem_core.refine.engines import OnnxRuntime, threads
from lctem_core.refine.preprocess import FAR
from lctem_core.refine.refiner import LOOKS
from lctem_core.refine.runtimes import engine_of, trial_frame


def export(
    target: str | Path,
    weights: str | Path | None = None,
    *,
    look: str = "faithful",
    size: int = 512,
) -> dict[str, Any]:
    """Write a network as ONNX, and beside it a card (JSON) that says how to feed it.

    The model is checked, run by ONNX Runtime and compared with PyTorch before the files appear.

    Parameters
    ----------
    target : str or Path
        Ends in ``.onnx``; the card gets ``.json``.
    weights : str or Path, optional
        As for `Refiner.load`.
    look : str
        As for `Refiner.load`.
    size : int
        Height and width of the frames [px].

    Returns
    -------
    dict
        The card.

    Raises
    ------
    InputError
        For a name, look or size that cannot be.
    """
    target = Path(target)
    if target.suffix != ".onnx":
        raise InputError("a name that ends in .onnx", str(target), "Change the name.")
    if weights is None and look not in LOOKS:
        raise InputError(f"a look of {', '.join(LOOKS)}", repr(look), "Use one of these names.")
    model = Model.load(LOOKS[look] if weights is None else weights)
    trained, step = model.card, model.stride
    if size < 64 or size % step:
        fitting = max(-(-64 // step), round(size / step)) * step
        raise InputError(
            f"a size of 64 or more, divisible by {step}", str(size), f"{fitting} would do."
        )
    written = _written(model, size)
    card = {
        "architecture": trained["architecture"],
        "preprocessing": _preprocessing(
            trained["preprocessing"], trained["architecture"].get("frames", 1)
        ),
        "input": {"name": INPUT, "shape": [1, model.channels, size, size], "type": "float32"},
        "output": {"name": OUTPUT, "shape": [1, 1, size, size], "type": "float32"},
        "opset": OPSET,
        "onnx_sha256": hashlib.sha256(written).hexdigest(),
        "agreement": _agreement(model, written, size),
        "weights": {
            "name": model.path.name,
            "sha256": model.checksum,
            **{name: trained[name] for name in ("data", "provenance") if name in trained},
        },
        "provenance": provenance(),
    }
    # The card first: a model without one could not be fed.
    with replacing(target.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", "utf8")
    with replacing(target) as temporary:
        temporary.write_bytes(written)
    return card


def export_beside(weights: str | Path) -> Path:
    """Write the ONNX model that refining without PyTorch takes, beside the weights.

    Height and width are free. The card of the weights gets an entry ``onnx``: checksum of the
    model, of the weights that it was made of, and its agreement with PyTorch.

    Parameters
    ----------
    weights : str or Path
        A ``.safetensors`` file with its card, or the name of shipped weights.

    Returns
    -------
    Path
        Of the ONNX model.
    """
    path = weights_path(weights)
    if path.suffix != ".safetensors":
        raise InputError("a .safetensors file with its card", path.name, "Save the weights so.")
    model = Model.load(path)
    written = _written(model, None)
    card = model.card | {
        "onnx": {
            "sha256": hashlib.sha256(written).hexdigest(),
            "of": model.checksum,
            "opset": OPSET,
            "agreement": _agreement(model, written, 256),
        }
    }
    target = path.with_suffix(".onnx")
    # The model first: it counts only if the card names it.
    with replacing(target) as temporary:
        temporary.write_bytes(written)
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", "utf8")
    return target


def _written(model: Model, size: int | None) -> bytes:
    """The network as ONNX, checked."""
    with needs("train", "exporting a network"):
        from lctem_core.networks.onnx_model import checked, halved, to_onnx

        return checked(halved(to_onnx(model.network, model.channels, size)))


def _agreement(model: Model, written: bytes, size: int) -> dict[str, Any]:
    """How far ONNX Runtime's answer is from PyTorch's; an error if that is too far."""
    frame = trial_frame(model.channels, size)
    answer = OnnxRuntime(written, threads())(frame)
    found = agreement(answer, engine_of("torch", model, "cpu")(frame))
    if not found.psnr >= LEAST_PSNR:
        raise RuntimeError(f"ONNX Runtime and PyTorch disagree: {found}")
    return {
        "with": "PyTorch, float32, on a simulated frame stretched to [0, 1]",
        "largest_difference": found.largest,
        "psnr_db": found.psnr if np.isfinite(found.psnr) else None,
    }


def _preprocessing(trained: dict[str, Any], frames: int) -> dict[str, Any]:
    """What to do with a frame before and with the answer after, in numbers and in words."""
    low, high = trained["low"], trained["high"]
    faithful = trained.get("target", "dry") == "faithful"
    least, greatest = FAR if faithful else (0.0, 1.0)
    steps = [
        "float32",
        "reduce to the input's height and width by area averaging",
        f"lower, upper = percentiles {low:g} and {high:g} of the reduced frame",
        f"(frame - lower) / (upper - lower), clipped to [{least:g}, {greatest:g}]",
    ]
    if frames > 1:
        lasts = ", ".join(str(last) for last in windows(frames))
        steps[2:2] = [
            f"first channel: means of the last {lasts} frames, see "
            "lctem_core.refine.adaptive.adapted",
            "second channel: the noise in it as a share of a frame's, 0 to 1",
        ]
        steps[4] = f"lower, upper = percentiles {low:g} and {high:g} of the first channel"
        steps[5] = steps[5].replace("frame", "first channel")
    after = "answer * (upper - lower) + lower: the frame's counts" if faithful else "as it is"
    return {
        "low_percentile": low,
        "high_percentile": high,
        "clip": [least, greatest],
        "before": steps,
        "after": after,
    }
