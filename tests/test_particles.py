"""Dark objects: planted ones found, none invented."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lctem_core.particles import count_found, find_dark


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
