"""Writes requirements.lock: the exact version of everything that Yomite and its extras need, as installed here.

`make lock` runs it. There are no hashes, and no CUDA packages: builds of torch differ by platform, and pip takes the
one that fits the machine.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PLATFORM_PREFIXES = ("nvidia-", "cuda-", "triton")  # come with torch where there is a GPU
HEADER = """\
# The exact versions that Yomite is tested with. Written by `make lock` from the packages in .venv: to change
# one, change its range in pyproject.toml, delete its line here, install, and run it again. No hashes: builds of torch differ by platform.
"""


def project_requirements(extras: Sequence[str] = ("test", "train")) -> list[Requirement]:
    """What pyproject.toml asks for, with the given extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def closure(requirements: Sequence[Requirement]) -> dict[str, str]:
    """Name → installed version of everything needed, directly or not, on this platform.

    Raises:
        PackageNotFoundError: something needed is not installed.
    """
    versions: dict[str, str] = {}
    waiting = list(requirements)
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen or _belongs_to_a_platform(requirement.name):
            continue
        seen.add(str(requirement))
        installed = distribution(requirement.name)
        versions[canonicalize_name(requirement.name)] = Version(installed.version).public
        waiting += _needed_by(installed.requires or [], extras=requirement.extras)
    return versions


def lock_text() -> str:
    """What requirements.lock should hold, given the packages installed here."""
    versions = closure(project_requirements())
    return HEADER + "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))


def _needed_by(lines: Sequence[str], *, extras: set[str]) -> Iterator[Requirement]:
    for line in lines:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def _belongs_to_a_platform(name: str) -> bool:
    return canonicalize_name(name).startswith(PLATFORM_PREFIXES)


def main() -> int:
    """Write the file; 1 where a package is missing."""
    try:
        LOCK.write_text(lock_text(), encoding="utf-8")
    except PackageNotFoundError as error:
        print(f"{error.name} is not installed: run `make install-all` first", file=sys.stderr)
        return 1
    print(f"wrote {LOCK.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
