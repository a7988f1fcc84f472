"""environment.yml says what pyproject.toml says, and nothing else."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
INSTALL = re.compile(r"-e \.\[(?P<extras>[\w,-]+)\]")


def conda_packages():
    return [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str)]


def pip_lines():
    return [line for d in ENVIRONMENT["dependencies"] if isinstance(d, dict) for line in d["pip"]]


def test_name_and_channel():
    assert ENVIRONMENT["name"] == "lctem"
    assert ENVIRONMENT["channels"] == ["conda-forge"]


def test_conda_provides_only_python_and_pip():
    assert conda_packages() == [f"python{PROJECT['requires-python']}", "pip"]


def test_pip_installs_this_package_with_every_extra():
    (line,) = pip_lines()
    extras = INSTALL.fullmatch(line)
    assert extras, f"expected one editable install of this package, got {line!r}"
    assert set(extras["extras"].split(",")) == set(PROJECT["optional-dependencies"])


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "Makefile"])
def test_documented_extras_exist(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} is not there yet")
    for found in re.findall(r"-e ['\"]?\.\[([\w,-]+)\]", path.read_text("utf8")):
        assert set(found.split(",")) <= set(PROJECT["optional-dependencies"])
