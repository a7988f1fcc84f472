"""Draw the README's figure: the real frame before and after refinement with the shipped weights."""

from __future__ import annotations

from pathlib import Path

from lctem_core import Refiner, figures, frames
from lctem_core.preprocess import rescale

TARGET = Path(__file__).with_name("_static") / "readme.png"

if __name__ == "__main__":
    figures.use_style()
    counts = frames.read(frames.sample_frame()).counts
    figure = figures.panel(
        [[rescale(counts), Refiner.load()(counts)]],
        ["as recorded", "refined"],
        # The file has no pixel size; the particles are nominally 100 nm and 11.5 pixels across.
        pixel_sizes=[8.7],
        side=3.6,
    )
    figure.savefig(TARGET)
    print(TARGET)
