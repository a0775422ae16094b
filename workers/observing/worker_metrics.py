"""A worker's metrics: what its parts tell the meter, and what its models hold in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.contract import Task
from workers.observing.buckets import JOBS, SECONDS
from workers.observing.meter import Meter, WorkStage

TASKS = frozenset(map(str, Task))
LANGUAGES = frozenset({"ja", "en"})
OUTCOMES = frozenset(
    {"answered", "cancelled", "refused", "too_late", "timeout", "out_of_memory", "internal_error", "worker_died", "forbidden"}
)
UNKNOWN, OTHER = "unknown", "other"  # what a label says that would be something nobody knows


@dataclass(frozen=True, kw_only=True)
class ModelsHeld:
    """What a worker's models are, by their names: bytes now, and how often each was loaded and dropped."""

    held_bytes: Mapping[str, int] = field(default_factory=dict)
    loads: Mapping[str, int] = field(default_factory=dict)
    drops: Mapping[str, int] = field(default_factory=dict)


class WorkerMetrics(Meter):
    """Keeps them in `registry`, which `server.Monitor` serves."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._batches = Histogram("yomite_batch_jobs", "Jobs that were computed together.", ["task"], buckets=JOBS, registry=registry)
        self._stages = Histogram(
            "yomite_worker_stage_seconds",
            "How long a job was at each stage: waited (in the queue), computed (with the batch it was in), drawn, written (with its answer).",
            ["stage", "task", "language"],
            buckets=SECONDS,
            registry=registry,
        )
        self._jobs = Counter("yomite_jobs", "Jobs that have ended, and how.", ["task", "language", "outcome"], registry=registry)
        self._hits = Counter("yomite_answer_cache_hits", "Jobs whose answer was known already.", ["task"], registry=registry)
        self._misses = Counter(
            "yomite_answer_cache_misses", "Jobs whose answer might have been known and was not.", ["task"], registry=registry
        )
        self._splits = Counter(
            "yomite_batch_splits", "Batches that failed as a whole and were computed in parts, by why.", ["why"], registry=registry
        )
        self._gone = Counter("yomite_dead_workers", "Workers that this worker found dead.", registry=registry)
        self._put_back = Counter(
            "yomite_jobs_put_back", "Jobs of dead workers that this worker put back into the queue.", registry=registry
        )
        ProcessCollector(registry=registry)

    def batch(self, *, task: str, jobs: int) -> None:
        """As `Meter`; so are the others."""
        self._batches.labels(_task(task)).observe(jobs)

    def stage(self, stage: WorkStage, *, task: str, language: str, seconds: float) -> None:
        self._stages.labels(stage, _task(task), _language(language)).observe(max(0.0, seconds))

    def job(self, *, task: str, language: str, outcome: str) -> None:
        self._jobs.labels(_task(task), _language(language), outcome if outcome in OUTCOMES else OTHER).inc()

    def looked_up(self, *, task: str, hits: int, misses: int) -> None:
        self._hits.labels(_task(task)).inc(hits)
        self._misses.labels(_task(task)).inc(misses)

    def split(self, *, why: Literal["memory", "error"]) -> None:
        self._splits.labels(why).inc()

    def worker_gone(self, *, put_back: int) -> None:
        self._gone.inc()
        self._put_back.inc(put_back)


class ModelsCollector(Collector):
    """Looks at the models when it is asked. Names that `known` does not give are "other": a request may name any folder."""

    def __init__(self, look: Callable[[], ModelsHeld], known: Callable[[], frozenset[str]]) -> None:
        self._look = look
        self._known = known

    def collect(self) -> Iterable[Metric]:
        """What is held now."""
        found, known = self._look(), self._known()
        size = GaugeMetricFamily("yomite_model_bytes", "Memory of each loaded model; what several share counts once.", labels=["model"])
        loads = CounterMetricFamily("yomite_model_loads", "How often each model was loaded.", labels=["model"])
        drops = CounterMetricFamily("yomite_model_drops", "How often each model was dropped to make room for others.", labels=["model"])
        for family, counted in ((size, found.held_bytes), (loads, found.loads), (drops, found.drops)):
            for name, value in _folded(counted, known).items():
                family.add_metric([name], value)
        count = GaugeMetricFamily("yomite_models_loaded", "Models that are loaded.", value=len(found.held_bytes))
        return [count, size, loads, drops]

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at when it is registered."""
        return []


def _folded(counted: Mapping[str, int], known: frozenset[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, value in counted.items():
        shown = name if name in known else OTHER
        found[shown] = found.get(shown, 0) + value
    return found


def _task(said: str) -> str:
    return said if said in TASKS else UNKNOWN


def _language(said: str) -> str:
    return said if said in LANGUAGES else UNKNOWN
