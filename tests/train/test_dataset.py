"""A simulated data set in the paper's layout, read by code that knows only the list's format."""

import json

import cv2
import numpy as np
import pytest
import tifffile

from lctem_core.errors import InputError
from lctem_core.simulate.recipes import PAPER, draw_scene
from lctem_core.train import dataset, pairs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("set")
    dataset.write_dataset(folder, 24, seed=3, size=256, workers=1, progress=False)
    return folder


def test_read_by_the_list_alone(folder):
    # The reader below is what anyone would write from the paper's list: no code of the core.
    lines = (folder / "list_dataset.txt").read_text().splitlines()
    assert len(lines) == 24
    correlations = []
    for line in lines:
        dry_name, x1, y1, x2, y2, wet_name, wx, wy = line.split()
        x1, y1, x2, y2, wx, wy = map(int, (x1, y1, x2, y2, wx, wy))
        dry = tifffile.imread(folder / f"{dry_name}.tif")
        wet = tifffile.imread(folder / f"{wet_name}.tif")
        assert dry.dtype == wet.dtype == np.uint16
        truth, noisy = dry[y1:y2, x1:x2], wet[wy : wy + y2 - y1, wx : wx + x2 - x1]
        assert truth.shape == noisy.shape == (y2 - y1, x2 - x1)
        smooth = [cv2.GaussianBlur(i.astype(np.float32), (0, 0), 4) for i in (truth, noisy)]
        correlations.append(np.corrcoef(smooth[0].ravel(), smooth[1].ravel())[0, 1])
    # Region and shift in the list bring the particles onto each other.
    assert np.median(correlations) > 0.4


def test_sharing_is_that_of_the_real_list(tmp_path):
    # 1,204 pairs of 297 dry images, 395 regions, 873 wet images; drawn without acquiring.
    tasks = list(dataset._tasks(tmp_path, 12_040, 0, "paper", 256))
    dry = len(tasks)
    wet = sum(task.wet_frames for task in tasks)
    regions = sum(task.regions for task in tasks)
    assert dry == pytest.approx(2970, rel=0.06)
    assert wet == pytest.approx(8730, rel=0.06)
    assert regions == pytest.approx(3950, rel=0.06)


def test_every_region_of_the_papers_recipe_holds_a_particle(tmp_path):
    for task in dataset._tasks(tmp_path, 400, 1, "paper", 256):
        rng = np.random.default_rng(task.number)
        scene = draw_scene(PAPER, rng)
        centres = np.array([(p.x, p.y) for p in scene.particles]) * 256 / scene.width
        x1, y1, x2, y2 = dataset._region(256, centres, rng)
        inside = (centres > (x1, y1)) & (centres < (x2, y2))
        assert inside.all(axis=1).any()
        assert min(x1, y1, 256 - x2, 256 - y2) >= dataset.SHIFT * 256


def test_same_files_for_any_number_of_workers(folder, tmp_path):
    dataset.write_dataset(tmp_path, 24, seed=3, size=256, workers=2, progress=False)
    for path in folder.glob("*.tif"):
        np.testing.assert_array_equal(tifffile.imread(path), tifffile.imread(tmp_path / path.name))
    assert (folder / dataset.LIST).read_text() == (tmp_path / dataset.LIST).read_text()


def test_a_killed_run_goes_on(folder, tmp_path, monkeypatch):
    written = []
    real_write = dataset.write_tiff

    def dies_at_the_ninth(path, *args, **kwargs):
        if len(written) == 8:
            raise KeyboardInterrupt
        written.append(path)
        real_write(path, *args, **kwargs)

    monkeypatch.setattr(dataset, "write_tiff", dies_at_the_ninth)
    arguments = {"seed": 3, "size": 256, "workers": 1, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        dataset.write_dataset(tmp_path, 24, **arguments)
    assert len(list(tmp_path.glob("*.tif"))) == 8
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.tif")}
    monkeypatch.setattr(dataset, "write_tiff", real_write)
    dataset.write_dataset(tmp_path, 24, **arguments)
    assert all(path.stat().st_mtime_ns == t for path, t in before.items())
    for path in folder.glob("*.tif"):
        np.testing.assert_array_equal(tifffile.imread(path), tifffile.imread(tmp_path / path.name))


def test_facts(folder):
    facts = dataset.read_facts(folder)
    for pair in pairs.read_list(folder / dataset.LIST):
        assert facts[pair.dry]["dose"] >= 100 * facts[pair.wet]["dose"]
        assert 1 <= facts[pair.wet]["dose"] <= 1000
        assert facts[pair.dry]["liquid"] == 0
    assert json.loads((folder / dataset.FACTS).read_text())["arguments"]["seed"] == 3


def test_another_simulator_does_not_continue_a_set(folder, monkeypatch):
    monkeypatch.setattr(dataset, "simulator_fingerprint", lambda: "another")
    with pytest.raises(InputError, match="begun with"):
        dataset.write_dataset(folder, 24, seed=3, size=256)


def test_bad_requests(folder, tmp_path):
    with pytest.raises(InputError, match="at least 1 pair"):
        dataset.write_dataset(tmp_path / "a", 0)
    with pytest.raises(InputError, match="paper, wide"):
        dataset.write_dataset(tmp_path / "a", 1, recipe="salt")
    with pytest.raises(InputError, match="128 to 8192"):
        dataset.write_dataset(tmp_path / "a", 1, size=64)
    with pytest.raises(InputError, match="begun with"):
        dataset.write_dataset(folder, 25, seed=3, size=256)
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="empty or new folder"):
        dataset.write_dataset(tmp_path, 1)
    with pytest.raises(InputError, match="lctem simulate"):
        dataset.read_facts(tmp_path)
