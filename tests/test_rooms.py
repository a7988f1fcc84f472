"""The package's rooms: an import runs to a room above its own, and never in a circle."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lctem_core
from lctem_core.files import imports, resolved

PACKAGE = Path(lctem_core.__file__).parent
#: From the ground up; the files beside the rooms are the ground, but for the commands.
ROOMS = (
    "ground",
    "io",
    "simulate",
    "networks",
    "refine",
    "live",
    "cell",
    "evaluate",
    "train",
    "cli",
)
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    if len(parts) > 1:
        return parts[0]
    return "cli" if parts[0] in ("cli.py", "__init__.py") else "ground"


def imported(path: Path) -> set[Path]:
    """Files of the package that a file names in an import, packages' own files left out."""
    return {
        target
        for module, name in imports(path, "lctem_core", True)
        for target, _ in resolved(module, name, path, PACKAGE)
        if target.name != "__init__.py"
    } - {path}


def test_rooms_are_those_of_the_architecture():
    assert {room(path) for path in FILES} == set(ROOMS)
    loose = {path.stem for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__", "cli", "errors", "figures", "files", "paper", "provenance"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def testimports_run_upwards(path):
    if path.name == "__init__.py":
        pytest.skip("it names what it gives, and imports it when first asked")
    own = ROOMS.index(room(path))
    below = [
        target.relative_to(PACKAGE).as_posix()
        for target in imported(path)
        if ROOMS.index(room(target)) > own
    ]
    assert not below


def test_no_circle():
    graph = {path: imported(path) for path in FILES if path.name != "__init__.py"}
    list(TopologicalSorter(graph).static_order())  # raises CycleError


def test_tests_mirror_the_rooms():
    tests = Path(__file__).parent
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    tested = {path.name for path in tests.iterdir() if any(path.glob("test_*.py"))}
    assert tested == rooms
    for path in tests.glob("*/test_*.py"):
        name = path.stem.removeprefix("test_")
        assert (PACKAGE / path.parent.name / f"{name}.py").exists(), path
