"""What the tests of the bot share: a queue with a real worker over the tiny pack, and the environment that names it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.queue import LocalQueue, WorkerSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def queue(tiny_pack: Path) -> Iterator[LocalQueue]:
    with LocalQueue(WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)) as queue:
        yield queue


@pytest.fixture
def environment(tiny_pack: Path, tmp_path: Path) -> dict[str, str]:
    """For a process of its own: the tiny pack, English screens, nothing of the machine's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("YOMITE_", "LC_", "LANG", "NO_COLOR"))}
    return kept | {
        "YOMITE_MODELS_DIR": str(tiny_pack),
        "YOMITE_DEVICE": "cpu",
        "YOMITE_STATE_DIR": str(tmp_path / "state"),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": "120",
    }
