"""The liquid in a window as a surface that a reader of the page can turn and change."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lctem_core.cell.bulge import liquid_thickness
from lctem_core.cell.tables import PRINTED, SPACERS, WINDOWS, Coefficients

#: Heights are drawn this many times larger than lengths along the window.
EXAGGERATION = 4
_PAGE = Path(__file__).with_name("surface.html")


@dataclass(frozen=True)
class TurnableSurface:
    """Equation S1 over a window; sliders for window, spacer and the view, no kernel needed.

    Attributes
    ----------
    window, spacer : float
        At the start [µm].
    coefficients : Coefficients
    """

    window: float = 68.0
    spacer: float = 0.5
    coefficients: Coefficients = PRINTED

    def html(self) -> str:
        """Fragment of a page, with its own script and style."""
        values = {
            "window": self.window, "spacer": self.spacer, "windows": WINDOWS, "spacers": SPACERS,
            "a": self.coefficients.a_mean, "b": self.coefficients.b_sum,
            "eta": self.coefficients.offset, "exaggeration": EXAGGERATION,
        }  # fmt: skip
        return _PAGE.read_text("utf8").replace("__VALUES__", json.dumps(values))

    def png(self) -> bytes:
        """The same surface as a picture, for readers that show no HTML."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4.5), dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot(projection="3d")
        axis = np.linspace(-self.window / 2, self.window / 2, 33)
        x, y = np.meshgrid(axis, axis)
        height = liquid_thickness(x, y, self.window, self.spacer, self.coefficients)
        axes.plot_surface(x, y, height, cmap="cividis", rstride=1, cstride=1)
        axes.set(xlabel="x [µm]", ylabel="y [µm]", zlabel="h [µm]")
        axes.set_zlim(bottom=0)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        text = f"Liquid thickness, W_A = {self.window:g} µm, S = {self.spacer:g} µm"
        return {"text/html": self.html(), "image/png": self.png(), "text/plain": text}
