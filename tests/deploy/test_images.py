"""The Dockerfiles are linted, and their images hold what they need: a bot's no models' libraries, a worker's no chat platforms."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.deploy.images import FOLDER, IMAGES, ROOT, dockerfile, instructions, locked, read_image
from tools import images, lock

MODELS = {"torch", "transformers", "tokenizers", "safetensors", "peft", "numpy", "scipy", "scikit-learn", "matplotlib", "huggingface-hub"}
CHAT = {"slack-bolt", "slack-sdk", "discord-py", "aiohttp"}


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hadolint")
    return subprocess.run([program, "--no-color", path], cwd=ROOT, capture_output=True, text=True, check=False)


# --- Dockerfiles ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGES)
def test_the_dockerfile_passes_the_linter(name: str) -> None:
    outcome = hadolint(dockerfile(name))
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("FROM python:3.11.14-slim-bookworm", "FROM python", "DL3006"),
        ("WORKDIR /var/lib/yomite", "WORKDIR state", "DL3000"),
        ('ENTRYPOINT ["yomite"]', "ENTRYPOINT yomite", "DL3025"),
    ],
)
def test_a_mistake_in_a_dockerfile_does_not_pass_the_linter(tmp_path: Path, right: str, wrong: str, rule: str) -> None:
    text = dockerfile("bot").read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "Dockerfile"
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    outcome = hadolint(path)
    assert outcome.returncode == 1
    assert rule in outcome.stdout


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_made_of_one_base_at_an_exact_version(name: str) -> None:
    assert set(read_image(name).bases) == {"python:3.11.14-slim-bookworm"}
    assert len(read_image(name).bases) == 2  # what builds stays behind


@pytest.mark.parametrize("name", IMAGES)
def test_images_run_as_nobody_of_importance(name: str) -> None:
    assert read_image(name).user == "10001:10001"


@pytest.mark.parametrize("name", IMAGES)
def test_the_first_process_gets_the_signal_that_stops_it(name: str) -> None:
    """Words in brackets are started as they stand; others by a shell, which passes no signal on."""
    image = read_image(name)
    assert image.entrypoint or image.command
    assert image.stop_signal == ("SIGINT" if name == "dashboard" else "SIGTERM")
    assert "CMD [" in image.health


@pytest.mark.parametrize("name", IMAGES)
def test_no_address_of_a_registry_is_written_down(name: str) -> None:
    text = dockerfile(name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|index-url", text)
    assert {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"} == {rest for word, rest in instructions(text) if word == "ARG"}


@pytest.mark.parametrize("name", IMAGES)
def test_what_is_copied_is_there_and_let_into_the_build(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    for source in read_image(name).sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatchcase(source, pattern) for pattern in let_in), source


def test_nothing_else_is_let_into_a_build() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    copied = {source for name in IMAGES for source in read_image(name).sources}
    for pattern in (line[1:] for line in lines if line.startswith("!")):
        assert any(fnmatch.fnmatchcase(source, pattern) for source in copied), pattern


# --- Packages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", IMAGES)
def test_the_lock_of_an_image_is_what_make_lock_writes(name: str) -> None:
    assert (FOLDER / f"{name}.lock").read_text(encoding="utf-8") == images.lock_text(name), "run `make lock`"


@pytest.mark.parametrize("name", IMAGES)
def test_the_lock_of_an_image_is_a_part_of_the_project_s(name: str) -> None:
    assert locked(name).items() <= lock.locked().items()


def test_everything_that_a_bot_imports_is_in_its_image() -> None:
    imported = images.imported_by(images.BOT_SOURCES) - sys.stdlib_module_names - {"bot", "engine", "workers"}
    providers = packages_distributions()
    held = {module for module in imported if {canonicalize_name(name) for name in providers[module]} & set(locked("bot"))}
    assert held == imported


def test_a_bot_s_image_holds_no_models_libraries() -> None:
    assert not MODELS & set(locked("bot"))
    assert set(locked("bot")) >= CHAT


def test_a_worker_s_image_holds_no_chat_platform() -> None:
    assert not CHAT & set(locked("worker"))
    assert set(locked("worker")) >= MODELS


def test_the_bot_s_sources_import_nothing_else_of_the_engine(tmp_path: Path) -> None:
    """Their list is complete: what it names imports no file of the engine and the workers that it does not name."""
    for source in images.BOT_SOURCES:
        target = tmp_path / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, target)
    for package in ("engine", "workers"):
        shutil.copy(ROOT / package / "__init__.py", tmp_path / package)
    code = "import bot.serving, bot.running, bot.platforms.slack, bot.platforms.discord, bot.platforms.web, workers.observing.probe"
    outcome = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
