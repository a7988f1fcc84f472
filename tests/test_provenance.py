"""Where a number comes from, also where only the light core is installed."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from lctem_core import provenance


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    def without_torch(name):
        if name == "torch":
            raise PackageNotFoundError(name)
        return version(name)

    assert provenance.versions()["torch"] == version("torch")
    monkeypatch.setattr(provenance, "version", without_torch)
    facts = provenance.provenance(seed=3)
    assert set(facts["versions"]) == set(provenance.PACKAGES) - {"torch"}
    assert facts["versions"]["numpy"] == version("numpy")
    assert facts["seed"] == 3


def test_a_commit_and_what_was_edited(tmp_path, monkeypatch):
    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    file = tmp_path / "package" / "provenance.py"
    file.parent.mkdir()
    monkeypatch.setattr(provenance, "__file__", str(file))
    assert provenance.commit() == "unknown"
    git("init", "--quiet")
    file.write_text("one")
    git("add", ".")
    git("commit", "--quiet", "--message", "one")
    made = git("rev-parse", "HEAD").stdout.strip()
    assert len(provenance.commit()) >= 7
    assert made.startswith(provenance.commit())
    file.write_text("two")
    assert provenance.commit().endswith("+changes")


def test_no_library_of_training_is_loaded():
    asked = "import sys, lctem_core.provenance; print({'torch', 'matplotlib'} & set(sys.modules))"
    command = [sys.executable, "-c", asked]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "set()\n"
