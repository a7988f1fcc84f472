"""Methods side by side on simulated frames."""

import numpy as np
import pytest

from lctem_core.evaluate import baselines, compare, detection
from lctem_core.simulate.examples import example


@pytest.fixture(scope="module")
def frames():
    return [example([3, i], "paper", 128) for i in range(2)]


def test_the_truth_scores_best_and_is_found(frames):
    one = next(f for f in frames if f.scene.particles)
    exact = compare.scored(one.faithful, one)
    assert exact["psnr"] > 60
    assert exact["ssim"] > 0.999
    assert compare.scored(one.noisy, one)["psnr"] < exact["psnr"] - 10
    counts = compare.counted(one.faithful, one)
    assert counts.shape == (len(detection.THRESHOLDS[::2]), 3)


def test_every_method_gets_every_frame_and_bm3d_a_few(frames):
    ways = {
        "noisy": np.float32,
        "BM3D": baselines.gaussian,
        "refined, faithful": baselines.gaussian,
    }
    found = compare.compare(frames, ways, few=1)
    assert list(found) == [*ways, compare.BEST_WIDTH]
    assert [len(found[name]["psnr"]) for name in found] == [2, 1, 2, 2]
    assert "objects" not in found[compare.BEST_WIDTH]
    # No width is better than the best one.
    best = np.array(found[compare.BEST_WIDTH]["psnr"])
    for width in compare.WIDTHS:
        others = [compare.scored(baselines.gaussian(f.noisy, width), f)["psnr"] for f in frames]
        assert (np.array(others) <= best).all()


def test_gains_are_differences_of_the_same_frames():
    compared = {
        "one": {"refined, faithful": {"psnr": [5.0, 7.0]}, "other": {"psnr": [4.0, 5.0]}},
        "two": {"refined, faithful": {"psnr": [9.0, 1.0]}, "other": {"psnr": [6.0]}},
    }
    np.testing.assert_allclose(compare.gains(compared, "other"), [1, 2, 3])


def test_the_best_other_is_neither_refined_nor_of_fewer_frames():
    def counts(found, number=2):
        return [[[found, 10 - found, 0]]] * number

    by_method = {
        "refined, faithful": {"objects": counts(9)},
        "poor": {"objects": counts(2)},
        "good": {"objects": counts(6)},
        "BM3D": {"objects": counts(8, 1)},
        compare.BEST_WIDTH: {},
    }
    assert compare.best_other(by_method) == (0.6, "good")
