"""Simulated and refined images stay what they were: compared with numbers of an earlier version.

``frozen.json`` holds means over an 8 × 8 grid. Another seed's, or another recipe's, differ in all
of them; another processor's last digits may turn a single electron, hence one mean in a hundred may
differ. To freeze anew, after a change that is meant: ``python tests/test_frozen.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lctem_core.io.frames import read
from lctem_core.refine.clip_refiner import ClipRefiner
from lctem_core.refine.refiner import Refiner
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.examples import example
from lctem_core.simulate.fields import gold_field
from lctem_core.simulate.movie import clip
from lctem_core.simulate.optics import Acquisition
from lctem_core.simulate.recipes import RECIPES
from lctem_core.simulate.session import session, simulated_camera
from lctem_core.simulate.tilt import draw_cell, tilt_series
from lctem_core.train.dataset import write_dataset

FROZEN = Path(__file__).with_name("frozen.json")
SIZE = 64


def rng():
    return np.random.default_rng(3)


def examples(recipe):
    for seed in range(3):
        one = example([7, seed], recipe, SIZE)
        yield from (one.noisy, one.faithful, one.look)


def clips(recipe):
    for seed in range(2):
        one = clip([7, seed], recipe, SIZE)
        yield from (one.noisy, one.faithful)


def pairs(folder):
    write_dataset(folder, 1, seed=7, recipe="wide", size=128, workers=1)
    return [read(path).counts for path in sorted(folder.glob("*.tif"))]


def tilted():
    cell = draw_cell(rng(), distance=1780.0)
    series = tilt_series(
        cell, [-5, 0, 5], Acquisition(dose=50.0, camera=Camera(gain=5)), SIZE, rng()
    )
    return [series.images, series.shifts]


def refined(weights):
    frame = example([7, 11], "broad", 128).noisy
    if weights == "temporal":
        return [ClipRefiner.load(runtime="onnxruntime")(clip([7, 11], "broad", 128).noisy)]
    return [Refiner.load(weights, runtime="onnxruntime")(frame)]


MADE = {
    **{f"example, {name}": lambda _, name=name: examples(name) for name in RECIPES},
    "clip, broad": lambda _: clips("broad"),
    "clip, broader": lambda _: clips("broader"),
    "pair, wide": pairs,
    "tilt series": lambda _: tilted(),
    "field of gold": lambda _: [gold_field(1600.0, rng(), size=SIZE).frames(50.0, 2, rng())],
    "session": lambda _: [session(SIZE, seconds=0.1, seed=7).frames()],
    "simulated camera": lambda _: [simulated_camera(2, size=SIZE, seed=7)],
    **{f"refined, {name}": lambda _, name=name: refined(name)
       for name in ("faithful", "dry-look", "temporal")},
}  # fmt: skip


def grid(image):
    """Means over 8 × 8 blocks of the last two axes; a table of numbers as it is."""
    image = np.asarray(image, np.float64)
    if image.shape[-1] % 8 or image.shape[-2] % 8:
        return image.ravel()
    height, width = image.shape[-2] // 8, image.shape[-1] // 8
    return image.reshape(-1, 8, height, 8, width).mean(axis=(2, 4)).ravel()


def made(name, folder):
    return np.concatenate([grid(image) for image in MADE[name](folder)])


@pytest.mark.parametrize("name", MADE)
def test_as_frozen(name, tmp_path):
    expected = np.array(json.loads(FROZEN.read_text("utf8"))[name])
    found = made(name, tmp_path)
    assert found.shape == expected.shape
    assert np.isclose(found, expected, rtol=1e-4, atol=1e-4).mean() >= 0.99


def freeze():
    from tempfile import TemporaryDirectory

    frozen = {}
    for name in MADE:
        with TemporaryDirectory() as folder:
            frozen[name] = [float(f"{value:.7g}") for value in made(name, Path(folder))]
    FROZEN.write_text(json.dumps(frozen) + "\n", "utf8")


if __name__ == "__main__":
    freeze()
