"""The commands, from a simulated data set to a refined frame, and their errors."""

import subprocess
import sys

import numpy as np
import pytest
import tifffile
import typer
from typer.testing import CliRunner

from lctem_core import cli
from lctem_core.errors import InputError
from lctem_core.io import frames
from lctem_core.train.store import Store

runner = CliRunner()


def run(*arguments):
    result = runner.invoke(cli.app, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_from_simulation_to_a_refined_frame(tmp_path):
    images, folder = tmp_path / "images", tmp_path / "run"
    prepared = images / "store"
    run("simulate", images, "--pairs", 12, "--size", 192, "--workers", 1)
    assert len((images / "list_dataset.txt").read_text().splitlines()) == 12
    run("prepare", images, "--size", 128)
    values = ("shuffle=4", "depth=3", "epochs=1", "batch=4", "workers=0", "validation=0.3")
    run("train", prepared, folder, *(v for value in values for v in ("--set", value)))
    frame = next(iter(sorted(images.glob("*w0.tif"))))
    weights = folder / "weights.safetensors"
    output = run("refine", frame, tmp_path / "out.tif", "--weights", weights, "--size", 96)
    assert "96 × 96" in output
    refined = frames.read(tmp_path / "out.tif")
    assert refined.counts.shape == (96, 96)
    assert refined.counts.dtype == np.float32
    # 192 pixels became 96, so each is twice as wide.
    assert refined.pixel_size == pytest.approx(2 * frames.read(frame).pixel_size)


def test_refine_the_real_frame(real_data, tmp_path):
    source = real_data("sample.tif")
    assert "in the frame's counts" in run("refine", source, tmp_path / "out.tif")
    refined, counts = tifffile.imread(tmp_path / "out.tif"), tifffile.imread(source)
    assert refined.shape == (512, 512)
    assert refined.dtype == np.float32
    assert refined.mean() == pytest.approx(counts.mean(), rel=0.01)
    assert "in [0, 1]" in run("refine", source, tmp_path / "dry.tif", "--look", "dry")
    dry = tifffile.imread(tmp_path / "dry.tif")
    assert 0 <= dry.min() <= dry.max() <= 1


def test_refine_in_a_named_runtime(tmp_path):
    counts = np.random.default_rng(0).poisson(20, (96, 130)).astype(np.uint16)
    frames.write_tiff(tmp_path / "in.tif", counts)
    refined = {}
    for name in ("torch", "openvino"):
        run("refine", tmp_path / "in.tif", tmp_path / "out.tif", "--runtime", name)
        refined[name] = tifffile.imread(tmp_path / "out.tif")
    np.testing.assert_allclose(refined["openvino"], refined["torch"], rtol=1e-4)
    with pytest.raises(InputError, match="a runtime of auto, torch"):
        run("refine", tmp_path / "in.tif", tmp_path / "out.tif", "--runtime", "fast")


def test_export(tmp_path):
    output = run("export", tmp_path / "n.onnx", "--size", 64)
    assert "1 × 1 × 64 × 64, float32, ONNX operators 17" in output
    assert {path.name for path in tmp_path.iterdir()} == {"n.onnx", "n.json"}


def test_training_parameters_from_a_file(tmp_path):
    (tmp_path / "c.yaml").write_text("encodr: resnet18\n")
    with pytest.raises(InputError, match="encodr"):
        run("train", tmp_path / "absent", tmp_path / "run", "--config", tmp_path / "c.yaml")
    with pytest.raises(FileNotFoundError, match="lctem prepare"):
        run("train", tmp_path / "absent", tmp_path / "run")
    with pytest.raises(InputError, match="NAME=VALUE"):
        run("train", tmp_path / "absent", tmp_path / "run", "--set", "epochs")
    with pytest.raises(InputError, match="number of GPUs"):
        run("train", tmp_path / "absent", tmp_path / "run", "--devices", "many")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["refine", "absent.tif", "out.tif"], "absent.tif"),
        (["refine", "absent.tif", "out.png"], ".tif"),
        (["export", "out.tif"], "ends in .onnx"),
        (["simulate", "folder", "--pairs", "0"], "at least 1 pair"),
        (["prepare", "absent", "store"], "list_dataset.txt"),
        (["thickness", "absent.tif", "--angles", "-5,0,5"], "absent.tif"),
        (["dose", "--dose", "-1"], "at least 0"),
        (["dose", "--dose", "1", "--voltage", "200000"], "in kilovolts"),
    ],
)
def test_errors_are_one_line_and_exit_two(arguments, words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "lctem_core.cli", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert words in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.tif").exists()


def test_dose_in_every_unit():
    output = run("dose", "--rate", 100, "--exposure", 0.01, "--pixel-size", 2)
    for line in ("1 e-/nm²", "4.475e+04 Gy", "4 e-/px", "100 e-/nm²/s", "4.475e+06 Gy/s"):
        assert line in output


@pytest.mark.parametrize("name", sorted(typer.main.get_command(cli.app).commands))
def test_every_command_explains_itself(name):
    """Its own sentence, and all that can be given to it with a word on each."""
    command = typer.main.get_command(cli.app).commands[name]
    shown = " ".join(run(name, "--help").replace("│", " ").split())
    first = command.help.splitlines()[0]
    assert first.endswith(".")
    assert first in shown
    for parameter in command.params:
        if parameter.name == "help":
            continue
        assert parameter.help, f"{name}: nothing is said of {parameter.name}"
        known = parameter.opts[0] if parameter.opts[0].startswith("--") else parameter.metavar
        assert (known or parameter.name.upper()).strip("[]") in shown


def test_clips_are_written_for_a_temporal_network(tmp_path):
    folder = tmp_path / "clips"
    run("examples", folder, "--number", 2, "--size", 64, "--clips", "--recipe", "paper",
        "--workers", 1)  # fmt: skip
    assert Store.open(folder, "faithful").noisy(0).shape == (10, 64, 64)
