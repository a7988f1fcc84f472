"""Steps of a drifting scene, measured at low dose against the true ones."""

import numpy as np
import pytest
from drifting import SIZE, drifting

from lctem_core.live.drift import Tracker


def walk(number, step, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(0, step, (number, 2)), 0)


# Measured, with some room: [dose, e-/nm²; root mean square error of a step, px].
@pytest.mark.parametrize(("dose", "error"), [(0.03, 1.2), (0.3, 0.3), (3, 0.1), (30, 0.05)])
def test_steps_are_measured(dose, error):
    path = walk(25, 1.0)
    tracker = Tracker((SIZE, SIZE))
    steps = [tracker.push(frame.astype(np.float32)) for frame, _ in drifting(path, dose)]
    assert steps[0] is None
    steps = steps[5:]
    wrong = [(s.x, s.y) for s in steps] - np.diff(path, axis=0)[4:]
    assert np.sqrt((wrong**2).mean()) < error
    assert all(s.believed for s in steps)


def test_noise_alone_is_not_believed():
    tracker = Tracker((SIZE, SIZE))
    steps = [tracker.push(f.astype(np.float32)) for f, _ in drifting(walk(40, 1), 1, particles=0)]
    assert sum(step.believed for step in steps[1:]) <= 1
    assert np.abs(tracker.position).max() < 8
