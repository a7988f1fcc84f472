# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [book/results/weights/*.json]
# ---

# %% [markdown]
# # Training, and what the trained network shows
#
# **Question.** How is the paper's network trained, and what does a network trained in this way make
# of frames that it was not trained on?
#
# **Answer.** On {glue:text}`n_pairs_tested:.0f` simulated pairs like the paper's, the shipped *dry look*
# raises the mean PSNR from {glue:text}`psnr_untreated` to {glue:text}`psnr_refined` dB and the mean SSIM
# from {glue:text}`ssim_untreated` to {glue:text}`ssim_refined`; a Gaussian filter, of the width that gives
# each image the best SSIM, reaches {glue:text}`psnr_gaussian` dB and {glue:text}`ssim_gaussian`. The
# *faithful look*, the package's default, gains {glue:text}`gain_raw:.1f` dB over the raw frame and
# {glue:text}`gain_gaussian:.1f` dB over the best Gaussian filter on {glue:text}`n_faithful:.0f`
# simulated frames of many other kinds. In the one published real frame the dry look draws
# {glue:text}`n_real` dark objects; by eye there are two particles and a cluster.
#
# **How far to trust it.** The scores are on images of our own simulator, so they say how well the
# networks undo that simulation. They cannot be compared with the paper's scores, which are of other
# images. Pairs that share a dry image count as independent here, so the true intervals are somewhat
# wider than those printed. The real frame has no truth: what it shows is judged by eye.
#
# The paper trains a U-Net with a ResNet-18 encoder for 2,000 epochs on a large GPU, in 50 minutes by
# its account. This chapter states the protocol and runs a short training live, so that you can change
# a parameter and see what happens. Then it looks at the weights that come with this package: their
# card, their scores, and what they make of a real frame. The scores, and a training of some minutes,
# were recorded beforehand by `book/measures.py`; part of them is computed again live.

# %% tags=["hide-input"]
import json
import time
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from IPython.display import display
from myst_nb import glue

from lctem_core import Refiner, figures, paper
from lctem_core.evaluate import baselines, metrics
from lctem_core.evaluate.bootstrap import mean_text
from lctem_core.evaluate.noise import background
from lctem_core.evaluate.particles import find_dark
from lctem_core.evaluate.timing import in_turns
from lctem_core.io import frames
from lctem_core.io.published import sample_frame
from lctem_core.networks.unet import parameter_count, unet
from lctem_core.refine.preprocess import limits
from lctem_core.simulate.examples import example
from lctem_core.train import demonstration, scoring
from lctem_core.train.config import Config

figures.use_style()
ROOT = next(
    p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir()
)

# %% tags=["parameters"]
encoder = "resnet18"  # resnet18, resnet34, resnet50, resnet101 or resnet152
shuffle = 4  # 1 is the paper's network, 4 the fast one
depth = 4  # stages of the encoder; the paper's network has 5
loss = "ssim"  # ssim, l1, l2 or ssim+l1
live_recipe = "mixed"  # paper (100 nm gold), wide (much else) or mixed
live_camera = 832  # pixels on a side of the simulated camera
live_contrast = 0.3  # least contrast of a truth image; 0 in the public code
live_pairs = 64  # simulated pairs of the live training
live_epochs = 3  # passes over them
live_crop = 256  # side of the training crops in pixels; 0: whole frames
live_batch = 8  # crops per step
live_rate = 1e-3  # learning rate; the paper's is at most 1e-4
live_schedule = "cosine"  # cosine, or plateau as in the public code
mosaic = 0.0  # probability of 2×2 mosaics; the public code has 0.8
validate_every = 1  # epochs between validations
split = "grouped"  # grouped by dry image, or random as in the paper
live_workers = 0  # processes that load data; more where a GPU waits
seed = 2  # of the live training's data and network
timing_repeats = 3  # turns in which the two networks' times are taken
n_live = 16  # of the recorded test pairs, those made again here
n_broad = 8  # of the recorded test frames of other kinds, likewise
recompute = False  # measure again here what is recorded: many minutes

# %% [markdown]
# ## The protocol
#
# | | paper | public code | here, `paper` profile |
# |---|---|---|---|
# | network | U-Net, ResNet-18 encoder, sigmoid | the same, `smp.Unet` | the same |
# | image size | 512 × 512 | 512 × 512 | 512 × 512 |
# | augmentation | flips; "sometimes" a mosaic of four | flips 0.5 each; mosaic 0.8 | as the public code, training side only |
# | loss | 1 − SSIM, 11 × 11 | a variant of SSIM | textbook SSIM; the variant is `ssim_public_code` |
# | optimiser | Adam, rate below 10⁻⁴ | Adam 10⁻⁴, halved on a plateau, floor 10⁻⁵ | as the public code |
# | batch, epochs | –, 2,000 | 64, 2,000 | 64, 2,000 |
# | split | 1,083 + 121 pairs at random | the same | the same; in the other profiles grouped by dry image |
#
# In the paper's SSIM the constants are 0.01 and 0.03; in the code, and in the usual notation, these
# are K₁ and K₂, and the constants their squares. The code's variant subtracts from each pixel its
# own local mean, where the textbook subtracts the mean of the window. They differ:

# %% tags=["hide-input"]
rng = np.random.default_rng(seed)
x = cv2.GaussianBlur(rng.random((1, 256, 256), np.float32)[0], (0, 0), 2)
x = (x - x.min()) / (x.max() - x.min())
y = np.clip(x + 0.1 * rng.standard_normal(x.shape).astype(np.float32), 0, 1)
kinds = metrics.ssim, metrics.ssim_public_code
figures.table(
    ["window [px]", "textbook SSIM", "public code's SSIM"],
    [[str(w), *(f"{of(x, y, w):.4f}" for of in kinds)] for w in (3, 11, 39)],
)

# %% [markdown]
# ## Two networks
#
# The *fast* network moves each 4 × 4 block of pixels into 16 channels (pixel-unshuffle), runs a U-Net
# on the smaller grid, and moves the channels back (pixel-shuffle) {cite}`shi2016`. No pixel is
# thrown away, but each layer handles a sixteenth of the positions. That makes training on a laptop
# possible. The times are those of the machine that built this page, with whatever else it did;
# {doc}`05_timing` has times of a quiet machine.

# %%
torch.manual_seed(0)
networks = {
    "paper": unet("resnet18").eval(),
    "fast": unet("resnet18", shuffle=4, depth=4).eval(),
}
frame = torch.rand(1, 1, 512, 512)
with torch.inference_mode():
    times = in_turns(
        {name: partial(network, frame) for name, network in networks.items()},
        repeats=timing_repeats,
    )
figures.table(
    ["network", "parameters [million]", "time per 512 × 512 frame [ms]"],
    [
        [
            name,
            f"{parameter_count(network) / 1e6:.1f}",
            f"{times[name].median:.0f}",
        ]
        for name, network in networks.items()
    ],
)

# %% [markdown]
# ## A short training, live
#
# The pairs come from the simulator of [the first chapter](01_dataset.ipynb). In the *mixed* recipe, one
# scene in three is like the paper's; the others are of the *wide* recipe: many shapes and sizes,
# clusters and chains, uneven illumination, 0.7 to 3,000 electrons per pixel of a frame of 512 × 512.
# The truth is the dry image, rescaled; its *least contrast* keeps the truth of a field without
# particles from being noise stretched to black and white.

# %% tags=["remove-stderr"]
prepared, _ = scoring.simulated_pairs(
    live_recipe, live_pairs, seed, live_camera, live_contrast
)
config = Config.of(
    {
        "encoder": encoder,
        "shuffle": shuffle,
        "depth": depth,
        "loss": loss,
        "crop": live_crop,
        "batch": live_batch,
        "epochs": live_epochs,
        "rate": live_rate,
        "schedule": live_schedule,
        "mosaic": mosaic,
        "split": split,
        "validate_every": validate_every,
        "workers": live_workers,
        "seed": seed,
    }
)
print(config)
live = demonstration.short_training(prepared, config)
print(f"{live['crops_seen']} crops in {live['seconds']:.0f} s")

# %% [markdown]
# These are seconds of training. A training of some minutes, of the same network on more pairs, was
# recorded; the figure shows both.

# %% tags=["hide-input"]
#| name: fig-curves
#| caption: Training on simulated pairs. Lines, a recorded training of some minutes; grey crosses, the short one of this page. Loss of the training crops and of the validation frames, which share no dry image with them, and PSNR and SSIM of the validation frames. The dashed lines are the untreated frames of the recorded training.
#| alt: Three plots over the epochs. Left the loss of training crops and validation frames, middle the PSNR and right the SSIM of the validation frames, each with a dashed line at the value of the untreated images. Crosses of a shorter training lie at the first epochs.
short = demonstration.SHORT.get(ROOT, recompute)
curves = {
    name: np.array(values, float)
    for name, values in short.content["curves"].items()
}
figure = figures.learning_curves(curves, short.content["untreated"])
for plot, name in zip(figure.axes, ("loss", "psnr", "ssim"), strict=True):
    at, values = live["curves"]["epoch"], live["curves"][f"val_{name}"]
    plot.plot(at, values, "x", color="grey", label="validation, live")
figure.axes[0].autoscale()
figure.axes[0].set_ylim(bottom=0)
figure.axes[0].legend()
figure

# %% tags=["hide-input"]
made = demonstration.SHORT.parameters()
print(short.standing)
print(
    f"{made['pairs']['number']} pairs, {made['config']['epochs']} epochs, "
    f"{short.content['crops_seen']} crops of {made['config']['crop']} pixels"
)

# %% [markdown]
# SSIM compares structure within windows and is nearly blind to the level of a flat background, which
# decides the PSNR; hence the PSNR lags behind. The shipped weights add the mean absolute difference
# to the loss. A training this short shows that the machinery works, not what it can do. To go on,
# raise `live_pairs` and `live_epochs`; a run that was interrupted continues where it was.
#
# ## The shipped weights: the dry look
#
# The paper's network draws the particles as they look dry. Weights for this look come from the same
# code, trained longer. Their card:

# %%
refine = Refiner.load(look="dry")
shown = ("architecture", "data", "crops_seen", "metrics", "provenance")
print(json.dumps({key: refine.card[key] for key in shown}, indent=1))

# %% [markdown]
# ### Scores on simulated pairs that they were not trained on
#
# There are two test sets, made with other seeds than the training data: the *paper* recipe (100 nm
# gold, three magnifications, 1–1,000 e⁻/nm²) and the *wide* one. The baselines are what a
# microscopist would do without a network: a Gaussian filter and non-local means {cite}`buades2005`. A
# filter does not know the grey scale of the truth, which would count against it. So each filtered
# image is scaled and shifted to fit its truth best, and the Gaussian's width is chosen for each image
# by its SSIM with the truth: the baselines get help that the network does not get. Intervals are 95 %
# bootstrap intervals of the mean over pairs; they do not contain the spread between trainings, which
# needs several of them.

# %% tags=["hide-input"]
dry = scoring.DRY.get(ROOT, recompute)
tested = scoring.DRY.parameters()
rows = [
    [
        recipe,
        name,
        mean_text(found["psnr"][name], 2),
        mean_text(found["ssim"][name], 3),
    ]
    for recipe, found in dry.content.items()
    for name in found["psnr"]
]
for ours, name in (
    ("untreated", "untreated"),
    ("gaussian", "best Gaussian"),
    ("refined", "refined"),
):
    for score, digits in (("psnr", 1), ("ssim", 2)):
        mean = np.mean(dry.content["paper"][score][name])
        glue(f"{score}_{ours}", f"{mean:.{digits}f}", display=False)
for score in ("psnr", "ssim"):
    printed = paper.values()[f"table1.ssim_loss.resnet18.{score}"]
    glue(f"paper_{score}", str(printed), display=False)
glue("n_pairs_tested", float(tested["number"]), display=False)
print(f"{dry.standing} {tested['number']} pairs of each recipe.")
figures.table(["recipe", "treatment", "PSNR [dB]", "SSIM"], rows)

# %% [markdown]
# The paper gives {glue:text}`paper_psnr` dB and {glue:text}`paper_ssim` for its network on its real
# pairs. These numbers stand beside ours in the [results](../results.md), but they cannot be compared:
# the images are others, the network is the fast one instead of the paper's, and the paper's
# validation set shares its truth images with the training set.
#
# The first of these pairs are simulated again here, and some of them are refined and filtered:

# %% tags=["hide-input", "remove-stderr"]
#| name: fig-panels
#| caption: Noisy image, Gaussian filter of the width that suits this image best, refined image and truth of simulated test pairs (paper recipe), from few to many electrons per pixel; the paper's Figure 3. The shipped weights were not trained on these images. Bars in the horizontal direction. Simulated data.
#| alt: Rows of four images, from few electrons per pixel at the top to many at the bottom. Noisy images are grainy or blurred, Gaussian-filtered ones smooth and soft, refined ones show dark particles on a light background; the truth has sharp facets. In the last row the refined image has large dark patches that the truth does not have.
test, facts = scoring.simulated_pairs(
    "paper", n_live, tested["seed"], tested["camera"]
)
recorded = dry.content["paper"]
electrons = np.array(recorded["electrons"][:n_live])
order = np.argsort(electrons)
chosen = order[np.linspace(0, len(order) - 1, 6).astype(int)]
rows, labels, bars, again = [], [], [], []
for i in chosen:
    pair, truth = test.pairs[i], test.truth(i)
    done = scoring.treatments(test.noisy(i), truth, refine.refine_prepared)
    again.append(metrics.scores(done["refined"], truth)["psnr"][0])
    shown = ("untreated", "best Gaussian", "refined")
    rows.append([*(done[k] for k in shown), truth])
    dose = figures.short(facts[pair.wet]["dose"])
    labels.append(f"{dose} e⁻/nm²\n{figures.short(electrons[i])} e⁻/px")
    bars.append(facts[pair.wet]["pixel_size"] * pair.width / test.size)
columns = ["noisy", "Gaussian filter", "refined", "truth"]
figures.panel(rows, columns, labels=labels, pixel_sizes=bars)

# %% tags=["hide-input"]
away = np.abs(np.array(again) - np.array(recorded["psnr"]["refined"])[chosen])
print("The PSNRs of these refined images and those of the record")
print(
    f"differ by {away.max():.2g} dB at most (runtime {refine.runtime.name})."
)

# %% tags=["hide-input"]
#| name: fig-score-dose
#| caption: SSIM with the truth against electrons per pixel, pair by pair, before and after refinement (shipped weights, simulated test pairs of both recipes).
#| alt: Two scatter plots of SSIM against electrons per pixel on a logarithmic axis, one per recipe. Orange squares of untreated images rise with the number of electrons; blue dots of refined images lie above most of them.
figure, axes = figures.columns_of(2)
marks = {"untreated": (figures.ORANGE, "s"), "refined": (figures.BLUE, "o")}
for plot, (recipe, found) in zip(axes, dry.content.items(), strict=True):
    for name, (colour, mark) in marks.items():
        x, y = found["electrons"], found["ssim"][name]
        plot.scatter(x, y, 14, color=colour, marker=mark, label=name)
    plot.set(xscale="log", ylim=(-0.02, 1), title=f"{recipe} recipe")
    plot.set(xlabel="electrons per pixel [e⁻/px]", ylabel="SSIM")
axes[0].legend(loc="center left")
figure

# %% [markdown]
# At thousands of electrons per pixel there is hardly any noise, and the dry look may take slow
# unevenness of the background for particles: the last row of {numref}`fig-panels` shows such a failure.
# Such frames need no refinement.
#
# Scores are averages over pixels, most of which are background. What a microscopist asks is whether
# all particles are there, and nothing else. Below, an object is a connected region darker than 0.5;
# touching particles count as one. It is *found* if the refined image is dark anywhere within it, and
# *invented* if nothing is there in the truth. Both recipes are taken together.

# %% tags=["hide-input"]
edges = [0, 5, 50, 500, np.inf]
titles = ["below 5", "5–50", "50–500", "above 500"]
every = [np.array(found["electrons"]) for found in dry.content.values()]
counted = [np.array(found["objects"]) for found in dry.content.values()]
every, counted = np.concatenate(every), np.concatenate(counted)
rows = []
for low, high, title in zip(edges, edges[1:], titles, strict=False):
    inside = (every >= low) & (every < high)
    found, missed, invented = counted[inside].sum(axis=0)
    share = f"{found / (found + missed):.0%}" if found + missed else "–"
    per_frame = f"{invented / inside.sum():.2f}" if inside.any() else "–"
    rows.append(
        [title, f"{inside.sum()}", f"{found + missed}", share, per_frame]
    )
head = ["electrons per pixel", "frames", "objects", "found"]
figures.table([*head, "invented per frame"], rows)

# %% [markdown]
# ## The faithful look
#
# The dry look has a price. A truth stretched from 0 to 1 does not tell how dark a particle is, and in
# frames unlike the paper's it guesses ({doc}`04_networks`). The package's default is therefore
# another network, trained on the *broader* recipe ({doc}`01_dataset`) for the faithful truth: the
# frame itself without noise and with half its blur, in its own counts.

# %% tags=["remove-stderr"]
faithful = Refiner.load()
shown = ("architecture", "data")
print(json.dumps({key: faithful.card[key] for key in shown}, indent=1))
measured = scoring.FAITHFUL.get(ROOT, recompute)
print(measured.standing)
reached = {name: np.array(v) for name, v in measured.content.items()}
gains = {
    name: float(np.mean(reached["refined"] - reached[other]))
    for name, other in (
        ("gain_raw", "raw"),
        ("gain_gaussian", "best Gaussian"),
    )
}
glue("n_faithful", float(len(reached["raw"])), display=False)
for name, gain in gains.items():
    glue(name, gain, display=False)

# %% [markdown]
# On {glue:text}`n_faithful:.0f` simulated frames of the *broad* recipe that it was not trained on, it
# gains {glue:text}`gain_raw:.1f` dB over the raw frame and {glue:text}`gain_gaussian:.1f` dB over the
# Gaussian filter of the width that suits each frame best, both fitted to the truth's scale. The first
# of these frames are drawn and refined again here:

# %% tags=["hide-input"]
#| name: fig-faithful
#| caption: Simulated frames of the broad recipe that were not used in training, refined with the default weights, and their truth. Each row has one grey scale. Simulated data.
#| alt: Rows of three images. Noisy frames with chains, polygons and droplets; the refined ones show the same without noise and a little sharper; the truths look nearly like the refined ones, sharper where the noise was strong.
rows, again = [], []
numbers = [i for i in measured.content["number"] if i < n_broad]
test_seed = scoring.FAITHFUL.parameters()["seed"]
for number in numbers[:5]:
    one = example([test_seed, number], "broad")
    refined = faithful(one.noisy)
    again.append(baselines.contrast_psnr(refined, one.faithful))
    low, high = one.faithful.min(), one.faithful.max()
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    stages = one.noisy, refined, one.faithful
    rows.append([(image - low) / (high - low) for image in stages])
figures.panel(rows, ["frame", "refined", "truth"])

# %% tags=["hide-input"]
away = np.abs(np.array(again) - reached["refined"][: len(again)])
print("The PSNRs of these refined frames and those of the record")
print(
    f"differ by {away.max():.2g} dB at most (runtime {faithful.runtime.name})."
)

# %% [markdown]
# ## The real frame
#
# The one published real frame has no truth. By eye, and by a Gaussian filter, it holds two single
# particles and one cluster, and it is darker towards the corners. A network that has only seen evenly
# lit fields may take such a corner for a particle.

# %% tags=["remove-stderr"]
try:
    real = frames.read(sample_frame()).counts
except OSError as error:
    real = None
    print(f"No real frame on this machine: not run.\n{error}")

# %%
n_real = "not run: no real frame"
if real is not None:
    begun = time.perf_counter()
    refined = refine(real)
    print(f"refined in {1e3 * (time.perf_counter() - begun):.0f} ms")
    surface, away = background(real)
    even = refined[away]
    print(f"dry look, background: {even.mean():.3f} ± {even.std():.3f}")
    faithful_real = faithful(real)
    level, raw = faithful_real[away].mean(), real[away].mean()
    print(f"faithful, background: {level:.2f} counts, raw {raw:.2f}")
    flat = np.clip(faithful_real / surface, 0, 1)
    objects = find_dark(refined, 0.5)
    n_real = str(len(objects))
    for name, dark in (
        ("dry look, below 0.5", objects),
        ("faithful, below 0.75 of the background", find_dark(flat, 0.75)),
    ):
        print(name)
        for one in dark:
            place = f"row {one.row:.0f}, column {one.column:.0f}"
            print(f"  {place}, {one.area} px²")
glue("n_real", n_real, display=False)

# %% tags=["hide-input", "needs-data"]
#| name: fig-real
#| caption: The published real frame (100 nm gold particles in water), after a Gaussian filter (σ = 2 px), and refined with both sets of shipped weights, which have seen simulated images only. Below, the region of the two particles and that of the cluster enlarged. The first three columns share one grey scale. No truth exists for this frame.
#| alt: Four images of the same field. The raw frame is grainy with three dark spots; the filtered one is smoother and darker in the corners; the faithful one has the same grey levels without noise, and the particles of the cluster are told apart; the dry one shows two dark particles and one cluster without gaps on an even bright background.
if real is not None:
    low, high = faithful_real.min(), limits(real)[1]
    filtered = cv2.GaussianBlur(real.astype(np.float32), (0, 0), 2)
    counts = real, filtered, faithful_real
    stages = [(image - low) / (high - low) for image in counts]
    stages.append(refined)
    regions = [np.s_[:, :], np.s_[110:200, 160:250], np.s_[145:235, 395:485]]
    figure = figures.panel(
        [[image[region] for image in stages] for region in regions],
        ["raw", "Gaussian filter", "refined, faithful", "refined, dry"],
        labels=["whole frame", "two particles", "cluster"],
        pixel_sizes=[8.7] * 3,
    )
    display(figure)

# %% [markdown]
# The scale bars take the particles' nominal diameter of 100 nm as the measure, 8.7 nm per pixel: the
# file itself has no pixel size. What to trust in the dry look: that there are three dark things,
# where, and about how large. What not to trust: facets, gaps between touching particles of a few
# pixels, and grey levels, since the network has learned what dry particles look like and draws
# them so. The faithful look keeps to what the frame shows. How far to trust it is measured in
# {doc}`trust_images`.
