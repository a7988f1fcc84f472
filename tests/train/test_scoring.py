"""Scores of weights on simulated images, against formulas written out here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lctem_core.evaluate import metrics
from lctem_core.simulate.examples import example
from lctem_core.train import scoring
from lctem_core.train.study import Data, scores_on

PAIRS = {"recipe": "paper", "seed": 5, "camera": 256}


@pytest.fixture(scope="module", autouse=True)
def one_process():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)  # no pool: its start takes longer than the work
        yield


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LCTEM_WORKSPACE", str(tmp_path_factory.mktemp("work")))
        yield scoring.simulated_pairs(number=5, **PAIRS)


def test_fewer_pairs_are_the_first_of_more(pairs, monkeypatch, tmp_path):
    monkeypatch.setenv("LCTEM_WORKSPACE", str(tmp_path))
    store, _ = pairs
    fewer, _ = scoring.simulated_pairs(number=2, **PAIRS)
    assert fewer.pairs == store.pairs[:2]
    np.testing.assert_array_equal(fewer.noisy(1), store.noisy(1))
    np.testing.assert_array_equal(fewer.truth(1), store.truth(1))


def test_filters_are_fitted_and_the_best_width_taken():
    truth = np.zeros((64, 64), np.float32)
    cv2.circle(truth, (30, 34), 12, 1.0, -1)
    truth = cv2.GaussianBlur(truth, (0, 0), 2)
    noisy = truth + np.random.default_rng(0).normal(0, 0.2, truth.shape).astype(np.float32)
    # In another scale, which the fit has to undo.
    done = scoring.treatments(0.2 * noisy + 0.3, truth, lambda image: 1 - image, (0.3, 2, 20))
    best = cv2.GaussianBlur(noisy, (0, 0), 2)
    slope, offset = np.polyfit(best.ravel(), truth.ravel(), 1)
    np.testing.assert_allclose(
        done["best Gaussian"], np.clip(slope * best + offset, 0, 1), atol=1e-4
    )
    np.testing.assert_allclose(done["refined"], 1 - done["untreated"])
    means = done["non-local means"]
    assert metrics.psnr(means, truth, data_range=1.0) > 20


def test_scores_of_pairs(pairs):
    store, facts = pairs
    found = scoring.scores_of_pairs(store, facts, lambda image: image, (1, 4), chosen=[1, 3])
    assert found["psnr"]["refined"] == found["psnr"]["untreated"]
    error = np.mean((store.noisy(3).astype(float) - store.truth(3)) ** 2)
    assert found["psnr"]["untreated"][1] == pytest.approx(-10 * np.log10(error), abs=1e-3)
    assert found["ssim"]["best Gaussian"][0] > found["ssim"]["untreated"][0]
    pair = store.pairs[3]
    wet = facts[pair.wet]
    area = wet["pixel_size"] ** 2 * pair.width * pair.height  # nm²
    assert found["electrons"][1] == pytest.approx(wet["dose"] * area / store.size**2, rel=1e-3)
    assert [len(one) for one in found["objects"]] == [3, 3]
    assert set(found["psnr"]) == {"untreated", "best Gaussian", "non-local means", "refined"}


def test_the_truth_finds_all_and_invents_nothing(pairs):
    store, facts = pairs
    answers = iter([store.truth(i) for i in range(len(store))])
    found = scoring.scores_of_pairs(store, facts, lambda _: next(answers), (2,))
    there, missed, invented = np.array(found["objects"]).T
    assert there.sum() > 0
    assert missed.sum() == invented.sum() == 0
    assert min(found["ssim"]["refined"]) == 1


def test_gains_in_units_of_the_contrast():
    found = scoring.contrast_gains(lambda frame: frame, 4, seed=3, sigmas=(1, 3))
    assert found["refined"] == found["raw"]
    # The fit by polyfit instead of by moments.
    number = found["number"][0]
    one = example([3, number], "broad")
    truth, raw = one.faithful.astype(float).ravel(), one.noisy.astype(float).ravel()
    slope, offset = np.polyfit(raw, truth, 1)
    error = np.mean(((slope * raw + offset - truth) / np.ptp(truth)) ** 2)
    assert found["raw"][0] == pytest.approx(-10 * np.log10(error), abs=0.01)
    assert all(example([3, i], "broad").scene.particles for i in found["number"])


def test_untreated_images_score_as_in_a_study(monkeypatch, tmp_path):
    monkeypatch.setenv("LCTEM_WORKSPACE", str(tmp_path))
    found = scoring.untreated(number=3, **PAIRS)
    store = Data("pairs", 3, PAIRS["seed"], PAIRS["recipe"], PAIRS["camera"]).open(tmp_path / "b")
    assert found == scores_on(lambda noisy: noisy, store, progress=False)


def test_untreated_images_of_the_faithful_target(tmp_path):
    store = Data("examples", 3, 5, "paper", 128).open(tmp_path, "faithful", progress=False)
    expected = scores_on(lambda noisy: noisy, store, progress=False)
    assert scoring.scores_untreated(store, [2, 0]) == {
        name: [values[2], values[0]] for name, values in expected.items()
    }
