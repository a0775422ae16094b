"""What a number was measured on: the machine, the versions, the commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import torch

from workers.queue.server import find_server

ROOT = Path(__file__).parents[1]
PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "redis", "rq", "onnxruntime", "openvino")
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")  # what makes models fast


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and when. `versions` is by package."""

    cpu: str
    cores: int
    memory_gib: float
    features: tuple[str, ...]
    gpu: str
    versions: dict[str, str]
    commit: str
    date: str

    @classmethod
    def here(cls) -> Self:
        """This machine, now."""
        return cls(
            cpu=_cpu(),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            memory_gib=round(_memory_bytes() / 2**30, 1),
            features=tuple(name for name in FEATURES if name in _flags()),
            gpu=torch.cuda.get_device_name(0) if torch.cuda.is_available() else "",
            versions={"python": platform.python_version(), **dict(_versions()), "redis-server": _redis_server()},
            commit=_commit(),
            date=datetime.now(UTC).strftime("%Y-%m-%d"),
        )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _field(name: str) -> str:
    return next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith(name)), "")


def _cpu() -> str:
    details = ", ".join(f"{name} {value}" for name in ("cpu family", "model\t") if (value := _field(name)))
    known = _field("model name") or platform.processor() or platform.machine()
    return f"{known} ({details.replace(chr(9), '')})" if details else known


def _flags() -> set[str]:
    return set(_field("flags").split())


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _redis_server() -> str:
    words = _said_by([find_server(), "--version"]).split()
    return next((word.removeprefix("v=") for word in words if word.startswith("v=")), "unknown")


def _commit() -> str:
    commit = _said_by(["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"])
    changed = _said_by(["git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no"])
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def _said_by(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
