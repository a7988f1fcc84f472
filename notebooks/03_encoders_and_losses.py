# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [book/results/*/*.json, book/studies.yaml]
# ---

# %% [markdown]
# # Encoders, losses, splits and networks: what makes a difference?
#
# The paper's Table 1 compares five ResNet encoders and three losses, one training each, and finds no
# significant difference. Whether a difference of a few tenths of a decibel is one, a single training
# cannot tell. Here each is trained several times, on simulated pairs, with all else equal: the same
# pairs, the same number of crops, a test set that shares nothing with them. Then we ask what the
# paper could not: how much a random split flatters a score, which network is worth its time, and why
# refined images turn black and white.
#
# The trainings are recorded: `make results` does those that are missing and writes one small file
# per training to `book/results`, with scores of every test image, commit, seed, versions and
# seconds. This page draws from the files. All images are simulated.

# %% tags=["hide-input"]
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from IPython.display import Markdown
from myst_nb import glue

from lctem_core import figures, frames, model, pairs, study
from lctem_core.config import Config
from lctem_core.examples import write_examples
from lctem_core.outputs import workspace
from lctem_core.train import fit, read_log

figures.use_style()
ROOT = next(p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir())
RESULTS = ROOT / "book" / "results"

# %% tags=["parameters"]
n_bootstrap = 2000  # resamplings of the test images per interval
n_splits = 50  # random splits of the real list
live_examples = 80  # simulated frames of the live training
live_epochs = 2  # passes over them
live_size = 256  # side of these frames in pixels
timing_repeats = 12  # frames per network to take the time of
seed = 3  # of the live training


# %% tags=["hide-input"]
def records(name):
    """Records of a study by the name of their run without the seed."""
    grouped = {}
    for one in study.read_records(RESULTS, name):
        grouped.setdefault(one["name"].rsplit("-", 1)[0], []).append(one)
    return grouped


def means(group, score):
    """Mean over the test images, of every seed of a group."""
    return np.array([np.mean(one["scores"][score]) for one in group])


def interval(group, score):
    """95 % bootstrap interval of the mean over test images and seeds."""
    rng = np.random.default_rng(0)
    values = np.array([one["scores"][score] for one in group]).mean(axis=0)
    drawn = rng.integers(len(values), size=(n_bootstrap, len(values)))
    return np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])


def summary(group, score, digits):
    """Mean, interval over images and spread over seeds, as text."""
    low, high = interval(group, score)
    each = means(group, score)
    spread = f"{np.std(each, ddof=1):.{digits}f}" if len(each) > 1 else "–"
    return [
        f"{each.mean():.{digits}f}",
        f"{low:.{digits}f}–{high:.{digits}f}",
        spread,
    ]


described = yaml.safe_load((ROOT / "book" / "studies.yaml").read_text("utf8"))
planned = list(study.read_studies(described))
missing = [
    run
    for run in planned
    if not (RESULTS / run.study / f"{run.name}.json").exists()
]
glue("n_recorded", float(len(planned) - len(missing)), display=False)
glue("n_planned", float(len(planned)), display=False)

# %% [markdown]
# {glue:text}`n_recorded:.0f` of the {glue:text}`n_planned:.0f` planned trainings are recorded. A row
# of a table below says so where its trainings are missing.
#
# ## Table 1 with error bars
#
# Data: 1,204 simulated pairs of 100 nm gold particles whose dry images, wet images and regions
# belong together as in the published list; split by dry image; 19 passes, about 20,000 crops of
# 256 × 256 pixels, for every row. Network: the fast variant (4 × 4 blocks of pixels as channels), since
# the paper's own at 512 × 512 pixels would take days on a CPU. Test: 150 simulated pairs of other
# particles. *Spread* is the standard deviation over seeds; the interval is over test images.

# %% tags=["hide-input"]
PAPER = {
    "ssim-resnet18": ("SSIM", "ResNet-18", 29.52, 0.85),
    "ssim-resnet34": ("SSIM", "ResNet-34", 29.45, 0.85),
    "ssim-resnet50": ("SSIM", "ResNet-50", 29.27, 0.85),
    "ssim-resnet101": ("SSIM", "ResNet-101", 30.12, 0.85),
    "ssim-resnet152": ("SSIM", "ResNet-152", 29.87, 0.85),
    "l1-resnet18": ("L1", "ResNet-18", 29.99, 0.85),
    "l2-resnet18": ("L2", "ResNet-18", 29.65, 0.85),
    "ssim3-resnet18": ("SSIM, 3 × 3", "ResNet-18", None, None),
    "ssim39-resnet18": ("SSIM, 39 × 39", "ResNet-18", None, None),
}
table1 = records("table1")
rows = []
for name, (loss, encoder, psnr, ssim) in PAPER.items():
    group = table1.get(name)
    printed = [f"{psnr:.2f}", f"{ssim:.2f}"] if psnr else ["–", "–"]
    if group:
        ours = summary(group, "psnr", 2) + summary(group, "ssim", 3)
        rows.append([loss, encoder, *printed, str(len(group)), *ours])
    else:
        rows.append([loss, encoder, *printed, "0", *["not run yet"] * 6])
figures.table(
    ["loss", "encoder", "paper: PSNR [dB]", "paper: SSIM", "seeds"]
    + [f"{s}: {w}" for s in ("PSNR [dB]", "SSIM") for w in ("mean", "95 %", "spread")],
    rows,
)
