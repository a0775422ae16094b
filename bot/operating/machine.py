"""Checks of the machine itself: Python, the installed packages, disk, memory and the state folder."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from bot.language import both
from bot.operating.finding import Finding, error, ok, skipped, warning
from bot.settings import Settings

OLDEST_PYTHON = (3, 11)
MIB = 1024**2
LITTLE_MIB, TOO_LITTLE_MIB = 2_048, 256  # of free disk space
LEAST_MEMORY_MIB = 1_024  # what a worker with the bundled models takes, and some more
NO_SECRETS = ("chosen.json", "models.lock")  # of the files in the state folder
MEMINFO = Path("/proc/meminfo")
MOST_NAMED = 6
_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(\[[^]]*\])?\s*\(?(?P<range>[^;)]*)\)?\s*(;(?P<marker>.*))?")


def check_machine(settings: Settings) -> list[Finding]:
    """All of them."""
    return [
        check_python(),
        check_packages(requires("yomite") or ()),
        check_disk(settings.state_dir),
        *check_state(settings.state_dir),
        check_memory(settings),
    ]


def check_python(found: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The version of Python."""
    shown, oldest = ".".join(map(str, found)), ".".join(map(str, OLDEST_PYTHON))
    if found[:2] < OLDEST_PYTHON:
        return error(
            "python",
            both(f"Python {shown} は古すぎます。", f"Python {shown} is too old."),
            both(f"Python {oldest} 以降で入れなおしてください。", f"Install Yomite with Python {oldest} or later."),
        )
    return ok("python", f"Python {shown}", f"Python {shown}")


def check_packages(requirements: Sequence[str], *, version_of: Callable[[str], str] = version) -> Finding:
    """The installed packages against what Yomite states; `version_of` as `importlib.metadata.version`."""
    missing, outside, count = [], [], 0
    for name, wanted in _stated(requirements):
        count += 1
        try:
            there = version_of(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if not fits(there, wanted):
            outside.append(f"{name} {there} ({wanted})")
    if not count:
        return skipped(
            "packages",
            "インストールされていないので調べません（フォルダから実行中）。",
            "Not installed, run from a folder: nothing to compare with.",
        )
    if outside or (missing and "torch" not in missing):
        listed = _listed([*(f"{name} (–)" for name in missing), *outside])
        return error("packages", both(f"合わないパッケージ：{listed}", f"Packages that do not fit: {listed}"), _INSTALL)
    if missing:
        return warning(
            "packages",
            both(f"モデルを動かすパッケージがありません：{_listed(missing)}", f"Packages that run models are missing: {_listed(missing)}"),
            both(
                "この環境はボット専用です。ワーカーは別の環境で動かしてください。",
                "This is enough for a bot. Run workers where everything is installed.",
            ),
        )
    return ok("packages", f"{count} 個のパッケージはすべて範囲内です。", f"All {count} packages are within their ranges.")


def check_disk(state_dir: Path) -> Finding:
    """Free space where the state folder is, or will be."""
    free_mib = shutil.disk_usage(_existing(state_dir)).free // MIB
    found = both(f"{state_dir} の空きは {free_mib:,} MiB です。", f"{free_mib:,} MiB are free at {state_dir}")
    advice = both("空きを増やすか、YOMITE_STATE_DIR を別の場所にしてください。", "Free some space, or move YOMITE_STATE_DIR.")
    if free_mib < TOO_LITTLE_MIB:
        return error("disk", found, advice)
    return warning("disk", found, advice) if free_mib < LITTLE_MIB else ok("disk", found.ja, found.en)


def check_state(folder: Path) -> list[Finding]:
    """Whether the state folder can be written to, and is nobody else's."""
    place = _existing(folder)
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return [
            error(
                "state",
                both(f"{folder} に書き込めません。", f"{folder} cannot be written to."),
                both(
                    "持ち主を直すか、YOMITE_STATE_DIR に書き込めるフォルダを指定してください。",
                    "Give it to the user that runs Yomite, or name a folder of theirs in YOMITE_STATE_DIR.",
                ),
            )
        ]
    if place != folder:
        return [ok("state", f"{folder} は最初の起動で作られます。", f"{folder} will be made at the first start.")]
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        found = both(f"{folder} にはほかの人も書き込めます。", f"Others can write to {folder}")
        return [error("state", found, both(f"chmod 700 {folder} を実行してください。", f"Run: chmod 700 {folder}"))]
    if open_files := list(_readable_by_others(folder)):
        listed = _listed(open_files)
        found = both(f"{folder} のファイルをほかの人が読めます：{listed}", f"Others can read files in {folder}: {listed}")
        return [warning("state", found, both(f"chmod 700 {folder} を実行してください。", f"Run: chmod 700 {folder}"))]
    return [
        ok(
            "state",
            f"{folder} に書き込め、読めるのは持ち主だけです。",
            f"{folder} can be written to, and only its owner can read what is in it.",
        )
    ]


def check_memory(settings: Settings, meminfo: Path = MEMINFO) -> Finding:
    """Free memory against the budget for models."""
    found = re.search(r"MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii")) if meminfo.exists() else None
    if found is None:
        return skipped("memory", "この OS では調べません。", "Not looked at on this system.")
    free_mib, budget_mib = int(found[1]) // 1024, settings.memory_budget_mb
    said = both(
        f"使えるメモリは {free_mib:,} MiB、モデルの上限は {budget_mib:,} MiB です。",
        f"{free_mib:,} MiB of memory can be used; models may take {budget_mib:,} MiB.",
    )
    needed = LEAST_MEMORY_MIB if settings.profile == "bundled" else budget_mib
    if free_mib < needed:
        return warning(
            "memory",
            said,
            both(
                "ワーカーがまだ動いていないなら、空きを増やすか YOMITE_MEMORY_BUDGET_MB を小さくしてください。",
                "Unless workers take it already: free some, or lower YOMITE_MEMORY_BUDGET_MB.",
            ),
        )
    return ok("memory", said.ja, said.en)


def fits(there: str, wanted: str) -> bool:
    """Whether a version is within a range as requirements write it: commas between >=, <=, <, >, == and !=."""
    numbers = _numbers(there)
    for part in filter(None, (part.strip() for part in wanted.split(","))):
        sign = re.match(r"[<>=!~]+", part)
        limit = _numbers(part[len(sign[0]) :]) if sign else ()
        compare = {
            ">=": numbers >= limit,
            "<=": numbers <= limit,
            "<": numbers < limit,
            ">": numbers > limit,
            "==": numbers == limit,
            "!=": numbers != limit,
        }
        if sign and not compare.get(sign[0], True):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    """The release of a version, without the zeros at its end, and without what follows, such as +cpu."""
    release = re.match(r"\s*(\d+(?:\.\d+)*)", text)
    found = [int(part) for part in release[1].split(".")] if release else []
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _stated(requirements: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in requirements:
        found = _REQUIREMENT.match(line)
        if found and "extra" not in (found["marker"] or ""):
            yield found["name"], found["range"].strip()


def _readable_by_others(folder: Path) -> Iterator[str]:
    """What lies in it that others can read; nothing where they cannot enter it."""
    if not folder.stat().st_mode & 0o011:
        return
    for path in sorted(folder.iterdir()):
        if path.name not in NO_SECRETS and path.lstat().st_mode & 0o044:
            yield path.name


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} … ({len(names)})" if len(names) > MOST_NAMED else shown


_INSTALL = both(
    "requirements.lock のとおりに入れなおしてください（pip install -r requirements.lock）。",
    "Install them as requirements.lock states them (pip install -r requirements.lock).",
)
