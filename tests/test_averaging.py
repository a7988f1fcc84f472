import json

import numpy as np
import pytest
import torch

from lctem_core import model
from lctem_core.averaging import average
from lctem_core.errors import InputError
from lctem_core.examples import write_examples
from lctem_core.store import Store

KIND = {"encoder": "light", "shuffle": 4, "depth": 3, "head": "detail"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "store"
    write_examples(path, 6, size=64, workers=1, progress=False)
    return Store.open(path, "faithful")


@pytest.fixture
def parts(tmp_path):
    paths = []
    for seed in range(2):
        torch.manual_seed(seed)
        card = {"architecture": KIND, "preprocessing": {"target": "faithful"}, "data": f"of {seed}"}
        model.save(model.unet(**KIND), card, tmp_path / f"{seed}.safetensors")
        paths.append(tmp_path / f"{seed}.safetensors")
    return paths


def test_weights_are_the_mean_and_statistics_are_new(store, parts, tmp_path):
    out = tmp_path / "mean.safetensors"
    average(dict(zip(parts, (0.25, 0.75), strict=True)), store, out, batch=3, progress=False)
    one, other, mean = (model.load(path)[0].state_dict() for path in (*parts, out))
    for name, value in mean.items():
        if name.endswith("weight"):
            expected = 0.25 * one[name] + 0.75 * other[name]
            torch.testing.assert_close(value, expected, atol=2e-3, rtol=2e-3)  # half precision
    entered = "unet.enter.1.running_var"
    assert not np.allclose(mean[entered], one[entered])
    card = json.loads(out.with_suffix(".json").read_text("utf8"))
    assert card["data"] == "of 0; of 1"
    assert [part["share"] for part in card["parts"]] == [0.25, 0.75]
    assert card["settled"] == 6


@pytest.mark.parametrize("shares", [(0.5, 0.6), (1.0,)])
def test_shares_that_make_no_mean(store, parts, tmp_path, shares):
    with pytest.raises(InputError, match="shares of sum 1"):
        average(dict(zip(parts, shares, strict=False)), store, tmp_path / "m.safetensors")


def test_other_architectures_are_refused(store, parts, tmp_path):
    card = {"architecture": KIND | {"width": 2.0}, "preprocessing": {}, "data": ""}
    model.save(model.unet(**KIND, width=2.0), card, tmp_path / "wide.safetensors")
    with pytest.raises(InputError, match="one architecture"):
        average({parts[0]: 0.5, tmp_path / "wide.safetensors": 0.5}, store, tmp_path / "m.st")
