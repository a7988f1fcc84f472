"""A memory knows the scenes that it has seen, and no others."""

import numpy as np
import pytest

from lctem_core.evaluate import metrics
from lctem_core.train.memory import fingerprints, recall, recall_scores


class Scenes:
    """Pairs of few truths: pair i shows scene i mod n, its noisy image with noise of its own."""

    def __init__(self, scenes, noise):
        self.scenes, self.noise = scenes, noise

    def truth(self, i):
        rng = np.random.default_rng(i % self.scenes)
        return np.kron(rng.random((4, 4)), np.ones((32, 32))).astype(np.float32)

    def noisy(self, i):
        noise = np.random.default_rng([i, 1]).normal(0, self.noise, (128, 128))
        return np.clip(self.truth(i) + noise, 0, 1).astype(np.float32)


def test_a_memory_knows_the_scenes_it_has_seen():
    scenes = Scenes(scenes=5, noise=0.2)
    split = np.arange(10, 20), np.arange(5)
    recalled = recall(fingerprints(scenes, 20), *split)
    assert (recalled % 5).tolist() == [0, 1, 2, 3, 4]
    assert recall_scores(scenes, 20, [split, split]) == pytest.approx(np.ones(10))


def test_a_memory_does_not_know_the_others():
    scenes = Scenes(scenes=40, noise=0.2)
    split = np.arange(20, 40), np.arange(5)
    scores = recall_scores(scenes, 40, [split])
    assert scores.max() < 0.9
    found = recall(fingerprints(scenes, 40), *split)
    assert scores[3] == metrics.ssim(scenes.truth(found[3]), scenes.truth(3))


def test_a_memory_takes_an_image_without_contrast():
    class Flat(Scenes):
        def noisy(self, i):
            return np.full((128, 128), 0.5, np.float32)

    prints = fingerprints(Flat(3, 0), 3)
    assert np.isfinite(prints).all()
    assert recall(prints, np.arange(3), np.arange(2)).shape == (2,)
