"""What the tests of the workers share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workers.queue import LocalQueue, WorkerSettings


@pytest.fixture(scope="session")
def settings(tiny_pack: Path) -> WorkerSettings:
    return WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)


@pytest.fixture(scope="session")
def queue(settings: WorkerSettings) -> Iterator[LocalQueue]:
    """A queue with a living worker over the tiny pack."""
    with LocalQueue(settings) as queue:
        yield queue
