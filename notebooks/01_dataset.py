# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [book/results/dataset/*.json]
# ---

# %% [markdown]
# # The data set: noisy and true images of the same particles
#
# **Question.** From which pairs of images does the paper's network learn, can such pairs be simulated,
# and how may they be divided into training and validation pairs?
#
# **Answer.** The {glue:text}`n_pairs` published pairs share {glue:text}`n_dry` dry images. In a random
# tenth kept for validation, as in the paper, {glue:text}`share_random` of the pairs have a dry image
# that is also in training; in a split that keeps all pairs of a dry image together,
# {glue:text}`share_grouped`. Frames like the one published real frame can be simulated: the variance of
# its noise over the mean is {glue:text}`variance_real` counts, that of its simulated counterpart
# {glue:text}`variance_simulated`.
#
# **How far to trust it.** The list is real, and what is counted in it is exact. The images of this book
# are simulated; the simulator was set to the real frame by hand, so their agreement shows that it can
# make such a frame, not that it predicted it. One real frame cannot tell what others are like: the last
# section looks for what the simulator lacks.
#
# A network that turns noisy images into clear ones learns from pairs: the same particles once in
# water at a small dose, once dry at a large one. {cite:t}`katsuno2024` took 1,204 such pairs of 100 nm
# gold particles. We simulate pairs with the same cell, sample, magnifications and doses, in the same
# file layout, compare a simulated frame with a real one, and look at how the real list is built. The
# chapter corresponds to "Collection of training data", Figure 1 and Figure 2 of the paper.

# %% tags=["hide-input"]
from pathlib import Path

import numpy as np
from IPython.display import display
from myst_nb import glue

from lctem_core import figures
from lctem_core.evaluate.noise import frame_statistics
from lctem_core.files import workspace
from lctem_core.io import frames
from lctem_core.io.published import data_dir, pair_list, sample_frame
from lctem_core.simulate import shapes
from lctem_core.simulate.camera import Camera, three_tap
from lctem_core.simulate.examples import example
from lctem_core.simulate.optics import (
    Acquisition,
    Illumination,
    Particle,
    Scene,
    acquire,
    background_share,
    optical_depth,
)
from lctem_core.simulate.recipes import Recipe, draw_scene
from lctem_core.train import dataset, overview, pairs, store

figures.use_style()
ROOT = next(
    p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir()
)

# %% tags=["parameters"]
n_simulated = 32  # pairs to simulate here; 200 are recorded
camera_size = 1024  # pixels on a side of the camera; the paper has 4096
seed = 1  # the same seed gives the same images
example_seed = 12  # scene of the first figure
recompute = False  # measure again here what is recorded: a minute
n_splits = 50  # random splits of the real list to average over

# %% [markdown]
# ## From a pair of acquisitions to a trained network

# %% tags=["hide-input"]
#| name: fig-schematic
#| caption: How training works (the paper's Figure 2, drawn by code). A region is cut out of the wet and the dry frame, reduced to 512 × 512 pixels by area averaging, and rescaled to 0–1. The network turns the noisy image into a refined one; the loss compares it with the truth, and its gradient changes the network.
#| alt: Flow chart. Wet and dry frames pass through cropping, reduction and rescaling and become the noisy image and the truth. The noisy image goes through a U-Net to the refined image. Refined image and truth enter the loss, from which an arrow leads back to the U-Net.
figures.schematic()

# %% [markdown]
# ## What the beam sees
#
# A frame is simulated in four steps.
#
# **Thickness.** Particles are faceted polyhedra. The path of a vertical beam through one of them,
# $d(x, y)$, is the gap between its upper and its lower faces, computed exactly. Facets give grey
# levels inside a particle, which a flat disc would not have.
#
# **Attenuation.** Of the electrons that reach the camera beside a particle, the share
#
# $$
# T(x, y) = f + (1 - f)\, e^{-d(x, y) / \lambda}
# $$ (eq-transmission)
#
# reaches it through the particle. $\lambda$ is the length over which gold scatters electrons out of
# the aperture (35–85 nm here; 20–85 nm are in use at 200 kV {cite}`yao2020`), and $f$ the share
# that arrives through any thickness, scattered but still within the aperture. Without $f$, 100 nm
# of gold would be nearly black; in the real frame below the core keeps nearly half of the background.
#
# **Blur.** Electrons lose energy in the liquid, and the objective lens focuses each energy
# elsewhere. The result is close to a Gaussian blur that grows with the liquid's thickness: 3 to
# 30 nm for particles at the lower membrane, more at the upper one {cite}`holtz2013`. This is why
# particles look round in water and polygonal when dry.
#
# **Camera.** A pixel receives a Poisson number of electrons with mean $D\,p^2\,T$ ($D$ dose, $p$
# pixel size); each electron makes a random amount of light (a relative spread of about 0.7), shares
# it with the neighbouring pixels, and is read out with gain, offset, read noise and a few hot
# pixels as an integer {cite}`larsen2023`.
#
# *Dose* means here what the paper measures: electrons per nm² that reach the camera in the
# background of the image. The specimen receives more, because windows and liquid take their share.

# %% tags=["hide-input"]
thicknesses = (0, 0.5, 3, 7)
shares = [f"{background_share(1000 * water):.0%}" for water in thicknesses]
figures.table(
    ["water [µm]", *(f"{water:g}" for water in thicknesses)],
    [["electrons that reach the camera in the background", *shares]],
)

# %%
rng = np.random.default_rng(example_seed)
scene = draw_scene(Recipe(widths=(1280.0,), number=(4, 4)), rng)
pixel_size = scene.width / 512
depth = optical_depth(scene, 512)
doses = (1.0, 10.0, 100.0, 1000.0)
noise = np.random.default_rng(example_seed).spawn(len(doses) + 1)
wet = [
    acquire(
        depth,
        Acquisition(dose=dose, liquid=3000, blur=10, camera=Camera(gain=10)),
        pixel_size,
        stream,
    )
    for dose, stream in zip(doses, noise, strict=False)
]
bright = Acquisition(dose=2e4, blur=1, floor=0.1, camera=Camera(gain=0.2))
dry = acquire(depth, bright, pixel_size, noise[-1])

# %% tags=["hide-input"]
#| name: fig-doses
#| caption: One simulated scene, wet at four doses and dry. Field 1.28 µm wide, 2.5 nm per pixel, 3 µm of water, grey scale of each image between its 0.1 and 99.9 percentiles. Simulated data.
#| alt: Five images of the same gold particles. At 1 electron per square nanometre the particles drown in noise; they become clearer with the dose but stay round and blurred up to 1000; the dry image shows sharp facets.
figures.panel(
    [[*wet, dry]],
    [*(f"wet, {dose:,.0f} e⁻/nm²" for dose in doses), "dry, 20,000 e⁻/nm²"],
    pixel_sizes=[pixel_size],
    limits=None,
)

# %% [markdown]
# ## A simulated frame beside a real one
#
# The authors published one real frame, taken in water at low magnification: two single particles and
# a cluster. We measure its statistics, set the simulator to them, and compare what comes out. The
# statistics are measured by the same code on both. Noise is what remains after a smooth background
# and the particles are removed; its variance over the mean grows with the counts per electron, its
# correlation between neighbours with how far the camera spreads an electron's light.

# %% tags=["remove-stderr"]
try:
    real = frames.read(sample_frame()).counts
except OSError as error:
    real = None
    print(f"No real frame on this machine: not run.\n{error}")


# %%
PIXEL = 8.7  # nm; the particles are 11.5 px across and nominally 100 nm
GAIN = 1.04  # counts per electron, from the variance
CENTRES = [(215, 137), (197, 172)]  # x, y of the two particles [px]
CENTRES += [(433, 174), (444, 173), (434, 186), (443, 185), (441, 196)]


def like_the_sample(rng):
    """Counterpart of the real frame: two particles, a cluster of five."""
    shape = "truncated octahedron"
    particles = tuple(
        Particle(
            x * PIXEL,
            y * PIXEL,
            diameter=100 * rng.normal(1, 0.05),
            shape=shape,
            rotation=shapes.orientation(shape, rng, flat=True),
            attenuation_length=50.0,
        )
        for x, y in CENTRES
    )
    light = Illumination(vignette=0.22)
    acquisition = Acquisition(
        dose=51 / GAIN / PIXEL**2 / light.image(512).mean(),
        liquid=4000,
        blur=16,
        floor=0.3,
        illumination=light,
        camera=Camera(gain=GAIN, spread=0.7, kernel=three_tap(0.073)),
    )
    depth = optical_depth(Scene(512 * PIXEL, particles), 512)
    return acquire(depth, acquisition, PIXEL, rng), acquisition.dose


simulated, sample_dose = like_the_sample(np.random.default_rng(seed))
print(f"dose of the simulated counterpart: {sample_dose:.2f} e-/nm²")

# %% tags=["hide-input"]
quantities = {
    "background": "background [counts]",
    "variance_per_mean": "noise variance / mean [counts]",
    "lag1": "noise correlation, next pixel",
    "lag2": "noise correlation, next but one",
    "row_noise": "scatter of row means / expected",
    "corner_to_centre": "corner / centre",
    "core_to_background": "darkest core / background",
    "maximum": "largest count",
}
measured = {"simulated": frame_statistics(simulated)}
if real is not None:
    measured["real"] = frame_statistics(real)
for kind in ("simulated", "real"):
    text = "not run: no real frame"
    if kind in measured:
        text = f"{measured[kind]['variance_per_mean']:.2f}"
    glue(f"variance_{kind}", text, display=False)
figures.table(
    ["", *measured],
    [
        [name, *(f"{v[key]:.3g}" for v in measured.values())]
        for key, name in quantities.items()
    ],
)

# %% [markdown]
# The simulator was set to the real frame by hand: level, gain, sharing, vignette, blur and floor. So
# the agreement of these shows that it can make such a frame, not that it predicted it. What it does
# not make in this recipe is the weak anticorrelation of pixels two apart, as of an image that was sharpened or
# resampled on its way. The pixel size follows from the particles: 100 nm nominally, and about 11.5
# pixels across by eye.

# %% tags=["hide-input", "needs-data"]
#| name: fig-real-simulated
#| caption: The published real frame (100 nm gold particles in water) and a frame simulated with its statistics, with their distributions of counts. Left image real data, right image simulated.
#| alt: Two noisy grey images with two small dark dots and one dark cluster at the same places, hardly distinguishable, and a plot in which the two distributions of counts lie on each other around 51 counts.
if real is not None:
    figure, (left, right, plot) = figures.columns_of(3)
    low, high = np.percentile(real, [0.1, 99.9])
    for axes, image, title in (
        (left, real, "real"),
        (right, simulated, "simulated"),
    ):
        axes.imshow(image, vmin=low, vmax=high)
        axes.set(title=title, xticks=[], yticks=[])
        figures.scale_bar(axes, PIXEL, 512)
    bins = np.arange(0.5, 110.5)
    figures.histogram(plot, real.ravel(), bins, figures.BLUE, "real")
    figures.histogram(
        plot, simulated.ravel(), bins, figures.ORANGE, "simulated"
    )
    plot.set(xlabel="counts per pixel", ylabel="pixels")
    plot.legend()
    display(figure)

# %% [markdown]
# ## A data set in the paper's layout
#
# `lctem simulate` writes 16-bit TIFFs and a list with one line per pair,
#
# ```text
# dry x1 y1 x2 y2 wet x1 y1
# ```
#
# where the box $(x_1, y_1)$–$(x_2, y_2)$ is cut out of the dry frame and a box of the same size, at its
# own corner, out of the wet one: the membrane bulges differently with and without liquid, so
# the same particles lie a little elsewhere. As in the real list, each dry frame serves several wet
# ones, and some frames give more than one region.

# %% tags=["remove-stderr"]
folder = workspace("01_dataset", f"{n_simulated}_{camera_size}_{seed}")
listed = dataset.write_dataset(
    folder / "images", n_simulated, seed=seed, size=camera_size
)
(folder / "images" / dataset.LIST).read_text().splitlines()[:4]

# %% [markdown]
# `lctem prepare` cuts the regions out, reduces them to 512 × 512 pixels (regions that are not square
# are squeezed, as in the paper), rescales them and stores the result once, so that training reads
# ready arrays. Rescaling is, in the public code, first between minimum and maximum and then between
# the 0.1 and 99.9 percentiles; the second step undoes the first except for rounding, and keeps a hot
# pixel from making everything else black.

# %% tags=["remove-stderr"]
images = folder / "images"
prepared = store.prepare(
    images,
    images / dataset.LIST,
    folder / "store",
    facts={"data": dataset.describe(images)},
)
facts = dataset.read_facts(images)
print(f"{len(prepared)} pairs of {prepared.size} × {prepared.size} pixels")

# %% [markdown]
# This takes seconds for {glue:text}`n_here:.0f` pairs. The numbers and histograms that follow are of
# {glue:text}`n_recorded:.0f` pairs, recorded by `book/measures.py`.

# %% tags=["hide-input"]
here = {"number": n_simulated, "seed": seed, "camera": camera_size}
recorded = overview.PAIRS.get(ROOT, recompute, **(here if recompute else {}))
of_pair = {
    name: np.array(values) for name, values in recorded.content.items()
}
ratio = of_pair["dry"] / of_pair["wet"]
means = {name: of_pair[name].mean() for name in ("psnr", "ssim")}
glue("n_here", float(len(prepared)), display=False)
glue("n_recorded", float(len(ratio)), display=False)
glue("ssim_noisy_mean", float(means["ssim"]), display=False)
glue("psnr_noisy_mean", float(means["psnr"]), display=False)
glue("brightness_ratio_dry_wet", float(np.median(ratio)), display=False)
print(recorded.standing)
print(f"Untreated, mean of {len(ratio)} pairs:")
print(f"PSNR {means['psnr']:.2f} dB, SSIM {means['ssim']:.3f}")

# %% tags=["hide-input"]
#| name: fig-histograms
#| caption: (a) Dose of the dry (blue) and wet (orange) frames and (b) SSIM between the noisy image and the truth of the training and validation pairs, before any refinement; the paper's Figure 1 for simulated pairs.
#| alt: Left, two histograms over dose on a logarithmic axis; wet frames spread evenly from 1 to 1000 electrons per square nanometre, dry frames lie above 10000. Right, histograms of SSIM for training and validation pairs; most values lie below 0.2, with a tail to higher values.
figure, (left, right) = figures.columns_of(2)
decades = np.logspace(0, 6, 37)
for kind, colour in (("dry", figures.BLUE), ("wet", figures.ORANGE)):
    doses = of_pair[f"{kind} frames"]
    figures.histogram(left, doses, decades, colour, kind)
left.set(xscale="log", xlabel="dose [e⁻/nm²]", ylabel="frames", title="(a)")
left.legend()
bins = np.linspace(0, 1, 41)
held = np.isin(np.arange(len(ratio)), of_pair["validation"])
kept, rest = of_pair["ssim"][held], of_pair["ssim"][~held]
figures.histogram(right, rest, bins, figures.BLUE, "training")
figures.histogram(right, kept, bins, figures.RED, "validation")
right.set(xlabel="SSIM of noisy image and truth", ylabel="pairs", title="(b)")
right.legend()
figure

# %% [markdown]
# In the paper's Figure 1b half of the pairs lie between 0.1 and 0.2 and the rest between 0.2 and 0.7,
# while its Table 1 gives a mean of 0.08 for untreated pairs; both cannot be the same measure on the
# same images. Ours are the textbook SSIM with an 11 × 11 window. Their mean depends on the mix of
# magnifications and doses, so that it is not comparable with either.

# %% [markdown]
# ## Some pairs

# %% tags=["hide-input"]
#| name: fig-pairs
#| caption: Prepared pairs of the simulated set, noisy image and truth, from the smallest to the largest electron number per pixel. Regions that were not square are squeezed. Simulated data.
#| alt: Six pairs of images. From left to right the noisy images change from grey noise in which particles can hardly be seen to clear but blurred images; the truths below show faceted dark particles on an even background.
wet_dose = [facts[pair.wet]["dose"] for pair in prepared.pairs]
per_pixel = [
    dataset.electrons_per_pixel(pair, facts, prepared.size)
    for pair in prepared.pairs
]
order = np.argsort(per_pixel)
chosen = order[np.linspace(0, len(order) - 1, 6).astype(int)]
figures.panel(
    [
        [prepared.noisy(i) for i in chosen],
        [prepared.truth(i) for i in chosen],
    ],
    [
        f"{figures.short(wet_dose[i])} e⁻/nm²\n{figures.short(per_pixel[i])} e⁻/px"
        for i in chosen
    ],
    labels=["noisy", "truth"],
)

# %% [markdown]
# ## How the real list is built
#
# The list of the real pairs is public. It says how the 1,204 pairs share images, which decides how
# they may be divided into training and validation pairs.

# %% tags=["remove-stderr"]
try:
    real_list = pairs.read_list(pair_list())
except OSError as error:
    real_list = None
    print(f"No real list on this machine: not run.\n{error}")

# %% tags=["hide-input"]
NOT_RUN = "not run: the real list was not there"
if real_list is not None:
    counts = {
        "pairs": len(real_list),
        "dry images": len({pair.dry for pair in real_list}),
        "wet images": len({pair.wet for pair in real_list}),
        "distinct truth regions": len({pair.truth_key for pair in real_list}),
        "distinct lines": len(set(real_list)),
    }
    parts = pairs.split(real_list, "random", 0.1, seed)
    n_pairs, n_dry = len(real_list), str(counts["dry images"])
    n_train_pairs, n_val_pairs = (len(part) for part in parts)
    row = [f"{count:,}" for count in counts.values()]
    display(figures.table(list(counts), [row]))
else:
    n_pairs = n_train_pairs = n_val_pairs = n_dry = NOT_RUN
glue("n_pairs", n_pairs, display=False)
glue("n_train_pairs", n_train_pairs, display=False)
glue("n_val_pairs", n_val_pairs, display=False)
glue("n_dry", n_dry, display=False)

# %% [markdown]
# A random tenth of the pairs, as in the paper, leaves nearly every validation pair with a truth that
# also occurs in training. The *grouped* split keeps all pairs of a dry image on one side. It is the
# default here.

# %% tags=["hide-input"]
shares = {}
if real_list is not None:
    for how in ("random", "grouped"):
        splits = [
            pairs.split(real_list, how, 0.1, s) for s in range(n_splits)
        ]
        found = [pairs.overlap(real_list, *split) for split in splits]
        shares[how] = {
            key: np.mean([one[key] for one in found]) for key in found[0]
        }
    lines = {
        "whose dry image is also in training": ("dry", ".0%"),
        "whose wet image is, too": ("wet", ".0%"),
        "median overlap (IoU) of the truth region with the nearest one in training": (
            "iou",
            ".2f",
        ),
    }
    rows = [
        [text, *(format(share[key], form) for share in shares.values())]
        for text, (key, form) in lines.items()
    ]
    display(figures.table(["validation pairs", *shares], rows))
for how in ("random", "grouped"):
    text = f"{shares[how]['dry']:.0%}" if how in shares else NOT_RUN
    glue(f"share_{how}", text, display=False)

# %% [markdown]
# ## Frames of other kinds
#
# The paper's network knows one sample. Whoever else uses it brings other particles (rods, cubes,
# chains, hundreds in a field, some that are hardly darker than the liquid), other fields (film
# grain, lattice fringes, the edge of a window, bubbles, wrinkles) and other files (correlated noise,
# frames enlarged from fewer pixels, 8-bit exports with stretched contrast and clipping, dark-field
# images); and particles move during an exposure. The *broad* recipe draws from all of these, one
# field in four being the paper's. What a frame should become has two answers. The *faithful* truth
# is the frame itself without noise and with half its blur, in its own scale. The *look* is the dry
# image, as in the paper.

# %% tags=["hide-input"]
#| name: fig-broad
#| caption: Simulated frames of the broad recipe. Each row, left to right, two frames with their faithful truth and their dry look; frame and faithful truth share one grey scale. Simulated data.
#| alt: Rows of six images. Noisy frames show chains, polygons, rods and empty fields under noise, gradients, round shadows and fringes; the faithful truths show the same without noise; the dry looks show only the particles, dark on white.
rows, titles = [], ["frame", "faithful", "look"] * 2
chosen = [example([seed + 1, i]) for i in range(10)]
for pair_of in zip(chosen[::2], chosen[1::2], strict=True):
    row = []
    for one in pair_of:
        low, high = np.percentile(one.faithful, [0, 100])
        spread = max(high - low, 1e-6)
        low, high = low - 0.1 * spread, high + 0.1 * spread
        row += [
            (one.noisy - low) / (high - low),
            (one.faithful - low) / (high - low),
            one.look,
        ]
    rows.append(row)
figures.panel(rows, titles)

# %% [markdown]
# The *broader* recipe, with which the default network was trained, draws the same fields and gives some of them what
# real frames had and the broad recipe has not: streaks along the rows, and the anticorrelation of pixels two apart that
# resampling leaves.
#
# Are real frames within this range? The table has the 5–95 % range of 60 simulated frames of each
# recipe (recorded), and the same statistics of real frames: the liquid-cell frame from above, and,
# where they are on this machine, two frames of smoke particles without liquid that the authors'
# laboratory published elsewhere.

# %% tags=["hide-input", "remove-stderr"]
keys = ("variance_per_mean", "lag1", "lag2", "row_noise", "corner_to_centre")
keys += ("core_to_background",)
ranges = overview.FRAMES.get(ROOT, recompute)
real_frames = {} if real is None else {"real: liquid cell": real}
for path in sorted((data_dir() / "gatan_tiff").glob("*_0001.tif")):
    name = f"real: smoke, {path.stem[:-5]}"
    real_frames[name] = frames.read(path).counts
measured = {name: frame_statistics(f) for name, f in real_frames.items()}
rows = []
for key in keys:
    both = [found[key] for found in ranges.content.values()]
    row = [quantities[key], *(f"{a:.2g} to {b:.2g}" for a, b in both)]
    row += [f"{one[key]:.2g}" for one in measured.values()] or [""]
    rows.append(row)
simulated_columns = [f"simulated, {name}, 5–95 %" for name in ranges.content]
print(ranges.standing)
real_columns = list(measured) or ["real frames: not run"]
figures.table(["", *simulated_columns, *real_columns], rows)

# %% [markdown]
# A real value outside of the range is something that the simulator lacks. Noise variance over mean
# is the camera's gain, which does not matter, since every frame is stretched before the network sees
# it.
#
# ## With the real images
#
# The images are on Zenodo {cite}`katsuno2023dataset`; they are not used in this book. With the TIFFs in
# a folder `FOLDER`, the same code reads them:
#
# ```bash
# lctem prepare FOLDER STORE --list list_dataset.txt
# lctem train STORE RUN
# ```
