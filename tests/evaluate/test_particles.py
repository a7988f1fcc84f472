"""Dark objects: planted ones found, none invented."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.evaluate.particles import Matched, contrast, count_found, find_dark, match


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=12),
    st.integers(4, 9),
)
def test_planted_discs(cells, radius):
    image = np.full((168, 168), 0.95)
    image[0, 0] = 1.0  # an even image is refused
    y, x = np.mgrid[:168, :168]
    for row, column in cells:
        image[np.hypot(y - 12 - 24 * row, x - 12 - 24 * column) <= radius] = 0.1
    found = find_dark(image)
    got = sorted((round((f.row - 12) / 24), round((f.column - 12) / 24)) for f in found)
    assert got == sorted(cells)
    for one in found:
        assert abs(one.area - np.pi * radius**2) < 8 * radius


def test_specks_are_left_out_and_order_is_by_size():
    image = np.ones((100, 100))
    image[10:13, 10:13] = 0
    image[40:50, 40:50] = 0
    image[70:90, 70:90] = 0.2
    assert [one.area for one in find_dark(image)] == [400, 100]


def test_found_missed_and_invented():
    truth, image = np.ones((2, 120, 120))
    for row in (20, 60, 100):
        truth[row - 5 : row + 5, 15:25] = 0
    image[18:24, 18:24] = 0  # smaller, but there
    image[55:65, 26:36] = 0  # touches the second within two pixels, does not cover it
    image[90:99, 80:90] = 0
    image[5:7, 100:103] = 0  # a speck
    assert count_found(image, truth) == (1, 2, 1)
    assert count_found(truth, truth) == (3, 0, 0)
    assert count_found(np.ones_like(truth), truth) == (0, 3, 0)


def planted(cells, radius, size=168):
    """Discs of half the brightness on a grid of cells, blurred by a pixel."""
    y, x = np.mgrid[:size, :size]
    mask = np.zeros((size, size), bool)
    for row, column in cells:
        mask |= np.hypot(y - 12 - 24 * row, x - 12 - 24 * column) <= radius
    return 1 - 0.5 * ndimage.gaussian_filter(mask.astype(float), 1)


CELLS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), unique=True, max_size=10)


@settings(max_examples=15, deadline=None)
@given(CELLS, st.integers(4, 8), st.floats(0.3, 1000), st.booleans(), st.integers(0, 99))
def test_what_was_planted_stands_out_whatever_scale_and_light(cells, radius, gain, dark, seed):
    clean = planted(cells, radius)
    y, x = np.mgrid[: clean.shape[0], : clean.shape[1]] / clean.shape[0]
    # Two to one from side to side, and a vignette.
    image = 400 * clean * (2 - x) * (1 - 0.3 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))
    image = gain * np.random.default_rng(seed).poisson(image)
    if not dark:  # annular dark field
        image = 1000 * gain - image
    labels = contrast(image, bright=not dark).regions(6)
    centres = ndimage.center_of_mass(labels > 0, labels, range(1, labels.max() + 1))
    got = sorted((round((row - 12) / 24), round((column - 12) / 24)) for row, column in centres)
    assert got == sorted(cells)
    for area in np.bincount(labels.ravel())[1:]:
        assert abs(area - np.pi * radius**2) < 8 * radius


def test_a_noise_free_image():
    clean = planted([(1, 1), (4, 5)], 7)
    stands_out = contrast(clean)
    labels = stands_out.regions()
    assert labels.max() == 2
    assert stands_out.depth[labels > 0].mean() == pytest.approx(0.4, abs=0.05)
    # Without a background to compare with, the image's own variation is the measure.
    assert contrast(clean - clean.max()).regions().max() == 2


def test_noise_and_faint_shading_are_not_particles():
    rng = np.random.default_rng(0)
    x = np.arange(256) / 256
    mottled = 1 + 0.03 * np.sin(9 * x)[:, None] * np.cos(11 * x)
    for mean in (3.0, 100.0, 1e5):
        assert not contrast(rng.poisson(mean * mottled)).regions(6).any()
    assert contrast(rng.poisson(100.0 * mottled)).noise == pytest.approx(0.028, rel=0.15)


def test_matching():
    truth = np.zeros((120, 120), bool)
    for row in (20, 60, 100):
        truth[row - 8 : row + 8, 12:28] = True
    truth[3:5, 100:103] = True  # too small to ask for
    regions = np.zeros(truth.shape, int)
    regions[18:27, 14:26] = 1  # within the first, most of it
    regions[58:60, 18:20] = 2  # a speck within the second: true, but finds nothing
    regions[90:119, 22:110] = 3  # covers part of the third and much else
    regions[2:6, 99:104] = 4  # on the small one
    regions[40:46, 80:86] = 5
    assert match(regions, truth) == Matched(found=1, missed=2, false=2)
    assert match(np.where(truth, 1, 0), truth) == Matched(3, 0, 0)
    assert match(np.zeros_like(regions), truth) == Matched(0, 3, 0)
    # One region over two touching objects finds both, if the truth tells them apart.
    labels = np.zeros(truth.shape, int)
    labels[20:30, 20:30], labels[20:30, 30:40] = 1, 2
    assert match(np.where(labels, 1, 0), labels) == Matched(2, 0, 0)
    assert match(np.where(labels, 1, 0), labels > 0) == Matched(1, 0, 0)
    with pytest.raises(InputError, match="one shape"):
        match(regions[1:], truth)
