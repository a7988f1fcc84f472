"""The paper's values with their rules, and the findings of an audit."""

import os

import pytest
import yaml

from lctem_core import paper
from lctem_core.errors import InputError
from lctem_core.paper import CANNOT_BOTH, CORRECTED, REPRODUCES, UNCHECKED, VERDICTS, Audit

ENTRY = {
    "id": "time.x", "quantity": "a time", "value": 29.5, "unit": "ms", "where": "Table 2",
    "comparison": "same", "here": "time", "notebook": "05_timing", "data": "ours", "reason": "So.",
}  # fmt: skip
NONE = {k: v for k, v in ENTRY.items() if k not in ("here", "notebook", "data")}


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


def test_findings_as_a_chapter_records_them(findings):
    glued = findings.glued()
    assert glued["n_findings"] == 3
    assert (glued["n_reproduces"], glued["n_cannot_both"], glued["n_unchecked"]) == (1, 1, 1)
    assert glued["audit_counts"] == findings.counts()
    assert glued["audit_of_values"] == findings.of_values()


def test_an_audit_knows_the_papers_values():
    told = {"paper": "", "recomputed": "", "verdict": REPRODUCES}
    audit = Audit()
    audit.add("one", "pairs", **told, values=["dataset.pairs"])
    with pytest.raises(InputError, match=r"got time\.x"):
        audit.add("one", "times", **told, values=["time.x"])


def test_verdict_of_a_comparison():
    assert paper.judged(True) == REPRODUCES
    assert paper.judged(False) == CANNOT_BOTH
    assert paper.judged(False, CORRECTED) == CORRECTED
    assert paper.judged(None) == UNCHECKED


# The paper's values ------------------------------------------------------------------------------


def test_values_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paper.values.cache_clear()
    assert paper.values()["dataset.pairs"] == 1204
    assert paper.values()["insitu.dose_reduction"] == "1/100"


def test_values_cannot_be_changed():
    with pytest.raises(TypeError):
        paper.values()["dataset.pairs"] = 1205


def test_the_file_comes_with_the_package():
    assert paper.PATH.parent.samefile(os.path.dirname(paper.__file__))


def test_ends_of_a_range():
    assert paper.bounds("dataset.ssim_low_range") == (0.1, 0.2)
    assert paper.bounds("dataset.dose_wet") == (1, 1000)
    for id in ("dataset.pairs", "time.x"):
        with pytest.raises(InputError, match="the id of a range"):
            paper.bounds(id)


@pytest.fixture
def read(tmp_path):
    def read(*entries):
        path = tmp_path / "values.yaml"
        path.write_text(yaml.safe_dump(list(entries)))
        return paper.read_entries(path)

    return read


def test_good_entries(read):
    assert read(ENTRY) == [ENTRY]
    assert read(ENTRY | {"tolerance": 0.5, "unit": ""})
    assert read(NONE | {"comparison": "none", "value": "1–2"})
    assert read(ENTRY | {"comparison": "not comparable"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": ""}, "quantity missing"),
        ({"unit": None}, "unit missing"),
        ({"value": None}, "value missing"),
        ({"value": True}, "must be a number or a text"),
        ({"reason": ""}, "reason missing"),
        ({"tolernace": 1}, "unknown field tolernace"),
        ({"tolerance": -1}, "at least 0"),
        ({"tolerance": "1 %"}, "at least 0"),
        ({"value": "1–2", "tolerance": 1}, "needs a number as value"),
        ({"comparison": "not comparable", "tolerance": 1}, "comparison 'same'"),
        ({"comparison": "maybe"}, "must be one of"),
        ({"comparison": "none"}, "cannot have here, notebook, data"),
        ({"here": None}, "needs here"),
        ({"data": None}, "here needs data"),
        ({"notebook": None}, "here needs notebook"),
    ],
)
def test_bad_entries(read, change, message):
    with pytest.raises(InputError, match=f"entry 1 .*{message}"):
        read(ENTRY | change)


def test_what_is_no_list_of_entries(read, tmp_path):
    with pytest.raises(InputError, match=r"entry 2 .*occurs twice"):
        read(ENTRY, ENTRY)
    with pytest.raises(InputError, match="not a mapping"):
        read("text")
    path = tmp_path / "values.yaml"
    path.write_text("a: [")
    with pytest.raises(InputError, match=r"values\.yaml, which cannot be read"):
        paper.read_entries(path)
    path.write_text("a: 1")
    with pytest.raises(InputError, match="a list of entries"):
        paper.read_entries(path)
    with pytest.raises(InputError, match="cannot be read"):
        paper.read_entries(tmp_path / "missing.yaml")
