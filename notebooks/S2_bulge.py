# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [lctem_core/cell/surface.html]
# ---

# %% [markdown]
# # The bulge: six cells, equation S1, and what their tables support
#
# **Question.** The membranes of a liquid cell bulge. How thick is the liquid at a place in a window,
# and do the supplement's tables and its relations for the thickness agree?
#
# **Answer.** Several micrometres, almost whatever the spacer. In a 50 µm window with a 500 nm spacer,
# equation S1 of {cite:t}`katsuno2024` gives {glue:text}`profile_centre:.1f` µm in the centre and
# {glue:text}`profile_corner:.1f` µm in a corner. It reproduces the centre thickness of the six cells with an rms
# error of {glue:text}`s1_rms:.2f` µm. The two relations that lead to it do not fit their own table as
# printed; corrected, they do. Of {glue:text}`n_findings` claims, {glue:text}`n_reproduces` reproduce,
# {glue:text}`n_corrected` reproduce with a corrected relation, {glue:text}`n_cannot_both` cannot hold together
# with another statement, and {glue:text}`n_unchecked` cannot be checked here.
#
# **How far to trust it.** Everything is recomputed from printed numbers of two digits, for six cells. The
# measured points are not public; where points are needed, they are simulated. Equation S1 holds for
# windows and spacers like those of the six cells, and for cells of the same membranes.
#
# This chapter corresponds to the supplement, Figures S2 and S3, Tables S1 and S2 and equation S1. It is
# also the third part of the audit that starts in {doc}`07_audit_data`, which explains the verdicts.
#
# ```{glue:md} audit_overview
# :format: myst
# ```

# %% tags=["hide-input"]
from dataclasses import replace
from functools import partial

import numpy as np
from IPython.display import Markdown
from myst_nb import glue

from lctem_core import figures, paper
from lctem_core.cell import bulge, membrane, tables
from lctem_core.cell.bulge import liquid_thickness
from lctem_core.cell.surface import TurnableSurface
from lctem_core.cell.tables import CELLS, PRINTED
from lctem_core.paper import CANNOT_BOTH, CORRECTED, UNCHECKED, judged
from lctem_core.simulate import tilt
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import (
    Acquisition,
    acquire,
    background_share,
    depths,
    liquid_blur,
)

figures.use_style()

# %% tags=["parameters"]
seed = 5  # the same seed gives the same simulated points and images
n_sets = 200  # simulated data sets per cell for the coverage of intervals
n_rounded = 2000  # tables drawn that print as the supplement's
point_scatter = 0.3  # assumed scatter of a measured thickness in a window, µm

# %%
printed = paper.values()
findings = paper.Audit()
table = tables.columns()
width, spacer = table["actual"], table["spacer"]  # W_A and S [µm]

# %% [markdown]
# ## The cells
#
# The supplement measures the thickness at thirteen points of a window, for six combinations of
# window and spacer. It fits parabolas to them: over the whole window $h' = -a r^2 + b$ (Table S1), and along
# the edges $h' = -g y^2 + h$ for the upper and the lower membrane (Table S2). The windows of the two
# chips are long rectangles that cross; the square that the beam can pass is their overlap.

# %% tags=["hide-input"]
#| name: fig-cell
#| caption: (a) The crossing windows from above (after the paper's Figure S2a). (b) Cut along the dashed edge, where the upper membrane is flat and only the lower one bulges (after the paper's Figure S3), with the parameters as they fit Table S2. Schematics, drawn by code, not to scale.
#| alt: Left, a vertical and a horizontal rectangle that cross in a square of width W_A; one edge of the square is marked as the edge of the lower window. Right, a flat upper membrane, and a lower membrane that bulges downwards by h_L between the chips; the gap between the chips is S plus eta.
figures.window_and_edge()

# %% tags=["hide-input"]
heads = {
    "window": "W [µm]", "actual": "W_A [µm]", "spacer": "S [µm]", "a": "a [mm⁻¹]",
    "b": "b [µm]", "g_upper": "g_U [mm⁻¹]", "g_lower": "g_L [mm⁻¹]", "h_upper": "h_U [µm]",
    "h_lower": "h_L [µm]",
}  # fmt: skip
figures.table(
    list(heads.values()),
    [[f"{getattr(cell, name):g}" for name in heads] for cell in CELLS],
)

# %% [markdown]
# These are the numbers of Tables S1 and S2; all of the following is computed from them. To see what
# thirteen points can give, we simulate them: the published
# $a$ and $b$ of the window of Figure S2b, places of our choice (centre, corners, middles of the edges,
# half way), and an assumed scatter. Of the thirteen, three lie on each edge; those of two opposite
# edges give the curvature $g$ and the maximum $h$ of the membrane that bulges along them (planted:
# Table S2), with intervals several times wider.

# %%
shown = next(
    cell for cell in CELLS if cell.window == 50 and cell.spacer == 0.5
)
half = shown.actual / 2
rng = np.random.default_rng(seed)
x, y, height = bulge.simulated_points(shown, point_scatter, rng)
fit_a, fit_b = bulge.fit_bulge(x, y, height)
cover_a, cover_b = bulge.coverage(point_scatter, n_sets, rng)
edge = half * np.array([-1, 0, 1, -1, 0, 1])  # of two edges
print(f"a = {fit_a.value:.2f} mm⁻¹, 95 % {np.round(fit_a.interval, 2)}")
print(f"b = {fit_b.value:.2f} µm, 95 % {np.round(fit_b.interval, 2)}")
for side in ("upper", "lower"):
    g, h = getattr(shown, f"g_{side}"), getattr(shown, f"h_{side}")
    scattered = (
        h
        - g / 1000 * edge**2
        + point_scatter * rng.standard_normal(len(edge))
    )
    g, h = bulge.fit_bulge(edge, 0 * edge, scattered)
    print(
        f"g_{side} = {g.value:.2f} mm⁻¹, {np.round(g.interval, 2)};", end=" "
    )
    print(f"h_{side} = {h.value:.2f} µm, {np.round(h.interval, 2)}")
print(f"{n_sets} data sets per window: {cover_a:.1%} of the intervals")
print(f"hold the planted a, {cover_b:.1%} the planted b")

# %% tags=["hide-input"]
#| name: fig-profile
#| caption: Thickness against the distance from the centre, 50 µm window (W_A = 68 µm), 500 nm spacer; the paper's Figure S2b. Points, simulated from the published a and b with an assumed scatter of 0.3 µm, since the measured ones are not public; curves, computed from the paper's tables and coefficients. Dotted, the middle of an edge and the corner; shaded, the 3–7 µm of the text.
#| alt: Points that fall from 7.5 micrometres at the centre to about 2 at 48 micrometres, with three curves through them; the two of equation S1 lie 0.7 micrometres below the fit of the table at the centre, and together with it at the corner. A shaded band covers 3 to 7 micrometres.
figure, (axes,) = figures.columns_of(1)
figure.set_size_inches(5.6, 3.6)
bottom, top = paper.bounds("profile.range")
axes.axhspan(bottom, top, color=figures.SKY, alpha=0.2, lw=0)
r = np.linspace(0, shown.actual / np.sqrt(2), 60)
along = r / np.sqrt(2)
in_table = shown.b - shown.a / 1000 * r**2
axes.plot(r, in_table, color=figures.BLACK, lw=1.2, label="Table S1")
for coefficients, name, colour in (
    (PRINTED, "equation S1, as printed", figures.RED),
    (bulge.refitted(), "equation S1, refitted", figures.ORANGE),
):
    curve = liquid_thickness(
        along, along, shown.actual, shown.spacer, coefficients
    )
    axes.plot(r, curve, color=colour, label=name)
axes.plot(
    np.hypot(x, y), height, "o", color=figures.BLUE, ms=5, label="13 points"
)
for radius in (half, np.sqrt(2) * half):
    axes.axvline(radius, color=figures.BLACK, lw=0.8, ls=":")
axes.set(xlabel="r [µm]", ylabel="thickness [µm]", ylim=(0, 8.5))
axes.legend(fontsize=9)
figure

# %% [markdown]
# (audit-edge)=
# ### Edge and centre of a window
#
# For this cell the text names thicknesses at the edge and at the centre.

# %% tags=["hide-input"]
places = {"centre": (0, 0), "edge": (half, 0), "corner": (half, half)}
s1 = {
    name: float(liquid_thickness(*place, shown.actual, shown.spacer))
    for name, place in places.items()
}
fit = {
    name: shown.b - shown.a / 1000 * (u**2 + v**2)
    for name, (u, v) in places.items()
}
glue("profile_edge", round(s1["edge"], 2), display=False)
glue("profile_corner", round(s1["corner"], 2), display=False)
glue("profile_centre", round(s1["centre"], 2), display=False)
glue("profile_range", f"{s1['corner']:.1f}–{s1['centre']:.1f}", display=False)
glue("profile_variation", round(s1["centre"] / s1["edge"], 2), display=False)
h_edge = shown.h_upper
by_relation = (
    printed["bulge.b_upper"] * shown.actual
    + shown.spacer
    + printed["bulge.eta"]
)
findings.add(
    "audit-edge",
    "About 3 µm at the edge",
    paper="“The thickness of the window edge reaches about 3 µm”.",
    recomputed=(
        f"Table S1 gives {fit['edge']:.1f} µm in the middle of an edge and "
        f"{fit['corner']:.1f} in a corner; 3 µm lies between. h_U of Table S2 is {h_edge:g} µm, but "
        f"the printed relation for h makes {by_relation:.1f}. Two readings: 3 µm as the h_U of Table "
        "S2, which would be a thickness, against the fit of the section on the bulge; or 3 µm as the "
        "thickness somewhere between edge and corner."
    ),
    verdict=judged(abs(fit["edge"] - printed["profile.edge"]) < 0.5),
    values=["profile.edge"],
)
findings.add(
    "audit-edge",
    "More than 7 µm in the centre",
    paper="“more than 7 µm”, b = 7.5 µm; the curves of Figure S2b are equation S1.",
    recomputed=(
        f"Table S1 gives {fit['centre']:.1f} µm. Equation S1 with its printed coefficients gives "
        f"{s1['centre']:.1f} µm, so that its curve cannot reach 7 µm."
    ),
    verdict=judged(s1["centre"] > 7),
    values=["profile.centre", "tableS1.w50_s500.b"],
)
findings.add(
    "audit-edge",
    "3–7 µm, twice as thick in the middle",
    paper="“approximately twice as thick”; 3–7 µm, with reference to Table S1.",
    recomputed=(
        f"7/3 is {top / bottom:.1f}. Table S1 has {fit['centre'] / fit['edge']:.1f} from edge to "
        f"centre and {fit['centre'] / fit['corner']:.1f} from corner to centre. It lists no "
        "thickness at the edge."
    ),
    verdict=judged(1.5 <= top / bottom <= 2.5),
    values=["profile.range", "profile.variation"],
)
Markdown(findings.report("audit-edge"))

# %% [markdown]
# (audit-window)=
# ### Window sizes

# %% tags=["hide-input"]
ratio = {w: np.mean(width[table["window"] == w]) / w for w in (20, 50)}
glue("window_ratio_20", round(float(ratio[20]), 3), display=False)
glue("window_ratio_50", round(float(ratio[50]), 3), display=False)
findings.add(
    "audit-window",
    "Windows 1.5 and 1.1 times larger than specified",
    paper="1.5 times (20 µm) and 1.1 times (50 µm).",
    recomputed=f"the actual sizes of Tables S1 and S2 give {ratio[20]:.2f} and {ratio[50]:.2f}.",
    verdict=judged(
        all(
            abs(ratio[w] - printed[f"cells.window_ratio_{w}"]) < 0.1
            for w in ratio
        )
    ),
    values=["cells.window_ratio_20", "cells.window_ratio_50"],
)
findings.add(
    "audit-window",
    "Each combination of spacer and window",
    paper="four spacers, two windows, thirteen points “for each combination”.",
    recomputed=(
        f"Tables S1 and S2 list {len(CELLS)} of {printed['cells.spacers'] * printed['cells.windows']} "
        "combinations, and none of the points. Whether the others were measured is not said."
    ),
    verdict=UNCHECKED,
    values=["cells.spacers", "cells.windows", "cells.points"],
)
Markdown(findings.report("audit-window"))

# %% [markdown]
# (audit-curvature)=
# ## The scaling relations, refitted
#
# The supplement relates curvature and height to the actual window size $W_A$:
# $1/g_{U,L} = \tilde a_{U,L} W_A$ and $h_{U,L} = \tilde b_{U,L} W_A + S + \eta$.
# Neither fits its own Table S2 as printed. With $g$ in µm⁻¹ and $W_A$ in µm, $1/g$ is
# {glue:text}`slope_upper:.1f` and {glue:text}`slope_lower:.1f` times $W_A$, not 0.20 and 0.11 times. The
# reciprocal does fit, $g = \tilde a / W_A$, and is what equation S1 uses. Eleven of the twelve $h$ are at
# most 2.5 µm, and those with a spacer of 5 µm are no larger; the printed relation would need
# $\eta$ = {glue:text}`eta_as_printed:.1f` µm: they are protrusions, $h = \tilde b\,W_A$, to which
# equation S1 adds $S + \eta$ once. Read so, the printed coefficients come out, but for $\tilde a_L$.

# %% tags=["hide-input"]
refitted = bulge.refitted()
rounding = bulge.by_rounding(n_rounded, np.random.default_rng(seed))
offset = bulge.offset(printed["bulge.b_sum"])
lines = {
    "ã_U": ("a_upper", "a_upper", bulge.edge_coefficient("upper")),
    "ã_L": ("a_lower", "a_lower", bulge.edge_coefficient("lower")),
    "b̃_U": ("b_upper", "b_upper", bulge.protrusion_coefficient("upper")),
    "b̃_L": ("b_lower", "b_lower", bulge.protrusion_coefficient("lower")),
    "η [µm], with b̃ = 0.056": ("eta", "offset", offset),
}
rows = [
    [name, f"{printed[f'bulge.{id}']:g}", f"{line.value:.3f}",
     f"{line.interval[0]:.3f} to {line.interval[1]:.3f}", f"± {rounding[field]:.4f}"]
    for name, (id, field, line) in lines.items()
]  # fmt: skip
rows += [
    [name, f"{printed[f'bulge.{field}']:g}", f"{getattr(refitted, field):.3f}", "",
     f"± {rounding[field]:.4f}"]
    for name, field in (("√(ã_U ã_L)", "a_mean"), ("b̃_U + b̃_L", "b_sum"))
]  # fmt: skip
implied = {
    side: table[f"h_{side}"] - spacer - printed[f"bulge.b_{side}"] * width
    for side in ("upper", "lower")
}
glue("eta_as_printed", float(np.mean(list(implied.values()))), display=False)
for name, value in {
    "slope_upper": 1 / refitted.a_upper,
    "slope_lower": 1 / refitted.a_lower,
    "bulge_a_upper": refitted.a_upper,
    "bulge_a_lower": refitted.a_lower,
    "bulge_b_upper": refitted.b_upper,
    "bulge_b_lower": refitted.b_lower,
    "bulge_eta": offset.value,
    "bulge_a_mean": refitted.a_mean,
    "bulge_b_sum": refitted.b_sum,
}.items():
    glue(name, float(value), display=False)
figures.table(
    ["", "paper", "refitted", "95 % interval", "by rounding of the table"],
    rows,
)

# %% tags=["hide-input"]
#| name: fig-scaling
#| caption: Table S2 against the actual window size (dots, squares) with the corrected relations at their refitted coefficients (lines). (a) Reciprocal curvature and $W_A/\tilde a$; dashed, the printed $1/g = \tilde a W_A$, along the axis. (b) Maximum h along the edge and $\tilde b W_A$; crosses, the printed $\tilde b W_A + S + \eta$ for each cell.
#| alt: Left, 1/g of the upper membrane rises from 130 to 370 micrometres, of the lower one from 350 to 900, with scatter about their lines; two dashed lines run along the axis. Right, h of the upper membrane rises from 1 to 3 micrometres, of the lower one from 0.3 to 1.6, on lines through the origin; crosses for the printed relation lie between 3 and 10 micrometres.
figure, (left, right) = figures.columns_of(2)
grid = np.array([0, 72])
for side, colour, mark in (
    ("upper", figures.BLUE, "o"),
    ("lower", figures.RED, "s"),
):
    a, b = getattr(refitted, f"a_{side}"), getattr(refitted, f"b_{side}")
    left.plot(
        width, 1000 / table[f"g_{side}"], mark, color=colour, label=side
    )
    left.plot(grid, grid / a, color=colour, lw=1)
    left.plot(
        grid, grid * printed[f"bulge.a_{side}"], color=colour, lw=1, ls="--"
    )
    right.plot(width, table[f"h_{side}"], mark, color=colour, label=side)
    right.plot(grid, grid * b, color=colour, lw=1)
    as_printed = (
        printed[f"bulge.b_{side}"] * width + spacer + printed["bulge.eta"]
    )
    right.plot(width, as_printed, "x", color=colour)
left.set(xlabel="W_A [µm]", ylabel="1/g [µm]", title="(a)")
right.set(xlabel="W_A [µm]", ylabel="h_U, h_L [µm]", title="(b)")
left.legend(title="membrane", fontsize=9)
figure

# %% tags=["hide-input"]
lower = table["g_lower"] * width / 1000
far = np.concatenate(
    [1000 / table[f"g_{side}"] / width for side in ("upper", "lower")]
)
left_out = [
    bulge.edge_coefficient("lower", CELLS[:i] + CELLS[i + 1 :]).value
    for i in range(len(CELLS))
]
findings.add(
    "audit-curvature",
    "1/g = ã W_A",
    paper="1/g = ã W_A with ã = 0.20 (upper) and 0.11 (lower).",
    recomputed=(
        f"in Table S2 the quotient 1/(g W_A) is {far.min():.0f} to {far.max():.0f}, "
        "not 0.1 to 0.2. With g = ã/W_A, which equation S1 uses, ã = g W_A; through-origin least "
        f"squares of 1/g on W_A give ã = {refitted.a_upper:.3f} and {refitted.a_lower:.3f}. The "
        "printed numbers belong to this relation."
    ),
    verdict=CORRECTED,
    values=["bulge.a_upper", "bulge.a_lower"],
)
findings.add(
    "audit-curvature",
    "ã of the lower membrane is 0.11",
    paper="0.11.",
    recomputed=(
        f"{refitted.a_lower:.3f} from Table S2, and {min(left_out):.3f} to {max(left_out):.3f} if "
        "any one cell is left out. How the fit weighted the cells is not printed: least squares of g "
        f"on 1/W_A give {bulge.through_origin(1 / width, table['g_lower'] / 1000).value:.3f}, and "
        f"single cells have {lower.min():.2f} to {lower.max():.2f}."
    ),
    verdict=UNCHECKED,
    values=["bulge.a_lower"],
)
Markdown(findings.report("audit-curvature"))

# %% [markdown]
# (audit-protrusion)=
# ### Height of the bulge

# %% tags=["hide-input"]
thin = np.concatenate([needed[spacer < 1] for needed in implied.values()])
deviation = np.array(
    list(implied.values())
)  # from b̃ W_A + S, the whole of it
rms = {
    "b̃ W_A": np.sqrt(np.mean((deviation + spacer) ** 2)),
    "b̃ W_A + S + η": np.sqrt(
        np.mean((deviation - printed["bulge.eta"]) ** 2)
    ),
}
eta = table["b"] - spacer - printed["bulge.b_sum"] * width
findings.add(
    "audit-protrusion",
    "h = b̃ W_A + S + η",
    paper="with b̃ = 0.038 and 0.018, η = 2.5 µm; h is called the maximum thickness at the edge.",
    recomputed=(
        f"the printed relation misses Table S2 by {rms['b̃ W_A + S + η']:.1f} µm (rms); η would have "
        f"to be {thin.min():.1f} to {thin.max():.1f} µm for the spacers below 1 µm, and "
        f"{deviation.min():.1f} for that of 5 µm. b̃ W_A alone fits within "
        f"{rms['b̃ W_A']:.1f} µm and gives b̃ = {refitted.b_upper:.3f} and {refitted.b_lower:.3f}. "
        "So h in Table S2 is the protrusion of a membrane, without spacer and offset; the relation "
        "is one for the thickness."
    ),
    verdict=CORRECTED,
    values=["bulge.b_upper", "bulge.b_lower", "bulge.eta"],
)
findings.add(
    "audit-protrusion",
    "η = 2.5 µm",
    paper="2.5 µm.",
    recomputed=(
        f"the mean of b − S − (b̃_U + b̃_L) W_A over Table S1 is {eta.mean():.2f} µm; single cells "
        f"have {eta.min():.1f} to {eta.max():.1f} µm."
    ),
    verdict=judged(abs(eta.mean() - printed["bulge.eta"]) < 0.05),
    values=["bulge.eta", "bulge.spacer_bound"],
)
Markdown(findings.report("audit-protrusion"))

# %% [markdown]
# (audit-s1)=
# ## Equation S1
#
# It combines the coefficients to the thickness of any cell,
#
# $$
# h = -\frac{\sqrt{\tilde a_U \tilde a_L}}{W_A}\,r^2 + (\tilde b_U + \tilde b_L)\,W_A + \eta + S .
# $$ (eq-s1)

# %% tags=["hide-input"]
window_term, spacer_term, rest_term = bulge.linear_fit(
    np.column_stack([width, spacer, np.ones(len(width))]), table["b"]
)
glue("spacer_share", float(spacer_term.value), display=False)
glue("spacer_low", float(spacer_term.interval[0]), display=False)
glue("spacer_high", float(spacer_term.interval[1]), display=False)
eq_b = np.array(
    [float(liquid_thickness(0, 0, c.actual, c.spacer)) for c in CELLS]
)
eq_a = 1000 * printed["bulge.a_mean"] / width
arithmetic = (table["g_upper"] + table["g_lower"]) / 2
geometric = np.sqrt(table["g_upper"] * table["g_lower"])
b_error = np.sqrt(np.mean((eq_b - table["b"]) ** 2))
a_error = np.abs(eq_a / table["a"] - 1)
glue(
    "arithmetic_worst",
    float(100 * (arithmetic / table["a"] - 1).max()),
    display=False,
)
glue(
    "geometric_low",
    float(100 * (1 - geometric / table["a"]).max()),
    display=False,
)
glue(
    "geometric_high",
    float(100 * (geometric / table["a"] - 1).max()),
    display=False,
)
glue("s1_rms", float(b_error), display=False)
glue("s1_a_worst", float(100 * a_error.max()), display=False)
columns = (table["a"], eq_a, arithmetic, geometric, table["b"], eq_b)
figures.table(
    [
        "W_A, S [µm]", "a, Table S1", "0.15 / W_A", "(g_U + g_L) / 2", "√(g_U g_L)",
        "b, Table S1", "equation S1",
    ],
    [
        [f"{cell.actual:g}, {cell.spacer:g}", *(f"{value:.1f}" for value in row)]
        for cell, row in zip(CELLS, np.transpose(columns), strict=True)
    ],
)  # fmt: skip

# %% [markdown]
# It reproduces the centre thickness of Table S1 with an rms error of {glue:text}`s1_rms:.2f` µm and its
# curvature (in mm⁻¹ above) within {glue:text}`s1_a_worst:.0f` %. $\eta$ = 2.5 µm is the mean over the six cells of
# what is left of $b$ when $S$ and 0.056 $W_A$ are taken away.
#
# Does the spacer count in full, as equation S1 has it? A fit of $b$ with a free coefficient of $S$
# gives {glue:text}`spacer_share:.2f` ({glue:text}`spacer_low:.2f` to {glue:text}`spacer_high:.2f`) instead of 1; but it
# depends on the one cell with a 5 µm spacer, in a table of six.
#
# `lctem_core.cell.bulge.liquid_thickness(x, y, window, spacer)` computes equation S1. It refuses points
# outside the window, and windows ($W_A$ of 34–68 µm) or spacers (0.05–5 µm) beyond those it was
# fitted to, unless told otherwise. Note that it takes the actual window size, 1.3 to 1.8 times the
# specified one.

# %% tags=["hide-input"]
findings.add(
    "audit-s1",
    "Equation S1 reproduces the measured thickness",
    paper="“reproduce the experimental data”, with 0.15, 0.056 and 2.5 µm.",
    recomputed=(
        f"the coefficients are {PRINTED.a_mean:.2f} and {PRINTED.b_sum:.3f}. Equation S1 gives b of "
        f"Table S1 with an rms error of {b_error:.2f} µm "
        f"({figures.percent(np.mean(b_error / table['b']))} of the mean) and a within "
        f"{figures.percent(a_error.max())}."
    ),
    verdict=judged(b_error < 1 and a_error.max() < 0.15),
    values=["bulge.a_mean", "bulge.b_sum", "bulge.eta"],
)
Markdown(findings.report("audit-s1"))

# %% tags=["hide-input"]
#| name: fig-surface
#| caption: Equation S1 with the printed coefficients. Drag the surface or use the sliders, which also obey the arrow keys, to turn it and to change window and spacer. Heights are drawn four times too large. Computed.
#| alt: A dome-shaped surface over a square window, highest in the centre and lowest in the corners.
TurnableSurface()

# %% [markdown]
# (audit-membranes)=
# ## Upper and lower membrane

# %% tags=["hide-input"]
upper_over_lower = np.array(
    [table[f"{k}_upper"] / table[f"{k}_lower"] for k in "gh"]
)
glue(
    "bulge_ratio",
    f"{upper_over_lower.min():.1f}–{upper_over_lower.max():.1f}",
    display=False,
)
near = np.isin(np.round(upper_over_lower), (2, 3))
a_ratio = printed["bulge.a_upper"] / printed["bulge.a_lower"]
findings.add(
    "audit-membranes",
    "ã is the same for both membranes",
    paper="“the magnitude of ã_U is identical to that of ã_L”; printed as 0.20 and 0.11.",
    recomputed=(
        f"0.20/0.11 is {a_ratio:.1f}, and Table S2 gives {refitted.a_upper / refitted.a_lower:.1f}. "
        "If the sentence means what one should expect of one material, it is the measurement that "
        "deviates; the text says only that the reason is not clear."
    ),
    verdict=judged(abs(a_ratio - 1) < 0.1),
    values=["bulge.a_upper", "bulge.a_lower"],
)
findings.add(
    "audit-membranes",
    "Upper membrane two or three times the lower",
    paper="“systematically two or three times larger”.",
    recomputed=(
        f"the {near.size} ratios of Table S2 run from {upper_over_lower.min():.1f} to "
        f"{upper_over_lower.max():.1f}; {near.sum()} round to 2 or 3, and all exceed 1."
    ),
    verdict=judged(near.mean() > 0.75 and upper_over_lower.min() > 1),
    values=["bulge.upper_over_lower"],
)
findings.add(
    "audit-membranes",
    "Liquid suppresses the bulging",
    paper="with a solution the bulging is “suppressed by the capillary force compared with the bulging of the membrane without a solution” (main text, “probably”).",
    recomputed=(
        f"the one dry thickness of the supplement is {printed['parallax.thickness']} µm, less than "
        f"each of the wet centres ({table['b'].min():.1f} to {table['b'].max():.1f} µm). Where in "
        "which cell it was measured is not printed, nor any cell both dry and wet."
    ),
    verdict=UNCHECKED,
    values=["parallax.thickness"],
)
findings.add(
    "audit-membranes",
    "Along which axis the lower membrane curves",
    paper="caption of Table S2: h′ = −g_L x² + h_L and −g_U y² + h_U; text: h′ = −g_L y² + h_L along y, g_U along x.",
    recomputed="the two exchange x and y. The numbers do not depend on the names, but a profile across the window does. The drawing of the cell, Figure S2a, is only an image.",
    verdict=CANNOT_BOTH,
    values=["tableS2.w50_s500.g_lower", "tableS2.w50_s500.g_upper"],
)
Markdown(findings.report("audit-membranes"))

# %% [markdown]
# ### Why a quadratic, and how wrong is it?
#
# A membrane held on all four sides of a square is no paraboloid: it does not move along its edges,
# while $-ar^2 + b$ falls towards the corners. Two such shapes are computed here. Under a high tension
# that the pressure hardly changes, the deflection obeys $-N\nabla^2 w = p$ (Fourier series). Without
# initial tension the membrane is held by its own stretching (Föppl–von Kármán without bending, by
# Ritz's method); its load coefficient lies within 2 % of the published one {cite}`maierschneider1995`.
# The real membrane is between the two, which hardly differ in shape.
#
# The cell is different, though. Each membrane is a strip some 500 µm long and 36–68 µm wide, and in
# the middle of such a strip it bends across only, to a parabola. Two crossing strips add up to
# $U(1 - 4x^2/W_A^2) + L(1 - 4y^2/W_A^2)$. If both protrude alike, this *is* a paraboloid. If not, the
# difference is largest in the middles of the edges, with opposite signs on neighbouring edges, and
# zero in the corners.

# %% tags=["hide-input"]
#| name: fig-membranes
#| caption: (a) Deflection from the middle of an edge across the centre to the opposite one, and (b) from corner to corner, relative to the centre. Dashed, the quadratic fitted to the clamped square and to the strips at thirteen points. In the strips, the upper membrane has its share of the protrusion of Table S2. Computed.
#| alt: Left, the clamped membranes fall to zero at the edges, crossed strips only to 0.3; dashed quadratics lie above the clamped membranes at the edge and below in the centre. Right, on the diagonal all fall to zero in the corner, the quadratic of the clamped membrane below zero; that of the strips coincides with them.
share_upper = np.mean(
    table["h_upper"] / (table["h_upper"] + table["h_lower"])
)
membranes = {
    "square, tension": (membrane.tension_shape, figures.BLUE),
    "square, stretched": (membrane.stretched_shape(), figures.SKY),
    "crossed strips": (
        partial(membrane.strips_shape, upper=share_upper),
        figures.RED,
    ),
}
unit_points = bulge.thirteen_points(2.0)
figure, (left, right) = figures.columns_of(2)
s = np.linspace(-1, 1, 81)
errors = {}
for name, (shape, colour) in membranes.items():
    a, b, error = membrane.quadratic_error(shape, unit_points)
    errors[name] = error
    for axes, other in ((left, 0 * s), (right, s)):
        axes.plot(s, shape(s, other), color=colour, label=name)
        if name != "square, stretched":
            axes.plot(
                s, b - a * (s**2 + other**2), color=colour, lw=1, ls="--"
            )
left.set(xlabel="x / half side (y = 0)", ylabel="deflection", title="(a)")
right.set(xlabel="x = y / half side", title="(b)")
for axes in (left, right):
    axes.set(ylim=(-0.25, 1.1))
left.legend(fontsize=8.5, loc="lower center")
figure

# %% tags=["hide-input"]
drop = shown.a / 1000 * shown.actual**2 / 2  # centre to corner [µm]
places = {
    "centre": (0.0, 0.0),
    "middle of the edge, x": (1.0, 0.0),
    "middle of the edge, y": (0.0, 1.0),
    "corner": (1.0, 1.0),
}
glue("strip_share", float(100 * share_upper), display=False)
glue("bulge_drop", float(drop), display=False)
glue(
    "square_edge_error",
    float(100 * errors["square, stretched"](1.0, 0.0)),
    display=False,
)
glue(
    "strip_edge_error",
    float(abs(drop * errors["crossed strips"](1.0, 0.0))),
    display=False,
)
figures.table(
    ["quadratic − shape, share of the protrusion", *places],
    [
        [name, *(f"{error(*place):+.0%}" for place in places.values())]
        for name, error in errors.items()
    ],
)

# %% [markdown]
# On a clamped square the quadratic would be wrong by {glue:text}`square_edge_error:.0f` % of the protrusion in the middle of an edge.
# For the crossed strips it is exact in the centre and the corners; with the upper membrane's share
# of {glue:text}`strip_share:.0f` % (the mean over Table S2) and the 50 µm window's drop of {glue:text}`bulge_drop:.1f` µm from centre to corner, it
# errs by ∓{glue:text}`strip_edge_error:.1f` µm in the middles of neighbouring edges. That the edges of Table S2 bulge at all ($g$ of
# 1–8 mm⁻¹) rules the clamped square out and speaks for the strips. The strips also say that $a$ is
# the arithmetic mean of $g_U$ and $g_L$, where equation S1 takes the geometric one; the table above
# does not decide between them: the arithmetic mean is up to {glue:text}`arithmetic_worst:.0f` % too high in the small windows, the
# geometric one between {glue:text}`geometric_low:.0f` % too low and {glue:text}`geometric_high:.0f` % too high.

# %% [markdown]
# ## Where in a window to look
#
# The thickness changes by a factor of two to four within a window, and with it the image. Of the
# electrons that are not scattered, the share $e^{-h/\lambda}$ is left, a thousandth after 3 µm; most of
# what forms the background of the image is scattered, yet within the aperture. The blur grows with
# the thickness, and is larger at the upper membrane.

# %% tags=["hide-input"]
#| name: fig-where
#| caption: Along a diagonal of the window, from the centre to a corner (500 nm spacer, equation S1 as printed). (a) Thickness. (b) Share of the electrons that are not scattered in the liquid (λ = 430 nm). (c) Blur of a particle on the lower (solid) and upper (dashed) membrane by the simulator's model. Computed.
#| alt: Three plots against the distance from the centre for two windows. Thickness falls from 7 to 2 micrometres and from 5 to 2.5. The unscattered share rises by several decades towards the corner. The blur falls from 24 to 6 nanometres on the lower membrane, twice as much on the upper one.
figure, (left, middle, right) = figures.columns_of(3)
for window, colour in ((68, figures.BLUE), (36, figures.RED)):
    half = np.linspace(0, window / 2, 40)
    h = liquid_thickness(half, half, window, 0.5)
    r = half * np.sqrt(2)
    left.plot(r, h, color=colour, label=f"W_A = {window} µm")
    middle.semilogy(r, np.exp(-h / 0.43), color=colour)
    lower = np.array([liquid_blur(1000 * one) for one in h])
    right.plot(r, lower, color=colour)
    right.plot(r, 2 * lower, color=colour, ls="--")
left.set(ylabel="thickness [µm]", ylim=(0, None), title="(a)")
middle.set(ylabel="unscattered share", title="(b)")
right.set(ylabel="blur [nm]", ylim=(0, None), title="(c)")
for axes in (left, middle, right):
    axes.set(xlabel="r [µm]")
left.legend(fontsize=8)
figure

# %% tags=["hide-input"]
#| name: fig-places
#| caption: The same particles, three on the lower (left) and three on the upper membrane (right), at three places of a 50 µm window (W_A = 68 µm, 500 nm spacer), with the same 100 e⁻/nm² on the specimen. 1 µm wide. Simulated data.
#| alt: Three noisy images of six particles. In the corner the particles are clear on either side; towards the centre all become blurred and fainter, the three on the upper membrane most.
row_y = np.array([200.0, 500.0, 800.0])
base = tilt.draw_cell(
    np.random.default_rng(seed), distance=1.0, width=1000.0, number=(3, 3)
)
particles = tuple(
    replace(p, x=250.0 if i < 3 else 750.0, y=float(row_y[i % 3]))
    for i, p in enumerate(base.scene.particles)
)
scene = replace(base.scene, particles=particles)
images, titles = [], []
for name, place in (
    ("corner", (34, 34)),
    ("middle of an edge", (34, 0)),
    ("centre", (0, 0)),
):
    h = 1000 * float(liquid_thickness(*place, 68, 0.5))
    taken = Acquisition(
        dose=100 * background_share(h), liquid=h, camera=Camera(gain=20)
    )
    lower, upper = depths(scene, 256)
    images.append(
        acquire(lower, taken, 1000 / 256, np.random.default_rng(seed), upper)
    )
    titles.append(f"{name}, {h / 1000:.1f} µm")
figures.panel([images], titles, pixel_sizes=[1000 / 256], limits=None)

# %% [markdown]
# Look in a corner, and at particles on the lower membrane: there the liquid is thinnest. A smaller
# window helps in the centre, a smaller spacer hardly anywhere. The blur here is the simulator's
# proportionality of 3.5 nm per µm, clipped at 3 nm, and the factor of two at the upper membrane
# is an assumption: the figure orders the places, it does not predict a resolution.

# %% [markdown]
# ## What could not be checked
#
# - The thirteen points per window are not public, so that the scatter of a measured thickness is an
#   assumption here.
# - Why $\eta$ is 2.5 µm. The membrane shapes say how a window bulges above its rim, not how far the
#   chips are held apart.
# - Whether a membrane sags differently while the stage tilts.

# %% tags=["hide-input"]
glue("audit_overview", Markdown(findings.overview()), display=False)
for name, found in findings.glued().items():
    glue(name, found, display=False)
figures.table(
    ["verdict", "claims"], [[v, str(n)] for v, n in findings.counts().items()]
)
