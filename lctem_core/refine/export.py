"""Networks for other programs: an ONNX model of a fixed shape, with its card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.networks.unet import stride
from lctem_core.networks.weights import load, weights_path
from lctem_core.provenance import provenance
from lctem_core.refine.adaptive import windows
from lctem_core.refine.engines import INPUT, OPSET, OUTPUT, OnnxRuntime, Torch, to_onnx
from lctem_core.refine.preprocess import FAR
from lctem_core.refine.refiner import LOOKS
from lctem_core.refine.runtimes import LEAST_PSNR, agreement, channels, trial_frame


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
    source = weights_path(LOOKS[look] if weights is None else weights)
    network, trained = load(source)
    step = stride(trained["architecture"])
    if size < 64 or size % step:
        fitting = max(-(-64 // step), round(size / step)) * step
        raise InputError(
            f"a size of 64 or more, divisible by {step}", str(size), f"{fitting} would do."
        )
    frames = channels(trained)
    written = to_onnx(network, frames, size)
    frame = trial_frame(frames, size)
    engine = OnnxRuntime(_checked(written), torch.get_num_threads())
    found = agreement(engine(frame), Torch(network, torch.device("cpu"))(frame))
    if not found.psnr >= LEAST_PSNR:
        raise RuntimeError(f"ONNX Runtime and PyTorch disagree: {found}")
    card = {
        "architecture": trained["architecture"],
        "preprocessing": _preprocessing(
            trained["preprocessing"], trained["architecture"].get("frames", 1)
        ),
        "input": {"name": INPUT, "shape": [1, frames, size, size], "type": "float32"},
        "output": {"name": OUTPUT, "shape": [1, 1, size, size], "type": "float32"},
        "opset": OPSET,
        "onnx_sha256": hashlib.sha256(written).hexdigest(),
        "agreement": {
            "with": "PyTorch, float32, on a simulated frame stretched to [0, 1]",
            "largest_difference": found.largest,
            "psnr_db": found.psnr if np.isfinite(found.psnr) else None,
        },
        "weights": {
            "name": source.name,
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
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


def _checked(written: bytes) -> bytes:
    import onnx

    onnx.checker.check_model(onnx.load_from_string(written), full_check=True)
    return written


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
