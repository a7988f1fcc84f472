"""Training speed: the public loop's data, and measures that add up."""

import time

import numpy as np
import pytest
import torch

from lctem_core.errors import InputError
from lctem_core.refine.preprocess import reduce, rescale
from lctem_core.train import speed
from lctem_core.train.config import Config
from lctem_core.train.generate import write_examples


def test_public_items_are_our_preprocessing_flipped_or_in_mosaics():
    rng = np.random.default_rng(0)
    noisy, truth = rng.poisson(20, (2, 3, 128, 128)).astype(np.uint16)
    data = speed.PublicPairs(noisy, truth, size=64, seed=1)
    expected = rescale(reduce(noisy[1], 64))
    seen = 0
    for _ in range(40):
        image = data[1][0][0].numpy()
        assert image.shape == (64, 64)
        turned = [image[::y, ::x] for y in (1, -1) for x in (1, -1)]
        seen += any(np.allclose(one, expected, atol=1e-4) for one in turned)
    assert 2 <= seen <= 16  # one in five is not a mosaic


def test_waiting_and_speed_of_a_known_loop():
    took = {"batch": [], "step": []}

    def rest(kind, seconds):
        begun = time.perf_counter()
        time.sleep(seconds)  # on a busy machine it lasts longer
        took[kind].append(time.perf_counter() - begun)

    def slow_batches():
        while True:
            rest("batch", 0.03)
            yield (0,)

    measured = speed._measure(slow_batches(), lambda _: rest("step", 0.01), frames=2.0, steps=5)
    batches, steps = (sum(took[kind][1:]) for kind in ("batch", "step"))
    assert measured.waiting == pytest.approx(batches / (batches + steps), abs=0.02)
    assert measured.images == pytest.approx(2 * 5 / (batches + steps), rel=0.02)


def test_both_loops_run(tmp_path):
    store = write_examples(tmp_path / "store", 8, seed=1, recipe="paper", size=64, workers=1,
                           progress=False)  # fmt: skip
    noisy = np.random.default_rng(0).poisson(20, (2, 96, 96))
    public = speed.public_speed(noisy, noisy, size=64, batch=2, steps=1)
    config = Config.of({"encoder": "slim", "shuffle": 4, "depth": 4, "head": "detail", "batch": 2,
                        "target": "faithful", "workers": 0, "mosaic": 0})  # fmt: skip
    torch.manual_seed(0)
    ours = speed.our_speed(store, config, steps=2)
    assert public.images > 0
    assert ours.images > 0
    assert 0 <= ours.waiting < 1


@pytest.mark.parametrize(("size", "gigabytes", "frames"), [
    (512, 0.1, 1), (512, 4.5, 8), (512, 1000, 64), (256, 4.5, 32), (1024, 4.5, 2),
])  # fmt: skip
def test_the_batch_fits_the_memory(size, gigabytes, frames):
    found = speed.batch_that_fits(size, gigabytes * 1e9)
    assert found == frames
    assert found & (found - 1) == 0


def test_the_batch_fits_this_machine():
    assert 1 <= speed.batch_that_fits() <= speed.PUBLIC_BATCH


def test_even_images_are_refused():
    noisy, truth = np.random.default_rng(0).poisson(20, (2, 3, 64, 64))
    truth[1] = 7
    truth[1, 5, 5] = 3  # one pixel of 4,096: below the percentile
    with pytest.raises(InputError, match="images with contrast; got 1 even ones"):
        speed.PublicPairs(noisy, truth, 64)


def test_too_few_pairs():
    with pytest.raises(InputError, match="at least 4 pairs"):
        speed.public_speed(np.ones((2, 64, 64)), np.ones((2, 64, 64)))
