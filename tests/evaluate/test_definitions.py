"""Definitions of SSIM against sums over windows that are written out here."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from lctem_core.evaluate import metrics
from lctem_core.evaluate.definitions import as_printed, default_windows, definitions, gaussian


@pytest.fixture
def images():
    rng = np.random.default_rng(4)
    x = rng.random((60, 50)).astype(np.float32)
    return x, np.clip(0.6 * x + 0.4 * rng.random(x.shape), 0, 1).astype(np.float32)


def by_windows(x, y, c1, c2, side=11):
    x, y = (sliding_window_view(one.astype(float), (side, side)) for one in (x, y))
    mx, my = x.mean((2, 3)), y.mean((2, 3))
    xx, yy = x.var((2, 3)), y.var((2, 3))
    xy = (x * y).mean((2, 3)) - mx * my
    return np.mean((2 * mx * my + c1) * (2 * xy + c2) / ((mx**2 + my**2 + c1) * (xx + yy + c2)))


def test_constants_as_printed(images):
    assert as_printed(*images) == pytest.approx(by_windows(*images, 0.01, 0.03), rel=1e-5)


def test_the_textbook_squares_them(images):
    textbook = definitions()["textbook, 11 px"](*images)
    assert textbook == pytest.approx(by_windows(*images, 0.01**2, 0.03**2), rel=1e-4)
    assert abs(textbook - as_printed(*images)) > 0.01


def test_every_definition_knows_an_image_from_itself(images):
    for name, similarity in definitions().items():
        if "39" not in name:  # larger than these images, in the public code
            assert similarity(images[0], images[0]) == pytest.approx(1, abs=1e-5), name
            assert similarity(*images) < 0.95, name


def test_names_say_which_window(images):
    found = definitions()
    assert found["public code, 3 px"](*images) == metrics.ssim_public_code(*images, window=3)
    assert found["textbook, 7 px"](*images) == metrics.ssim(*images, window=7)
    assert found["Gaussian, 11 px"](*images) == gaussian(*images)


def test_windows_of_scikit_image():
    assert default_windows() == (7, 11)
