"""What every run begins with: quiet libraries, and a tiny pack with an engine on it, as its workers have."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.catalog import Catalog
from engine.engine import Engine
from engine.models.cache import ModelCache
from tests.support.checkpoints import write_pack
from workers.composition import quiet_libraries


@contextmanager
def tiny_engine() -> Iterator[tuple[Path, Engine]]:
    """The folder of the pack, beside which a run may keep what it needs, and the engine, which computes as the workers do."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    quiet_libraries()
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # of the fakes: bots that are killed cut their requests
    with tempfile.TemporaryDirectory() as temporary:
        models = write_pack(Path(temporary) / "models")
        yield models, Engine(Catalog.load(models_dir=models), ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32"))
