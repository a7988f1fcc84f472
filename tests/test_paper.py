"""Findings of an audit, the paper's values as arrays, and what the audit measures."""

import numpy as np
import pytest

from lctem_core import paper
from lctem_core.errors import InputError
from lctem_core.paper import CANNOT_BOTH, REPRODUCES, UNCHECKED, VERDICTS, Audit
from lctem_core.train.leakage import recall, recall_scores

VALUES = "book/paper_values.yaml"


@pytest.fixture(scope="module")
def printed(request):
    return paper.read_values(request.config.rootpath / VALUES)


@pytest.fixture
def findings():
    found = Audit({"time.x": 1, "time.y": 2})
    told = {"paper": "ten", "recomputed": "eleven"}
    found.add("one", "first", **told, verdict=CANNOT_BOTH, values=["time.x", "time.y"])
    found.add("one", "second", **told, verdict=REPRODUCES, values=["time.x"])
    found.add("two", "third", **told, verdict=UNCHECKED)
    return found


# Findings ----------------------------------------------------------------------------------------


def test_counts_name_every_verdict(findings):
    counts = findings.counts()
    assert tuple(counts) == VERDICTS
    assert list(counts.values()) == [1, 0, 1, 1]


def test_overview_links_each_claim_to_its_section(findings):
    rows = findings.overview().splitlines()[2:]
    assert rows[0] == f"| [first](#one) | {CANNOT_BOTH} |"
    assert len(rows) == 3


def test_report_holds_its_section_only(findings):
    report = findings.report("one")
    assert report.index("first") < report.index("second")
    assert "third" not in report
    assert report.count("- Paper: ten\n- Recomputed: eleven\n- Verdict: **") == 2


def test_report_writes_a_minus_sign(findings):
    told = {"paper": "a one-sided fit", "recomputed": "-0.7 to 1e-05", "verdict": UNCHECKED}
    findings.add("two", "third", **told)
    report = findings.report("two")
    assert "−0.7 to 1e-05" in report
    assert "one-sided" in report


def test_findings_by_value(findings):
    assert findings.of_values() == {
        "time.x": [("one", CANNOT_BOTH), ("one", REPRODUCES)],
        "time.y": [("one", CANNOT_BOTH)],
    }


def test_a_cell_run_again_replaces_its_finding(findings):
    findings.add("one", "first", paper="ten", recomputed="ten", verdict=REPRODUCES)
    assert [f.claim for f in findings.findings] == ["first", "second", "third"]
    assert findings.counts()[CANNOT_BOTH] == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"verdict": "wrong"}, "a verdict of"), ({"values": ["time.z"]}, "got time.z")],
)
def test_what_cannot_be_added(findings, changed, message):
    told = {"paper": "ten", "recomputed": "eleven", "verdict": REPRODUCES}
    with pytest.raises(InputError, match=message):
        findings.add("one", "fourth", **told | changed)


# The paper's values ------------------------------------------------------------------------------


def test_values_are_those_of_the_file(printed):
    assert printed["dataset.pairs"] == 1204
    assert printed["insitu.dose_reduction"] == "1/100"


def test_values_need_the_source_tree(tmp_path):
    with pytest.raises(FileNotFoundError, match="Run in the source tree"):
        paper.read_values(tmp_path / "paper_values.yaml")


def test_cells_keep_row_and_unit(printed):
    cells = paper.read_cells(printed)
    assert cells["window"].tolist() == [20, 20, 20, 50, 50, 50]
    assert cells["spacer"].tolist() == [0.05, 0.15, 0.5, 0.15, 0.5, 5.0]
    assert cells["window_actual"].tolist() == [36, 38, 34, 66, 68, 64]
    assert cells["b"].tolist() == [4.1, 4.9, 4.9, 7.0, 7.5, 10.1]
    # 2.3 per millimetre, and the row of the 50 µm window with a 500 nm spacer.
    assert cells["a"][4] == pytest.approx(0.0023)
    assert cells["g_lower"] == pytest.approx([0.0028, 0.002, 0.0029, 0.0019, 0.0015, 0.0011])
    assert cells["h_upper"][1] == 0.97


# Measures ----------------------------------------------------------------------------------------


class Scenes:
    """Pairs of few truths: pair i shows scene i mod n, its noisy image with noise of its own."""

    def __init__(self, scenes, noise):
        self.scenes, self.noise = scenes, noise

    def truth(self, i):
        rng = np.random.default_rng(i % self.scenes)
        return np.kron(rng.random((4, 4)), np.ones((32, 32))).astype(np.float32)

    def noisy(self, i):
        noise = np.random.default_rng([i, 1]).normal(0, self.noise, (128, 128))
        return np.clip(self.truth(i) + noise, 0, 1).astype(np.float32)


def test_a_memory_knows_the_scenes_it_has_seen():
    scenes = Scenes(scenes=5, noise=0.2)
    recalled = recall(scenes, np.arange(10, 20), np.arange(5))
    assert (recalled % 5).tolist() == [0, 1, 2, 3, 4]
    assert recall_scores(scenes, np.arange(10, 20), np.arange(5)) == pytest.approx(1)


def test_a_memory_does_not_know_the_others():
    scenes = Scenes(scenes=40, noise=0.2)
    scores = recall_scores(scenes, np.arange(20, 40), np.arange(5))
    assert scores.max() < 0.9


def test_a_memory_takes_an_image_without_contrast():
    class Flat(Scenes):
        def noisy(self, i):
            return np.full((128, 128), 0.5, np.float32)

    assert recall(Flat(3, 0), np.arange(3), np.arange(2)).shape == (2,)
