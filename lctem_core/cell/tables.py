"""The supplement's tables of six cells, and the coefficients that it fits to them.

Lengths are in µm and curvatures in mm⁻¹ throughout, as the supplement prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from lctem_core import paper


@dataclass(frozen=True)
class Cell:
    """One row of Tables S1 and S2.

    Attributes
    ----------
    window : int
        Specified window size W [µm].
    actual : float
        Actual window size W_A, mean of the four edges [µm].
    spacer : float
        S [µm].
    a, b : float
        Of h′ = -a r² + b over the window [mm⁻¹, µm].
    g_upper, g_lower : float
        Curvatures along the edges [mm⁻¹].
    h_upper, h_lower : float
        Maxima along the edges [µm].
    """

    window: int
    actual: float
    spacer: float
    a: float
    b: float
    g_upper: float
    g_lower: float
    h_upper: float
    h_lower: float


@dataclass(frozen=True)
class Coefficients:
    """Of equation S1: ã and b̃ of the two membranes (dimensionless), η [µm]."""

    a_upper: float
    a_lower: float
    b_upper: float
    b_lower: float
    offset: float

    @property
    def a_mean(self) -> float:
        """√(ã_U ã_L)."""
        return float(np.sqrt(self.a_upper * self.a_lower))

    @property
    def b_sum(self) -> float:
        """b̃_U + b̃_L."""
        return self.b_upper + self.b_lower


def read_cells() -> tuple[Cell, ...]:
    """Tables S1 and S2 of the supplement, a `Cell` per row."""
    printed = paper.values()
    tables = {
        "tableS1": {"actual": "window_actual", "a": "a", "b": "b"},
        "tableS2": {name: name for name in ("g_upper", "g_lower", "h_upper", "h_lower")},
    }

    def row(name: str) -> Cell:
        window, spacer = name.removeprefix("w").split("_s")  # w50_s500: µm and nm
        columns = {
            field: printed[f"{table}.{name}.{column}"]
            for table, names in tables.items()
            for field, column in names.items()
        }
        return Cell(window=int(window), spacer=int(spacer) / 1000, **columns)

    return tuple(
        row(id.split(".")[1]) for id in printed if id.startswith("tableS1.") and id.endswith(".b")
    )


def read_coefficients() -> Coefficients:
    """Coefficients as printed in the text of the supplement."""
    printed = paper.values()
    names = ("a_upper", "a_lower", "b_upper", "b_lower", "eta")
    return Coefficients(*(printed[f"bulge.{name}"] for name in names))


#: Tables S1 and S2 of the supplement, as printed.
CELLS = read_cells()
#: As printed in the text of the supplement.
PRINTED = read_coefficients()
#: Ranges of W_A and S over which equation S1 was fitted [µm].
WINDOWS = (min(cell.actual for cell in CELLS), max(cell.actual for cell in CELLS))
SPACERS = (min(cell.spacer for cell in CELLS), max(cell.spacer for cell in CELLS))


def columns(cells: Sequence[Cell] = CELLS) -> dict[str, np.ndarray]:
    """The tables by column, (len(cells),) each, under the names of `Cell`'s attributes."""
    return {
        field.name: np.array([getattr(cell, field.name) for cell in cells], float)
        for field in fields(Cell)
    }


def within_rounding(rng: np.random.Generator) -> tuple[Cell, ...]:
    """Tables S1 and S2 with digits drawn at random that print as the same numbers."""
    drawn = []
    for cell in CELLS:
        # Two digits are printed of each number, but one of the 0.6 µm.
        steps = {"actual": 1.0, "a": 0.1, "b": 0.1, "g_upper": 0.1, "g_lower": 0.1}
        steps |= {
            name: 0.1 if getattr(cell, name) >= 1 else 0.01 for name in ("h_upper", "h_lower")
        }
        if cell.h_lower == 0.6:
            steps["h_lower"] = 0.1
        drawn.append(
            replace(
                cell, **{k: getattr(cell, k) + s * rng.uniform(-0.5, 0.5) for k, s in steps.items()}
            )
        )
    return tuple(drawn)
