"""Networks by name, and their weights on disk."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import segmentation_models_pytorch as smp
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from lctem_core import released
from lctem_core.errors import InputError
from lctem_core.fast import DEPTHS, HEADS, LIGHT, LIGHT_ENCODERS, SLIM, FastUnet
from lctem_core.outputs import replacing
from lctem_core.temporal import TemporalUnet

#: The paper's encoders.
ENCODERS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
WEIGHTS = Path(__file__).resolve().parent / "weights"


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
        A name of `ENCODERS`, or for the fast network also one of `lctem_core.fast`. Weights are
        at random, as in the paper; `lctem_core.pretrained` fills in others.
    shuffle : int
        1 is the paper's network, whose state-dict keys are those of `smp.Unet`; 2, 4 or 8 the
        fast one (`FastUnet`).
    depth : int
        Stages of the encoder; the paper's has 5.
    head : str
        ``sigmoid`` as in the paper, or another one of `lctem_core.fast.FastUnet`.
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


def stride(architecture: dict[str, Any]) -> int:
    """Number of pixels that both sides of an input must be divisible by."""
    return architecture.get("shuffle", 1) * 2 ** architecture.get("depth", 5)


def parameter_count(model: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(p.numel() for p in model.parameters())


def save(model: nn.Module, card: dict[str, Any], path: str | Path) -> None:
    """Write weights (fp16 safetensors) and, beside them, their card (JSON).

    Parameters
    ----------
    model : torch.nn.Module
    card : dict
        Must hold ``architecture``, the arguments of `unet`; anything else that a reader should
        know: data, profile, seed, commit, metrics.
    path : str or Path
        Of the weights, ending in ``.safetensors``; the card gets ``.json``.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise InputError("a path that ends in .safetensors", str(path), "Change the suffix.")
    build(card["architecture"]).load_state_dict(model.state_dict())  # a card that would not load
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in model.state_dict().items()
    }
    # The card first: weights without one could not be loaded.
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=2, sort_keys=True) + "\n")
    with replacing(path) as temporary:
        save_file(state, temporary)


def load(path: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Read weights and their card.

    Parameters
    ----------
    path : str or Path
        A ``.safetensors`` file with its card beside it, or the name of shipped or released weights;
        the latter are downloaded once, see `lctem_core.released`.

    Returns
    -------
    model : torch.nn.Module
        In evaluation mode, float32.
    card : dict

    Raises
    ------
    InputError
        If the file is not there, has no card, is not safetensors, or does not fit its card.
    """
    path = weights_path(path)
    card_path = path.with_suffix(".json")
    if not card_path.exists():
        raise InputError(
            f"a card {card_path.name} beside the weights",
            "none",
            "Keep the two files together; the card says which network the weights are for.",
        )
    card = _read_card(card_path)
    try:
        state = load_file(path)
    except Exception as error:  # safetensors raises its own class and others for other damage
        raise InputError(
            "weights in the safetensors format", f"{path.name}: {error}", "Get the file again."
        ) from error
    model = build(card["architecture"])
    fill(model, state, path.name)
    return model.eval(), card


def _read_card(path: Path) -> dict[str, Any]:
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


def load_published(path: str | Path, encoder: str = "resnet18") -> nn.Module:
    """The paper's network with weights in the authors' format (``params.pth``).

    The file is read by PyTorch's weights-only loader, which executes no code.

    Parameters
    ----------
    path : str or Path
    encoder : str

    Returns
    -------
    torch.nn.Module
        In evaluation mode.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("a file of published weights", f"no file {path}", "Check the path.")
    model = unet(encoder)
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and runtime errors, by the kind of damage
        raise InputError(
            "a state dict saved by torch.save",
            f"{path.name}: {str(error).splitlines()[0]}",
            "Files that need code to load are refused; ask for the state dict alone.",
        ) from error
    fill(model, state, path.name)
    return model.eval()


def fill(model: nn.Module, state: dict[str, torch.Tensor], name: str) -> None:
    """Load a state dict, or say in which tensors it does not fit the network."""
    own = model.state_dict()
    missing = sorted(set(own) - set(state))
    extra = sorted(set(state) - set(own))
    shapes = sorted(k for k in set(own) & set(state) if own[k].shape != state[k].shape)
    if missing or extra or shapes:
        told = [
            f"{len(keys)} {what} (first: {keys[0]})"
            for what, keys in (("missing", missing), ("unknown", extra), ("of other shape", shapes))
            if keys
        ]
        raise InputError(
            f"weights for this network ({len(own)} tensors)",
            f"{name} with {', '.join(told)}",
            "Check encoder, shuffle and depth against the card.",
        )
    model.load_state_dict({key: value.float() if value.is_floating_point() else value
                           for key, value in state.items()})  # fmt: skip


def weights_path(path: str | Path) -> Path:
    """Path of weights that are given as a path, or by the name of shipped or released ones."""
    given = Path(path)
    shipped = WEIGHTS / f"{path}.safetensors"
    if given.suffix != ".safetensors" and shipped.exists():
        return shipped
    if given.is_file():
        return given
    if str(path) in released.names():
        return released.fetch(str(path))
    names = sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))
    raise InputError(
        f"a .safetensors file, one of the shipped weights ({', '.join(names) or 'none'}) "
        f"or of the released ones ({', '.join(released.names()) or 'none yet'})",
        repr(str(path)),
        "Check the path.",
    )
