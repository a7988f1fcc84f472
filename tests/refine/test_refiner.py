"""The Refiner: shapes, units, errors; what the shipped weights make of real and empty frames."""

import json

import numpy as np
import pytest
import torch
from scipy import ndimage
from support import simulated_pair

from lctem_core import Refiner
from lctem_core.errors import InputError
from lctem_core.evaluate.particles import count_found, find_dark
from lctem_core.io import frames
from lctem_core.networks.unet import build
from lctem_core.refine.preprocess import rescale
from lctem_core.simulate.examples import example
from lctem_core.simulate.optics import Acquisition, Illumination, acquire
from lctem_core.simulate.recipes import PAPER

CARD = {
    "architecture": {"encoder": "resnet18", "shuffle": 4, "depth": 3},
    "preprocessing": {"low": 0.1, "high": 99.9},
}


@pytest.fixture(scope="module")
def untrained():
    torch.manual_seed(0)
    return Refiner(build(CARD["architecture"]), CARD, device="cpu")


@pytest.fixture(scope="module")
def shipped():
    return Refiner.load(look="dry", device="cpu")


@pytest.fixture(scope="module")
def faithful():
    return Refiner.load(device="cpu")


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((512, 512), 512, (512, 512)),
        ((1024, 1024), 512, (512, 512)),
        ((600, 1200), 512, (256, 512)),
        ((130, 70), 512, (130, 70)),
        ((512, 512), 128, (128, 128)),
    ],
)
def test_aspect_ratio_is_kept(untrained, shape, size, expected):
    counts = np.random.default_rng(0).poisson(20, shape).astype(np.uint16)
    refined = untrained(counts, size)
    assert refined.shape == expected
    assert refined.dtype == np.float32
    assert 0 <= refined.min() <= refined.max() <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint32, np.int32, np.float64, ">u2"])
def test_any_real_type(untrained, kind):
    counts = np.random.default_rng(0).poisson(20, (128, 128))
    expected = untrained(counts.astype(np.uint16))
    np.testing.assert_allclose(untrained(counts.astype(kind)), expected, atol=1e-5)


def test_gain_and_offset_do_not_matter(untrained):
    counts = np.random.default_rng(0).poisson(20, (128, 128)).astype(np.float32)
    np.testing.assert_allclose(untrained(counts * 7 + 300), untrained(counts), atol=1e-3)


def test_the_frame_is_left_alone(untrained):
    counts = np.random.default_rng(0).poisson(20, (128, 128)).astype(np.float32)
    before = counts.copy()
    untrained(counts)
    np.testing.assert_array_equal(counts, before)


@pytest.mark.parametrize(
    "frame",
    [
        np.full((128, 128), 7),
        np.zeros((128, 128, 3)),
        np.zeros((4, 128, 128)),
        np.random.default_rng(0).random((128, 128)) * 1j,
        np.random.default_rng(0).random((32, 128)),
        np.where(np.eye(128) > 0, np.nan, 1.0),
        np.where(np.eye(128) > 0, np.inf, 1.0),
    ],
)
def test_unusable_frames(untrained, frame):
    with pytest.raises(InputError):
        untrained(frame)


def test_a_device_that_is_not_there(untrained):
    for name in ("quantum", "cuda:99"):
        with pytest.raises(InputError, match="device of this machine"):
            Refiner(untrained.network, CARD, device=name)


def test_shipped_card(shipped):
    card = shipped.card
    assert card["provenance"]["commit"]
    assert card["provenance"]["seed"] is not None
    assert "simulated" in card["data"]
    assert "+changes" not in card["provenance"]["commit"]
    assert json.dumps(card)


def test_the_real_frame(shipped, real_data):
    refined = shipped(frames.read(real_data("sample.tif")).counts)
    assert refined.shape == (512, 512)
    found = find_dark(refined)
    near = {
        "upper particle": (137, 215), "lower particle": (172, 197), "cluster": (180, 439),
    }  # fmt: skip
    assert len(found) == 3
    for row, column in near.values():
        assert min(np.hypot(f.row - row, f.column - column) for f in found) < 6
    cluster, *particles = found
    assert np.hypot(cluster.row - 180, cluster.column - 439) < 6
    # Particles are 10–13 px across, about five of them make the cluster.
    assert all(60 < one.area < 200 for one in particles)
    assert 350 < cluster.area < 900
    away = ndimage.binary_dilation(refined < 0.5, iterations=8)
    assert refined[~away].min() > 0.6
    assert refined[~away].mean() > 0.85


LIGHTS = {
    "even": Illumination(),
    "vignette": Illumination(vignette=0.3),
    "uneven": Illumination(vignette=0.3, centre=(0.35, 0.6), gradient=1.3, angle=1.0),
    "mottled": Illumination(vignette=0.1, mottling=0.02, seed=5),
}


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("electrons", [5.0, 50.0, 500.0, 10_000.0])
def test_nothing_is_invented_in_an_empty_field(shipped, electrons, light, request):
    if light == "mottled" and electrons == 10_000:
        reason = "known: a mottled background that stands out from the noise is taken for particles"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    acquisition = Acquisition(dose=electrons, illumination=LIGHTS[light])
    invented = 0
    for seed in range(2):
        empty = np.zeros((512, 512), np.float32)
        counts = acquire(empty, acquisition, 1.0, np.random.default_rng(seed))
        invented += len(find_dark(shipped(counts)))
    assert invented == 0


def test_simulated_particles_are_found_and_none_invented(shipped):
    # Paper recipe, seeds that no training used, enough electrons for the eye.
    counted = []
    for seed in range(70_000, 70_030):
        pair = simulated_pair(seed, PAPER)
        if pair.wet_acquisition.dose * pair.pixel_size**2 > 20:
            truth = rescale(pair.dry, least_contrast=0.3)
            counted.append(count_found(shipped(pair.wet), truth))
    found, missed, invented = np.sum(counted, axis=0)
    assert len(counted) >= 15
    assert found / (found + missed) > 0.9
    assert invented / len(counted) < 0.2


# The faithful look -------------------------------------------------------------------------------


def test_the_default_look_is_faithful(faithful):
    assert faithful.look == "faithful"
    with pytest.raises(InputError, match="faithful, dry"):
        Refiner.load(look="pretty")


def test_counts_come_back_as_counts(faithful):
    """The answer follows gain and offset, and its level is the frame's."""
    counts = np.random.default_rng(0).poisson(20, (128, 192)).astype(np.float32)
    refined = faithful(counts)
    assert refined.shape == counts.shape
    assert refined.dtype == np.float32
    assert refined.mean() == pytest.approx(counts.mean(), rel=0.02)
    np.testing.assert_allclose(faithful(7 * counts + 300), 7 * refined + 300, rtol=1e-4)


@pytest.mark.parametrize("size", [128, 256])
def test_a_reduced_frame_keeps_its_counts(faithful, size):
    counts = np.random.default_rng(0).poisson(20, (256, 256))
    assert faithful(counts, size).mean() == pytest.approx(20, rel=0.02)


def test_grey_levels_follow_the_transmission(faithful):
    """Discs of five transmissions in one frame: no binarisation."""
    y, x = np.mgrid[:256, :256]
    levels = [0.35, 0.5, 0.65, 0.8, 0.9]
    truth = np.full((256, 256), 200.0)
    discs = []
    for number, level in enumerate(levels):
        disc = np.hypot(x - 28 - 50 * number, y - 128) < 18
        truth[disc] *= level
        discs.append(np.hypot(x - 28 - 50 * number, y - 128) < 12)
    refined = faithful(np.random.default_rng(1).poisson(truth))
    seen = np.array([refined[disc].mean() for disc in discs]) / 200
    slope = np.polyfit(levels, seen, 1)[0]
    assert slope == pytest.approx(1, abs=0.1)
    np.testing.assert_allclose(seen, levels, atol=0.06)


def test_less_error_than_a_gaussian_filter(faithful):
    """On frames that were not used in training, with noise to remove."""
    gains = []
    for seed in range(24):
        one = example([7001, seed], "paper", 512)
        if one.electrons > 500:
            continue
        spread = np.ptp(one.faithful)
        error = np.mean((faithful(one.noisy) - one.faithful) ** 2) / spread**2
        filtered = min(
            np.mean((ndimage.gaussian_filter(one.noisy.astype(float), s) - one.faithful) ** 2)
            for s in (1, 2, 4, 8)
        )
        gains.append(10 * np.log10(filtered / spread**2 / error))
    assert len(gains) > 5
    assert np.median(gains) > 2


def test_a_clear_frame_is_not_spoiled(faithful):
    """At thousands of electrons per pixel nothing is to be gained; little may be lost."""
    errors = []
    for seed in range(4):
        one = example([7001, seed], "paper", 256)
        assert one.electrons > 2000
        errors.append(np.std(faithful(one.noisy) - one.faithful) / np.ptp(one.faithful))
    assert max(errors) < 0.05


def test_a_runtime_of_ones_own(faithful):
    counts = np.random.default_rng(0).poisson(20, (128, 192))
    again = Refiner(faithful.network, faithful.card, "cpu", faithful.runtime)
    assert again.runtime is faithful.runtime
    np.testing.assert_array_equal(again(counts), faithful(counts))
    assert Refiner(faithful.network, faithful.card, "cpu").runtime.name == "torch-channels-last"


def test_several_frames_at_once():
    card = CARD | {"architecture": {"encoder": "slim", "shuffle": 4, "depth": 3,
                                    "head": "detail", "frames": 3}}  # fmt: skip
    refine = Refiner(build(card["architecture"]), card, device="cpu")
    stretched = np.random.default_rng(0).random((2, 70, 100), np.float32)
    assert refine.refine_prepared(stretched).shape == (70, 100)
    with pytest.raises(InputError, match="ClipRefiner"):
        refine(stretched[0])


def test_a_nan_in_a_frame_of_any_float():
    for kind in (np.float16, np.float32, np.float64):
        for value in (np.nan, np.inf, -np.inf):
            frame = np.ones((64, 64), kind)
            frame[3, 5], frame[7, 7] = value, 2
            with pytest.raises(InputError, match="1 NaN or infinite"):
                frames.check_image(frame)
    even = np.full((64, 64), 7, np.uint16)
    with pytest.raises(InputError, match="varies"):
        frames.check_image(even)
    even[63, 63] = 8  # the first row alone does not tell
    frames.check_image(even)


class Turned(torch.nn.Module):
    """A network that answers every orientation alike (plus a fixed ramp, if asked to)."""

    def __init__(self, ramp):
        super().__init__()
        self.ramp = ramp

    def forward(self, x):
        return x + self.ramp * torch.linspace(0, 1, x.shape[-1])


@pytest.mark.parametrize("shape", [(128, 128), (128, 192)])
def test_spread_of_the_orientations(shape):
    card = CARD | {"preprocessing": {"low": 0.1, "high": 99.9, "target": "faithful"}}
    counts = np.random.default_rng(0).poisson(20, shape).astype(np.float32)
    mean, spread = Refiner(Turned(0.0), card, device="cpu").with_spread(counts)
    np.testing.assert_allclose(mean, counts, rtol=1e-3, atol=0.1)
    assert spread.max() < 1e-3
    _, spread = Refiner(Turned(1.0), card, device="cpu").with_spread(counts)
    assert spread[0, 0] > 5 * spread[shape[0] // 2, shape[1] // 2]


@pytest.mark.parametrize("scale", [1e-43, 1e-40, 1e-30, 1e30])
def test_the_faithful_look_of_any_scale_is_finite(faithful, scale):
    counts = np.random.default_rng(0).poisson(50, (64, 64))
    refined = faithful((counts * scale).astype(np.float32))
    assert np.isfinite(refined).all()
    # At 1e-43, float32 itself has steps of a hundredth of that.
    np.testing.assert_allclose(
        refined / np.float32(scale), faithful(counts.astype(np.float32)), rtol=0.05
    )


@pytest.mark.parametrize("electrons", [10, 1000])
def test_no_grid_and_no_seams_in_an_even_field(faithful, electrons):
    # Every pixel of a cell of 4 × 4, and of 64 × 64 (all halvings), is the same on average.
    rng = np.random.default_rng(1)
    refined = np.mean([faithful(rng.poisson(electrons, (512, 512))) for _ in range(6)], axis=0)
    fine = refined / electrons - 1
    for period in (4, 64):
        cell = fine.reshape(512 // period, period, 512 // period, period).mean(axis=(0, 2))
        assert cell.std() < 0.002
    # No step where the margins of tiles would be, nor at the frame's edge.
    edge = np.concatenate([fine[:4].ravel(), fine[-4:].ravel(), fine[:, :4].ravel()])
    assert abs(edge.mean() - fine[64:-64, 64:-64].mean()) < 0.01


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (np.random.default_rng(0).poisson(9, (2048, 100)), "after reduction.*512 × 25.*size"),
        (np.uint32(2**31) + np.arange(64, dtype=np.uint32) * np.ones((64, 1), np.uint32),
         "float32.*2147483648.*offset"),
        (np.random.default_rng(0).normal(1e300, 1e290, (64, 64)), "float32 can hold"),
    ],
)  # fmt: skip
def test_frames_that_lose_what_they_show_are_refused(faithful, frame, words):
    with pytest.raises(InputError, match=words):
        faithful(frame)
