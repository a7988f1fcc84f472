"""Weights on disk: safetensors with a card, and the authors' own format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.networks.cards import read_card, weights_path
from lctem_core.networks.unet import ENCODERS, build, unet


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
        A ``.safetensors`` file with its card beside it, or the name of shipped weights.

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
    card = read_card(path)
    try:
        state = load_file(path)
    except Exception as error:  # safetensors raises its own class and others for other damage
        raise InputError(
            "weights in the safetensors format", f"{path.name}: {error}", "Get the file again."
        ) from error
    model = build(card["architecture"])
    fill(model, state, path.name)
    return model.eval(), card


def load_published(path: str | Path) -> nn.Module:
    """The paper's network with weights in the authors' format (``params.pth``).

    The file is read by PyTorch's weights-only loader, which executes no code. The encoder is the
    one of the paper's five whose tensors the file holds.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    torch.nn.Module
        In evaluation mode.

    Raises
    ------
    InputError
        If the file is not there, is no state dict, or is one of another network.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("a file of published weights", f"no file {path}", "Check the path.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # pickle, zip and runtime errors, by the kind of damage
        raise InputError(
            "a state dict saved by torch.save",
            f"{path.name}: {str(error).splitlines()[0]}",
            "Files that need code to load are refused; ask for the state dict alone.",
        ) from error
    shapes = {name: getattr(value, "shape", None) for name, value in dict(state).items()}
    encoder = ENCODERS[0]
    for name in ENCODERS:
        with torch.device("meta"):
            own = unet(name).state_dict()
        if {key: value.shape for key, value in own.items()} == shapes:
            encoder = name
    network = unet(encoder)
    fill(network, state, path.name)
    return network.eval()


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
