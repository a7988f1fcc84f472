import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from lctem_core.errors import InputError
from lctem_core.io import gatan
from lctem_core.io.frames import check_image, read, write_tiff


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(50, (64, 80)).astype(np.uint16)


def test_reads_the_published_frame(real_data):
    frame = read(real_data("sample.tif"))
    assert frame.counts.shape == (512, 512)
    assert frame.counts.dtype == np.uint16
    assert frame.counts.max() == 229
    assert frame.pixel_size is None
    assert frame.electrons_per_count is None
    assert frame.source.name == "sample.tif"


def test_reads_the_calibration_of_gatan_tiffs(real_data):
    frame = read(real_data("gatan_tiff/val_0001.tif"))
    assert frame.pixel_size == pytest.approx(2.988, abs=1e-3)
    assert frame.electrons_per_count == pytest.approx(0.0227273, rel=1e-5)
    assert frame.offset == 0
    assert frame.exposure == pytest.approx(0.0033096, rel=1e-4)
    dose = frame.counts.mean() * frame.electrons_per_count
    assert dose == pytest.approx(4.6, abs=0.1)


@pytest.mark.parametrize(
    ("name", "shape", "dtype", "pixel_size", "electrons", "offset"),
    [
        ("multi_signal.dm3", (512, 512), np.uint16, 0.0177516, None, 0.0),
        ("test_STEM_image.dm3", (68, 68), np.uint32, 0.248538, None, 0.0),
        ("test_stackbuilder_imagestack.dm3", (3, 2, 16), np.uint32, 59.9829, 0.15675, 2228741.5),
    ],
)
def test_reads_digitalmicrograph(real_data, name, shape, dtype, pixel_size, electrons, offset):
    frame = read(real_data(f"dm/{name}"))
    assert frame.counts.shape == shape
    assert frame.counts.dtype == dtype
    assert frame.pixel_size == pytest.approx(pixel_size, rel=1e-4)
    assert frame.electrons_per_count == (electrons and pytest.approx(electrons, rel=1e-4))
    assert frame.offset == offset


def test_pixels_that_are_not_square_have_no_size(real_data):
    with pytest.warns(UserWarning, match=r"not square \(3 × 0\.002 nm\): no pixel size"):
        frame = read(real_data("dm/dmTest_3D_int16_64,65,66.dm4"))
    assert frame.counts.shape == (66, 65, 64)
    assert frame.pixel_size is None
    assert (frame.electrons_per_count, frame.offset) == (pytest.approx(1.1), 1.0)
    with pytest.warns(UserWarning, match="not square"):
        assert read(real_data("dm/dmTest_float32_nonSquare_diffPixelSize.dm4")).counts.shape == (
            64,
            128,
        )


def test_refuses_a_spectrum_image(real_data):
    with pytest.raises(InputError, match=r"\(2048, 2, 2\); spectra do not count"):
        read(real_data("dm/EELS_SI.dm4"))


@pytest.mark.parametrize("unit", ["micrometer", "µm", "μm", "um", "ƒÊm", "Âµm", "ｵm", "microns"])
def test_spellings_of_micrometre(unit):
    assert gatan.nanometres(0.003, unit) == pytest.approx(3.0)


def test_the_mojibake_is_what_the_code_pages_make_of_it():
    assert "μm".encode("cp932").decode("cp1252") == "ƒÊm"
    assert "µm".encode("latin1").decode("cp932") == "ｵm"
    assert "µm".encode().decode("cp1252") == "Âµm"


@pytest.mark.parametrize(
    ("scale", "unit", "expected"),
    [
        (2.0, "nm", 2.0), (2.0, " Nanometres\0", 2.0), (2.0, "Å", 0.2), (2.0, "A", 0.2),
        (2.0, "pm", 0.002), (2.0, "1/nm", None), (2.0, "", None), (2.0, None, None),
        (0.0, "nm", None), (float("nan"), "nm", None), (None, "nm", None), ([], "nm", None),
    ],
)  # fmt: skip
def test_nanometres(scale, unit, expected):
    assert gatan.nanometres(scale, unit) == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    "tags",
    [
        {"DataBar": {"Exposure Time (s)": 0.25, "Exposure Number": 7}},
        {"Acquisition": {"Parameters": {"High Level": {"Exposure (s)": 0.25}}}},
        {"source": {"Tags at creation": {"DataBar": {"Exposure Time (s)": 0.25}}}},
    ],
)
def test_places_of_the_exposure(tags):
    assert gatan._exposure(tags) == 0.25
    assert gatan._exposure({"DataBar": "no group"}) is None


def test_an_undecodable_acquisition_tag_costs_only_the_exposure():
    assert gatan._acquisition_tags(b"\0\0\0\4broken") == {}
    assert gatan._acquisition_tags(None) == {}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_tiff_round_trip(tmp_path, counts, dtype):
    path = tmp_path / "new" / "image.tif"
    write_tiff(path, counts.astype(dtype), pixel_size=3.25, description="50 e-/px, µ")
    frame = read(path)
    assert frame.counts.dtype == dtype
    np.testing.assert_array_equal(frame.counts, counts)
    assert frame.pixel_size == 3.25
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].tags["ResolutionUnit"].value == 3
        numerator, denominator = file.pages[0].tags["XResolution"].value
        assert 1e7 * denominator / numerator == pytest.approx(3.25)
        assert "50 e-/px" in file.pages[0].description
    assert [one.name for one in path.parent.iterdir()] == ["image.tif"]


def test_tiff_without_calibration(tmp_path, counts):
    write_tiff(tmp_path / "a.tif", counts)
    assert read(tmp_path / "a.tif").pixel_size is None
    write_tiff(tmp_path / "b.tif", counts, pixel_size=0.001)  # does not fit the resolution tags
    assert read(tmp_path / "b.tif").pixel_size == 0.001


@pytest.mark.parametrize("frames_", [3, 4, 7])  # 3 and 4 must not be taken for colours
def test_stack_round_trip(tmp_path, frames_):
    stack = np.arange(frames_ * 64 * 66, dtype=np.uint16).reshape(frames_, 64, 66)
    write_tiff(tmp_path / "s.tif", stack, pixel_size=1.0)
    np.testing.assert_array_equal(read(tmp_path / "s.tif").counts, stack)


def test_stacks_of_other_writers(tmp_path):
    stack = np.arange(5 * 64 * 66, dtype=np.uint16).reshape(5, 64, 66)
    tifffile.imwrite(tmp_path / "imagej.tif", stack, imagej=True)
    tifffile.imwrite(tmp_path / "shaped.tif", stack, photometric="minisblack", bigtiff=True)
    tifffile.imwrite(tmp_path / "foreign.tif", stack, photometric="minisblack", byteorder=">")
    with tifffile.TiffWriter(tmp_path / "one_by_one.tif") as writer:
        for image in stack:
            writer.write(image)
    for name in ("imagej", "shaped", "foreign", "one_by_one"):
        counts = read(tmp_path / f"{name}.tif").counts
        np.testing.assert_array_equal(counts, stack)
        assert counts.dtype.isnative


def test_png_round_trip(tmp_path, counts):
    path = tmp_path / "µ.png"
    path.write_bytes(cv2.imencode(".png", counts)[1].tobytes())
    np.testing.assert_array_equal(read(path).counts, counts)


def test_frames_does_not_import_torch():
    import subprocess

    code = (
        "import sys, lctem_core.train.store, lctem_core.io.frames; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What cannot be read ---------------------------------------------------------------------------


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"got .*none\.tif, which does not exist\. Check"):
        read(tmp_path / "none.tif")
    with pytest.raises(InputError, match=r"got the folder .*\. Name one file in it\."):
        read(tmp_path)


def test_unsupported_suffix_and_empty_file(tmp_path):
    (tmp_path / "image.ser").write_bytes(b"abc")
    with pytest.raises(
        InputError, match=r"ends in \.tif, \.tiff, \.png, \.dm3, \.dm4; got .*\.ser"
    ):
        read(tmp_path / "image.ser")
    for suffix in ("tif", "png", "dm3", "dm4"):
        path = tmp_path / f"empty.{suffix}"
        path.touch()
        with pytest.raises(InputError, match="with no content"):
            read(path)
        path.write_bytes(b"no image at all" * 20)
        with pytest.raises(InputError, match=r"damaged or incomplete .* Copy or export it again"):
            read(path)


@pytest.mark.parametrize(
    "name",
    [
        "sample.tif", "gatan_tiff/val_0001.tif", "dm/multi_signal.dm3", "dm/EELS_SI.dm4",
        "dm/test_stackbuilder_imagestack.dm3",
    ],
)  # fmt: skip
@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
def test_truncated_real_files(real_data, tmp_path, name, share):
    whole = real_data(name).read_bytes()
    path = tmp_path / Path(name).name
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="damaged or incomplete"):
        read(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.75, 0.95])
def test_truncated_stack_does_not_lose_frames_quietly(tmp_path, compression, share):
    stack = np.random.default_rng(0).poisson(9, (6, 64, 80)).astype(np.uint16)
    path = tmp_path / "s.tif"
    tifffile.imwrite(path, stack, photometric="minisblack", metadata=None, compression=compression)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="damaged or incomplete"):
        read(path)


def test_truncated_png(tmp_path, counts):
    path = tmp_path / "a.png"
    whole = cv2.imencode(".png", counts)[1].tobytes()
    path.write_bytes(whole[:-200])
    with pytest.raises(InputError, match="the end of the PNG is missing"):
        read(path)


def test_colour_is_refused(tmp_path, counts):
    rgb = np.stack([counts] * 3, -1).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", rgb, photometric="rgb")
    tifffile.imwrite(tmp_path / "planar.tif", rgb.transpose(2, 0, 1).copy(), photometric="rgb")
    rgba = np.concatenate([rgb, rgb[..., :1]], -1)
    tifffile.imwrite(tmp_path / "rgba.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    colours = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "palette.tif", rgb[..., 0], photometric="palette", colormap=colours)
    tifffile.imwrite(tmp_path / "inverted.tif", counts, photometric="miniswhite")
    (tmp_path / "rgb.png").write_bytes(cv2.imencode(".png", rgb)[1].tobytes())
    (tmp_path / "rgba.png").write_bytes(cv2.imencode(".png", rgba)[1].tobytes())
    for path in tmp_path.iterdir():
        with pytest.raises(InputError, match=r"in colour or inverted \(.*\)\. Export the counts"):
            read(path)


def test_complex_bool_and_odd_shapes_are_refused(tmp_path, counts):
    tifffile.imwrite(tmp_path / "c.tif", counts.astype(np.complex64), photometric="minisblack")
    with pytest.raises(InputError, match=r"real numbers; got .*complex64\. Take the modulus"):
        read(tmp_path / "c.tif")
    tifffile.imwrite(tmp_path / "b.tif", counts > 50, photometric="minisblack")
    with pytest.raises(InputError, match=r"real numbers; got .*bool\. Convert"):
        read(tmp_path / "b.tif")
    hyperstack = np.zeros((2, 3, 64, 64), np.uint16)
    tifffile.imwrite(tmp_path / "h.tif", hyperstack, photometric="minisblack")
    with pytest.raises(InputError, match=r"an array of shape \(2, 3, 64, 64\)"):
        read(tmp_path / "h.tif")
    with tifffile.TiffWriter(tmp_path / "m.tif") as writer:
        writer.write(counts)
        writer.write(counts[:32])
    with pytest.raises(InputError, match="with 2 of different sizes"):
        read(tmp_path / "m.tif")


def test_a_thumbnail_is_passed_over(tmp_path, counts):
    with tifffile.TiffWriter(tmp_path / "t.tif") as writer:
        writer.write(counts)
        writer.write(counts[::4, ::4].copy(), subfiletype=1)
    np.testing.assert_array_equal(read(tmp_path / "t.tif").counts, counts)


# check_image and write_tiff ---------------------------------------------------------------------


def test_check_image_returns_the_same_array(counts):
    assert check_image(counts) is counts


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones((80, 80, 3)), r"image \(height, width\); got frame of shape .* Convert colours"),
        (np.ones((80, 80, 7)), r"got frame of shape \(80, 80, 7\)\. Give one image at a time"),
        (np.ones(80), r"got frame of shape \(80,\)"),
        (np.eye(63), r"at least 64 × 64 pixels; got frame of 63 × 63 pixels\. Use a larger"),
        (np.eye(80) > 0, "real numbers; got frame of type bool"),
        (np.eye(80) * 1j, "real numbers; got frame of type complex128. Take the modulus"),
        (np.full((80, 80), "a"), "real numbers; got frame of type <U1"),
        (np.where(np.eye(80), np.nan, 1), "finite values; got frame with 80 NaN or infinite"),
        (np.where(np.eye(80), np.inf, 1), "finite values; got frame with 80 NaN or infinite"),
        (np.full((80, 80), 7), "an image that varies; got frame with the value 7 everywhere"),
    ],
)
def test_check_image_refuses(image, message):
    with pytest.raises(InputError, match=message):
        check_image(image, "frame")


@pytest.mark.parametrize(
    ("name", "image", "options", "message"),
    [
        ("a.png", np.eye(9), {}, r"ends in \.tif; got .*a\.png"),
        ("a.tif", np.ones(9), {}, r"an array of shape \(9,\)"),
        ("a.tif", np.eye(9) * 1j, {}, "real numbers"),
        ("a.tif", np.eye(9), {"pixel_size": 0}, "a pixel size above 0 nm; got 0"),
        ("a.tif", np.eye(9), {"pixel_size": float("nan")}, "a pixel size above 0 nm; got nan"),
    ],
)
def test_write_tiff_refuses(tmp_path, name, image, options, message):
    with pytest.raises(InputError, match=message):
        write_tiff(tmp_path / name, image, **options)
    assert not list(tmp_path.iterdir())


# The real data ----------------------------------------------------------------------------------


def test_reading_real_files_warns_of_nothing(real_data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(real_data("gatan_tiff/train_0001.tif"))
        read(real_data("dm/multi_signal.dm3"))
