import numpy as np
import pytest
import tifffile
import zarr

from lctem_core.errors import InputError
from lctem_core.io import frames
from lctem_core.io.published import data_dir
from lctem_core.io.recording import Recording, opened

STACK = np.random.default_rng(0).integers(0, 900, (6, 40, 50)).astype(np.uint16)


def test_a_tiff_stack_is_read_frame_by_frame(tmp_path):
    frames.write_tiff(tmp_path / "a.tif", STACK, pixel_size=1.5)
    found = Recording.open(tmp_path / "a.tif")
    assert (found.shape, found.pixel_size) == (STACK.shape, 1.5)
    np.testing.assert_array_equal(np.stack(list(found)), STACK)


def test_a_single_frame_is_a_stack_of_one(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK[0])
    assert Recording.open(tmp_path / "a.tif").shape == (1, 40, 50)


def test_big_endian_pages_become_native(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", STACK.astype(">u2"), byteorder=">")
    first = next(iter(Recording.open(tmp_path / "a.tif")))
    assert first.dtype.isnative
    np.testing.assert_array_equal(first, STACK[0])


@pytest.mark.parametrize("group", [False, True])
def test_zarr_arrays_and_groups(tmp_path, group):
    path = tmp_path / "a.zarr"
    if group:
        zarr.open_group(path, mode="w").create_array("images", data=STACK)
    else:
        zarr.create_array(path, data=STACK)
    found = Recording.open(path)
    np.testing.assert_array_equal(np.stack(list(found)), STACK)


def test_a_zarr_without_frames_is_told(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(InputError, match="a zarr array"):
        Recording.open(tmp_path / "a.zarr")


def test_damage_and_absence_are_told(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0nothing")
    with pytest.raises(InputError), opened(tmp_path / "a.tif"):
        pass
    with pytest.raises(FileNotFoundError), opened(tmp_path / "b.tif"):
        pass


def test_digitalmicrograph_stacks_and_spectra():
    folder = data_dir() / "dm"
    stack = folder / "dmTest_3D_int16_64,65,66.dm4"
    if not stack.exists():
        pytest.skip(f"needs {stack.name} in the folder that LCTEM_DATA names")
    whole, found = frames.read(stack).counts, Recording.open(stack)
    assert found.shape == whole.shape
    np.testing.assert_array_equal(np.stack(list(found)), whole)
    with pytest.raises(InputError):
        Recording.open(folder / "EELS_SI.dm4")
