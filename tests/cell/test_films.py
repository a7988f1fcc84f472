"""The paper's film test: what it gives with a known error, and on simulated images."""

import numpy as np
import pytest

from lctem_core.cell.films import film_errors, simulate
from lctem_core.cell.parallax import distance_limit
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.optics import Acquisition


def test_films_of_the_paper():
    rng = np.random.default_rng(1)
    exact = film_errors(4000, 0.0, rng, spread=0.0)
    assert exact.min() >= 40
    assert exact.max() <= 55
    noisy = film_errors(4000, 2.9, rng)
    sizes, films = 100 * 0.1 / np.sqrt(2), 15 / np.sqrt(12)
    located = distance_limit((-5, 0, 5), np.sqrt(2) * 2.9)
    assert noisy.mean() == pytest.approx(47.5, abs=3)
    assert noisy.std() == pytest.approx(np.sqrt(located**2 + sizes**2 + films**2), rel=0.05)


def test_simulated_films_are_measured():
    acquisition = Acquisition(dose=50.0, blur=3, upper_blur=3, camera=Camera(gain=5))
    films = simulate(3, acquisition, np.random.default_rng(8))
    assert films.planted.shape == (3,)
    assert ((films.planted >= 40) & (films.planted <= 55)).all()
    # Without backlash only the localisation is left: a fraction of a nanometre in each frame.
    assert np.abs(films.error).max() < 4 * distance_limit((-5, 0, 5), np.sqrt(2) * 0.5)
    # What is measured differs from what is planted by that, and by the particles' own sizes.
    assert np.abs(films.measured - films.planted - films.error).max() < 30
