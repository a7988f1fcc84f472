"""The spread over orientations, calibrated: on a refiner whose errors are known."""

import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.evaluate import calibration
from lctem_core.evaluate.calibration import Calibrated, Refined, calibrate
from lctem_core.evaluate.uncertainty import coverage
from lctem_core.simulate.texture import Texture


class Wrong:
    """Gives a frame's truth with errors whose standard deviation is three times its spread."""

    def __init__(self, truths):
        self.truths, self.rng = iter(truths), np.random.default_rng(0)

    def with_spread(self, noisy):
        truth = next(self.truths)
        spread = self.rng.uniform(0.5, 2, truth.shape)
        return truth + 3 * spread * self.rng.standard_normal(truth.shape), spread


def examples(number):
    return [calibration.example([1, 3, i], "broad") for i in range(number)]


def test_the_factor_is_that_of_the_errors():
    frames = examples(6)
    found = calibrate(Wrong([one.faithful for one in frames]), 6, 1)
    assert found.factor == pytest.approx(3, rel=0.02)
    error, spread = found.pixels("test")
    one, two = coverage(error, found.factor * spread, (1, 2))
    assert one == pytest.approx(0.683, abs=0.02)
    assert two == pytest.approx(0.954, abs=0.02)
    even = sum(one.acquisition.texture == Texture() for one in frames)
    assert len(found.frames["calibration"]) + len(found.frames["test"]) == even
    assert len(found.frames["texture"]) == 6 - even
    near, _ = found.pixels("test", near=True)
    far, _ = found.pixels("test", near=False)
    assert len(near) + len(far) == len(error)
    assert found.clearest() in found.frames["test"]


def test_errors_are_in_units_of_the_stretch_less_their_median():
    one = examples(1)[0]
    same = Refined(one, one.faithful + 7, np.ones_like(one.faithful))
    np.testing.assert_allclose(same.error(), 0, atol=1e-5)
    error, spread = Calibrated({"test": [same]}, 1.0).pixels("test")
    np.testing.assert_allclose(spread, 1 / same.stretch)
    assert error.shape == (one.noisy.size,)


def test_too_few_frames_are_told():
    frames = examples(1)
    with pytest.raises(InputError, match="two frames"):
        calibrate(Wrong([one.faithful for one in frames]), 1, 1)
