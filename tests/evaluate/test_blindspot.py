"""The blind-spot network: masks, scale, seeds, and where its assumption holds and breaks."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.evaluate.blindspot import MASKED, BlindSpot, PlainUnet, mask_pixels, train_blindspot


def truth(seed, size=96):
    """Dark discs on an even background."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size), 100.0)
    for row, column, radius in rng.uniform([0, 0, 6], [size, size, 14], (4, 3)):
        image[np.hypot(y - row, x - column) < radius] = 60.0
    return image


def noise(shape, width, rng):
    """Noise of unit variance, white or correlated over `width` pixels."""
    white = rng.standard_normal(shape)
    if not width:
        return white
    smooth = ndimage.gaussian_filter(white, width, mode="wrap")
    return smooth / smooth.std()


def test_masked_pixels_get_a_neighbours_value():
    rng = np.random.default_rng(0)
    # Every value occurs once, so that a value tells where it came from.
    crops = np.arange(4 * 32 * 32, dtype=np.float32).reshape(4, 32, 32)
    masked, chosen = mask_pixels(crops, rng)
    assert chosen.mean() == pytest.approx(MASKED, rel=0.5)
    np.testing.assert_array_equal(masked[~chosen], crops[~chosen])
    source = np.array(np.unravel_index(masked[chosen].astype(int), crops.shape))
    away = np.abs(source - np.array(np.nonzero(chosen)))
    assert (away[0] == 0).all()
    assert away[1:].max() == 2
    assert (away[1:].max(axis=0) > 0).all()


@pytest.fixture(scope="module")
def gains():
    """Error of the trained network over that of its input, for white and correlated noise."""
    ratio = {}
    for width in (0.0, 1.0):
        rng = np.random.default_rng(1)
        clean = [truth(seed) for seed in range(4)]
        noisy = [image + 20 * noise(image.shape, width, rng) for image in clean]
        network = train_blindspot(noisy, steps=100, crop=48, batch=6, width=8, progress=False)
        errors = [np.mean((network(n) - c) ** 2) for n, c in zip(noisy, clean, strict=True)]
        ratio[width] = np.mean(errors) / 400
    return ratio


def test_white_noise_is_removed(gains):
    assert gains[0.0] < 0.35


def test_correlated_noise_is_taken_for_signal(gains):
    assert gains[1.0] > 2 * gains[0.0]


def test_scale_comes_back_and_any_size_fits():
    torch.manual_seed(0)
    network = BlindSpot(PlainUnet(8), [])
    image = np.random.default_rng(0).normal(100, 5, (70, 93))
    clean = network(image)
    assert clean.shape == image.shape
    np.testing.assert_allclose(network(image * 7 + 300), clean * 7 + 300, rtol=1e-3)


def test_the_seed_decides():
    frames = [np.random.default_rng(0).poisson(20, (64, 64))]
    first, again, other = (
        train_blindspot(frames, steps=3, crop=32, width=4, seed=seed, progress=False)
        for seed in (5, 5, 6)
    )
    assert first.losses == again.losses != other.losses
    np.testing.assert_array_equal(first(frames[0]), again(frames[0]))


@pytest.mark.parametrize(
    ("frames", "crop", "message"),
    [
        ([], 32, "at least one"),
        ([np.eye(64)], 30, "crops of"),
        ([np.eye(64)], 128, "at least 128"),
        ([np.ones((64, 64))], 32, "varies"),
    ],
)
def test_wrong_input(frames, crop, message):
    with pytest.raises(InputError, match=message):
        train_blindspot(frames, crop=crop, steps=1, progress=False)
