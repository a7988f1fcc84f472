"""Every notebook is ready for the book: parameters explained, figures captioned, listed."""

from __future__ import annotations

from pathlib import Path

import build
import pytest

ROOT = Path(__file__).resolve().parents[1]


SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
PROFILES = sorted((ROOT / "book/profiles").glob("*.yaml"))


@pytest.fixture
def notebook(source):
    return build.read_source(source)  # itself refuses a figure without caption, name and alt


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_in_the_book(self, source):
        assert source.stem in build.toc_notebooks(ROOT)

    def test_starts_with_its_title(self, notebook):
        first = notebook.cells[0]
        assert first.cell_type == "markdown"
        assert first.source.startswith("# ")

    def test_explains_its_parameters_in_one_cell(self, notebook):
        tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
        assert len(tagged) == 1
        uncommented = [
            name for name, line in build.declared_parameters(notebook).items() if "#" not in line
        ]
        assert not uncommented

    def test_figures_can_be_read_and_referred_to(self, notebook):
        names = []
        for cell in notebook.cells:
            mystnb = cell.metadata.get("mystnb", {})
            if "figure" in mystnb or "image" in mystnb:
                assert mystnb["figure"]["caption"]
                assert mystnb["image"]["alt"]
                names.append(mystnb["figure"]["name"])
        assert all(name.startswith("fig-") for name in names)
        assert len(names) == len(set(names))

    def test_reads_what_exists(self, source, notebook):
        build.declared_reads(ROOT, source.stem, notebook)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.stem)
def test_profile_sets_only_parameters_that_exist(profile):
    build.read_profile(ROOT, profile.stem)


def test_every_notebook_of_the_book_exists():
    assert set(build.toc_notebooks(ROOT)) <= {path.stem for path in SOURCES}
