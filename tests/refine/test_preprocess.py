import multiprocessing

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage.exposure import rescale_intensity

from lctem_core.errors import InputError
from lctem_core.io.frames import read
from lctem_core.refine import preprocess
from lctem_core.refine.preprocess import (
    FAR,
    Stretch,
    limits,
    percentiles,
    reduce,
    reduce_longer,
    rescale,
    resized,
)


def as_the_public_code(image, low=0.1, high=99.9):
    image = image.astype(np.float32)
    image = (image - image.min()) / (image.max() - image.min())
    in_range = tuple(np.percentile(image, (low, high)))
    return rescale_intensity(image, in_range=in_range).astype(np.float32)


def test_rescale_is_the_public_codes(real_data):
    for name in ("sample.tif", "gatan_tiff/val_0001.tif"):
        image = reduce(read(real_data(name)).counts, 512)
        np.testing.assert_allclose(rescale(image), as_the_public_code(image), atol=2e-6)


finite = st.floats(-1e4, 1e5, width=32)
images = st.one_of(
    arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=24), elements=finite),
    arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=24)),
    arrays(np.int32, array_shapes(min_dims=2, max_dims=2, max_side=24)),
)


@given(images, st.floats(0, 49), st.floats(51, 100), st.sampled_from([0.0, 0.2, 0.9]))
@settings(max_examples=300, deadline=None)
def test_rescaled_images_are_in_0_to_1_and_keep_their_order(image, low, high, least):
    if image.min() == image.max():
        with pytest.raises(InputError, match="an image that varies"):
            rescale(image, low, high, least)
        return
    scaled = rescale(image, low, high, least)
    assert scaled.dtype == np.float32
    assert scaled.shape == image.shape
    assert np.isfinite(scaled).all()
    assert scaled.min() >= 0
    assert scaled.max() <= 1
    order = np.argsort(image, axis=None)
    assert (np.diff(scaled.ravel()[order]) >= 0).all()


def test_the_smallest_numbers():
    image = np.full((3, 17), 1e-45, np.float32)
    image[0, 0] = 0
    np.testing.assert_array_equal(rescale(image, 1.0, 51.0), (image > 0).astype(np.float32))


@given(images)
@settings(max_examples=200, deadline=None)
def test_rescale_equals_scikit_image(image):
    image = image.astype(np.float32)
    lower, upper = np.percentile(image, (5, 95))
    if upper - lower <= 1e-3 * np.ptp(image):  # there the order of the steps rounds differently
        return
    expected = as_the_public_code(image, 5, 95)
    np.testing.assert_allclose(rescale(image, 5, 95), expected, atol=2e-3)


@given(images)
@settings(max_examples=100, deadline=None)
def test_limits_invert_the_stretch(image):
    if image.min() == image.max():
        return
    stretch = Stretch.between(image, 0, 100)
    assert (stretch.lower, stretch.upper) == (image.min(), image.max())
    back = stretch.undo(stretch.apply(image))
    atol = 1e-5 * max(abs(stretch.lower), abs(stretch.upper), 1)
    np.testing.assert_allclose(back, image, atol=atol)


@pytest.mark.parametrize("scale", [5e-41, 1e-30, 1.0, 1e30])
def test_the_quick_stretch_is_the_exact_one_but_for_rounding(scale):
    image = np.random.default_rng(0).normal(50, 20, (64, 64)) * scale
    image = image.astype(np.float32)
    stretch = Stretch.between(image, clip=FAR)
    before = image.copy()
    expected = np.clip((image.astype(float) - stretch.lower) / stretch.range, *FAR)
    for quick in (stretch.apply_quickly(image), stretch.apply(image)):
        assert quick.dtype == np.float32
        np.testing.assert_allclose(quick, expected, atol=2e-6)
        np.testing.assert_array_equal(image, before)
    assert stretch.apply_quickly(image, out=image) is image
    np.testing.assert_allclose(image, expected, atol=2e-6)


def test_a_stretch_is_cut_off_at_its_clip():
    image = np.array([[-1000, 0, 10, 30, 1000]])
    np.testing.assert_allclose(Stretch(0, 20).apply(image), [[0, 0, 0.5, 1, 1]])
    far = Stretch(0, 20, FAR)
    for made in (far.apply(image), far.apply_quickly(image)):
        np.testing.assert_allclose(made, [[-4, 0, 0.5, 1.5, 5]])


def test_a_checked_image_is_not_looked_through(monkeypatch):
    image = np.random.default_rng(0).normal(50, 20, (64, 64))
    expected = limits(image)
    monkeypatch.setattr("lctem_core.io.frames.check_image", None)
    assert limits(image, checked=True) == expected
    with pytest.raises(InputError, match="an image that varies; got image with the value 7"):
        limits(np.full((8, 8), 7.0), checked=True)


def test_least_contrast_keeps_empty_fields_flat():
    rng = np.random.default_rng(0)
    empty = rng.normal(1000, 10, (64, 64))
    assert rescale(empty).std() > 0.1
    kept = rescale(empty, least_contrast=0.5)
    lower, upper = limits(empty, least_contrast=0.5)
    assert lower == pytest.approx(0.5 * upper)
    assert kept.std() < 0.03
    assert kept.min() > 0.85
    particles = empty.copy()
    particles[:20] *= 0.3
    np.testing.assert_array_equal(rescale(particles, least_contrast=0.5), rescale(particles))


def test_a_few_electrons_in_an_empty_frame_stay_visible():
    image = np.zeros((64, 64))
    image[3, 4] = 2
    assert limits(image) == (0.0, 2.0)
    assert rescale(image).max() == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low": 60, "high": 40}, "0 ≤ low < high ≤ 100; got low 60, high 40"),
        ({"low": -1}, "0 ≤ low < high ≤ 100"),
        ({"high": 101}, "0 ≤ low < high ≤ 100"),
        ({"least_contrast": 1}, "a least contrast of 0 to below 1; got 1"),
    ],
)
def test_bad_parameters(arguments, message):
    with pytest.raises(InputError, match=message):
        rescale(np.eye(8), **arguments)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.ones((8, 8)), "an image that varies"),
        (np.where(np.eye(8), np.nan, 1), "finite values"),
        (np.ones((8, 8, 3)), r"\(height, width\)"),
    ],
)
def test_bad_images(image, message):
    with pytest.raises(InputError, match=message):
        rescale(image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.uint32, np.float64, ">u2"])
def test_reduce_averages_areas_of_any_type(dtype):
    image = np.random.default_rng(0).poisson(0.4, (512, 384)).astype(dtype)
    reduced = reduce(image, 128)
    assert reduced.dtype == np.float32
    assert reduced.shape == (128, 128)
    np.testing.assert_allclose(
        reduced, image.astype(float).reshape(128, 4, 128, 3).mean((1, 3)), atol=1e-5
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("block", [2, 3, 4, 6, 7, 16])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_block_means_are_the_means_of_blocks(dtype, block, threads):
    rng = np.random.default_rng(0)
    top = 65535 if dtype == np.uint16 else 255
    image = (rng.random((150 * block, 90 * block)) * top).astype(dtype)
    seen = resized(image[::-1], 150, 90, threads)
    expected = image[::-1].reshape(150, block, 90, block).mean(axis=(1, 3), dtype=np.float64)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, expected, rtol=1e-6)


@pytest.mark.parametrize(("given", "wanted"), [(None, 3), (1, 1), (2, 2)])
def test_as_many_threads_as_are_given_or_as_opencv_has(given, wanted, monkeypatch):
    used = []
    monkeypatch.setattr(preprocess, "_block_means", lambda image, block, n: used.append(n) or image)
    monkeypatch.setattr(preprocess.cv2, "getNumThreads", lambda: 3)
    for call in (reduce, reduce_longer):
        call(np.ones((64, 64), np.uint16), 32, threads=given)
    assert used == [wanted] * 2


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_reduces_too():
    image = np.ones((512, 512), np.uint16)
    resized(image, 128, 128, 2)  # the threads are there before the fork
    child = multiprocessing.get_context("fork").Process(target=resized, args=(image, 128, 128, 2))
    child.start()
    child.join(20)
    if child.is_alive():
        child.kill()
    assert child.exitcode == 0


def test_reduce_follows_opencv_for_odd_and_small_crops():
    image = np.random.default_rng(0).random((301, 70)).astype(np.float32)
    expected = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(reduce(image, 128), expected)
    np.testing.assert_array_equal(reduce(image[::-1, ::-1], 128).shape, (128, 128))


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_reduce_longer_keeps_the_aspect_ratio_and_never_enlarges(height, width, size):
    image = np.random.default_rng(0).integers(0, 99, (height, width), dtype=np.uint16)
    reduced = reduce_longer(image, size)
    if max(height, width) <= size:
        np.testing.assert_array_equal(reduced, image)
    else:
        assert max(reduced.shape) == size
        scale = size / max(height, width)
        assert abs(reduced.shape[0] - height * scale) <= 1
        assert abs(reduced.shape[1] - width * scale) <= 1
    assert reduced.dtype == np.float32


def test_reduce_needs_a_size():
    for function in (reduce, reduce_longer):
        assert function(np.eye(8), 8).shape == (8, 8)
        with pytest.raises(InputError, match="a size of 1 pixel or more; got 0"):
            function(np.eye(8), 0)


@pytest.mark.parametrize("kind", ["counts", "even", "float", "sorted", "two values", "small"])
@pytest.mark.parametrize("pair", [(0.1, 99.9), (0, 100), (1, 50), (40, 60), (5, 99)])
def test_percentiles_are_numpys(kind, pair):
    rng = np.random.default_rng(0)
    image = {
        "counts": rng.poisson(3, (128, 150)).astype(np.float32),
        "even": np.full((100, 100), 7.0),
        "float": rng.normal(size=(100, 333)),
        "sorted": np.sort(rng.random(128 * 128)).reshape(128, 128),  # a ramp
        "two values": (np.arange(128 * 128) % 17 == 0).reshape(128, 128),  # the part sees one
        "small": rng.random((3, 3)),
    }[kind]
    expected = np.percentile(image.astype(float), pair)
    np.testing.assert_allclose(percentiles(image, *pair), expected, rtol=1e-6)
