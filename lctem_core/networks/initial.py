"""Encoders that begin with what they learned from photographs (ImageNet)."""

from __future__ import annotations

import segmentation_models_pytorch as smp
from torch import nn

from lctem_core.errors import InputError
from lctem_core.networks.unet import ENCODERS

#: Name for `lctem_core.train.config.Config.initial`.
IMAGENET = "imagenet"


def begin_from_imagenet(network: nn.Module, encoder: str) -> None:
    """Fill the encoder of a network with ImageNet weights; all else stays as it is.

    As `smp.encoders.get_encoder` does it, the first convolution takes for one channel the sum over
    the three colours, and for n channels the colours in turn, times 3/n.

    Parameters
    ----------
    network : torch.nn.Module
        Of `lctem_core.networks.unet.unet`.
    encoder : str
        Of `lctem_core.networks.unet.ENCODERS`.

    Raises
    ------
    InputError
        For another encoder, or where the weights cannot be had.
    """
    if encoder not in ENCODERS:
        raise InputError(
            f"an encoder of {', '.join(ENCODERS)} for ImageNet weights", repr(encoder),
            "Begin at random: leave initial empty.",
        )  # fmt: skip
    own = getattr(network, "unet", network).encoder
    channels = next(own.parameters()).shape[1]
    try:
        trained = smp.encoders.get_encoder(encoder, in_channels=channels, weights=IMAGENET)
    except Exception as error:  # of the hub's client, which has many kinds
        told = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        told = f"{type(error).__name__}: {told}"
        raise InputError(
            "ImageNet weights from the Hugging Face hub, or in its cache", told,
            "Connect this machine, or copy the cache from one that is; or leave initial empty.",
        ) from error  # fmt: skip
    there = trained.state_dict()
    # A shallower network has no last stages.
    own.load_state_dict({name: there[name] for name in own.state_dict()})
