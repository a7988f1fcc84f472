"""What the repository may hold: no machine paths, pickles or executed notebooks; small weights."""

import re
import subprocess
from pathlib import Path

import pytest
import tomllib
import yaml

import lctem_core

ROOT = Path(__file__).resolve().parents[1]
#: Folders of some machine, at the start of a path; a URL's or a longer path's part is none.
MACHINE_PATH = re.compile(rb"(?<![\w.:/-])/(?:root|work|home/[\w-]+)/")
PICKLED = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".bin"}
MEGABYTE = 10**6
WEIGHTS = ROOT / "lctem_core/weights"


def repository_files():
    """Files that git tracks or would add; every file where there is no git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: what belongs to the repository is unknown")
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]  # a deleted file is still listed


@pytest.fixture(scope="module")
def files():
    found = repository_files()
    assert ROOT / "pyproject.toml" in found
    return found


def relative(paths):
    return [path.relative_to(ROOT).as_posix() for path in paths]


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        (b"see /" + b"root/data", True),
        (b'"/' + b'home/ada/x.tif"', True),
        (b"=/" + b"work/main", True),
        (b"https://example.org/work/1", False),
        (b"../%s/main" % b"work", False),
        (b"the root/leaf", False),
    ],
)
def test_machine_path_pattern(text, caught):
    assert bool(MACHINE_PATH.search(text)) == caught


def test_no_machine_paths(files):
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {match.group().decode()}"
        for path in files
        if (match := MACHINE_PATH.search(path.read_bytes()))
    ]
    assert not found


def test_no_pickles(files):
    assert not relative(path for path in files if path.suffix.lower() in PICKLED)


def test_no_executed_notebooks(files):
    assert not relative(path for path in files if path.suffix == ".ipynb")


def test_weights_have_a_card_a_recipe_and_a_model(files):
    shipped = [path for path in files if path.parent == WEIGHTS]
    kinds = (".safetensors", ".json", ".yaml", ".onnx")
    assert {path.suffix for path in shipped} <= {".md", *kinds}
    weights, cards, recipes, models = (
        {path.stem for path in shipped if path.suffix == kind} for kind in kinds
    )
    assert weights == cards == recipes == models


#: Made from code that was edited since its commit, and not yet made again. Nothing may be added.
EDITED = ("book/results/realtime/epyc-avx2-2-cores.json", "lctem_core/weights/temporal.json")


def test_records_and_cards_name_a_commit_that_made_them(files):
    """Not one with changes that nobody has."""
    found = [path for path in files if path.suffix == ".json" and b"+changes" in path.read_bytes()]
    assert sorted(relative(found)) == sorted(EDITED)


def test_weights_are_small(files):
    sizes = {
        path.stem: path.stat().st_size / MEGABYTE
        for path in files
        if path.parent == WEIGHTS and path.suffix == ".safetensors"
    }
    if not sizes:
        pytest.skip("no weights are shipped yet")
    assert sum(sizes.values()) <= 48, sizes
    from lctem_core.refine.refiner import LOOKS

    assert sizes[LOOKS["faithful"]] <= 16, sizes


def test_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert project["version"] == lctem_core.__version__ == citation["version"]


def test_citation_names_the_paper_first():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["preferred-citation"]["doi"] == "10.1093/micmic/ozad142"
    # The same DOI wherever the paper is cited.
    assert "10.1093/micmic/ozad142" in (ROOT / "book/references.bib").read_text("utf8")


def test_licence_is_stated_alike():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert project["license"] == citation["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf8").startswith("MIT License")


def test_pages_have_their_pictures_and_no_gaps_to_fill():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("book/*.md")]:
        text = page.read_text("utf8")
        assert "<!--" not in text, page.name
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text):
            if "://" not in picture:
                assert (page.parent / picture).is_file(), f"{page.name}: {picture}"
