"""What many tests share: the tiny pack, an engine over it, and where pictures are put to be looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from engine.catalog import Catalog
from engine.engine import Engine
from engine.models.cache import ModelCache
from tests.support.checkpoints import write_pack

# How long an example takes depends on the machine and what else it does.
settings.register_profile("yomite", deadline=None)
settings.load_profile("yomite")


@pytest.fixture(scope="session")
def tiny_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as models/, with tiny random weights."""
    return write_pack(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def tiny_engine(tiny_pack: Path) -> Engine:
    """An engine that answers every task from the tiny pack."""
    return Engine(Catalog.load(models_dir=tiny_pack), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of pages are put, to be looked at: YOMITE_SCREENSHOTS names a folder that stays."""
    named = os.environ.get("YOMITE_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
