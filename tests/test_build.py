"""The book's build: when a notebook runs again, and what the results page says."""

from __future__ import annotations

import build
import nbformat
import pages
import pytest

NOTEBOOK = """\
# %% [markdown]
# # One

# %% tags=["parameters"]
n = 2  # how many

# %%
from myst_nb import glue

from lctem_core.simulate.camera import noise

glue("answer", float(n * 21 + noise()), display=False)
"""
OTHER = NOTEBOOK.replace("# One", "# Two").replace("camera import noise", "shapes import noise")
OTHER = OTHER.replace("answer", "other")
VALUES = """\
- {id: a, quantity: answer, value: 42, unit: '', where: Table 1, comparison: same, here: answer,
   notebook: one, data: all, reason: Counted.}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project of two notebooks, each using another module; rendering is left out."""
    files = {
        "book/_toc.yml": "root: intro\nchapters:\n- file: notebooks/one\n- file: notebooks/two\n",
        build.PAPER: VALUES,
        "book/profiles/smoke.yaml": "# nothing\n",
        "book/profiles/laptop.yaml": "one: {n: 3}\n",
        "notebooks/one.py": NOTEBOOK,
        "notebooks/two.py": OTHER,
        "lctem_core/__init__.py": "",
        "lctem_core/simulate/__init__.py": "",
        "lctem_core/simulate/camera.py": "from lctem_core.maths import zero\nnoise = zero\n",
        "lctem_core/maths.py": "def zero():\n    return 0\n",
        "lctem_core/simulate/shapes.py": "def noise():\n    return 0\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(build, "render", lambda root: None)
    return tmp_path


@pytest.fixture
def runs(monkeypatch):
    """Replace papermill by a stand-in; the list has the name of every notebook it ran."""
    names = []

    def execute(root, name, notebook, profile, parameters):
        names.append(name)
        key = build.run_key(root, name, notebook, profile, parameters)
        record = {"notebook": name, "key": key, "profile": profile, "seconds": 1.0}
        record |= {
            "device": "d",
            "date": "2026-01-01",
            "commit": "c",
            "python": "3",
            "versions": {},
        }
        executed = nbformat.from_dict(notebook)
        data = {"application/papermill.record/text/plain": "42.0"}
        glued = {"name": "answer" if name == "one" else "other"}
        glued["mime_prefix"] = "application/papermill.record/"
        output = nbformat.v4.new_output("display_data", data, metadata={"scrapbook": glued})
        executed.cells[-1].outputs = [output]
        run = root / "_build/runs" / profile / f"{name}.ipynb"
        run.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(executed, run)
        run.with_suffix(".json").write_text(build.json.dumps(record))
        return record

    monkeypatch.setattr(build, "execute", execute)
    return names


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def rerun(root, runs, profile="smoke", **options):
    runs.clear()
    build.build(root, profile, **options)
    return list(runs)


class TestWhatRunsAgain:
    @pytest.fixture(autouse=True)
    def _built(self, root, runs):
        assert rerun(root, runs) == ["one", "two"]

    def test_nothing_unchanged(self, root, runs):
        assert rerun(root, runs) == []

    def test_not_for_prose_which_is_shown_all_the_same(self, root, runs):
        edit(
            root / "notebooks/one.py", "# # One", "# # First\n#\n# More.\n\n# %% [markdown]\n# And"
        )
        assert rerun(root, runs) == []
        shown = nbformat.read(root / "book/notebooks/one.ipynb", as_version=4)
        assert shown.cells[0].source == "# First\n\nMore."
        assert shown.cells[-1].outputs[0].data

    def test_not_for_tags_and_captions(self, root, runs, monkeypatch):
        options = '# %% tags=["hide-input"]\n#| name: fig-a\n#| caption: C\n#| alt: A\nfrom myst_nb'
        edit(root / "notebooks/one.py", "# %%\nfrom myst_nb", options)
        monkeypatch.setattr(build, "require_captions", lambda name, notebook: None)
        assert rerun(root, runs) == []
        shown = nbformat.read(root / "book/notebooks/one.ipynb", as_version=4)
        assert shown.cells[-1].metadata.mystnb.figure.name == "fig-a"

    def test_for_code(self, root, runs):
        edit(root / "notebooks/two.py", "n * 21", "n * 20")
        assert rerun(root, runs) == ["two"]

    def test_for_a_module_it_imports(self, root, runs):
        edit(root / "lctem_core/simulate/shapes.py", "return 0", "return 1")
        assert rerun(root, runs) == ["two"]

    def test_for_a_module_that_a_module_imports(self, root, runs):
        edit(root / "lctem_core/maths.py", "return 0", "return 1")
        assert rerun(root, runs) == ["one"]

    def test_for_a_file_it_declares(self, root, runs):
        header = "# ---\n# jupyter:\n#   lctem:\n#     reads: [book/results/*.json]\n# ---\n\n"
        edit(root / "notebooks/one.py", "# %% [markdown]\n", header + "# %% [markdown]\n")
        assert rerun(root, runs) == []  # there is no such file yet
        (root / "book/results").mkdir()
        (root / "book/results/a.json").write_text("{}")
        assert rerun(root, runs) == ["one"]

    def test_for_a_value_of_the_paper_that_it_may_read(self, root, runs):
        (root / build.USES_PAPER).write_text("values = dict\n")
        edit(
            root / "notebooks/one.py",
            "from lctem_core.sim",
            "from lctem_core import paper\nfrom lctem_core.sim",
        )
        assert rerun(root, runs) == ["one"]
        edit(root / build.PAPER, "Counted", "Counted again")
        assert rerun(root, runs) == []
        edit(root / build.PAPER, "value: 42", "value: 43")
        assert rerun(root, runs) == ["one"]

    def test_for_parameters_and_not_after_switching_back(self, root, runs):
        assert rerun(root, runs, "laptop") == ["one", "two"]
        assert rerun(root, runs, "smoke") == []
        edit(root / "book/profiles/laptop.yaml", "n: 3", "n: 4")
        assert rerun(root, runs, "laptop") == ["one"]

    def test_when_forced(self, root, runs):
        assert rerun(root, runs, force=True, only="two") == ["two"]

    def test_only_the_named_one(self, root, runs):
        edit(root / "notebooks/one.py", "n * 21", "21 * n")
        edit(root / "notebooks/two.py", "n * 21", "21 * n")
        assert rerun(root, runs, only="two") == ["two"]
        assert "source has changed" in (root / "book/_generated/status.md").read_text()


class TestImportedModules:
    @pytest.fixture
    def used(self, root):
        def used(source):
            (root / "notebooks/one.py").write_text(source)
            files = build.core_files(root, root / "notebooks/one.py")
            return sorted(path.relative_to(root / "lctem_core").as_posix() for path in files)

        return used

    @pytest.fixture(autouse=True)
    def _lazy_package(self, root):
        (root / "lctem_core/__init__.py").write_text(
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from lctem_core.refine.refiner import Refiner\n"
            "def __getattr__(name):\n"
            "    from lctem_core.refine.refiner import Refiner\n    return Refiner\n"
        )
        for path, text in {
            "refine/__init__.py": "",
            "refine/refiner.py": "from lctem_core.networks import cards\nclass Refiner: ...\n",
            "networks/__init__.py": "",
            "networks/cards.py": "from lctem_core import maths\n",
        }.items():
            (root / "lctem_core" / path).parent.mkdir(exist_ok=True)
            (root / "lctem_core" / path).write_text(text)
        (root / "lctem_core/weights").mkdir()
        (root / "lctem_core/weights/a.safetensors").write_bytes(b"w")

    def test_module_does_not_bring_what_the_package_imports_lazily(self, used):
        expected = ["__init__.py", "simulate/__init__.py", "simulate/shapes.py"]
        assert used("from lctem_core.simulate.shapes import noise") == expected
        assert used("from lctem_core.simulate import shapes") == expected
        assert used("import lctem_core.simulate.shapes as s") == expected

    def test_lazy_name_brings_its_module_and_the_weights(self, used):
        expected = [
            "__init__.py", "maths.py", "networks/__init__.py", "networks/cards.py",
            "refine/__init__.py", "refine/refiner.py", "weights/a.safetensors",
        ]  # fmt: skip
        assert used("def f():\n    from lctem_core import Refiner") == expected

    def test_bare_package_brings_what_it_gives(self, used):
        assert "refine/refiner.py" in used("import lctem_core")

    def test_what_resolves_to_no_file_is_an_error(self, used):
        for source in ("from lctem_core import nothing", "import lctem_core.nothing",
                       "from lctem_core.simulate import nothing"):  # fmt: skip
            with pytest.raises(pages.BuildError, match="nothing"):
                used(source)

    def test_nothing(self, used):
        assert used("import numpy as np") == []


class TestMistakes:
    def test_unknown_parameter(self, root, runs, capsys):
        (root / "book/profiles/smoke.yaml").write_text("one: {m: 3}\n")
        assert build.main(["--profile", "smoke"], root) == 1
        assert "sets m for one, whose parameters cell has only: n" in capsys.readouterr().err
        assert runs == []

    def test_unknown_notebook(self, root, runs, capsys):
        (root / "book/profiles/smoke.yaml").write_text("three: {m: 3}\n")
        assert build.main(["--profile", "smoke"], root) == 1
        assert "'three', which is no notebook of the book" in capsys.readouterr().err

    def test_unknown_profile(self, root, capsys):
        assert build.main(["--profile", "huge"], root) == 1
        assert "Use one of: laptop, smoke" in capsys.readouterr().err

    def test_file_that_is_declared_and_missing(self, root, runs, capsys):
        header = "# ---\n# jupyter:\n#   lctem:\n#     reads: [missing.csv]\n# ---\n\n"
        edit(root / "notebooks/one.py", "# %% [markdown]\n", header + "# %% [markdown]\n")
        assert build.main(["--profile", "smoke"], root) == 1
        assert "reads missing.csv, which does not exist" in capsys.readouterr().err

    def test_only_an_unknown_notebook(self, root, capsys):
        assert build.main(["--profile", "smoke", "--only", "three"], root) == 1
        assert "Notebooks: one, two" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "options", ["#| name: fig-a\n#| caption: C", "#| name: a: b", "#| - a", "#| size: 3"]
    )
    def test_incomplete_figure(self, root, options, capsys):
        edit(root / "notebooks/one.py", "from myst_nb", f"{options}\nfrom myst_nb")
        assert build.main(["--profile", "smoke"], root) == 1
        assert "one.py, cell 3: the #| lines" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("kinds", "captioned", "message"),
        [
            (["image/png"], False, "shows a picture but has no"),
            (["image/png", "text/plain"], True, "one caption but shows 2 outputs"),
            ([], True, "one caption but shows 0 outputs"),
            (["image/png", "application/papermill.record/text/plain"], True, None),
            (["text/html", "text/plain"], False, None),
        ],
    )
    def test_caption(self, kinds, captioned, message):
        cell = nbformat.v4.new_code_cell("draw()")
        if captioned:
            cell.metadata["mystnb"] = {"figure": {"name": "fig-a"}}
        cell.outputs = [nbformat.v4.new_output("display_data", {kind: "x"}) for kind in kinds]
        notebook = nbformat.v4.new_notebook(cells=[cell])
        if message is None:
            build.require_captions("one", notebook)
        else:
            with pytest.raises(build.BuildError, match=message):
                build.require_captions("one", notebook)

    def test_a_figure_of_data_that_is_not_here(self):
        cell = nbformat.v4.new_code_cell("if data: draw()")
        cell.metadata = {"mystnb": {"figure": {"name": "fig-a"}}, "tags": ["needs-data"]}
        cell.outputs = []
        cell = nbformat.from_dict(cell)
        notebook = nbformat.v4.new_notebook(cells=[cell])
        build.require_captions("one", notebook)
        assert "mystnb" not in notebook.cells[0].metadata


def test_real_kernel_runs_and_a_failure_keeps_the_last_good_notebook(root, capsys):
    (root / "book/_toc.yml").write_text("root: intro\nchapters:\n- file: notebooks/one\n")
    assert build.main(["--profile", "laptop"], root) == 0
    path = root / "book/notebooks/one.ipynb"
    good = path.read_text()
    shown = nbformat.reads(good, as_version=4)
    assert pages.glued(shown) == {"answer": "63.0"}  # the profile sets n = 3
    assert shown.cells[2].metadata.tags == ["injected-parameters"]
    nbformat.validate(shown)
    assert "differs 1" in (root / "book/_generated/results.md").read_text()
    assert "- laptop" in (root / "book/_generated/status.md").read_text()

    edit(root / "notebooks/one.py", "n * 21", "n / 0")
    assert build.main(["--profile", "laptop"], root) == 1
    assert "ZeroDivisionError" in (error := capsys.readouterr().err)
    assert "n / 0 + noise()" in error
    assert path.read_text() == good

    edit(root / "notebooks/one.py", "n / 0", "n * 21")
    assert build.main(["--profile", "laptop"], root) == 0
    assert "one: unchanged" in capsys.readouterr().out


ENTRY = {
    "id": "a", "quantity": "q", "value": 29.52, "unit": "", "where": "Table 1", "reason": "So.",
    "comparison": "none",
}  # fmt: skip
SAME = ENTRY | {"comparison": "same", "here": "answer", "notebook": "one", "data": "ours"}


class TestVerdict:
    @pytest.mark.parametrize(
        ("value", "tolerance", "ours", "expected"),
        [
            (1204, None, 1204, "agrees"),
            (1204, None, 1205, "differs"),
            (29.52, 0.05, 29.56, "agrees"),
            (29.52, 0.05, 29.58, "differs"),
            (0.3, None, 0.1 + 0.2, "agrees"),
            (-1.0, 0, 1.0, "differs"),
            ("ResNet-18", None, " ResNet-18 ", "agrees"),
            ("ResNet-18", None, "ResNet-34", "differs"),
            (1, 1, float("nan"), "differs"),
        ],
    )
    def test_same_quantity(self, value, tolerance, ours, expected):
        entry = SAME | {"value": value}
        if tolerance is not None:
            entry["tolerance"] = tolerance
        assert pages.verdict(entry, ours) == expected

    def test_others(self):
        assert pages.verdict(SAME | {"comparison": "not comparable"}, 3) == "not comparable"
        assert pages.verdict(ENTRY, None) == "no counterpart"
        assert pages.verdict(SAME, "not run: no data here") == "not run"

    def test_number_against_text(self):
        with pytest.raises(pages.BuildError, match="both must be numbers or both texts"):
            pages.verdict(SAME, "29.52")


class TestValues:
    def test_a_bad_file_stops_the_build_in_words(self, tmp_path):
        path = tmp_path / "paper_values.yaml"
        path.write_text("- {id: a}")
        with pytest.raises(build.BuildError, match=r"entry 1 \(a\): quantity, value, unit"):
            pages.read_values(path)

    def test_here_must_be_glued_plainly_by_the_notebook_named(self):
        glued = {"answer": "29.5", "array": "np.float64(1.0)"}
        records = [
            {"notebook": "one", "glued": glued},
            {"notebook": "two", "glued": {"answer": "1"}},
        ]
        assert pages.our_value(SAME, records) == (29.5, "one")
        assert pages.our_value(SAME | {"notebook": "two"}, records) == (1, "two")
        with pytest.raises(pages.BuildError, match="found: none"):
            pages.our_value(SAME | {"here": "missing"}, records)
        with pytest.raises(pages.BuildError, match="glued by notebook three; found: one, two"):
            pages.our_value(SAME | {"notebook": "three"}, records)
        with pytest.raises(pages.BuildError, match=r"Use glue\('array', float\(x\)"):
            pages.our_value(SAME | {"here": "array"}, records)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1204, "1,204"),
        (29.52, "29.52"),
        (0.123456789, "0.12346"),
        (4.5e8, "4.5×10⁸"),
        (-3e-5, "−3×10⁻⁵"),
        (0, "0"),
        ("1–1,000", "1–1,000"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_as_printed(value, text):
    assert pages.number(value) == text


def test_results_link_to_every_chapter_that_audits():
    split = {"a": [("audit-split", "cannot both hold")] * 2 + [("audit-pairs", "reproduces")]}
    counts = {"reproduces": 1, "cannot both hold": 2}
    found = {"answer": "29.5", pages.AUDIT: repr(split), pages.AUDIT_COUNTS: repr(counts)}
    times = {"a": [("audit-times", "reproduces")], "other": [("audit-times", "reproduces")]}
    more = {pages.AUDIT: repr(times), pages.AUDIT_COUNTS: repr({"reproduces": 1})}
    records = [
        {"notebook": name, "profile": "smoke", "glued": glued}
        for name, glued in {"one": found, "two": more, "three": {}}.items()
    ]
    values = [SAME, SAME | {"id": "other"}, SAME | {"id": "third"}]
    page = pages.results_page(values, records)
    # Once for two findings of a section, and of both chapters.
    link = "split {ref}`cannot both hold <audit-split>`; pairs {ref}`reproduces <audit-pairs>`"
    assert page.count(f"Audit: {link}; times {{ref}}`reproduces <audit-times>`.") == 1
    assert page.count("{.audit}") == 2
    assert (
        "4 claims of the paper are audited in {doc}`notebooks/one`, {doc}`notebooks/two`: " in page
    )
    assert "reproduces 2, cannot both hold 2. They concern 2 of these values." in page
    del found[pages.AUDIT]
    del more[pages.AUDIT]
    assert "udit" not in pages.results_page([SAME], records)
