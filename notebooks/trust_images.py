# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [book/results/trust/methods.json, book/results/trust/pairs.json]
# ---

# %% [markdown]
# # What to trust: images
#
# **The question.** A refined image looks convincing whether it is right or wrong. When is it right?
#
# **The answer.** On simulated frames that no training used, the faithful refined image lies
# {glue:text}`gain_gaussian:.1f` dB ({glue:text}`gain_gaussian_low:.1f` to
# {glue:text}`gain_gaussian_high:.1f`) above a Gaussian filter of each frame's best width. On two real
# fields, of which a second frame exists, its error is {glue:text}`real_errors` of the signal's variance,
# {glue:text}`real_rank`. Refined in eight orientations, a frame tells where it is
# wrong: within {glue:text}`spread_factor:.1f` times the spread lie {glue:text}`spread_one:.0f` % of the errors. The
# grey levels of large particles at 50 electrons per pixel are right with a slope of {glue:text}`grey_slope:.2f`.
#
# **How far to trust that.** The network was trained on frames of the same simulator, the other methods were
# not. The real frames are two fields of one kind, smoke particles without liquid. Fine texture that is lost
# is announced by nothing. Whether *particles* are found or invented is the subject of {doc}`trust_particles`.
#
# There are two looks. *Faithful* (the default) is the frame itself without its noise and with half of
# its blur, in its own counts; *dry* is the paper's: particles dark on an even bright background, as if
# the cell held no water.

# %% tags=["hide-input"]
from pathlib import Path

import numpy as np
from IPython.display import Markdown, display
from myst_nb import glue
from scipy.special import erf

from lctem_core import Refiner, figures
from lctem_core.evaluate import (
    baselines,
    compare,
    greys,
    real_pairs,
    uncertainty,
)
from lctem_core.evaluate.blindspot import train_blindspot
from lctem_core.evaluate.bootstrap import mean_interval, mean_text
from lctem_core.evaluate.calibration import calibrate
from lctem_core.evaluate.correlated import left_over
from lctem_core.io import frames
from lctem_core.simulate.examples import example

figures.use_style()
ROOT = next(
    p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir()
)

# %% tags=["parameters"]
recompute = False  # measure what is recorded: a quarter of an hour
recipes = ["broad", "wide", "paper"]  # of the simulated test frames
n_frames = 20  # recorded test frames of each recipe
n_bm3d = 20  # of them treated by BM3D; 0 leaves it out
bm3d_profile = "lc"  # np: the authors' normal profile; lc: their fast one
blind_steps = 300  # of each recorded blind-spot training
live_steps = 100  # of each blind-spot training on this page
n_spread = 24  # frames for the uncertainty, some to calibrate it
grey_frames = 3  # frames of 64 discs per dose
seed = 7000  # of all test images; training used 100–700 and 9001

# %% [markdown]
# ## Against methods that need no pairs
#
# Five ways to treat a noisy frame without a trained network for it:
#
# - **Gaussian filter** of 2 pixels, and of the width that fits the truth of each frame best, which
#   nobody could choose in use; **median** over 5 × 5 pixels;
# - **non-local means** {cite}`buades2005`, which averages similar patches;
# - **BM3D** {cite}`dabov2007`, the strongest of the classical methods, in the version for correlated
#   noise {cite}`makinen2020`. It assumes Gaussian noise of one power spectrum everywhere. We estimate
#   the spectrum from the frame: of each frequency the median power over small blocks, most of which
#   hold background. That electron counts are less noisy within dark particles, it does not know.
#   (Its licence allows non-commercial use only. Nothing else here needs it.)
# - a **blind-spot network** {cite}`krull2019`: what a user does who has a recording but no pairs. In
#   each training crop some pixels are replaced by random neighbours, and the network has to give back
#   what was there. It cannot know the noise of a pixel from its surroundings, so it learns the mean.
#   It is trained on the test frames themselves, noisy ones only.
#
# The blind spot's assumption fails where noise is correlated, as in a camera that shares the light of
# an electron between neighbouring pixels: then the surroundings do tell something of a pixel's noise.
# Four small fields of discs, the same noise variance, white and correlated by a Gaussian of 1 pixel:

# %% tags=["hide-input"]
left = left_over(
    {"white": 0.0, "correlated": 1.0}, steps=live_steps, seed=seed
)
figures.table(
    ["noise", "squared error left by the blind-spot network"],
    [[kind, f"{share:.0%} of the noise"] for kind, share in left.items()],
)

# %% [markdown]
# ### Frames and scores
#
# The test frames are simulated, with seeds that no training used. *Broad* is everything users may
# bring (many shapes and sizes, textures, correlated noise, 8-bit exports, dark field …), *wide* the
# older, narrower recipe, *paper* 100 nm gold at the paper's magnifications.
#
# The truth is the frame without noise and with half of its blur. Every image, also a refined one, is
# first scaled and shifted to fit its truth; the PSNR takes the truth's own contrast as its range, so
# that an even grey image has the same low score in a faint as in a clear field. "Gain of the refined"
# is the mean difference of the PSNR, frame by frame, between the faithful refined image and the method
# of the row; its interval is the fair comparison where BM3D saw fewer frames. Intervals are 95 %
# bootstrap intervals over frames.
#
# BM3D takes seconds per frame, so the scores are recorded (`make measures ARGS=trust/methods` makes them again):

# %% tags=["hide-input", "remove-stderr"]
compared = compare.COMPARISON.get(
    ROOT, recompute, recipes=recipes, frames=n_frames, bm3d_frames=n_bm3d,
    profile=bm3d_profile, blind_steps=blind_steps, seed=seed,
)  # fmt: skip
Markdown(compared.standing)

# %% tags=["hide-input"]
scores = compared.content
order = list(scores[recipes[0]])
order.insert(2, order.pop())  # the filter of the best width
rows = []
for recipe in recipes:
    for name in order:
        own, same = scores[recipe][name], name == "refined, faithful"
        gain = compare.gains({recipe: scores[recipe]}, name)
        rows.append(
            [
                f"{recipe}: {name}",
                str(np.isfinite(own["psnr"]).sum()),
                mean_text(own["psnr"], 1),
                mean_text(own["ssim"], 3),
                "–" if same else mean_text(gain, 1),
            ]
        )
gain = mean_interval(compare.gains(scores, compare.BEST_WIDTH))
for end, value in zip(("", "_low", "_high"), gain, strict=True):
    glue(f"gain_gaussian{end}", value, display=False)
figures.table(
    ["method", "frames", "PSNR [dB]", "SSIM", "gain of the refined [dB]"],
    rows,
)

# %% [markdown]
# Two reservations. The network was trained on frames of this simulator, the other methods were not; the
# real frames below are the test of that. And the truth has half of the frame's blur: what the network
# sharpens counts for it here, and none of the filters tries to.
#
# The dry look is scored against the same truth, which is not what it draws: it flattens the background
# and darkens particles, and where the background of the truth varies its score says so.
#
# One frame of each recipe, treated on this page:

# %% tags=["remove-stderr"]
faithful, dry = Refiner.load(), Refiner.load(look="dry")
shown = {}
for recipe in recipes:
    every = (example([seed, i], recipe) for i in range(100))
    shown[recipe] = next(one for one in every if one.scene.particles)
blind = train_blindspot(
    [one.noisy for one in shown.values()],
    steps=live_steps,
    width=16,
    seed=seed,
)
methods = compare.methods(blind, faithful, dry, bm3d_profile)
drawn = {
    recipe: {
        name: treat(one.noisy)
        for name, treat in methods.items()
        if name in order and not name.startswith("median")
    }
    for recipe, one in shown.items()
}

# %% tags=["hide-input"]
#| name: fig-trust-methods
#| caption: One test frame of each recipe (simulated), treated by each method. The blind-spot network is trained on these frames alone, and shorter than that of the table. Grey scale of each image between its own 0.1 and 99.9 percentiles; right, the truth with half of the blur.
#| alt: Rows of images, one row per recipe. The noisy frames are grainy, Gaussian and median filters leave blotches, non-local means and BM3D are smoother, the blind-spot network lies between them, the refined image is smooth with clear particles and resembles the truth at the right.
columns = list(drawn[recipes[0]])
figures.panel(
    [
        [*drawn[recipe].values(), one.faithful]
        for recipe, one in shown.items()
    ],
    [
        name.replace(", ", "\n").replace("non-local ", "non-local\n")
        for name in (*columns, "truth")
    ],
    labels=recipes,
    limits=None,
)

# %% [markdown]
# ## On real frames, without a truth
#
# A simulated test favours a network that learned from the same simulator. Two real frames of one field
# show it without any truth. Let $a = s + n_a$ and $b = s + n_b$, with the unknown image $s$ and
# independent noise. Whatever a method $f$ makes of $a$ alone knows nothing of $n_b$, so that
#
# $$
# \overline{(f(a) - b)^2} - \overline{b\,(b - a)} = \overline{(f(a) - s)^2}:
# $$ (eq-pair-error)
#
# the difference from the second frame, less that frame's noise variance, is an unbiased estimate of
# the error. Neither clipping nor correlated noise spoils it; $s$ is then the mean of infinitely many
# frames. (It may come out negative by chance.) Nothing that moved and no pattern that both frames share
# may be there. $s$ has *all* of its blur, so that a method that sharpens is at a disadvantage here.
#
# The same two frames test the grey levels: the slope of $b$ against $f(a)$ is 1 if the refined grey
# levels mean what they say, below 1 if noise is left in them, above 1 if they are too pale.
#
# The authors' group published two such pairs with earlier work {cite}`katsuno2022fast`: smoke
# particles without liquid, few electrons per pixel, many pixels clipped at zero, streaks along the rows:

# %% tags=["hide-input"]
pairs = real_pairs.read_pairs()
shared = real_pairs.shared_pattern(pairs) if pairs else np.nan
if pairs:
    first = frames.read(real_pairs.pair_files()["field 1"][0])
    for name, (a, b) in pairs.items():
        print(
            f"{name}: {first.pixel_size:.2f} nm per pixel, "
            f"{(a.mean() - first.offset) * first.electrons_per_count:.1f} electrons per pixel, "
            f"noise {np.sqrt(np.var(b.astype(float) - a) / 2) / a.mean():.0%} of the mean, "
            f"{np.mean(a == 0):.0%} of the pixels at zero, means of rows noisier than single "
            f"pixels make them by a factor {real_pairs.streaks(a, b):.1f}"
        )
    correlation, chance = uncertainty.pattern_correlation(
        *(two[0] for two in pairs.values())
    )
    print(
        f"frames of the two different fields: correlation {correlation:.4f}, "
        f"by chance ± {chance:.4f}"
    )
else:
    print(
        "The frames are not on this machine: only what is recorded of them is shown."
    )

# %% [markdown]
# Frames of *different* fields should not correlate at all. What they share is a pattern of the camera
# or of the illumination, and limits the measurement: the table states it as a share of the signal.

# %% tags=["hide-input", "remove-stderr"]
measured = real_pairs.PAIRS.get(
    ROOT,
    recompute and bool(pairs),
    profile=bm3d_profile,
    blind_steps=blind_steps,
    seed=seed,
)
Markdown(measured.standing)

# %% tags=["hide-input"]
real = measured.content
ways = list(next(iter(real.values()))["methods"])
rows = []
for name in ways:
    cells = [name]
    for of_field in real.values():
        one, scaled = (
            of_field["methods"][name],
            name == "refined, dry",
        )  # of another scale
        cells += [
            "–"
            if scaled
            else f"{one['error']:.2f} ({one['low']:.2f}–{one['high']:.2f})",
            "–" if scaled else f"{one['slope']:.2f}",
            f"{one['fitted']:.2f}",
        ]
    rows.append(cells)
for field, of_field in real.items():
    pattern = (
        f", shared pattern {shared / of_field['signal']:.0%} of the signal"
        if pairs
        else ""
    )
    print(
        f"{field}: signal variance {of_field['signal']:.0f} counts², "
        f"noise {of_field['noise']:.0f}{pattern}"
    )
what = ("error / signal", "slope", "after a line")
display(
    figures.table(
        ["method", *(f"{field}: {one}" for field in real for one in what)],
        rows,
    )
)

# %% tags=["hide-cell"]
own = [
    of_field["methods"][real_pairs.REFERENCE] for of_field in real.values()
]
glue(
    "real_errors",
    " and ".join(f"{one['error']:.0%}" for one in own),
    display=False,
)
better = sum(
    one["change"] < 0
    for of_field in real.values()
    for name, one in of_field["methods"].items()
    if not name.startswith("refined")
)
rank = f"more than that of {better} of the other methods" if better else (
    "less than that of every method that needs no pairs"
)  # fmt: skip
glue("real_rank", rank, display=False)

# %% [markdown]
# *Error / signal* is the mean squared error as a share of the variance of the noise-free image: 0 is
# perfect, 1 is what an even grey image would have. *After a line*: the same after the best scaling,
# which is the only fair number for the dry look. The intervals (resampled blocks of 64 pixels) contain
# the chance of the second frame, which is the same for all methods. Methods are therefore better
# compared by their difference, for which this chance drops out:

# %% tags=["hide-input"]
#| name: fig-trust-pairs
#| caption: Real frames (smoke particles, no liquid; two frames of each of two fields). Difference of the error from that of the faithful refined image, in shares of the signal's variance, with 95 % intervals over blocks; to the right of 0 a method is worse than the refined image. Methods with an error above 3 are left out.
#| alt: Two dot plots, one per field, of the error of each method minus that of the refined image, with intervals. Gaussian filters of 4 to 12 pixels, non-local means, BM3D and the blind-spot network are compared with the refined image at 0.
figure, axes = figures.columns_of(2)
for plot, (field, of_field) in zip(axes, real.items(), strict=True):
    kept = {
        name: of_field["methods"][name]
        for name in ways[::-1]
        if of_field["methods"][name]["error"] < 3
        and name not in ("refined, dry", real_pairs.REFERENCE)
    }
    for place, (name, one) in enumerate(kept.items()):
        colour = figures.BLUE if "refined" in name else figures.RED
        plot.plot(
            [one["change low"], one["change high"]],
            [place, place],
            color=colour,
        )
        plot.plot(one["change"], place, "o", color=colour)
    plot.axvline(0, color=figures.BLACK, lw=1, ls="--")
    plot.set(title=field, xlabel="error / signal, less refined")
    plot.set_yticks(range(len(kept)), kept)
axes[1].set_yticklabels([])
figure

# %% tags=["remove-stderr"]
if pairs:
    real_blind = train_blindspot(
        [two[0] for two in pairs.values()],
        steps=live_steps,
        width=16,
        seed=seed,
    )
    every = real_pairs.real_methods(real_blind, faithful, dry, bm3d_profile)
    columns = ["noisy", "Gaussian, 6 px", "BM3D", "blind spot", "refined, faithful",
               "refined, dry"]  # fmt: skip
    columns = [name for name in columns if name in ways]
    treated = [
        [every[name](a) for name in columns] + [baselines.gaussian(b, 4)]
        for a, b in pairs.values()
    ]

# %% tags=["hide-input", "needs-data"]
#| name: fig-trust-real
#| caption: The first real frame of each pair and what the methods make of it (smoke particles, no liquid, 3 nm per pixel); the blind-spot network is trained shorter than that of the table. Grey scale of each image between its own 0.1 and 99.9 percentiles. Right, the second frame under a Gaussian filter of 4 pixels, an independent look at the same field.
#| alt: Two rows of images of chains of smoke particles. The raw frames are almost pure noise with a dark shadow; filters show blurred dark chains, BM3D and the refined images clearer ones; the independent second frame shows dark chains in the same places.
if pairs:
    titles = [name.replace(", ", "\n") for name in columns]
    display(
        figures.panel(
            treated,
            [*titles, "second frame,\nGaussian, 4 px"],
            labels=list(pairs),
            pixel_sizes=[first.pixel_size] * len(pairs),
            limits=None,
        )
    )

# %% [markdown]
# The refined image has the least error of all in both fields, and its grey levels mean what they say (slope
# near 1), where a filter that leaves as little noise makes the image pale or blurs it. Two fields are few, and the pattern
# that both frames of a field share, printed above, is as large as the lead over the best Gaussian: the
# order of the first few may be chance, the distance to the others not.
#
# ## How sure the network is
#
# A mirrored or turned frame should give a mirrored or turned answer. `Refiner.with_spread` refines
# a frame in eight orientations; where the answers differ, the frame does not determine them. Their
# standard deviation is an error estimate that costs eight times the time and needs no truth. It knows
# nothing of what all orientations get wrong alike, so it must be calibrated: on one half of simulated
# frames (broad recipe, those with an even background) we determine the factor that makes it hold 68.3 % of the
# errors, and check the other half. The frames of the same recipe with film grain, fringes, shadows or wrinkles
# are a test of their own: a texture finer than the noise allows to see is smoothed away in every orientation
# alike. Errors are in units of the stretch between the frame's percentiles, in which the network works, less
# their median in each frame: a brightness that is off as a whole hides nothing.

# %% tags=["remove-stderr"]
calibrated = calibrate(faithful, n_spread, seed)

# %% tags=["hide-input"]
rows = []
for place, group, where in (
    ("test half, everywhere", "test", None),
    ("test half, on and near particles", "test", True),
    ("test half, elsewhere", "test", False),
    ("textured frames", "texture", None),
):
    number = len(calibrated.frames[group])
    if not number:
        rows.append([place, "0", "not run", "", ""])
        continue
    error, spread = calibrated.pixels(group, near=where)
    inside = uncertainty.coverage(error, calibrated.factor * spread, (1, 2))
    for key, chosen in (
        ("spread", group == "test" and where is None),
        ("spread_near", where),
    ):
        if chosen:
            glue(f"{key}_one", 100 * inside[0], display=False)
            glue(f"{key}_two", 100 * inside[1], display=False)
    rms = np.sqrt(np.mean(error**2))
    rows.append(
        [
            place,
            str(number),
            f"{rms:.3f}",
            *(f"{share:.0%}" for share in inside),
        ]
    )
textured = "not run"
if calibrated.frames["texture"]:
    textured = (
        f"{uncertainty.spread_factor(*calibrated.pixels('texture')):.0f}"
    )
glue("spread_factor", calibrated.factor, display=False)
glue("spread_factor_texture", textured, display=False)
figures.table(
    ["pixels of the", "frames", "error (RMS)", "within 1 ×", "within 2 ×"],
    rows,
)

# %% [markdown]
# The spread has to be multiplied by {glue:text}`spread_factor:.1f`. In the test half
# {glue:text}`spread_one:.0f` % of the errors then lie within it and {glue:text}`spread_two:.0f` %
# within twice of it, where a normal distribution would have 68 and 95 %; on and near particles, where the
# errors are larger, {glue:text}`spread_near_one:.0f` and {glue:text}`spread_near_two:.0f` %. In the textured frames a factor of
# {glue:text}`spread_factor_texture` would be needed: what is too fine or too faint to be told from noise, the spread
# does not announce.

# %% tags=["hide-input"]
#| name: fig-trust-reliability
#| caption: Observed error against predicted spread (calibrated), each point a twelfth of the pixels of the test half; on the dashed line the prediction would be right. Simulated frames, broad recipe; unit is the stretch between the frame's percentiles. Right, the share of errors within a multiple of the calibrated spread, beside that of a normal distribution.
#| alt: Left, points of observed against predicted error on logarithmic axes, rising near a dashed diagonal. Right, the share of errors within a multiple of the predicted spread, rising to one like the dashed curve of the normal distribution.
figure, (left, right) = figures.columns_of(2)
error, spread = calibrated.pixels("test")
predicted, observed = uncertainty.reliability(
    error, calibrated.factor * spread
)
left.plot(predicted, observed, "o", color=figures.BLUE)
both = np.concatenate([predicted, observed])
ends = [both.min(), both.max()]
left.plot(ends, ends, "--", color=figures.BLACK, lw=1)
left.set(xscale="log", yscale="log")
# In units of 0.001: labels of powers of ten would cover each other.
marks = [
    v
    for v in (1, 2, 5, 10, 20, 50, 100, 200)
    if 700 * ends[0] < v < 1400 * ends[1]
]
for axis in (left.xaxis, left.yaxis):
    axis.set_ticks([v / 1000 for v in marks], [str(v) for v in marks])
    axis.set_ticks([], minor=True)
left.set(
    xlabel="predicted (RMS of the spread × factor) [0.001]",
    ylabel="observed error (RMS) [0.001]",
)
multiples = np.linspace(0, 4, 41)
within = uncertainty.coverage(
    error, calibrated.factor * spread, tuple(multiples)
)
right.plot(multiples, within, color=figures.BLUE, label="test frames")
right.plot(
    multiples, erf(multiples / 2**0.5), "--", color=figures.BLACK, lw=1,
    label="normal distribution",
)  # fmt: skip
right.set(
    xlabel="multiple of the calibrated spread",
    ylabel="share of errors within",
)
right.legend(loc="lower right")
figure

# %% tags=["hide-input"]
#| name: fig-trust-map
#| caption: A simulated frame of the test half, refined in eight orientations; its error, and the calibrated spread that predicts it without knowing the truth. The last two share a scale, dark for 0; the unit is the stretch between the frame's percentiles.
#| alt: Four images of one field. A noisy frame, the smooth refined image, a map of its error that is largest at the edges of particles, and a map of the predicted spread that is bright at the same edges.
clearest = calibrated.clearest()
figure, axes = figures.columns_of(4)
for plot, image, title in (
    (axes[0], clearest.one.noisy, "noisy"),
    (axes[1], clearest.image, "refined"),
):
    low, high = np.percentile(image, [0.1, 99.9])
    plot.imshow(image, vmin=low, vmax=high)
    plot.set_title(title, fontsize=10)
wrong = np.abs(clearest.image - clearest.one.faithful) / clearest.stretch
expected = calibrated.factor * clearest.spread / clearest.stretch
top = np.percentile(expected, 99.8)
for plot, image, title in (
    (axes[2], wrong, "|error|"),
    (axes[3], expected, "predicted"),
):
    map_ = plot.imshow(image, vmin=0, vmax=top, cmap="viridis")
    plot.set_title(title, fontsize=10)
figure.colorbar(map_, ax=axes[2:], shrink=0.8, pad=0.02)
for plot in axes:
    plot.set(xticks=[], yticks=[])
figure

# %% [markdown]
# ## Grey levels
#
# The paper's network "tends to binarize the image", and its authors were not sure why. A binarised
# image says where particles are but not how thick they are. To measure it, frames of 64 discs, each of
# which lets another share of the electrons through (30 to 95 %), are refined, and the grey level in
# the middle of each disc, relative to its surroundings, is compared with the true one. A slope of 1 and
# no scatter would be perfect. For the dry look, which is stretched from 0 to 1, the transmissions are
# stretched alike.

# %% tags=["remove-stderr"]
grey = greys.by_dose(
    faithful, dry, (5, 50, 500), frames=grey_frames, seed=seed
)

# %% tags=["hide-input"]
#| name: fig-trust-grey
#| caption: Grey level in the middle of discs, 28 to 44 pixels across, against what it should be, relative to the background. Left the faithful, right the dry look; on the dashed line they would be right. Simulated data.
#| alt: Two scatter plots. Left, for the faithful look, points of three doses lie along the diagonal, those of the lowest dose with more scatter. Right, for the dry look, the points scatter more and gather at the dark and the bright end.
figure, axes = figures.columns_of(2)
marks = {
    5: (figures.ORANGE, "s"),
    50: (figures.BLUE, "o"),
    500: (figures.GREEN, "^"),
}
for plot, name in zip(axes, ("faithful", "dry"), strict=True):
    for electrons, (colour, mark) in marks.items():
        true, level = grey["28–44 px", electrons, name]
        plot.scatter(
            true,
            level,
            9,
            color=colour,
            marker=mark,
            label=f"{electrons} e⁻/px",
        )
    plot.plot([0, 1], [0, 1], "--", color=figures.BLACK, lw=1)
    plot.set(title=f"{name} look", ylim=(-0.05, 1.1))
axes[0].set(xlabel="true transmission", ylabel="refined grey level")
axes[1].set(xlabel="true transmission, stretched to 0–1")
axes[0].legend(loc="upper left")
figure

# %% tags=["hide-input"]
lines = {key: greys.line_through(*points) for key, points in grey.items()}
for key, (electrons, name) in {
    "": (50, "faithful"), "_dim": (5, "faithful"), "_dry": (50, "dry")
}.items():  # fmt: skip
    slope, scatter = lines["28–44 px", electrons, name]
    glue(f"grey_slope{key}", slope, display=False)
    glue(f"grey_scatter{key}", scatter, display=False)
names = (greys.NOISY, "faithful", "dry")
figures.table(
    ["discs: slope, scatter", *names],
    [
        [
            f"{size}, {electrons} e⁻/px",
            *(
                "{:.2f}, {:.3f}".format(*lines[size, electrons, name])
                for name in names
            ),
        ]
        for electrons in marks
        for size in greys.SIZES
    ],
)

# %% [markdown]
# The first column of numbers is what one gets by averaging the noisy pixels of each middle, knowing where
# it is: a mark for how well a grey level can be known at all. For large discs at 50 electrons per pixel the
# faithful look has a slope of {glue:text}`grey_slope:.2f` and a scatter of {glue:text}`grey_scatter:.3f`;
# the dry look {glue:text}`grey_slope_dry:.2f` and {glue:text}`grey_scatter_dry:.3f`, a line through what
# {numref}`fig-trust-grey` shows to be rather a step. At 5 electrons per pixel the faithful look exaggerates contrasts, slope
# {glue:text}`grey_slope_dim:.2f`. Scatter that remains
# at a *high* dose is not noise: it is what the network makes of the grey level.
# What causes binarisation is the subject of {doc}`04_networks`.
#
# ## What follows
#
# - **Edges and gaps** of a few pixels are where the error is largest. Ask for the spread and multiply it
#   by the factor above. It does not tell of fine texture that is lost.
# - **Grey levels:** of the faithful look from about 50 electrons per pixel on, within the scatter of the table,
#   large particles better than small ones; below, contrasts are exaggerated. Of the dry look, no more than dark
#   and bright.
# - **Whether a particle is there at all:** see {doc}`trust_particles`.
#
# Not checked here: particles that move during the exposure, real liquid-cell frames with a truth, and
# cameras other than that of the real frames.
