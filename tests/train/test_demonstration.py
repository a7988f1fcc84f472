"""A short training: what it gives agrees with the run's own files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lctem_core.train import demonstration
from lctem_core.train.callbacks import read_log
from lctem_core.train.config import Config
from lctem_core.train.scoring import simulated_pairs

PAIRS = {"recipe": "paper", "number": 8, "seed": 5, "camera": 256}
CONFIG = {"encoder": "slim", "head": "linear", "shuffle": 4, "depth": 4, "loss": "l1", "batch": 2,
          "crop": 128, "epochs": 2, "validate_every": 2, "mosaic": 0, "workers": 0, "rate": 1e-3,
          "schedule": "cosine"}  # fmt: skip


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LCTEM_WORKSPACE", str(folder))
        patch.setattr("os.cpu_count", lambda: 1)  # no pool: its start takes longer than the work
        yield folder


@pytest.fixture(scope="module")
def found(work):
    return demonstration.training_on_pairs(PAIRS, CONFIG)


def test_it_can_be_written_to_a_file(found):
    assert json.loads(json.dumps(found)) == found


def test_its_curves(found):
    curves = found["curves"]
    assert curves["epoch"] == [0, 1]
    assert curves["val_psnr"][0] is None  # validated every second epoch
    assert curves["val_psnr"][1] > 0
    assert found["pairs"]["training"] + found["pairs"]["validation"] == 8
    assert found["crops_seen"] == 2 * 2 * (found["pairs"]["training"] // 2)


def test_it_is_not_trained_twice(found, work):
    store, _ = simulated_pairs(**PAIRS)
    again = demonstration.short_training(store, Config.of(CONFIG))
    (log,) = work.rglob("log.csv")
    np.testing.assert_array_equal(again["curves"]["train_loss"], read_log(log.parent)["train_loss"])
    assert again["curves"]["epoch"].tolist() == found["curves"]["epoch"]
    assert again["untreated"] == found["untreated"]
    other = demonstration.short_training(store, Config.of(CONFIG | {"seed": 1}))
    assert len(list(work.rglob("log.csv"))) == 2
    assert other["seconds"] >= 0
    assert other["curves"]["train_loss"][0] != again["curves"]["train_loss"][0]
