import subprocess
import sys
import time

import numpy as np
import pytest
from typer.testing import CliRunner

from lctem_core import cli
from lctem_core.errors import InputError
from lctem_core.io import frames
from lctem_core.io.recording import Recording
from lctem_core.live import replay


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("live") / "in.tif"
    rng = np.random.default_rng(0)
    scene = np.full((96, 128), 40.0)
    scene[30:50, 60:80] = 15
    frames.write_tiff(path, rng.poisson(scene, (14, 96, 128)).astype(np.uint16), pixel_size=2.0)
    return path


@pytest.mark.parametrize("integrate", ["none", "sum", "registered", "exponential", "adaptive"])
def test_every_frame_is_recorded_in_counts_of_one_frame(recording, tmp_path, integrate):
    out = tmp_path / "out.tif"
    seen = replay.run(recording, fps=None, integrate=integrate, out=out, runtime="torch",
                    progress=False)  # fmt: skip
    assert (seen.seen, seen.refined, seen.skipped) == (14, 14, 0)
    refined = np.stack(list(Recording.open(out)))
    assert refined.shape == (14, 96, 128)
    # The first sums are of fewer frames, and queues put the refiner behind the integrator.
    for image in refined:
        assert np.median(image) == pytest.approx(40, rel=0.1)
    assert np.median(refined[-1]) == pytest.approx(40, rel=0.05)
    assert refined[-1][35:45, 65:75].mean() == pytest.approx(15, rel=0.3)
    assert Recording.open(out).pixel_size == 2.0


def test_the_command_prints_what_happened(recording, tmp_path):
    done = CliRunner().invoke(
        cli.app,
        ["replay", str(recording), "--fps", "200", "--runtime", "torch", "--integrate", "sum",
         "--out", str(tmp_path / "out.zarr")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    for word in ("seen", "refined", "latency p95 [ms]", "refine p50 [ms]", "out.zarr: written"):
        assert word in done.output
    assert Recording.open(tmp_path / "out.zarr").shape == (14, 96, 128)


def test_a_simulated_camera_plays_for_its_time():
    seen = replay.run(fps=40, seconds=0.5, camera=128, runtime="torch", progress=False)
    assert seen.as_dict()["runtime"] == "torch"
    assert seen.seen == 20
    assert seen.seen == seen.refined + seen.skipped


def test_a_killed_replay_leaves_no_half_written_file(recording, tmp_path):
    out = tmp_path / "out.tif"
    process = subprocess.Popen(
        [sys.executable, "-m", "lctem_core.cli", "replay", str(recording), "--fps", "2",
         "--out", str(out), "--runtime", "torch"],
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not list(tmp_path.iterdir()):  # the hidden part file appears with the first frame
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a recording, or --simulate"),
        (["in.tif", "--simulate"], "a recording, or --simulate"),
        (["--simulate", "--integrate", "most"], "one of none, sum"),
        (["--simulate", "--fps", "-3"], "frame rate above 0"),
    ],
)
def test_wrong_commands_are_told(arguments, said):
    with pytest.raises(InputError, match=said):
        CliRunner().invoke(cli.app, ["replay", *arguments], catch_exceptions=False)


def test_an_output_that_exists_is_kept(recording, tmp_path):
    out = tmp_path / "out.tif"
    out.write_text("mine")
    with pytest.raises(InputError, match="which exists"):
        replay.run(recording, fps=None, out=out, runtime="torch", progress=False)
    assert out.read_text() == "mine"


HEAVY = ("torch", "lightning", "segmentation_models_pytorch", "matplotlib", "zarr", "av", "psutil",
         "dask", "scipy", "skimage")  # fmt: skip


@pytest.mark.parametrize(
    "module", ["live.replay", "live.player", "io.recording", "io.film", "refine.display"]
)
def test_what_is_imported_starts_quickly(module):
    code = f"import sys, lctem_core.{module}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
