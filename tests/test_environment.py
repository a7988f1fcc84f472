"""environment.yml says what pyproject.toml says, and nothing else."""

import re
from pathlib import Path

import pytest
import tomllib
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
INSTALL_EXTRAS = re.compile(r"lctem-core\[(?P<extras>[\w,-]+)\]")


def conda_packages():
    return [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str)]


def pip_lines():
    return [line for d in ENVIRONMENT["dependencies"] if isinstance(d, dict) for line in d["pip"]]


def test_name_and_channel():
    assert ENVIRONMENT["name"] == "lctem"
    assert ENVIRONMENT["channels"] == ["conda-forge"]


def test_conda_provides_only_python_and_pip():
    # The light core runs on Python 3.10; the whole, which conda installs, needs 3.11.
    assert conda_packages() == ["python>=3.11", "pip"]
    assert PROJECT["requires-python"] == ">=3.10"


def test_pip_installs_this_package_with_every_extra():
    (line,) = pip_lines()
    assert line == "-e .[all]"
    (every,) = PROJECT["optional-dependencies"]["all"]
    named = set(INSTALL_EXTRAS.fullmatch(every)["extras"].split(","))
    assert named == set(PROJECT["optional-dependencies"]) - {"all"}


def test_the_light_core_needs_no_framework():
    needed = {re.split(r"[<>=;\[ ]", line)[0] for line in PROJECT["dependencies"]}
    assert "onnxruntime" in needed
    assert not needed & {"torch", "torchvision", "lightning", "openvino", "matplotlib", "onnx"}


@pytest.mark.parametrize("name", ["all", "core"])
def test_constraints_are_pinned_by_checksum_and_name_no_address(name):
    lines = (ROOT / "constraints" / f"{name}.txt").read_text("utf8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("--")]
    pinned: dict[str, int] = {}
    package = None
    for line in lines:
        if not line.startswith(" "):
            package = re.split(r"[=\[]", line)[0]
            assert "==" in line, line
            pinned.setdefault(package, 0)
        elif "--hash=sha256:" in line:
            pinned[package] += 1
    assert min(pinned.values()) >= 1
    wanted = list(PROJECT["dependencies"])
    if name == "all":
        wanted += [
            line
            for lines in PROJECT["optional-dependencies"].values()
            for line in lines
            if not line.startswith("lctem-core")
        ]
    names = {re.split(r"[<>=;\[ ]", line)[0].lower() for line in wanted}
    assert names <= set(pinned), "make constraints"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "Makefile"])
def test_documented_extras_exist(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} is not there yet")
    for found in re.findall(r"-e ['\"]?\.\[([\w,-]+)\]", path.read_text("utf8")):
        assert set(found.split(",")) <= set(PROJECT["optional-dependencies"])
