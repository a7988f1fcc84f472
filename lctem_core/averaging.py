"""The mean of several trainings' weights: one network between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from lctem_core import model
from lctem_core.batches import WholeFrames
from lctem_core.errors import InputError
from lctem_core.provenance import provenance
from lctem_core.store import Store
from lctem_core.train import settle


def average(
    parts: Mapping[Path, float],
    store: Store,
    out: Path,
    *,
    batches: int = 256,
    batch: int = 4,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Average weights of networks that were trained from the same beginning.

    Networks that went different ways from one beginning lie in one valley of the loss; between them
    it is often lower than at each (Wortsman et al. 2022, “Model soups”). Statistics of batch
    normalisation cannot be averaged and are taken anew, see `lctem_core.train.settle`.

    Parameters
    ----------
    parts : mapping of Path to float
        Weights with cards, and the share of each; the shares sum to 1.
    store : Store
        Images for the statistics.
    out : Path
        ``.safetensors``; its card, of the same name, names the parts with what their cards say.
    batches, batch : int
        For the statistics.
    seed : int
        Of the images' order.
    progress : bool
        Show a progress bar.

    Returns
    -------
    dict
        The card.

    Raises
    ------
    InputError
        If there are fewer than two parts, the shares do not sum to 1, or architectures differ.
    """
    if len(parts) < 2 or abs(sum(parts.values()) - 1) > 1e-6:
        raise InputError(
            "two networks or more, with shares of sum 1",
            ", ".join(f"{path.name}: {share:g}" for path, share in parts.items()) or "none",
            "Give each a share.",
        )
    loaded = [(*model.load(path), share) for path, share in parts.items()]
    network, card, _ = loaded[0]
    wanted = model.architecture_of(card["architecture"])
    for _, other, _ in loaded[1:]:
        if (found := model.architecture_of(other["architecture"])) != wanted:
            raise InputError(f"networks of one architecture, {wanted}", f"{found}", "Choose them.")
    states = [(one.state_dict(), share) for one, _, share in loaded]
    mean = {
        name: sum(state[name] * share for state, share in states)
        if value.is_floating_point()
        else value
        for name, value in states[0][0].items()
    }
    network.load_state_dict(mean)
    order = torch.Generator().manual_seed(seed)
    images = WholeFrames(store, range(len(store.pairs)))
    loader = DataLoader(images, batch, shuffle=True, generator=order)
    settle(network, loader, batches, progress)
    kept = ("config", "crops_seen", "data", "metrics", "provenance")
    content = {
        "architecture": card["architecture"],
        "preprocessing": card["preprocessing"],
        "data": "; ".join(dict.fromkeys(other["data"] for _, other, _ in loaded)),
        "settled": batch * min(batches, len(loader)),
        "parts": [
            {"share": share} | {name: other[name] for name in kept if name in other}
            for _, other, share in loaded
        ],
        "provenance": provenance(seed=seed),
    }
    model.save(network, content, out)
    return content
