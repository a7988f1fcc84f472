"""Plots that the notebooks share. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

#: Okabe and Ito's colours, distinguishable with any colour vision.
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000",
)  # fmt: skip

#: Width of a figure [inch] in which its text is as large as the page's.
WIDTH = 8.4

#: Round lengths for scale bars [nm].
_BARS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def use_style() -> None:
    """Set fonts and lines once, at the top of a notebook."""
    mpl.rcParams.update({
        "figure.dpi": 150, "savefig.dpi": 150, "savefig.bbox": "tight", "font.size": 10,
        "axes.spines.top": False, "axes.spines.right": False, "axes.grid": False,
        "image.cmap": "gray", "legend.frameon": False, "lines.linewidth": 1.6,
    })  # fmt: skip


def short(value: float) -> str:
    """A number with two digits that count: 0.27, 16,000."""
    return f"{float(f'{value:.2g}'):,.12g}"


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent, with a space: 46 %."""
    return f"{100 * share:.{digits}f} %"


def scientific(value: float) -> str:
    """A number with a power of ten: 4.5 × 10⁸, 10⁷."""
    mantissa, exponent = f"{value:.1e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{power}" if mantissa == "1.0" else f"{mantissa} × 10{power}"


def scale_bar(axes: Axes, pixel_size: float, width: int) -> None:
    """Draw a scale bar of a round length, about a fifth of the image wide.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Showing an image.
    pixel_size : float
        [nm]
    width : int
        Of the image [px].
    """
    aim = 0.22 * width * pixel_size
    length = min(_BARS, key=lambda bar: abs(np.log(bar / aim)))
    fraction = length / pixel_size / width
    label = f"{length} nm" if length < 1000 else f"{length // 1000} µm"
    transform = axes.transAxes
    # Dark on light, so that it reads on any image.
    axes.add_patch(plt.Rectangle((0.03, 0.03), fraction + 0.04, 0.12, transform=transform,
                                 facecolor="white", alpha=0.85, linewidth=0))  # fmt: skip
    axes.plot([0.05, 0.05 + fraction], [0.055, 0.055], transform=transform, color=BLACK, lw=2.5)
    axes.text(0.05 + fraction / 2, 0.075, label, transform=transform, ha="center", va="bottom",
              fontsize=7.5, color=BLACK)  # fmt: skip


def _subplots(*args: Any, **kwargs: Any) -> tuple[Figure, np.ndarray]:
    # Closed at once for pyplot: a notebook then shows a figure once, where its cell ends with it.
    figure, axes = plt.subplots(*args, layout="constrained", **kwargs)
    plt.close(figure)
    return figure, axes


def panel(
    rows: Sequence[Sequence[np.ndarray]],
    columns: Sequence[str],
    *,
    labels: Sequence[str] | None = None,
    pixel_sizes: Sequence[float | None] | None = None,
    side: float | None = None,
    limits: tuple[float, float] | None = (0.0, 1.0),
) -> Figure:
    """Grid of grey images: a row per sample, a column per stage.

    Parameters
    ----------
    rows : sequence of sequence of ndarray
        Images (H, W).
    columns : sequence of str
        Titles of the columns.
    labels : sequence of str, optional
        Text at the left of each row.
    pixel_sizes : sequence of float or None, optional
        [nm] for a scale bar in the last image of each row.
    side : float, optional
        Of one image [inch]; by default what fills the page's width.
    limits : tuple of float or None
        Grey levels shown black and white; None takes each image's own 0.1 and 99.9 percentiles.

    Returns
    -------
    matplotlib.figure.Figure
    """
    side = side or min(WIDTH / len(columns), 2.4)
    figure, axes = _subplots(
        len(rows), len(columns), figsize=(side * len(columns), side * len(rows) + 0.3),
        squeeze=False,
    )  # fmt: skip
    for r, images in enumerate(rows):
        for c, image in enumerate(images):
            low, high = limits or np.percentile(image, [0.1, 99.9])
            cell = axes[r, c]
            cell.imshow(image, vmin=low, vmax=high, interpolation="nearest")
            cell.set(xticks=[], yticks=[])
            cell.spines[:].set_visible(False)
            if r == 0:
                cell.set_title(columns[c], fontsize=10)
        if labels is not None:
            axes[r, 0].set_ylabel(labels[r], fontsize=9)
        if pixel_sizes is not None and pixel_sizes[r]:
            scale_bar(axes[r, -1], pixel_sizes[r], images[-1].shape[1])
    return figure


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markdown:
    """Table for the last line of a cell, first column left and the others right aligned."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return Markdown("\n".join(lines))


def columns_of(number: int) -> tuple[Figure, list[Axes]]:
    """Figure with `number` plots side by side."""
    figure, axes = _subplots(1, number, figsize=(WIDTH, 3.3 if number < 3 else 2.6))
    return figure, list(np.atleast_1d(axes))


def rows_of(number: int) -> tuple[Figure, list[Axes]]:
    """Figure with `number` plots below each other, which share their horizontal axis."""
    figure, axes = _subplots(number, 1, figsize=(WIDTH, 1.0 + 1.7 * number), sharex=True)
    return figure, list(np.atleast_1d(axes))


def plots_of(rows: int, columns: int) -> tuple[Figure, np.ndarray]:
    """Figure with plots in rows and columns, which share their horizontal axes."""
    return _subplots(rows, columns, figsize=(WIDTH, 0.4 + 2.4 * rows), sharex=True, squeeze=False)


def grid_of(rows: int, columns: int) -> tuple[Figure, np.ndarray]:
    """Figure with square plots in rows and columns, which share their axes."""
    side = WIDTH / columns
    return _subplots(
        rows, columns, figsize=(WIDTH, rows * side + 0.4), sharex=True, sharey=True, squeeze=False
    )


def histogram(axes: Axes, values: np.ndarray, bins: np.ndarray, colour: str, label: str) -> None:
    """Filled histogram with an outline, so that overlapping ones stay readable."""
    axes.hist(values, bins=bins, color=colour, alpha=0.45, label=label)
    axes.hist(values, bins=bins, color=colour, histtype="step", linewidth=1.4)


def label_points(axes: Axes, names: Sequence[str], x: Sequence[float], y: Sequence[float]) -> None:
    """Write a name beside each point, where it covers the fewest other names and points.

    Call it when the axes have their limits and scales.
    """
    axes.figure.canvas.draw()  # the layout is only now what it will be
    places = axes.transData.transform(np.column_stack([x, y]))
    covered = [Bbox([place - 5, place + 5]) for place in places]
    offsets = [(dx, dy) for dy in (0, 7, -7, 14, -14, 21, -21) for dx in (6, -6)]
    for name, *at in sorted(zip(names, x, y, strict=True), key=lambda one: -one[1]):
        label = axes.annotate(
            name, at, xytext=(0, 0), textcoords="offset points", fontsize=8, va="center"
        )

        def box_at(offset: tuple[int, int], label: Annotation = label) -> Bbox:
            label.set(position=offset, ha="left" if offset[0] > 0 else "right")
            return label.get_window_extent()

        best = min(offsets, key=lambda offset: box_at(offset).count_overlaps(covered))
        covered.append(box_at(best))


def circled(axes: Axes, image: np.ndarray, regions: np.ndarray, colour: str) -> None:
    """Show an image between its 0.1 and 99.9 percentiles, with a circle around every region.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    image : ndarray, (H, W)
    regions : ndarray, (H, W), int
        Labels 1, 2, …
    colour : str
    """
    low, high = np.percentile(image, [0.1, 99.9])
    axes.imshow(image, vmin=low, vmax=high)
    axes.set(xticks=[], yticks=[])
    for label in range(1, regions.max() + 1):
        rows, columns = np.nonzero(regions == label)
        radius = 6 + np.sqrt(len(rows) / np.pi)
        axes.add_patch(Circle((columns.mean(), rows.mean()), radius, fill=False, color=colour,
                              lw=1.3))  # fmt: skip


def learning_curves(curves: dict[str, np.ndarray], baseline: dict[str, float]) -> Figure:
    """Loss, PSNR and SSIM against the epoch.

    Parameters
    ----------
    curves : dict of ndarray
        As `lctem_core.train.callbacks.read_log` gives them.
    baseline : dict of float
        ``psnr`` and ``ssim`` of the untreated images, drawn dashed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (loss, psnr, ssim) = columns_of(3)
    epoch = curves["epoch"]
    loss.plot(epoch, curves["train_loss"], color=BLUE, label="training crops")
    looked = np.isfinite(curves["val_loss"])
    loss.plot(epoch[looked], curves["val_loss"][looked], color=RED, marker="o", ms=3,
              label="validation frames")  # fmt: skip
    loss.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    loss.legend()
    for axes, name, unit in ((psnr, "psnr", "PSNR [dB]"), (ssim, "ssim", "SSIM")):
        axes.plot(epoch[looked], curves[f"val_{name}"][looked], color=RED, marker="o", ms=3)
        axes.axhline(baseline[name], color=BLACK, ls="--", lw=1)
        axes.text(0.98, baseline[name], "untreated", transform=axes.get_yaxis_transform(),
                  ha="right", va="bottom", fontsize=8)  # fmt: skip
        axes.set(xlabel="epoch", ylabel=unit)
    return figure


def schematic() -> Figure:
    """The paper's Figure 2: from a pair of acquisitions to a trained network, drawn by code."""
    figure, axes = _subplots(figsize=(WIDTH, 3.4))
    axes.set(xlim=(0, 100), ylim=(0, 40))
    axes.axis("off")
    boxes = {
        "wet": (1, 27, 16, 11, "wet frame\nparticles in water\n1–1,000 e⁻/nm²", SKY),
        "dry": (1, 2, 16, 11, "dry frame\nno liquid\n> 100 × brighter", ORANGE),
        "prepare": (
            24, 12, 17, 16, "cut out region\nreduce to 512 × 512\nby area\nrescale 0–1", "white",
        ),
        "noisy": (48, 27, 12, 11, "noisy\n(S image)", SKY),
        "truth": (48, 2, 12, 11, "truth\n(T image)", ORANGE),
        "network": (66, 27, 14, 11, "U-Net with\nResNet encoder", "white"),
        "refined": (86, 27, 13, 11, "refined\n(P image)", GREEN),
        "loss": (84, 2, 15, 11, "loss\n1 − SSIM(P, T)", "white"),
    }  # fmt: skip
    for x, y, width, height, text, colour in boxes.values():
        axes.add_patch(FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0.4",
                                      facecolor=mpl.colors.to_rgba(colour, 0.35),
                                      edgecolor=BLACK, linewidth=1))  # fmt: skip
        axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=9)

    def arrow(start: tuple[float, float], end: tuple[float, float], curve: float = 0.0) -> None:
        style = {"arrowstyle": "-|>", "mutation_scale": 13, "color": BLACK}
        axes.add_patch(FancyArrowPatch(start, end, connectionstyle=f"arc3,rad={curve}", **style))

    arrow((17.5, 32), (23.5, 25))
    arrow((17.5, 8), (23.5, 15))
    arrow((41.5, 25), (47.5, 32))
    arrow((41.5, 15), (47.5, 8))
    arrow((60.5, 32.5), (65.5, 32.5))
    arrow((80.5, 32.5), (85.5, 32.5))
    arrow((92.5, 26.5), (92.5, 13.5))
    arrow((60.5, 7.5), (83.5, 7.5))
    arrow((83.5, 11), (73, 26.5), -0.3)
    axes.text(63.5, 15.5, "gradient changes\nthe network", fontsize=8.5, style="italic", ha="left")
    axes.text(
        54, 20, "flips, mosaics:\nthe same for both", fontsize=8.5, style="italic", ha="center"
    )
    return figure


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
