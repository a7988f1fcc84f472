"""Draw the README's figure: the real frame before and after refinement with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lctem_core import Refiner, figures
from lctem_core.io import frames
from lctem_core.io.published import sample_frame
from lctem_core.refine.preprocess import limits

TARGET = Path(__file__).with_name("_static") / "readme.png"

if __name__ == "__main__":
    figures.use_style()
    counts = frames.read(sample_frame()).counts
    faithful = Refiner.load()(counts)
    # Black is the darkest place of the refined frame, so that the particles' inner greys show.
    lower, upper = faithful.min(), limits(counts)[1]
    raw, refined = ((image - lower) / (upper - lower) for image in (counts, faithful))
    dry = Refiner.load(look="dry")(counts)
    cluster = np.s_[145:235, 395:485]
    images = [raw, refined, dry]
    figure = figures.panel(
        [images, [image[cluster] for image in images]],
        ["as recorded", "refined, faithful", "refined, dry look"],
        # The file has no pixel size; the particles are nominally 100 nm and 11.5 pixels across.
        pixel_sizes=[8.7, 8.7],
    )
    figure.savefig(TARGET)
    print(TARGET)
