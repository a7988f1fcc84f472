"""Schematics of the liquid cell for the supplement's chapter. Nothing is computed here."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from lctem_core.figures import BLACK, BLUE, ORANGE, RED, SKY, columns_of

_BOTH = {"arrowstyle": "<->", "color": BLACK, "lw": 1, "shrinkA": 0, "shrinkB": 0}


def _span(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops=_BOTH)


def parallax() -> Figure:
    """Two membranes seen straight and tilted: the far particle moves by t sin θ."""
    figure, panels = columns_of(2)
    for axes, angle, title in zip(panels, (0, 22), ("θ = 0", "tilted by θ"), strict=True):
        turn = np.deg2rad(angle)
        matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

        def put(x: float, z: float, matrix: np.ndarray = matrix) -> np.ndarray:
            return matrix @ (x, z)

        for z in (-1, 1):
            ends = np.array([put(-3, z), put(3, z)])
            axes.plot(*ends.T, color=BLACK, lw=2)
        q, r = put(-0.9, -0.82), put(0.9, 0.82)
        for place, colour, name in ((q, BLUE, "Q"), (r, RED, "R")):
            axes.add_patch(Circle(place, 0.18, color=colour))
            axes.plot([place[0]] * 2, [place[1] - 0.2, -3.1], color=colour, lw=1, ls=":")
            axes.text(place[0] + 0.28, place[1] - 0.2 * place[1], name, color=colour, va="center",
                      weight="bold")  # fmt: skip
        _span(axes, (q[0], -2.9), (r[0], -2.9))
        label = "p(0)" if not angle else "p(θ) = p(0) cos θ + t sin θ"
        axes.text((q[0] + r[0]) / 2, -3.45, label, ha="center", va="top")
        axes.annotate("", (2.9, 2.0), (2.9, 3.2), arrowprops={"arrowstyle": "-|>", "color": BLACK})
        axes.text(2.75, 2.6, "beam", ha="right", va="center")
        if not angle:
            _span(axes, (-2.3, -0.82), (-2.3, 0.82))
            axes.text(-2.2, 0, "t", va="center")
        axes.set(xlim=(-3.6, 3.6), ylim=(-4.4, 3.3), aspect="equal", title=title)
        axes.axis("off")
    return figure


def window_and_edge() -> Figure:
    """The supplement's Figures S2a and S3: crossing windows, and a cut along one edge."""
    figure, (plan, cut) = columns_of(2)
    for place, size, colour in (((-1, -3), (2, 6), BLUE), ((-3, -1), (6, 2), RED)):
        plan.add_patch(Rectangle(place, *size, facecolor=colour, alpha=0.25, edgecolor=colour))
    plan.text(0, 2.1, "window in\nupper chip", ha="center", va="center", fontsize=9)
    plan.text(-2, 0, "window in\nlower chip", ha="center", va="center", fontsize=9)
    _span(plan, (-1, -1.25), (1, -1.25))
    plan.text(0, -1.4, "$W_A$", ha="center", va="top")
    plan.plot([-1, 1], [1, 1], color=BLACK, lw=2)
    plan.plot([-1, -1], [-1, 1], color=BLACK, lw=2, ls="--")
    plan.annotate(
        "edge of the lower\nwindow: only the upper\nmembrane bulges", (0.8, 1), (1.3, 2.2),
        fontsize=9, va="center", arrowprops={"arrowstyle": "-", "lw": 0.8},
    )  # fmt: skip
    plan.text(0, 0, "beam", ha="center", va="center", fontsize=9)
    plan.set(xlim=(-3.2, 4.4), ylim=(-3.2, 3.2), aspect="equal", title="(a) from above")
    _cut(cut)
    for axes in (plan, cut):
        axes.axis("off")
    return figure


def _cut(axes: Axes) -> None:
    chip: dict[str, Any] = {"color": ORANGE, "lw": 5, "solid_capstyle": "butt"}
    x = np.linspace(-2, 2, 100)
    axes.fill_between(x, -1.2 * (1 - x**2 / 4), 0, color=SKY, alpha=0.3, lw=0)
    axes.fill_between([-3.4, 3.4], 0, 1.3, color=SKY, alpha=0.3, lw=0)
    axes.plot([-3.4, 3.4], [1.3, 1.3], color=BLACK, lw=1.5)
    for side in (-1, 1):
        axes.plot([2 * side, 3.4 * side], [1.38, 1.38], **chip)
        axes.plot([2 * side, 3.4 * side], [-0.08, -0.08], **chip)
    axes.plot(x, -1.2 * (1 - x**2 / 4), color=BLACK, lw=1.5)
    axes.plot([-2, 2], [0, 0], color=BLACK, lw=0.8, ls="--")
    _span(axes, (-2.7, 0), (-2.7, 1.3))
    axes.text(-2.8, 0.65, "$S + η$", ha="right", va="center")
    _span(axes, (0, -1.2), (0, 0))
    axes.text(0.12, -0.5, r"$h_L ≈ \tilde b_L W_A$", va="center")
    _span(axes, (-2, -1.6), (2, -1.6))
    axes.text(0, -1.7, "$W_A$", ha="center", va="top")
    axes.text(0.12, 0.65, "liquid", va="center")
    axes.text(2.7, -0.35, "lower chip", ha="center", va="top", fontsize=9)
    axes.text(2.7, 1.55, "upper chip", ha="center", va="bottom", fontsize=9)
    axes.text(1.5, -1.05, "curvature $g_L$", fontsize=9, va="center")
    axes.set(xlim=(-3.9, 3.5), ylim=(-2.2, 2.2), title="(b) cut along an edge")
