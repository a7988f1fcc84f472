"""Measure what chapter 05 compares, on this machine, and record it in ``book/results/timing``.

Usage: ``python book/timings.py NAME [--budget SECONDS] [--largest SIZE] [--trained WEIGHTS]``

Nothing else should run meanwhile. The name is the machine's, in words that a reader understands,
such as ``epyc-avx512-2-cores``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lctem_core.evaluate.benchmark import measure
from lctem_core.files import replacing
from lctem_core.networks.model import Model
from lctem_core.networks.weights import load
from lctem_core.refine import runtimes
from lctem_core.refine.agreement import losses

RESULTS = Path(__file__).resolve().parent / "results" / "timing"


def main() -> None:
    """Measure and write ``NAME.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="of the machine")
    parser.add_argument("--budget", type=float, default=40.0, help="seconds per size")
    parser.add_argument("--largest", type=int, default=4096, help="largest side in pixels")
    parser.add_argument("--trained", help="weights of the study's resnet18-r1: what int8 costs it")
    given = parser.parse_args()
    sizes = [size for size in (256, 512, 1024, 2048, 4096) if size <= given.largest]
    content = measure(
        sizes, largest={"paper": 1024}, repeats=60, budget=given.budget,
        path_repeats=200, loss_frames=100,
    )  # fmt: skip
    if given.trained:
        content["loss of the paper's network"] = losses_of(given.trained, 100)
    path = RESULTS / f"{given.name}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf8")
    print(path)


def losses_of(weights: str, frames: int) -> dict[str, dict[str, float]]:
    """Loss of each precision below float32 with other weights than the shipped ones.

    The shipped weights cannot tell what a precision costs the paper's network: it has random ones.
    """
    network, card = load(weights)
    model = Model(card, network=network)
    made = {
        name: runtimes.make(name, model, "cpu")
        for name in ("torch", "openvino-bf16", "openvino-int8")
        if not runtimes.obstacle(name, "cpu")
    }
    found = losses(made, card, frames)
    for name, runtime in made.items():
        if name != "torch":
            found[name]["agreement"] = runtime.agreement.psnr
    return found


if __name__ == "__main__":
    main()
