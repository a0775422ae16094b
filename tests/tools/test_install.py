"""`make run` installs what has changed and nothing else, mends an environment that was moved or lost its Python, and starts without the internet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.lock import ROOT

# A Python whose environments note what pip is told, and install nothing.
PYTHON = """#!/bin/sh
case "$1 $2" in
    --version*) echo "Python 3.11.7" ;;
    "-m venv")
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        echo "#!$(pwd -P)/$3/bin/python" > "$3/bin/pip"
        echo made >> made.log ;;
    "-m pip") echo "$@" >> pip.log; test ! -e offline ;;
    "-c import pip") test ! -e "$(dirname "$0")/other-python" ;;
    *) exec REAL "$@" ;;
esac
"""


@dataclass(frozen=True)
class Clone:
    """What of a clone an installation needs."""

    folder: Path

    def install(self, wanted: str = "older") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "tools/install.sh", wanted],
            cwd=self.folder,
            env=os.environ | {"PYTHON": str(self.folder / "python")},
            capture_output=True,
            text=True,
            check=False,
        )

    def count(self, log: str) -> int:
        path = self.folder / log
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    @property
    def made(self) -> tuple[int, int]:
        """How many environments were made, and how often pip was called."""
        return self.count("made.log"), self.count("pip.log")

    def change(self, name: str, line: str) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone in which `make install` has run."""
    folder = tmp_path / "clone"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "install.sh", folder / "tools")
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, folder)
    (folder / "python").write_text(PYTHON.replace("REAL", sys.executable), encoding="utf-8")
    (folder / "python").chmod(0o755)
    made = Clone(folder)
    outcome = made.install("product")
    assert (outcome.returncode, made.made) == (0, (1, 1)), outcome.stderr
    return made


@pytest.mark.parametrize("wanted", ["older", "product"])
def test_what_is_installed_is_left_alone_whatever_dates_its_files_have(clone: Clone, wanted: str) -> None:
    clone.change("pyproject.toml", "# A remark, and a setting of a tool.\n[tool.another]\nsetting = 1")
    for name in ("pyproject.toml", "requirements.lock"):
        os.utime(clone.folder / name, (4e9, 4e9))
    outcome = clone.install(wanted)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    assert clone.made == (1, 1)


def test_a_changed_lock_is_installed_once(clone: Clone) -> None:
    clone.change("requirements.lock", "another-package==1.0")
    for _ in range(2):
        assert clone.install().returncode == 0
    assert clone.made == (1, 2)


def test_a_changed_need_is_installed_once(clone: Clone) -> None:
    path = clone.folder / "pyproject.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"aiohttp', '"another-package",\n    "aiohttp', 1), encoding="utf-8")
    for _ in range(2):
        assert clone.install().returncode == 0
    assert clone.made == (1, 2)


def test_tests_and_training_need_more_and_that_is_enough_for_the_product(clone: Clone) -> None:
    clone.change("requirements.lock", "another-package==1.0")
    for wanted in ("everything", "product", "everything"):
        assert clone.install(wanted).returncode == 0
    assert clone.made == (1, 2)
    assert "--editable .[test,train]" in (clone.folder / "pip.log").read_text(encoding="utf-8").splitlines()[-1]


def test_without_the_internet_an_older_installation_is_started_and_brought_up_to_date_later(clone: Clone) -> None:
    clone.change("requirements.lock", "another-package==1.0")
    (clone.folder / "offline").touch()
    outcome = clone.install()
    assert (outcome.returncode, "The older one is started" in outcome.stderr) == (0, True)
    assert clone.install("product").returncode == 1
    (clone.folder / "offline").unlink()
    assert clone.install().returncode == 0
    assert clone.made == (1, 4)


def test_without_the_internet_nothing_is_started_that_was_never_installed(clone: Clone) -> None:
    shutil.rmtree(clone.folder / ".venv")
    (clone.folder / "offline").touch()
    assert clone.install().returncode == 1


@pytest.mark.parametrize("broken", ["its Python is gone", "its Python is another one", "it was moved"])
def test_an_environment_that_is_broken_is_made_anew(clone: Clone, broken: str) -> None:
    programs = clone.folder / ".venv" / "bin"
    if broken == "its Python is gone":
        (programs / "python").unlink()
        (programs / "python").symlink_to(clone.folder / "gone")
    elif broken == "its Python is another one":
        (programs / "other-python").touch()
    else:
        clone = Clone(clone.folder.rename(clone.folder.with_name("moved")))
    outcome = clone.install()
    assert (outcome.returncode, "made anew" in outcome.stdout) == (0, True)
    assert clone.made == (2, 2)
    assert clone.install().stdout == ""
