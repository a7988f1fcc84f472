"""Dark objects: planted ones found, none invented."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lctem_core.particles import find_dark


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
