"""The wheel holds the models, and installs by pipx: its command answers far from any checkout."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*words: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """What a program prints that ends well."""
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip wheel .` does, by the build backend that is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which pipx has installed the wheel. What it depends on is taken from here instead of fetched once more."""
    home = tmp_path_factory.mktemp("pipx")
    programs, state = home / "bin", home / "state"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("YOMITE_", "PYTHON", "REDIS_", "SLACK_", "DISCORD_"))
    }
    environment |= {"PIPX_HOME": str(home), "PIPX_BIN_DIR": str(programs), "PIPX_MAN_DIR": str(home / "man"), "XDG_STATE_HOME": str(state)}
    inside = home / "venvs" / "yomite"
    run(sys.executable, "-m", "venv", "--without-pip", inside, cwd=home)
    (packages,) = (inside / "lib").glob("python*/site-packages")
    # A line in a .pth is a place to look for modules; .pth files in that place, such as that of this checkout, are not read.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    words = (sys.executable, "-m", "pipx", "install", "--force", "--python", sys.executable, "--pip-args=--no-deps", wheel)
    run(*words, cwd=home, environment=environment)
    return {**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}", "OMP_NUM_THREADS": "1"}


def test_the_wheel_holds_every_file_of_the_pack_as_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist() if name.startswith("yomite_models/")}
    files = [path for path in (ROOT / "models").rglob("*") if path.is_file()]
    assert held == {f"yomite_{path.relative_to(ROOT)}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_wheel_holds_the_three_packages_the_pack_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert tops == {"bot", "engine", "workers", "yomite_models", f"yomite-{version('yomite')}.dist-info"}


def test_the_wheel_says_what_it_is_licensed_under(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"yomite-{version('yomite')}.dist-info/METADATA").decode()
    assert "License-Expression: Apache-2.0 AND CC-BY-SA-4.0" in metadata


def test_the_installed_command_comes_from_the_wheel(installed: dict[str, str], tmp_path: Path) -> None:
    assert run("yomite", "--version", cwd=tmp_path, environment=installed).strip() == f"yomite {version('yomite')}"
    program = Path(installed["PIPX_HOME"]) / "venvs" / "yomite" / "bin" / "python"
    where = run(
        program,
        "-c",
        "import bot, engine, workers; print(bot.__file__, engine.__file__, workers.__file__)",
        cwd=tmp_path,
        environment=installed,
    )
    assert [Path(path).is_relative_to(installed["PIPX_HOME"]) for path in where.split()] == [True, True, True]


@pytest.mark.parametrize(
    ("text", "answer", "locale"),
    [("この映画は本当に素晴らしかった！", "ポジティブ", "ja_JP.UTF-8"), ("The service was terrible.", "negative", "C.UTF-8")],
)
def test_the_installed_command_answers_with_the_models_that_it_brought(
    installed: dict[str, str], tmp_path: Path, text: str, answer: str, locale: str
) -> None:
    said = run("yomite", "sentiment", text, cwd=tmp_path, environment={**installed, "LC_ALL": locale})
    assert said.startswith(answer)
    assert "yomite/sentiment" in said
