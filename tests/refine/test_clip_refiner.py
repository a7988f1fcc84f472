import numpy as np
import pytest
import torch
from torch import nn

from lctem_core.errors import InputError
from lctem_core.refine.clip_refiner import ClipRefiner
from lctem_core.refine.refiner import Refiner

CARD = {
    "architecture": {"encoder": "slim", "shuffle": 4, "depth": 3, "head": "detail", "frames": 4},
    "preprocessing": {"low": 0.1, "high": 99.9, "target": "faithful"},
}


class Mean(nn.Module):
    """Gives the mean back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, :1] + 0


@pytest.fixture
def refine():
    return ClipRefiner(Refiner(Mean(), CARD, device="cpu", runtime="torch"))


@pytest.mark.parametrize("shape", [(64, 64), (70, 91)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_the_answer_is_in_the_frames_counts(refine, shape, dtype):
    clip = np.random.default_rng(0).integers(20, 60, (4, *shape)).astype(dtype)
    seen = refine(clip)
    assert seen.dtype == np.float32
    expected = refine.mixture(clip)[0]
    np.testing.assert_allclose(seen, expected, atol=1e-3)
    assert np.abs(seen - clip.mean(axis=0)).mean() < 1


def test_a_change_of_dose_does_not_show():
    rng = np.random.default_rng(0)
    clip = rng.poisson(np.array([20, 20, 20, 100])[:, None, None] * np.ones((64, 64)))
    seen = ClipRefiner(Refiner(Mean(), CARD, device="cpu", runtime="torch"))(clip)
    assert seen.mean() == pytest.approx(40, rel=0.02)


def test_large_frames_are_reduced_and_the_clip_is_left_alone(refine):
    clip = np.random.default_rng(0).integers(0, 900, (4, 256, 128)).astype(np.float32)
    before = clip.copy()
    seen = refine(clip, size=128)
    np.testing.assert_array_equal(clip, before)
    reduced = clip.reshape(4, 128, 2, 64, 2).mean((2, 4))
    np.testing.assert_allclose(seen, refine.mixture(reduced)[0], rtol=1e-4)


@pytest.mark.parametrize("shape", [(64, 64), (3, 64, 64), (4, 8, 8)])
def test_other_clips_are_refused(refine, shape):
    with pytest.raises(InputError):
        refine(np.random.default_rng(0).random(shape))


def test_a_nan_is_told(refine):
    clip = np.random.default_rng(0).random((4, 64, 64))
    clip[1, 3, 3] = np.nan
    with pytest.raises(InputError, match="mean of the frames"):
        refine(clip)


def test_a_network_for_single_frames_is_refused():
    card = CARD | {"architecture": {"encoder": "slim", "shuffle": 4, "depth": 3, "head": "detail"}}
    with pytest.raises(InputError, match="takes several frames"):
        ClipRefiner(Refiner(Mean(), card, device="cpu", runtime="torch"))


def test_the_mixture_says_how_many_frames_it_holds(refine):
    rng = np.random.default_rng(0)
    clip = rng.poisson(100, (4, 128, 128))
    clip[-1, 20:40, 20:40] = rng.poisson(30, (20, 20))
    mixture, noise = refine.mixture(clip)
    assert np.median(noise[70:]) == pytest.approx(0.5)  # four frames
    assert noise[28:32, 28:32].min() == pytest.approx(1)
    np.testing.assert_allclose(mixture[28:32, 28:32], clip[-1, 28:32, 28:32], rtol=1e-5)


def test_other_means_are_refused(refine):
    with pytest.raises(InputError, match="3 means"):
        refine.of_means(np.ones((2, 64, 64), np.float32))
