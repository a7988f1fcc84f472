"""Agreement and loss against numbers worked out by hand."""

import numpy as np
import pytest

from lctem_core.refine import agreement
from lctem_core.refine.preprocess import limits
from lctem_core.simulate.examples import example

CARD = {"preprocessing": {"low": 0.1, "high": 99.9}}


def test_agreement_is_what_it_says():
    expected = np.zeros((1, 1, 8, 8), np.float32)
    answer = expected.copy()
    answer[0, 0, 0, 0] = 0.8
    found = agreement.agreement(answer, expected)
    assert found.largest == pytest.approx(0.8)
    assert found.psnr == pytest.approx(10 * np.log10(64 / 0.64))
    assert agreement.agreement(expected, expected) == agreement.Agreement(0.0, np.inf)


def test_loss_of_a_known_error():
    """Engines that know the truth and add an error of a known size."""
    truths = []
    for seed in range(3):
        one = example([44_000, seed], "broad", 256)
        low, high = limits(one.noisy.astype(np.float32), 0.1, 99.9)
        truths.append((one.faithful - low) / (high - low))

    def engine(sizes):
        turns = iter(zip(truths, sizes, strict=True))

        def answer(batch):
            assert batch.shape == (1, 1, 256, 256)
            assert batch.dtype == np.float32
            truth, size = next(turns)
            return (truth + size)[None, None]

        return answer

    found = agreement.losses(
        {"torch": engine([0.01] * 3), "other": engine([0.1, 0.01, 0.01])}, CARD, 3
    )
    assert found["torch"] == {"psnr": pytest.approx(40), "loss": 0}
    assert found["other"]["psnr"] == pytest.approx((20 + 40 + 40) / 3)
    assert found["other"]["loss"] == pytest.approx(20 / 3)
