"""A trained network in the forms that runtimes take: an ONNX model, or a PyTorch module.

What is shipped has both; refining needs the first only, and PyTorch is imported for the second.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lctem_core.errors import InputError, needs
from lctem_core.files import cache_dir, replacing, source_hash, sources
from lctem_core.networks.cards import channels, read_card, stride, weights_path

if TYPE_CHECKING:
    from torch import nn


#: What is known of weights in the authors' own format: the paper's network and preprocessing.
PUBLISHED = {
    "architecture": {"shuffle": 1, "depth": 5, "head": "sigmoid"},
    "preprocessing": {"low": 0.1, "high": 99.9, "target": "dry"},
}
_PICKLED = (".pth", ".pt")


class Model:
    """A trained network.

    Parameters
    ----------
    card : dict
        Of its weights: ``architecture``, ``preprocessing``, …
    path : Path, optional
        Of the ``.safetensors`` file.
    network : torch.nn.Module, optional
        In place of a file; not copied.

    Attributes
    ----------
    channels : int
        That it takes, see `lctem_core.networks.cards.channels`.
    stride : int
        Number of pixels that both sides of an input must be divisible by.
    """

    def __init__(
        self, card: dict[str, Any], path: Path | None = None, network: nn.Module | None = None
    ) -> None:
        self.card, self.path = card, path
        self.channels, self.stride = channels(card), stride(card["architecture"])
        if network is not None:
            self.network = network.eval()

    @classmethod
    def load(cls, weights: str | Path) -> Model:
        """Model of shipped weights by their name, or of a file.

        The file is ``.safetensors`` with its card, or a state dict of the authors (``params.pth``),
        which is loaded without executing code.

        Raises
        ------
        InputError
            If the file is not there or has no card.
        """
        path = weights_path(weights)
        return cls(PUBLISHED if path.suffix in _PICKLED else read_card(path), path)

    @property
    def in_memory(self) -> bool:
        """Whether PyTorch has the network already: it was given, or asked for."""
        return "network" in self.__dict__

    @cached_property
    def network(self) -> nn.Module:
        """The network as a PyTorch module in evaluation mode, float32."""
        with needs("train", "running a network in PyTorch"):
            from lctem_core.networks.weights import load, load_published
        return load_published(self.path) if self.path.suffix in _PICKLED else load(self.path)[0]

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the weights' file, or of the network's tensors."""
        if self.path is not None:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()
        found = hashlib.sha256()
        for value in self.network.state_dict().values():
            found.update(value.detach().cpu().contiguous().numpy().tobytes())
        return found.hexdigest()

    @cached_property
    def onnx(self) -> bytes:
        """The network as an ONNX model with free height and width.

        That of the file beside the weights if it was made of them; else one that is made by
        PyTorch once, and kept in the user's cache for weights that come from a file.

        Raises
        ------
        InputError
            If it has to be made and PyTorch is not installed.
        """
        if self.path is None:
            return self._made()
        if (found := self._beside()) is not None:
            return found
        making = Path(__file__).with_name("onnx_model.py")
        version = source_hash(sources(making) | {making})
        kept = cache_dir() / "onnx" / f"{self.checksum[:32]}-{version}.onnx"
        if not kept.is_file():
            with replacing(kept) as temporary:
                temporary.write_bytes(self._made())
        return kept.read_bytes()

    def _beside(self) -> bytes | None:
        """ONNX model beside the weights; None if there is none, or it is not of these weights."""
        assert self.path is not None
        noted, file = self.card.get("onnx", {}), self.path.with_suffix(".onnx")
        if noted.get("of") != self.checksum or not file.is_file():
            return None
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != noted["sha256"]:
            raise InputError(
                f"the ONNX model that the card of {self.path.name} names",
                f"{file.name} of another checksum", "Get the files again, or delete this one.",
            )  # fmt: skip
        return content

    def _made(self) -> bytes:
        with needs("train", "making an ONNX model of weights"):
            from lctem_core.networks.onnx_model import halved, to_onnx

            network = self.network
        return halved(to_onnx(network, self.channels))
