"""Statistics of simulated images, against the images themselves."""

from __future__ import annotations

import numpy as np
import pytest

from lctem_core.evaluate.noise import frame_statistics
from lctem_core.simulate.examples import example
from lctem_core.train import overview
from lctem_core.train.scoring import simulated_pairs


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LCTEM_WORKSPACE", str(tmp_path_factory.mktemp("work")))
        patch.setattr("os.cpu_count", lambda: 1)  # no pool: its start takes longer than the work
        found = overview.pair_statistics(number=12, camera=256)
        yield found, *simulated_pairs("paper", 12, 1, 256, 0.0)


def test_doses_and_scores_are_those_of_the_pairs(made):
    found, store, facts = made
    noisy, truth = store.noisy(7).astype(float), store.truth(7)
    assert found["psnr"][7] == pytest.approx(
        -10 * np.log10(np.mean((noisy - truth) ** 2)), abs=1e-3
    )
    pair = store.pairs[7]
    assert found["wet"][7] == facts[pair.wet]["dose"]
    assert found["dry"][7] == facts[pair.dry]["dose"]
    assert set(found["wet frames"]) == set(found["wet"])
    assert len(found["dry frames"]) == len({pair.dry for pair in store.pairs})
    # A reduced pixel holds the electrons of the camera's pixels in it.
    area = pair.width * pair.height * facts[pair.wet]["pixel_size"] ** 2 / store.size**2
    assert found["electrons"][7] == pytest.approx(found["wet"][7] * area)


def test_dry_frames_are_a_hundred_times_brighter(made):
    found, _, _ = made
    # Facts are rounded.
    assert min(np.array(found["dry"]) / found["wet"]) > 99.9


def test_pairs_kept_back_share_no_dry_image_with_the_others(made):
    found, store, _ = made
    kept = {store.pairs[i].dry for i in found["validation"]}
    others = set(range(len(store))) - set(found["validation"].tolist())
    assert kept
    assert kept.isdisjoint(store.pairs[i].dry for i in others)


def test_ranges_hold_nine_frames_of_ten():
    found = overview.frame_ranges(("broad",), 8, seed=5)["broad"]
    frames = [example([5, i], "broad").noisy for i in range(8)]
    each = [frame_statistics(f) for f in frames if f.dtype == np.uint16 and f.mean() > 1]
    for name, (low, high) in found.items():
        values = np.array([one[name] for one in each])
        assert low < high
        assert np.mean((values >= low) & (values <= high)) >= 0.6
        assert values.min() <= low
        assert values.max() >= high
