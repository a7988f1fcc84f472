"""Cards of weights: which network they are for and how it is fed. Read without PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lctem_core.errors import InputError

#: Shipped weights, their cards and their ONNX models.
WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
#: What a temporal network takes: the adaptive mean, and the noise in it as a share of a frame's.
TEMPORAL_CHANNELS = 2
#: Version of the ONNX operators: old enough for runtimes of 2022, and for Python 3.10.
OPSET = 17
#: Names in the ONNX models: what goes in and comes out, and the axes of free length N, H, W.
INPUT, OUTPUT = "image", "refined"
FREE = ("frames", "height", "width")


def weights_path(path: str | Path) -> Path:
    """Path of weights that are given as a path, or by the name of shipped ones.

    Raises
    ------
    InputError
        If there is neither.
    """
    given = Path(path)
    shipped = WEIGHTS / f"{path}.safetensors"
    if given.suffix != ".safetensors" and shipped.exists():
        return shipped
    if given.is_file():
        return given
    names = ", ".join(sorted(p.stem for p in WEIGHTS.glob("*.safetensors")))
    raise InputError(
        f"a .safetensors file, or one of the shipped weights ({names})",
        repr(str(path)), "Check the path.",
    )  # fmt: skip


def read_card(weights: Path) -> dict[str, Any]:
    """Card beside a file of weights.

    Parameters
    ----------
    weights : Path
        Of the ``.safetensors`` file.

    Returns
    -------
    dict
        With ``architecture``, ``preprocessing`` and what else is known.

    Raises
    ------
    InputError
        If there is none, or it is not a card.
    """
    path = weights.with_suffix(".json")
    if not path.exists():
        raise InputError(
            f"a card {path.name} beside the weights", "none",
            "Keep the two files together; the card says which network the weights are for.",
        )  # fmt: skip
    try:
        card = json.loads(path.read_text("utf8"))
    except ValueError as error:
        raise InputError("a card in JSON", f"{path.name}: {error}", "Get it again.") from error
    needed = ("architecture", "preprocessing")
    missing = [key for key in needed if not isinstance(card, dict) or key not in card]
    if missing:
        raise InputError(
            f"a card with {' and '.join(needed)}",
            f"{path.name} without {' and '.join(missing)}",
            "Take the card that was written with the weights.",
        )
    return card


def stride(architecture: dict[str, Any]) -> int:
    """Number of pixels that both sides of an input must be divisible by."""
    return architecture.get("shuffle", 1) * 2 ** architecture.get("depth", 5)


def channels(card: dict[str, Any]) -> int:
    """Channels that the network of a card takes: 1, or `TEMPORAL_CHANNELS`."""
    return TEMPORAL_CHANNELS if card["architecture"].get("frames", 1) > 1 else 1
