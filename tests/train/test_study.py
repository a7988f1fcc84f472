"""Studies: a record per run, with its scores and provenance; none is made twice."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.train import study
from lctem_core.train.study import Data, read_record, read_studies, record, scores_on

DESCRIBED = {
    "tiny": {
        "data": {"kind": "examples", "number": 8, "seed": 1, "recipe": "paper", "size": 128},
        "test": {"kind": "examples", "number": 3, "seed": 2, "recipe": "paper", "size": 128},
        "config": {
            "shuffle": 4, "depth": 3, "batch": 2, "epochs": 1, "mosaic": 0, "workers": 0,
            "validate_every": 1, "rate": 1e-3, "schedule": "cosine",
        },
        "runs": [
            {"name": "l1", "loss": "l1", "seeds": [0, 1]},
            {"name": "more", "loss": "l2", "seeds": [0], "data": {"number": 9}},
        ],
    }
}  # fmt: skip


def test_runs_of_a_description():
    runs = list(read_studies(DESCRIBED))
    assert [run.name for run in runs] == ["l1-0", "l1-1", "more-0"]
    assert [run.config.loss for run in runs] == ["l1", "l1", "l2"]
    assert [run.data.number for run in runs] == [8, 8, 9]
    assert len({run.key for run in runs}) == 3
    with pytest.raises(InputError, match="tiny"):
        list(read_studies(DESCRIBED, ["huge"]))


def test_an_unknown_parameter_is_an_error():
    wrong = {"tiny": DESCRIBED["tiny"] | {"runs": [{"name": "a", "seeds": [0], "wings": 2}]}}
    with pytest.raises(InputError, match="wings"):
        list(read_studies(wrong))


def test_a_run_is_recorded_once(tmp_path, monkeypatch):
    run = next(read_studies(DESCRIBED))
    path = record(run, tmp_path / "results", tmp_path / "cache", progress=False)
    content = json.loads(path.read_text())
    assert content["key"] == run.key
    assert len(content["scores"]["psnr"]) == 3
    assert content["crops_seen"] == 6  # 8 pairs less 1 + 1 for validation, in batches of 2
    assert {"commit", "seconds", "versions"} <= set(content["provenance"])
    monkeypatch.setattr(study, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert record(run, tmp_path / "results", tmp_path / "cache", progress=False) == path
    assert read_record(run, tmp_path / "results") == content


def test_a_stale_record_is_made_again(tmp_path):
    run = next(read_studies(DESCRIBED))
    path = tmp_path / "results" / "tiny" / "l1-0.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"key": "of other parameters"}))
    assert read_record(run, tmp_path / "results") is None
    record(run, tmp_path / "results", tmp_path / "cache", progress=False)
    assert json.loads(path.read_text())["key"] == run.key


def test_images_of_the_training_are_scored_where_asked_for(tmp_path):
    own = {"tiny": DESCRIBED["tiny"] | {"runs": [{"name": "l1", "loss": "l1", "seeds": [0]}]}}
    record(next(read_studies(own)), tmp_path / "results", tmp_path / "cache", progress=False)
    own["tiny"]["runs"][0]["own"] = True
    run = next(read_studies(own))
    assert read_record(run, tmp_path / "results") is None  # made before it was asked for
    path = record(run, tmp_path / "results", tmp_path / "cache", progress=False)
    found = json.loads(path.read_text())["own"]
    assert sorted(found["known"]) == ["0"] + ["2"] * 7
    assert found["dry"].split() == [str(i) for i in range(8)]
    assert np.isfinite(found["psnr"]).all()


def test_records_of_the_book_belong_to_planned_runs():
    book = Path(__file__).resolve().parents[2] / "book"
    described = yaml.safe_load((book / "studies.yaml").read_text("utf8"))
    planned = {(run.study, run.name): run for run in read_studies(described)}
    found = [p for one in described for p in (book / "results" / one).glob("*.json")]
    assert found
    for path in found:
        run = planned[path.parent.name, path.stem]
        assert read_record(run, book / "results"), f"{path} is of other parameters"


@pytest.mark.parametrize("target", ["dry", "faithful"])
def test_scores_of_untreated_images(tmp_path, target):
    data = Data("examples", 2, 5, "paper", 128)
    store = data.open(tmp_path, target, progress=False)
    scores = scores_on(lambda noisy: noisy, store, progress=False)
    noisy, truth = store.noisy(1), store.truth(1)
    if target == "faithful":
        pair = (torch.from_numpy(image)[None, None] for image in (noisy, truth))
        noisy, truth = (x[0, 0].clamp(0, 1).numpy() for x in metrics.in_contrast(*pair))
    assert scores["psnr"][1] == pytest.approx(
        10 * np.log10(1 / np.mean((noisy.astype(float) - truth) ** 2)), abs=1e-3
    )


def test_unknown_kind_of_data(tmp_path):
    with pytest.raises(InputError, match="listed"):
        Data("clouds", 2, 5).open(tmp_path)
