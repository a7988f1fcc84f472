"""Planted thickness recovered from simulated noisy tilt images, in memory and from files."""

import numpy as np
import pytest
from typer.testing import CliRunner

from lctem_core import cli
from lctem_core.cell.thickness import measure, read_series
from lctem_core.errors import InputError
from lctem_core.io import frames
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import Acquisition
from lctem_core.simulate.tilt import draw_cell, tilt_series

NINE = np.linspace(-6, 6, 9)


def series(distance, angles, seed=0, dose=50.0, axis=90.0, **options):
    rng = np.random.default_rng(seed)
    cell = draw_cell(rng, distance=distance, **options)
    acquisition = Acquisition(dose=dose, blur=3.0, upper_blur=12.0, camera=Camera(gain=4))
    return tilt_series(cell, angles, acquisition, 512, rng, drift=80.0, axis=axis)


@pytest.mark.parametrize(
    ("distance", "angles", "dose", "axis"),
    [
        (1780.0, (-5, 0, 5), 50.0, 90.0),
        (1780.0, NINE, 2.0, 20.0),
        (500.0, NINE, 20.0, 120.0),
        (150.0, NINE, 100.0, 90.0),
        (5000.0, np.linspace(-3, 3, 7), 20.0, 90.0),
    ],
)
def test_planted_distance(distance, angles, dose, axis):
    taken = series(distance, angles, dose=dose, axis=axis)
    found = measure(taken.images, taken.angles, taken.pixel_size, progress=False)
    assert found.distance == pytest.approx(distance, abs=max(0.01 * distance, 4))
    assert found.thickness == found.distance + 100
    assert found.interval[0] < found.distance < found.interval[1]


def test_coverage_over_simulated_series():
    # Frames are costly: the noise of positions is tested 200-fold in test_parallax.
    hits = []
    for seed in range(12):
        taken = series(800.0, NINE[::2], seed=seed, dose=20.0, number=(4, 4))
        found = measure(taken.images, taken.angles, taken.pixel_size, progress=False)
        hits.append(found.interval[0] < 800 < found.interval[1])
    assert sum(hits) >= 9


def test_particles_outside_of_a_film():
    taken = series(150.0, NINE)
    found = measure(taken.images, NINE, taken.pixel_size, side="outside", progress=False)
    assert found.thickness == pytest.approx(50, abs=5)


def test_two_frames_take_the_error_from_the_images():
    taken = series(1780.0, (-5, 5))
    found = measure(taken.images, (-5, 5), taken.pixel_size, progress=False)
    assert found.distance == pytest.approx(1780, abs=25)
    assert np.isfinite(found.interval).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"angles": (-5, 5)}, "one angle per frame"),
        ({"angles": (5, 5, 5)}, "different angles"),
        ({"pixel_size": 0.0}, "pixel size above 0 nm"),
        ({"diameter": -1.0}, "diameter above 0 nm"),
        ({"side": "upper"}, "inside, outside"),
    ],
)
def test_bad_input(change, words):
    arguments = {"images": np.zeros((3, 64, 64)), "angles": (-5, 0, 5), "pixel_size": 5.0}
    with pytest.raises(InputError, match=words):
        measure(**{**arguments, **change})


def run(*arguments):
    return CliRunner().invoke(cli.app, ["thickness", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tilt")
    taken = series(1780.0, (-5, 0, 5))
    for number, image in enumerate(taken.images):
        frames.write_tiff(folder / f"{number}.tif", image, pixel_size=taken.pixel_size)
    frames.write_tiff(folder / "stack.tif", taken.images, pixel_size=taken.pixel_size)
    frames.write_tiff(folder / "plain.tif", taken.images)
    frames.write_tiff(folder / "other.tif", taken.images[0], pixel_size=9.0)
    frames.write_tiff(folder / "small.tif", taken.images[0][:256], pixel_size=taken.pixel_size)
    return folder


def test_command_on_single_frames_and_on_a_stack(files):
    # Not `output`: the progress bar in it tells times.
    single = run(*(files / f"{n}.tif" for n in range(3)), "--angles", "-5,0,5").stdout
    stack = run(files / "stack.tif", "--angles=-5,0,5").stdout
    assert single == stack
    assert "liquid thickness h = 18" in single
    plain = run(files / "plain.tif", "--angles=-5,0,5", "--pixel-size", 10).output
    assert "h′ = 35" in plain  # twice the pixel size, twice the distance


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["plain.tif"], ["--angles=-5,0,5"], "--pixel-size"),
        (["stack.tif"], ["--angles=-5,5"], "one angle per frame"),
        (["stack.tif"], ["--angles=a,b"], "numbers separated by commas"),
        (["stack.tif"], ["--angles=-0.09,0,0.09"], "radians"),
        (["stack.tif"], ["--angles=-5,0,5", "--reference=1"], "--reference=X,Y"),
        (["0.tif", "1.tif", "other.tif"], ["--angles=-5,0,5"], "one pixel size"),
        (["0.tif", "1.tif", "small.tif"], ["--angles=-5,0,5"], "frames of one size"),
    ],
)
def test_command_says_what_is_wrong(files, names, options, words):
    with pytest.raises(InputError, match=words):
        run(*(files / name for name in names), *options)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.tif"):
        read_series([tmp_path / "absent.tif"])
