"""What a run of `lctem_core.evaluate.benchmark.measure` says: medians, ratios, what is fastest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lctem_core.evaluate.benchmark import load, measure, time_networks
from lctem_core.refine import runtimes
from lctem_core.refine.agreement import LEAST_PSNR

#: Ends of the names of runtimes that compute in less than float32.
COARSE = ("int8", "bf16", "half")
#: What all are compared with: the paper's network, operation by operation, in float32.
NETWORK, RUNTIME = "paper", "torch"
#: How exact a runtime has to be, see `TimedRun.best`.
FLOAT32, AUTO, ANY = "float32 alone", "that auto may take", "any precision"


class TimedRun:
    """A run of the benchmark, of this machine or recorded.

    Parameters
    ----------
    content : dict
        As `lctem_core.evaluate.benchmark.measure` returns it.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        self._rows = {(r["network"], r["runtime"], r["size"]): r for r in content["times"]}

    @classmethod
    def read(cls, folder: str | Path) -> dict[str, TimedRun]:
        """All recorded runs of a folder, by name."""
        paths = sorted(Path(folder).glob("*.json"))
        return {path.stem: cls(json.loads(path.read_text("utf8"))) for path in paths}

    @classmethod
    def of_this_machine(
        cls, sizes: Sequence[int], *, eager_sizes: Sequence[int] = (), **options: Any
    ) -> TimedRun:
        """Run the benchmark here.

        Parameters
        ----------
        sizes : sequence of int
            Sides of the frames [px].
        eager_sizes : sequence of int
            Larger sides, at which only PyTorch as it is is timed: all runtimes would take minutes.
        **options
            Of `lctem_core.evaluate.benchmark.measure`.

        Returns
        -------
        TimedRun
        """
        content = measure(sizes, **options)
        device = runtimes.device_of(options.get("device"))
        eager = {
            name: {RUNTIME: runtimes.make(RUNTIME, load(name), device)}
            for name in content["operations"]
            if eager_sizes
        }
        content["times"] += time_networks(eager, eager_sizes, repeats=3, budget=0.0)
        return cls(content)

    @property
    def sides(self) -> list[int]:
        """Sides of the frames that were timed, ascending [px]."""
        return sorted({size for _, _, size in self._rows})

    @property
    def combinations(self) -> list[tuple[str, str]]:
        """Networks and their runtimes, in order."""
        return list(dict.fromkeys((network, runtime) for network, runtime, _ in self._rows))

    @property
    def reference_side(self) -> int:
        """Side at which runs are compared [px]: 512, or the largest at which most were timed."""
        if 512 in self.sides:
            return 512
        timed = Counter(size for _, _, size in self._rows)
        return max(timed, key=lambda size: (timed[size], size))

    @property
    def peak(self) -> float:
        """Operations per second of a large matrix product in float32 [1/s]."""
        return max(self.content["peak"])

    def row(self, network: str, runtime: str, side: int) -> dict[str, Any] | None:
        """What was measured [ms]; None if it was not."""
        return self._rows.get((network, runtime, side))

    def median(self, network: str, runtime: str, side: int) -> float:
        """Median [ms]; NaN if it was not measured."""
        row = self.row(network, runtime, side)
        return float(row["median"]) if row else np.nan

    def ratio(self, network: str, runtime: str, side: int | None = None) -> float:
        """How many times faster it is than the paper's network in PyTorch, in the same run."""
        side = side or self.reference_side
        return self.median(NETWORK, RUNTIME, side) / self.median(network, runtime, side)

    def passes(self, network: str, runtime: str) -> bool:
        """Whether it agrees with float32 well enough for ``auto`` to take it."""
        numbers = self.content["agreement"].get(network, {}).get(runtime)
        return not numbers or numbers["psnr"] is None or numbers["psnr"] >= LEAST_PSNR

    def best(self, network: str, exact: str = FLOAT32) -> str:
        """Fastest runtime of a network at the reference side.

        Parameters
        ----------
        network : str
        exact : str
            `FLOAT32`; `AUTO`, that passes the check and is not of 8-bit integers, which ``auto``
            never takes; or `ANY`.

        Returns
        -------
        str
        """
        names = [
            runtime
            for of_network, runtime in self.combinations
            if of_network == network
            and not (exact == FLOAT32 and runtime.endswith(COARSE))
            and not (exact == AUTO and runtime.endswith("int8"))
            and (exact == ANY or self.passes(network, runtime))
        ]
        return max(names, key=lambda name: self.ratio(network, name))

    def operations(self, network: str, side: int, *, shortened: bool = True) -> float:
        """Floating-point operations of a network for one frame [FLOP].

        Parameters
        ----------
        network : str
        side : int
            [px]
        shortened : bool
            As all runtimes but ``torch`` execute it on a CPU, see `lctem_core.networks.shortened`.

        Returns
        -------
        float
        """
        kind = "operations shortened" if shortened else "operations"
        return float(self.content[kind][network] * side**2)

    def used(self, network: str, runtime: str, side: int) -> float:
        """Operations that are executed per second, as a share of the peak; NaN if not measured."""
        work = self.operations(network, side, shortened=runtime != RUNTIME)
        return work / (self.median(network, runtime, side) * 1e-3) / self.peak

    def texts(
        self, network: str, runtime: str, sides: Iterable[int], *, spread: bool = True
    ) -> list[str]:
        """Medians for a table [ms], quartiles in brackets; a dash for what was not measured."""
        found = []
        for side in sides:
            row = self.row(network, runtime, side)
            text = milliseconds(row["median"]) if row else "–"
            if row and spread:
                text += f" ({milliseconds(row['q25'])}–{milliseconds(row['q75'])})"
            found.append(text)
        return found

    def table(self, sides: Iterable[int], *, spread: bool = True) -> list[list[str]]:
        """Rows of a table of all networks and runtimes; see `texts`."""
        sides = list(sides)
        return [
            [f"{network}, {runtime}", *self.texts(network, runtime, sides, spread=spread)]
            for network, runtime in self.combinations
        ]

    def path_runtime(self, *, exact: bool = False) -> str:
        """Runtime with the lowest 95th percentile from the camera to grey levels.

        Parameters
        ----------
        exact : bool
            Of those in float32.
        """
        path = self.content["path"]
        names = [name for name in path if not (exact and name.endswith(COARSE))]
        return min(names, key=lambda name: path[name]["total"]["p95"])

    def machine(self) -> dict[str, str]:
        """Machine, versions and date, in words."""
        machine, made = self.content["machine"], self.content["provenance"]
        versions = machine["versions"]
        three = ("torch", "openvino", "onnxruntime")
        return {
            "processor": machine["processor"],
            "cores / threads used": f"{machine['cores']} / {machine['threads']}",
            "instruction sets": ", ".join(machine["instructions"]) or "not known",
            "GPU": machine["gpu"] or "none",
            "peak, float32 [GFLOP/s]": f"{self.peak / 1e9:.0f}",
            "PyTorch / OpenVINO / ONNX Runtime": " / ".join(versions[name] for name in three),
            "date, commit": f"{made['date']}, {made['commit']}",
        }


def milliseconds(value: float) -> str:
    """A time with three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
