"""Augmentation: both images of a pair alike, tiles from the training side only."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.train import loaders


class Numbered:
    """Images whose pixels tell their index, noisy = truth + 0.5."""

    def __init__(self, number=10, size=8):
        rng = np.random.default_rng(0)
        self.images = np.arange(number)[:, None, None] / 20 + rng.random((number, size, size)) / 50
        self.images = self.images.astype(np.float32)

    def noisy(self, i):
        return self.images[i] + np.float32(0.5)

    def truth(self, i):
        return self.images[i]


def test_flip_treats_both_alike():
    image = np.arange(12, dtype=np.float32).reshape(3, 4)
    seen = set()
    for seed in range(40):
        noisy, truth = loaders.flip(image, image + 1, np.random.default_rng(seed))
        np.testing.assert_array_equal(noisy + 1, truth)
        assert noisy.flags.c_contiguous
        seen.add(noisy.tobytes())
    flips = (image, image[::-1], image[:, ::-1], image[::-1, ::-1])
    assert seen == {one.tobytes() for one in flips}


def test_mosaic_halves_by_area():
    images = Numbered()
    noisy, truth = loaders.mosaic([(images.noisy(i), images.truth(i)) for i in range(4)])
    assert truth.shape == (8, 8)
    expected = images.truth(1).reshape(4, 2, 4, 2).mean((1, 3))
    np.testing.assert_allclose(truth[:4, 4:], expected, rtol=1e-6)
    np.testing.assert_allclose(noisy, truth + 0.5, rtol=1e-6)
    odd = [(np.ones((7, 8)), np.ones((7, 8)))] * 4
    with pytest.raises(InputError, match="four pairs with even sides; got 4 of 7 × 8"):
        loaders.mosaic(odd)


def test_augment_takes_tiles_from_the_given_indices_only():
    images, rng = Numbered(), np.random.default_rng(0)
    mosaics = 0
    for _ in range(300):
        noisy, truth = loaders.augment(images, 3, [1, 3, 5], rng)
        np.testing.assert_allclose(noisy, truth + 0.5, rtol=1e-6)
        assert truth.dtype == np.float32
        tiles = {round(float(t.mean() * 20)) for h in np.vsplit(truth, 2) for t in np.hsplit(h, 2)}
        assert 3 in tiles
        assert tiles <= {1, 3, 5}
        mosaics += not any(
            np.array_equal(truth, np.flip(images.truth(3), axes)) for axes in ((), 0, 1, (0, 1))
        )
    assert mosaics / 300 == pytest.approx(0.8, abs=0.08)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_augment_repeats_with_its_seed(probability):
    first, again = (
        loaders.augment(Numbered(), 0, range(10), np.random.default_rng(7), probability)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
