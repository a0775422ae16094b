"""Writes requirements.lock: the exact version of everything that Yomite and its extras need, as installed here.

`make lock` runs it. What some machines do without has its marker behind it, and keeps the version that the lock has where this
is such a machine. There are no hashes, and no CUDA packages: builds of torch differ by platform, and pip takes the one that
fits the machine.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.markers import Marker
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
# What the lock is for, in the words of markers: one that holds on all of these machines is left out, and so is what none of them needs.
MACHINES = tuple(
    {
        "sys_platform": platform,
        "platform_system": platform.capitalize(),
        "platform_machine": processor,
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
    }
    for platform, processor in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    for python in ("3.11.0", "3.11.14", "3.12.12", "3.13.9", "3.14.1")
)


def project_requirements(extras: Sequence[str] = ("test", "train")) -> list[Requirement]:
    """What pyproject.toml asks for, with the given extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def closure(requirements: Sequence[Requirement], *, machine: Mapping[str, str] | None = None) -> dict[str, str]:
    """Name → version of everything needed, directly or not, on this machine or on the one of these values for markers.

    Raises:
        PackageNotFoundError: something needed is not installed, and where this machine does without it not in the lock either.
    """
    markers = conditions(requirements)
    return {name: _version(name, marker) for name, marker in markers.items() if _holds(marker, machine)}


def conditions(requirements: Sequence[Requirement]) -> dict[str, str]:
    """Name → marker of the machines that need it, directly or not; empty where all of MACHINES do.

    Raises:
        PackageNotFoundError: something that this machine needs is not installed.
    """
    found: dict[str, set[str]] = {}
    waiting = [(requirement, where) for requirement in requirements for where in _where(requirement)]
    seen: set[tuple[str, tuple[str, ...], str]] = set()
    while waiting:
        requirement, where = waiting.pop()
        name = canonicalize_name(requirement.name)
        key = (name, tuple(sorted(requirement.extras)), where)
        if key in seen or name.startswith(PLATFORM_PREFIXES):
            continue
        seen.add(key)
        found.setdefault(name, set()).add(where)
        waiting += _needed_by(requirement, where)
    return {name: _any_of(markers) for name, markers in found.items()}


def lock_text() -> str:
    """What requirements.lock should hold, given the packages installed here."""
    markers = conditions(project_requirements())
    lines = (f"{name}=={_version(name, marker)}{f'; {marker}' * bool(marker)}\n" for name, marker in sorted(markers.items()))
    return HEADER + "".join(lines)


def locked(path: Path = LOCK) -> dict[str, str]:
    """Name → version of what a file holds, for whatever machine, in its order."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {need.name: str(need.specifier).removeprefix("==") for need in map(Requirement, lines)}


def _version(name: str, marker: str) -> str:
    try:
        return Version(distribution(name).version).public
    except PackageNotFoundError:
        if _holds(marker) or name not in locked():
            raise
        return locked()[name]


def _needed_by(requirement: Requirement, where: str) -> Iterator[tuple[Requirement, str]]:
    """What an installed package asks for, and on which machines, if it is itself needed `where`."""
    try:
        lines = distribution(requirement.name).requires or []
    except PackageNotFoundError:
        if _holds(where):
            raise
        return  # what it needs is not known here; pip takes what fits
    for need in map(Requirement, lines):
        for condition in _where(need, extras=requirement.extras):
            yield need, _all_of(where, condition)


def _where(need: Requirement, *, extras: Collection[str] = ()) -> Iterator[str]:
    """The marker of a requirement, or nothing where it holds on all of MACHINES; none where it holds on none."""
    if need.marker is None:
        yield ""
        return
    holds = [any(need.marker.evaluate({**machine, "extra": extra}) for extra in ("", *extras)) for machine in MACHINES]
    if any(holds):
        yield "" if all(holds) else str(need.marker)


def _all_of(first: str, second: str) -> str:
    both = [f"({marker})" if " or " in marker else marker for marker in dict.fromkeys((first, second)) if marker]
    return " and ".join(both)


def _any_of(markers: set[str]) -> str:
    """One marker for several: of `a` and `a and b`, `a` says it all."""
    weakest = [one for one in sorted(markers) if not any(other != one and other in one for other in markers)]
    return " or ".join(weakest)


def _holds(marker: str, machine: Mapping[str, str] | None = None) -> bool:
    return not marker or Marker(marker).evaluate(dict(machine) if machine else None)


def main() -> int:
    """Write the file; 1 where a package is missing."""
    try:
        LOCK.write_text(lock_text(), encoding="utf-8")
    except PackageNotFoundError as error:
        print(
            f"{error.name} is not installed: run `make install-all` first. Where this machine does without it, write its line by hand",
            file=sys.stderr,
        )
        return 1
    print(f"wrote {LOCK.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
