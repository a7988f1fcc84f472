"""Studies: a record per run, with its scores and provenance; none is made twice."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.train import generate, study
from lctem_core.train.images import Data, first_images
from lctem_core.train.study import (
    read_record,
    read_studies,
    record,
    renew,
    scores_on,
    simulator,
    stale,
    staleness,
)

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


def test_a_run_says_whether_its_training_images_are_scored():
    described = {"tiny": DESCRIBED["tiny"] | {"runs": [{"name": "l1", "seeds": [0], "own": True}]}}
    assert next(read_studies(described)).own
    assert not next(read_studies(DESCRIBED)).own


def test_an_unknown_parameter_is_an_error():
    wrong = {"tiny": DESCRIBED["tiny"] | {"runs": [{"name": "a", "seeds": [0], "wings": 2}]}}
    with pytest.raises(InputError, match="wings"):
        list(read_studies(wrong))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run that was recorded over a record of other parameters; folders of records and cache."""
    results, cache = tmp_path_factory.mktemp("results"), tmp_path_factory.mktemp("cache")
    run = next(read_studies(DESCRIBED))
    path = results / "tiny" / "l1-0.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"key": "of other parameters"}))
    assert read_record(run, results) is None
    assert record(run, results, cache, progress=False) == path
    return run, results, cache


def test_a_run_is_recorded_once(recorded, monkeypatch):
    run, results, cache = recorded
    path = results / "tiny" / "l1-0.json"
    content = json.loads(path.read_text())
    assert content["key"] == run.key
    assert len(content["scores"]["psnr"]) == 3
    assert content["crops_seen"] == 6  # 8 pairs less 1 + 1 for validation, in batches of 2
    assert {"commit", "seconds", "versions"} <= set(content["provenance"])
    assert content["simulator"] == simulator(run)
    assert stale(content) == ""
    monkeypatch.setattr(study, "fit", lambda *_, **__: pytest.fail("trained again"))
    assert record(run, results, cache, progress=False) == path
    assert read_record(run, results) == content
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        record(run, results, cache, progress=False, again=True)


def test_a_record_is_stale_where_other_images_are_drawn(tmp_path, monkeypatch):
    run = next(read_studies(DESCRIBED))
    path = tmp_path / "tiny" / "l1-0.json"
    path.parent.mkdir()
    content = {"key": run.key, "simulator": simulator(run)}
    path.write_text(json.dumps(content))
    assert stale(content) == ""
    assert not renew(run, tmp_path)  # nothing to note
    # The code was edited: its images decide.
    content["simulator"]["hash"] = "before"
    path.write_text(json.dumps(content))
    assert stale(content) == ""
    assert renew(run, tmp_path)
    assert read_record(run, tmp_path)["simulator"] == simulator(run)
    drawn = generate.example

    def dimmer(*arguments):
        one = drawn(*arguments)
        return replace(one, faithful=one.faithful * 0.999)

    path.write_text(json.dumps(content))
    monkeypatch.setattr(generate, "example", dimmer)
    first_images.cache_clear()
    assert "other images" in stale(content)
    assert not renew(run, tmp_path)
    assert json.loads(path.read_text()) == content
    first_images.cache_clear()
    assert "does not say" in stale({"key": run.key})


def test_what_a_page_says_of_its_records(monkeypatch):
    monkeypatch.setattr(study, "drawing_hash", lambda: "a")
    new, old = ({"study": "s", "name": n, "simulator": {"hash": "a"}} for n in ("new", "old"))
    assert staleness([new, old]) == "The present simulator draws the images of all 2 records."
    del old["simulator"]
    said = staleness(iter([new, old]))
    assert said.startswith("**1 of 2 records are stale.** It does not say which simulator")
    assert said.endswith("(s/old)")


@pytest.mark.parametrize("kind", ["pairs", "examples"])
def test_the_first_images_are_those_that_a_study_draws(kind, tmp_path):
    data = Data(kind, 3, 5, "paper", 128)
    store = data.open(tmp_path, progress=False)
    expected = [
        value
        for i in range(3)
        for image in (store.noisy(i), store.truth(i))
        for value in (image.mean(), image.std(), np.abs(image[:, 1:] - image[:, :-1]).mean())
    ]
    many = Data(kind, 50, 5, "paper", 128)
    np.testing.assert_allclose(first_images(many)[:18], expected, rtol=1e-5)


def test_images_of_the_training_are_scored_where_asked_for(recorded, tmp_path):
    """Of 8 pairs, those of one dry image are kept back: of them, nothing is known."""
    run, _, cache = recorded
    run = replace(run, data=replace(run.data, kind="pairs"), own=True)
    path = record(run, tmp_path, cache, progress=False)
    found = json.loads(path.read_text())
    own, listed = found["own"], run.data.open(cache, progress=False).pairs
    groups = own["dry"].split()
    assert len(groups) == len(own["known"]) == len(own["psnr"]) == 8
    assert len(set(groups)) == len({pair.dry for pair in listed}) > 1
    assert own["known"].count("2") == found["pairs"]["training"]
    assert {groups[i] for i, known in enumerate(own["known"]) if known == "0"}.isdisjoint(
        groups[i] for i, known in enumerate(own["known"]) if known != "0"
    )
    assert np.isfinite(own["psnr"]).all()
    assert read_record(run, tmp_path) == found
    del found["own"]  # a record that was made before the scores were asked for
    path.write_text(json.dumps(found))
    assert read_record(run, tmp_path) is None
    assert read_record(replace(run, own=False), tmp_path) == found


def test_records_of_the_book_belong_to_planned_runs():
    book = Path(__file__).resolve().parents[2] / "book"
    described = yaml.safe_load((book / "studies.yaml").read_text("utf8"))
    planned = {(run.study, run.name): run for run in read_studies(described)}
    found = [p for one in described for p in (book / "results" / one).glob("*.json")]
    assert found
    for path in found:
        run = planned[path.parent.name, path.stem]
        content = read_record(run, book / "results")
        assert content, f"{path} is of other parameters"
        drawn = [Data(**one["data"]) for one in content["simulator"]["first"]]
        assert drawn == [run.data, run.test], f"{path}: fingerprint of other images"


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
