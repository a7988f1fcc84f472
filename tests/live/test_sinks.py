import json
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import tifffile
import zarr

from lctem_core.errors import InputError
from lctem_core.io import frames
from lctem_core.io.recording import Recording
from lctem_core.live.sinks import Display, Levels, recorder


def _images(number=5, shape=(64, 80)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return [(100 + 50 * np.sin((x + 4 * i) / 9) + y / 3).astype(np.float32) for i in range(number)]


@pytest.mark.parametrize("suffix", [".tif", ".zarr"])
def test_what_is_recorded_is_read_again(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    sink = recorder(path, pixel_size=2.5, fps=100.0)
    for i, image in enumerate(_images()):
        sink.write(image, i / 100)
        assert not path.exists()
    sink.close()
    found = Recording.open(path)
    assert found.shape == (5, 64, 80)
    assert found.pixel_size == 2.5
    np.testing.assert_array_equal(np.stack(list(found)), np.stack(_images()))
    assert not list(tmp_path.glob(".*part*"))
    if suffix == ".zarr":
        times = zarr.open_array(path, mode="r").attrs["time_s"]
    else:
        with tifffile.TiffFile(path) as file:
            times = [json.loads(page.description)["time_s"] for page in file.pages]
    assert times == [0.0, 0.01, 0.02, 0.03, 0.04]


def test_a_tiff_recording_is_an_ordinary_stack(tmp_path):
    sink = recorder(tmp_path / "out.tif")
    for image in _images(3):
        sink.write(image, 0.0)
    sink.close()
    assert frames.read(tmp_path / "out.tif").counts.shape == (3, 64, 80)


def test_a_zarr_recording_grows(tmp_path):
    sink = recorder(tmp_path / "out.zarr")
    sink.STEP = 8
    for image in _images(19):
        sink.write(image, 0.0)
    sink.close()
    np.testing.assert_array_equal(np.stack(list(Recording.open(tmp_path / "out.zarr")))[18],
                                  _images(19)[18])  # fmt: skip


def test_a_movie_shows_the_grey_levels(tmp_path):
    sink = recorder(tmp_path / "out.mp4", fps=20.0)
    for i, image in enumerate(_images(8)):
        sink.write(image, 5 + i / 20)
    sink.close()
    film = cv2.VideoCapture(str(tmp_path / "out.mp4"))
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(20)
    read = []
    while (one := film.read())[0]:
        read.append(one[1][..., 0].astype(float))
    assert len(read) == 8
    for seen, image in zip(read, _images(8), strict=True):
        assert np.corrcoef(seen.ravel(), image.ravel())[0, 1] > 0.98


def test_frames_of_another_size_are_refused(tmp_path):
    sink = recorder(tmp_path / "out.tif")
    sink.write(_images(1)[0], 0.0)
    with pytest.raises(InputError, match="as at the start"):
        sink.write(np.zeros((32, 32), np.float32), 0.0)
    sink.close()
    assert Recording.open(tmp_path / "out.tif").shape == (1, 64, 80)


def test_nothing_is_overwritten_and_no_name_guessed(tmp_path):
    (tmp_path / "there.tif").touch()
    with pytest.raises(InputError, match="which exists"):
        recorder(tmp_path / "there.tif")
    with pytest.raises(InputError, match="a recording that ends in"):
        recorder(tmp_path / "out.avi")


def test_without_a_frame_there_is_no_file(tmp_path):
    recorder(tmp_path / "out.tif").close()
    assert not list(tmp_path.iterdir())


_KILLED = """
import sys, time, numpy as np
from lctem_core.live.sinks import recorder
sink = recorder(sys.argv[1])
while True:
    sink.write(np.random.default_rng(0).random((64, 64)).astype(np.float32), 0.0)
    print("written", flush=True)
    time.sleep(0.01)
"""


@pytest.mark.parametrize("suffix", [".tif", ".zarr", ".mp4"])
def test_a_killed_recording_has_no_file_under_its_name(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    process = subprocess.Popen([sys.executable, "-c", _KILLED, str(path)], stdout=subprocess.PIPE)
    for _ in range(3):
        assert process.stdout.readline() == b"written\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert not path.exists()
    assert list(tmp_path.glob(".*part*"))


def test_a_display_gets_8_bit_levels_at_its_limits():
    shown = []
    sink = Display(shown.append, limits=(100, 200))
    sink.write(np.array([[50, 100], [200, 300]], np.float32), time.perf_counter())
    assert shown[0].dtype == np.uint8
    assert shown[0].tolist() == [[0, 0], [255, 255]]
    with pytest.raises(InputError, match="rate above 0"):
        Display(shown.append, rate=0)


def test_levels_follow_slowly_but_not_across_a_change_of_dose():
    levels = Levels()
    image = _images(1)[0]
    first = levels.draw(image).astype(int)
    brighter = levels.draw(image * 1.05).astype(int)
    assert brighter.mean() > first.mean() + 1  # shown brighter, not stretched back at once
    after = levels.draw(image * 100).astype(int)
    assert abs(after.mean() - first.mean()) < 30
    assert Levels((0, 1)).draw(np.full((4, 4), 0.5, np.float32)).mean() == 128
