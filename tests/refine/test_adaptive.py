"""Motion-adaptive means: the mean of all at rest, the newest frames where something moves."""

import numpy as np
import pytest

from lctem_core.refine.adaptive import adapted, factors, means, windows

SHAPE = (160, 192)


def _clip(electrons, step=0.0, seed=0, frames=10, doses=None):
    """Noisy frames and the newest without noise: a block of half the brightness that moves."""
    rng = np.random.default_rng(seed)
    clean = np.ones((frames, *SHAPE))
    for i in range(frames):
        left = round(60 - step * (frames - 1 - i))
        clean[i, 60:90, left : left + 30] = 0.5
    doses = np.full(frames, electrons) if doses is None else electrons * np.asarray(doses)
    noisy = rng.poisson(clean * doses[:, None, None]).astype(np.float32)
    return noisy, clean[-1] * doses.mean()


def _mixed(clip):
    return adapted(means(clip), len(clip))


def test_windows():
    assert windows(10) == (10, 3, 1)
    assert windows(2) == (2, 1, 1)


@pytest.mark.parametrize("electrons", [0.03, 1.0, 30.0, 1000.0])
def test_at_rest_it_is_the_mean_of_all(electrons):
    taken = []
    for seed in range(10):
        clip, _ = _clip(electrons, seed=seed)
        mixture, noise = _mixed(clip)
        plain = clip.mean(axis=0)
        taken.append(np.mean(noise > 1.01 / 10**0.5))
        rest = noise < 1.001 / 10**0.5
        np.testing.assert_allclose(mixture[rest], plain[rest], atol=0.02 * plain.max())
    assert np.mean(taken) < 0.02  # chance: a place or two in small frames


@pytest.mark.parametrize("electrons", [5.0, 100.0, 1000.0])
def test_where_something_moves_the_newest_counts(electrons):
    clip, truth = _clip(electrons, step=4.0)
    mixture, noise = _mixed(clip)

    def error(image, rows):
        return ((image - truth)[rows] ** 2).mean()

    everywhere, around = slice(None), slice(50, 100)
    assert error(mixture, everywhere) < 0.5 * error(clip[-1], everywhere)
    if electrons > 5:
        assert error(mixture, around) < 0.7 * error(clip.mean(axis=0), around)
    assert np.median(noise[5:40]) < 0.32  # far from it, all frames count
    assert noise[65:85, 30:85].mean() > 0.5


def test_the_noise_is_what_it_says():
    said, seen = [], []
    clip, _ = _clip(100.0, step=4.0)
    for seed in range(40):
        clip, truth = _clip(100.0, step=4.0, seed=seed)
        mixture, noise = _mixed(clip)
        said.append(noise**2)
        seen.append((mixture - truth) ** 2 / truth)
    inside = (slice(66, 84), slice(66, 84))  # the block of the newest frame, and fully new there
    rest = (slice(110, 150), slice(20, 170))
    for where in (inside, rest):
        assert np.mean([x[where].mean() for x in seen]) == pytest.approx(
            np.mean([x[where].mean() for x in said]), rel=0.15
        )


def test_half_of_the_frame_may_move():
    rng = np.random.default_rng(0)
    texture = 1 + 0.5 * np.kron(rng.random((20, 24)) < 0.5, np.ones((8, 8)))
    clean = np.array([np.where(np.arange(SHAPE[1]) < 90, np.roll(texture, 3 * i, 0), 1.2)
                      for i in range(10)])  # fmt: skip
    clip = rng.poisson(50 * clean).astype(np.float32)
    mixture, noise = _mixed(clip)
    assert noise[:, 10:70].mean() > 0.8
    assert noise[:, 120:].max() < 0.4
    assert ((mixture - 50 * clean[-1]) ** 2).mean() < ((clip[-1] - 50 * clean[-1]) ** 2).mean()


def test_a_change_of_dose_is_no_motion():
    clip, truth = _clip(50.0, doses=np.repeat([0.5, 3.0], [6, 4]))
    mixture, noise = _mixed(clip)
    assert np.mean(noise > 0.35) < 0.03
    assert np.abs(mixture - truth).mean() < 0.2 * truth.mean()


@pytest.mark.parametrize("dose", [0.3, 5.0, 200.0])
def test_means_get_one_brightness_where_the_dose_changes(dose):
    clip, _ = _clip(dose, step=4.0, doses=np.repeat([1.0, 4.0], [7, 3]))
    before = means(clip)
    assert before[2].mean() > 1.8 * before[0].mean()
    first, *others = factors(before)
    assert first == 1
    for one, factor in zip(before[1:], others, strict=True):
        assert factor * one[100:].mean() == pytest.approx(before[0, 100:].mean(), rel=0.04)


@pytest.mark.parametrize("dose", [0.01, 0.3, 5.0, 200.0])
def test_means_at_one_dose_stay_as_they_are(dose):
    changes = []
    for seed in range(20):
        before = means(_clip(dose, step=4.0, seed=seed)[0])
        changes.append(np.abs(np.subtract(factors(before), 1)).max())
    assert np.median(changes) == 0
    assert np.max(changes) < (0.2 if dose < 0.1 else 0.03)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (64, 65)])
def test_frames_without_counts_or_contrast(shape):
    for value in (0.0, -1.0, 7.0):
        flat = np.full((3, *shape), value, np.float32)
        assert factors(flat) == [1, 1, 1]
        mixture, noise = adapted(flat, 10)
        np.testing.assert_array_equal(mixture, flat[0])
        np.testing.assert_allclose(noise, 10**-0.5, rtol=1e-6)
