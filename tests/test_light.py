"""The light core: refining imports neither PyTorch nor what training, book and films need."""

import subprocess
import sys

import numpy as np
import pytest

from lctem_core.io import frames

#: What refining a frame must not import: each takes seconds or is an optional dependency.
HEAVY = (
    "torch", "timm", "segmentation_models_pytorch", "lightning", "torchvision", "matplotlib",
    "skimage", "pandas", "dask", "zarr", "av", "nncf", "onnx", "scipy", "rsciio", "pooch",
)  # fmt: skip

REFINE = "from lctem_core import Refiner; Refiner.load(device='cpu')(counts)"
CLIP = "from lctem_core import ClipRefiner; ClipRefiner.load()(np.stack([counts] * 10))"
COMMANDS = {
    "refine": ["refine", "in.tif", "out.tif"],
    "info": ["info", "in.tif"],
    "runtimes": ["runtimes"],
    "replay": ["replay", "in.tif", "--fps", "0", "--out", "out.tif"],
    "temporal": ["replay", "in.tif", "--fps", "0", "--integrate", "temporal", "--out", "out.tif"],
}


def imported(code, tmp_path):
    """Modules of `HEAVY` that a new process has imported after some code."""
    told = "import sys; print('IMPORTED', *sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    [line] = [line for line in done.stdout.splitlines() if line.startswith("IMPORTED")]
    return set(line.split()) & set(HEAVY)


@pytest.fixture(autouse=True)
def recording(tmp_path):
    counts = np.random.default_rng(0).poisson(40, (12, 96, 128)).astype(np.uint16)
    frames.write_tiff(tmp_path / "in.tif", counts[0])
    frames.write_tiff(tmp_path / "stack.tif", counts)


@pytest.mark.parametrize("code", [REFINE, CLIP], ids=["Refiner", "ClipRefiner"])
def test_refining_in_python(code, tmp_path):
    made = "import numpy as np; counts = np.random.default_rng(0).poisson(40, (96, 128))"
    assert not imported(f"{made}\n{code}", tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_commands(name, tmp_path):
    arguments = [part.replace("in.tif", "stack.tif") if name in ("replay", "temporal") else part
                 for part in COMMANDS[name]]  # fmt: skip
    start = f"import sys; sys.argv = ['lctem', *{arguments!r}]\nfrom lctem_core.cli import main"
    # Typer ends the process when a command is done.
    end = "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    found = imported(f"{start}\n{end}", tmp_path)
    assert not found


def test_help_imports_no_array_library(tmp_path):
    code = "import sys; sys.argv = ['lctem', '--help']\nfrom lctem_core.cli import main"
    told = "print('IMPORTED', *sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\ntry:\n    main()\nexcept SystemExit:\n    {told}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    modules = set(done.stdout.splitlines()[-1].split())
    assert "typer" in modules
    assert not modules & {*HEAVY, "numpy", "cv2", "tifffile", "yaml"}


def test_an_absent_extra_is_one_clear_line(tmp_path):
    """As in an installation without PyTorch: importing it fails."""
    code = (
        "import sys\nsys.modules['torch'] = None\nsys.modules['lightning'] = None\n"
        "sys.argv = ['lctem', 'train', 'store', 'run']\nfrom lctem_core.cli import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Training needs" in done.stderr
    assert "pip install 'lctem-core[train]'" in done.stderr
