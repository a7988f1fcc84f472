"""Networks by name, and their weights on disk."""

from __future__ import annotations

import inspect
from typing import Any

import segmentation_models_pytorch as smp
from torch import nn

from lctem_core.errors import InputError
from lctem_core.networks.fast import DEPTHS, HEADS, LIGHT, LIGHT_ENCODERS, SLIM, FastUnet
from lctem_core.networks.temporal import TemporalUnet

#: The paper's encoders.
ENCODERS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def unet(
    encoder: str = "resnet18",
    *,
    shuffle: int = 1,
    depth: int = 5,
    head: str = "sigmoid",
    width: float = 1.0,
    frames: int = 1,
) -> nn.Module:
    """U-Net, one channel out; one in, or several frames of a movie.

    Parameters
    ----------
    encoder : str
        A name of `ENCODERS`, or for the fast network also one of `lctem_core.networks.fast`.
        Weights are at random, as in the paper; `lctem_core.networks.initial` fills in others.
    shuffle : int
        1 is the paper's network, whose state-dict keys are those of `smp.Unet`; 2, 4 or 8 the
        fast one (`FastUnet`).
    depth : int
        Stages of the encoder; the paper's has 5.
    head : str
        ``sigmoid`` as in the paper, or another one of `lctem_core.networks.fast.FastUnet`.
    width : float
        Factor of the decoder's channels; of the encoders ``slim`` and ``light``, of all channels.
    frames : int
        1, or the number of frames of which a `TemporalUnet` takes an adaptive mean.

    Returns
    -------
    torch.nn.Module
        (N, C, H, W) float32 -> (N, 1, H, W), in [0, 1] with the sigmoid. C is 1, of a
        `TemporalUnet` 2.

    Raises
    ------
    InputError
        For an argument that makes no network.
    """
    check_architecture(encoder, shuffle, depth, head, width, frames)
    if frames > 1:
        return TemporalUnet(frames, encoder, shuffle, depth, width)
    if (shuffle, head, width) != (1, "sigmoid", 1.0):
        return FastUnet(encoder, shuffle, depth, head, width)
    return smp.Unet(encoder, encoder_weights=None, in_channels=1, classes=1, activation="sigmoid")


def check_architecture(
    encoder: str,
    shuffle: int,
    depth: int,
    head: str = "sigmoid",
    width: float = 1.0,
    frames: int = 1,
) -> None:
    """Raise an `InputError` for arguments that `unet` does not take."""
    names = (*ENCODERS, SLIM, LIGHT, *LIGHT_ENCODERS)
    if encoder not in names:
        raise InputError(f"an encoder of {', '.join(names)}", repr(encoder), "Use one of them.")
    if shuffle not in (1, 2, 4, 8):
        raise InputError("shuffle 1, 2, 4 or 8", repr(shuffle), "1 is the paper's network.")
    if head not in HEADS:
        raise InputError(f"a head of {', '.join(HEADS)}", repr(head), "Use one of these names.")
    if not 0.1 <= width <= 4:
        raise InputError("a width of 0.1 to 4", repr(width), "1 is usual.")
    literal = (shuffle, head, width) == (1, "sigmoid", 1.0)
    if depth not in DEPTHS or (literal and depth != 5):
        raise InputError(
            "depth 5, or with shuffle 2, 4 or 8 also 3 or 4",
            repr(depth),
            "5 is the paper's network.",
        )
    if literal and encoder not in ENCODERS:
        raise InputError("a light encoder with shuffle 2, 4 or 8", "shuffle 1", "Raise it.")
    if not 1 <= frames <= 100:
        raise InputError("1 to 100 frames", repr(frames), "10 is usual.")
    if frames > 1 and (encoder not in (SLIM, LIGHT) or head != "detail" or shuffle == 1):
        raise InputError(
            "encoder slim or light, head detail and shuffle 2 or more for several frames",
            f"{encoder}, {head} and {shuffle}", "Only these networks take several frames.",
        )  # fmt: skip


def build(architecture: dict[str, Any]) -> nn.Module:
    """Network of a card's ``architecture`` entry; an unknown key is an error."""
    known = set(inspect.signature(unet).parameters)
    unknown = set(architecture) - known
    if unknown:
        raise InputError(
            f"architecture keys of {', '.join(sorted(known))}",
            ", ".join(sorted(unknown)),
            "The card belongs to another version of lctem_core; update it or retrain.",
        )
    return unet(**architecture)


def architecture_of(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `unet` with its defaults where a card, an older one say, gives none."""
    defaults = {name: p.default for name, p in inspect.signature(unet).parameters.items()}
    return defaults | given


def parameter_count(model: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(p.numel() for p in model.parameters())
