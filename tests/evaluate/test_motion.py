"""Outcomes of moving particles, asked by motion, speed and dose."""

import numpy as np
import pytest

from lctem_core.evaluate.motion import SINGLE, TEMPORAL, Outcomes

MOTION = "each its own way"


def row(motion, speed, electrons, way, field, psnr, found=1, missed=1, errors=()):
    return {
        "motion": motion, "speed": speed, "electrons": electrons, "way": way, "field": field,
        "psnr": psnr, "ssim": 0.5, "found": found, "missed": missed, "false": 0, "errors": errors,
    }  # fmt: skip


@pytest.fixture
def outcomes():
    return Outcomes(
        [
            row(MOTION, 0, 4, SINGLE, 0, 20.0),
            row("drift", 1, 4, SINGLE, 0, 10.0, 3, 1, [1.0, 2.0]),
            row("drift", 1, 4, SINGLE, 1, 12.0, 0, 4, [9.0]),
            row("drift", 1, 4, TEMPORAL, 0, 13.0, 0, 4),
            row("drift", 1, 4, TEMPORAL, 1, 14.0, 0, 4),
            row("drift", 1, 16, SINGLE, 0, 20.0),
            row("drift", 1, 16, TEMPORAL, 0, 19.0),
        ]
    )


def test_over_the_movies_of_a_case(outcomes):
    case = ("drift", 1, 4, SINGLE)
    np.testing.assert_array_equal(outcomes.values(*case, "psnr"), [10, 12])
    assert outcomes.recall(*case) == 3 / 8
    assert outcomes.position_error(*case) == 2.0
    assert np.isnan(outcomes.position_error("drift", 1, 4, TEMPORAL))
    assert outcomes.ways == [SINGLE, TEMPORAL]


def test_what_rests_has_no_motion(outcomes):
    assert outcomes.values("drift", 0, 4, SINGLE, "psnr") == [20]
    with pytest.raises(KeyError):
        outcomes.of("drift", 2, 4, SINGLE)


def test_gains_movie_by_movie_over_doses(outcomes):
    gains = outcomes.gain("drift", 1, [4, 16], TEMPORAL, SINGLE)
    np.testing.assert_array_equal(gains, [3, 2, -1])
