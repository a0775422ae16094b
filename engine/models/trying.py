"""Loads each task's models once, as a worker would: to see that they can be, and so that their files are in the disk's cache."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from engine.catalog import Catalog
from engine.contract import Task
from engine.models.cache import ModelCache
from engine.models.inventory import Places

BUDGET_BYTES = 1  # one model at a time


def try_models(places: Places, tasks: Sequence[Task], *, device: str, precision: str) -> Iterator[tuple[str, str, float]]:
    """(task, model, seconds that loading took) for each row in force of `tasks`; nothing named: of every task.

    Raises:
        EngineError: a catalog cannot be read, or a model not be loaded.
    """
    catalog = Catalog.load(
        profile=places.profile, user_file=places.catalog, models_dir=places.models_dir, chosen=places.chosen, lock=places.lock
    )
    cache = ModelCache(memory_budget_bytes=BUDGET_BYTES, device=device, precision=precision)
    for task in tasks or tuple(Task):
        for entry in {entry.key: entry for language in ("ja", "en") for entry in [catalog.entry(task, language)]}.values():
            began = time.perf_counter()
            cache.get(entry)
            yield str(task), entry.name, time.perf_counter() - began
