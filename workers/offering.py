"""What a worker offers: its catalog, told to everybody in Redis, and read anew when `yomite models use` or `pull` has changed it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redis import Redis

from engine.contract import Failure, to_json
from engine.errors import EngineError
from workers.queue import names
from workers.queue.settings import WorkerSettings

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog, CatalogEntry

log = logging.getLogger("yomite.worker")

MODELS_TTL_S = 60  # the catalog is gone so long after the last worker


class Offer:
    """The catalog in force, or what is wrong with it. `tell` is called with every heartbeat, from one thread at a time."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._state = self._chosen_state()
        self._take: Callable[[Catalog], None] | None = None
        self.catalog = load_catalog(settings)

    def on_change(self, take: Callable[[Catalog], None]) -> None:
        """`take` gets the catalog each time it has become another one."""
        self._take = take

    def tell(self, connection: Redis) -> None:
        """Look whether other models were chosen, and write into Redis what there is; also into a pipeline."""
        state = self._chosen_state()
        if state != self._state and self._take:
            self._state = state
            self._read_anew(self._take)
        catalog = self.catalog
        rows = to_json(catalog) if isinstance(catalog, Failure) else [model_row(entry) for entry in catalog.entries]
        connection.set(names.MODELS, json.dumps(rows), ex=MODELS_TTL_S)

    def _read_anew(self, take: Callable[[Catalog], None]) -> None:
        found = load_catalog(self._settings)
        if isinstance(found, Failure):
            log.warning("the catalog stays as it was: %s", found.message.en)
            return
        self.catalog = found
        take(found)

    def _chosen_state(self) -> object:
        from engine.catalog.chosen import chosen_state, written

        chosen, lock = self._settings.chosen, self._settings.lock
        return chosen_state(chosen) if chosen else None, written(lock) if lock else None


def load_catalog(settings: WorkerSettings) -> Catalog | Failure:
    """The catalog that the settings name, or what is wrong with it."""
    from engine.catalog.catalog import Catalog

    try:
        return Catalog.load(
            profile=settings.profile,
            user_file=settings.catalog,
            models_dir=settings.models_dir,
            chosen=settings.chosen,
            lock=settings.lock,
        )
    except EngineError as error:
        return error.as_failure()


def model_row(entry: CatalogEntry) -> dict[str, Any]:
    """What people see of a row of the catalog."""
    return {
        "task": str(entry.task),
        "languages": list(entry.languages),
        "model": entry.name,
        "revision": entry.revision or "",
        "licence": entry.licence,
        "window": entry.window,
    }
