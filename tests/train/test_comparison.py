"""Comparisons of recorded trainings, against scipy and against records whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lctem_core.errors import InputError
from lctem_core.train.comparison import Group, beyond_chance, difference, grouped, pooled_psnr

IMAGES = 400


def records(seeds, mean, *, study="table1", name="l1", spread=0.0, images=IMAGES, precision=""):
    """Trainings that score `mean` on average; the images differ by 2 dB, alike for all."""
    hard = np.random.default_rng(7).normal(0, 2, images)
    rng = np.random.default_rng([seeds, round(10 * mean)])
    return [
        {
            "study": study,
            "name": f"{name}-{seed}",
            "scores": {
                "psnr": list(mean + hard + rng.normal(0, spread) + rng.normal(0, 0.5, images))
            },
            "provenance": {"precision": precision} if precision else {},
        }
        for seed in range(seeds)
    ]


def test_records_are_grouped_by_their_name_without_the_seed():
    found = grouped(
        [*records(2, 25), *records(1, 26, name="ssim-resnet18"), *records(1, 20, study="split")],
        "table1",
    )
    assert {name: len(group) for name, group in found.items()} == {"l1": 2, "ssim-resnet18": 1}


def test_the_interval_of_a_mean_is_over_images():
    group = Group(tuple(records(3, 25)))
    mean, low, high = group.interval("psnr")
    each = group.scores("psnr").mean(axis=0)
    assert mean == pytest.approx(each.mean())
    expected = stats.norm.interval(0.95, each.mean(), stats.sem(each))
    np.testing.assert_allclose([low, high], expected, atol=0.04)
    text, spread = group.summary("psnr", 1)
    assert text == f"{mean:.1f} ({low:.1f}–{high:.1f})"
    assert float(spread) == pytest.approx(np.std(group.means("psnr"), ddof=1), abs=0.05)


def test_one_training_has_no_spread():
    assert Group(tuple(records(1, 25))).summary("psnr", 2)[1] == "–"


def test_a_difference_of_the_networks_and_of_the_seeds():
    better, worse = (Group(tuple(records(4, mean, spread=0.1))) for mean in (27.0, 25.0))
    found = difference(better, worse, "psnr")
    assert found.low < 2.0 + 0.3
    assert found.high > 2.0 - 0.3
    assert found.low < found.mean < found.high
    assert found.p_images < 1e-10
    expected = stats.ttest_ind(better.means("psnr"), worse.means("psnr"))
    assert found.p_seeds == pytest.approx(expected.pvalue)


def test_networks_can_differ_where_seeds_say_nothing():
    found = difference(Group(tuple(records(1, 26))), Group(tuple(records(3, 25))), "psnr")
    assert found.p_images < 1e-6
    assert found.p_seeds is None


def test_other_test_images_are_refused():
    with pytest.raises(InputError, match="400 and 30"):
        difference(Group(tuple(records(1, 25))), Group(tuple(records(1, 25, images=30))), "psnr")


def test_a_level_is_shared_among_comparisons():
    p_values = {"a": 0.004, "b": 0.006, **{f"c{i}": 0.5 for i in range(8)}}
    assert beyond_chance(p_values) == ["a"]
    assert beyond_chance({"b": 0.006}) == ["b"]
    assert beyond_chance({}) == []


def test_pooled_psnr_is_that_of_all_pixels_together():
    rng = np.random.default_rng(0)
    errors = rng.normal(0, 1, (5, 1000)) * np.array([0.01, 0.02, 0.05, 0.1, 0.3])[:, None]
    psnr = -10 * np.log10((errors**2).mean(axis=1))
    assert pooled_psnr(psnr) == pytest.approx(-10 * np.log10((errors**2).mean()))
    assert pooled_psnr(psnr) < psnr.mean()


def test_what_a_group_was_trained_in():
    half = records(2, 25, precision="bf16-mixed")
    assert Group(tuple(half)).trained_in == "bfloat16"
    assert Group(tuple(records(2, 25))).trained_in == "float32"
    assert Group((*half, *records(1, 25))).trained_in == "2 bfloat16, 1 float32"
