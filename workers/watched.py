"""How a worker process can be looked at, from its start on: before there is a worker, it is said what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import CollectorRegistry
from redis import Redis

from engine.contract import Failure, Task
from workers.observing.health import OK, open_impatient, redis_check
from workers.observing.meter import NO_METER, Meter
from workers.observing.server import Looked, Monitor
from workers.observing.settings import ObservingSettings
from workers.observing.worker_metrics import ModelsCollector, ModelsHeld, WorkerMetrics
from workers.offering import Offer
from workers.worker import BatchingWorker


class Holding(Protocol):
    """What is asked of a cache of models."""

    @property
    def loads(self) -> dict[str, int]: ...

    @property
    def drops(self) -> dict[str, int]: ...

    def held_bytes(self) -> dict[str, int]: ...

    def names(self) -> frozenset[str]: ...


class Watched:
    """One worker process, as others see it. It is told what the composition has put together; looked at from any thread."""

    def __init__(self, meter: Meter = NO_METER) -> None:
        self.meter = meter
        self.caches: list[Holding] = []
        self.offer: Offer | None = None
        self.failure: Failure | None = None  # why nothing can be computed
        self._worker: BatchingWorker | None = None
        self._missing: list[Task] | None = None  # None: they are being loaded

    def ready(self, worker: BatchingWorker, *, missing: Sequence[Task]) -> None:
        """The worker is about to take jobs; models of the `missing` tasks should be loaded and could not be."""
        self._worker, self._missing = worker, list(missing)

    def heart(self) -> str:
        """Whether it beats; before there is one, nothing is wrong with it."""
        return OK if self._worker is None else self._worker.health()["heart"]()

    def watchdog(self) -> str:
        """Whether what is computed is within its time."""
        return OK if self._worker is None else self._worker.health()["watchdog"]()

    def jobs(self) -> str:
        """Whether jobs are taken."""
        return "it has not begun" if self._worker is None else self._worker.takes_jobs()

    def models(self) -> str:
        """Whether there is something to compute with, and what should be warm before the first job is loaded."""
        if self.failure is not None:
            return f"none can be loaded ({self.failure.code})"
        if self._missing is None:
            return "loading"
        return f"not loaded: {', '.join(self._missing)}" if self._missing else OK

    def held(self) -> ModelsHeld:
        """What all its models are together, on each device."""
        return ModelsHeld(
            held_bytes=_summed([cache.held_bytes() for cache in self.caches]),
            loads=_summed([dict(cache.loads) for cache in self.caches]),
            drops=_summed([dict(cache.drops) for cache in self.caches]),
        )

    def loaded(self) -> frozenset[str]:
        """Which of the catalog's models are in memory; others are not told, for a request may name any folder."""
        held = frozenset(name for cache in list(self.caches) for name in cache.names())
        return held & self.known_models()

    def known_models(self) -> frozenset[str]:
        """The names of the catalog's models."""
        catalog = self.offer.catalog if self.offer is not None else None
        return frozenset() if catalog is None or isinstance(catalog, Failure) else frozenset(entry.name for entry in catalog.entries)


@contextmanager
def watched(settings: ObservingSettings, redis_url: str, *, say: Callable[[str], None]) -> Iterator[Watched]:
    """Let a worker process be looked at where the settings say; `say` is told the address.

    Raises:
        ObservingError: the port is taken, or the address is none of this machine.
        ValueError: the address of Redis is none.
    """
    if settings.monitor_port is None:
        yield Watched()
        return
    registry = CollectorRegistry()
    found = Watched(WorkerMetrics(registry))
    registry.register(ModelsCollector(found.held, found.known_models))
    with (
        open_impatient(redis_url) as connection,
        Monitor(_looked(found, connection, registry), host=settings.monitor_host, port=settings.monitor_port) as monitor,
    ):
        say(monitor.url)
        yield found


def _looked(found: Watched, connection: Redis, registry: CollectorRegistry) -> Looked:
    return Looked(
        health={"heart": found.heart, "watchdog": found.watchdog},
        readiness={"redis": redis_check(connection), "models": found.models, "jobs": found.jobs},
        registry=registry,
    )


def _summed(counted: Sequence[dict[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in counted:
        for name, number in each.items():
            found[name] = found.get(name, 0) + number
    return found
