"""A worker process is looked at from outside, from its start on: whether it lives, whether it is ready, what it has done."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from redis import Redis

from engine.catalog.chosen import write_chosen
from engine.contract import NerRequest, SentimentRequest, SentimentResult, Task
from tests.support.looking import CANARIES, as_json, checks, get, samples
from tests.support.working import DEADLINE_S, answered, outcome_of, until
from workers.observing.server import Looked, Monitor
from workers.observing.settings import LogForm, LogLevel, ObservingSettings
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).parents[2]


@dataclass
class Started:
    """A worker process and what it writes."""

    lines: list[str] = field(default_factory=list)
    process: WorkerProcess | None = None

    @property
    def url(self) -> str:
        until(lambda: re.search(r"looked at: http://", "\n".join(self.lines)), what="the address where it can be looked at")
        return re.findall(r"looked at: (http://[^/]+)/healthz", "\n".join(self.lines))[0]


@contextmanager
def worker(
    settings: WorkerSettings, redis_url: str, *, level: LogLevel = "warning", form: LogForm = "text", first: tuple[Task, ...] = ()
) -> Iterator[Started]:
    found = Started()
    found.process = WorkerProcess(
        settings,
        redis_url=redis_url,
        warm_up_first=first,
        on_line=found.lines.append,
        observing=ObservingSettings(log_level=level, log_format=form, monitor_port=0),
    )
    try:
        yield found
    finally:
        found.process.stop()


def ask(queue: JobQueue, redis: Redis, *texts: str) -> list[str]:
    """Ask both kinds of each text, and wait for the answers."""
    jobs = [queue.submit(kind(text=text), platform="test") for text in texts for kind in (SentimentRequest, NerRequest)]
    until(lambda: set(jobs) <= set(answered(redis)), what="the answers")
    return jobs


def counted(started: Started, *, jobs: int) -> dict[tuple[str, ...], float]:
    """What is measured once so many jobs have ended: each is counted just after its answer is there."""

    def ended() -> float:
        return sum(value for name, value in samples(get(f"{started.url}/metrics")[1]).items() if name[0] == "yomite_jobs_total")

    until(lambda: ended() == jobs, what=f"{jobs} jobs that have ended")
    return samples(get(f"{started.url}/metrics")[1])


def test_a_worker_is_healthy_at_once_ready_when_it_is_warm_and_counts_exactly_what_it_was_asked(
    redis: Redis, queue: JobQueue, server: EmbeddedRedis, settings: WorkerSettings
) -> None:
    with worker(settings, server.url, level="debug", form="json", first=(Task.SENTIMENT,)) as started:
        assert checks(f"{started.url}/healthz") == {"heart": "ok", "watchdog": "ok"}
        status, body = get(f"{started.url}/readyz")
        assert status == 503
        assert '"models": "loading"' in body
        assert '"jobs": "it has not begun"' in body
        until(lambda: get(f"{started.url}/readyz")[0] == 200, what="a worker that is ready")
        jobs = ask(queue, redis, *CANARIES)
        first = counted(started, jobs=4)
        jobs += ask(queue, redis, "another")
        second = counted(started, jobs=6)
        ready = {"redis": "ok", "models": "ok", "jobs": "ok"}  # Redis has a second to answer: on a busy machine it may miss one
        until(lambda: checks(f"{started.url}/readyz") == ready, what="a worker that is ready for more")
        until(lambda: sum('"computed"' in line for line in started.lines) == 6, what="a line for each job")
        metrics = get(f"{started.url}/metrics")[1]
    for task in ("sentiment", "ner"):
        assert [first["yomite_jobs_total", language, "answered", task] for language in ("ja", "en")] == [1.0, 1.0]
        assert [second["yomite_jobs_total", language, "answered", task] for language in ("ja", "en")] == [1.0, 2.0]
        assert second["yomite_batch_jobs_sum", task] == 3.0
    assert second["yomite_models_loaded",] >= 2.0
    assert sum(value for name, value in second.items() if name[0] == "yomite_model_bytes") > 0.0
    assert second["process_resident_memory_bytes",] > 0
    lines = as_json(started.lines)
    assert {line["id"] for line in lines if line["event"] == "computed"} == set(jobs)
    assert {line["process"] for line in lines} == {"worker"}
    written = "\n".join([*started.lines, metrics])
    assert not [canary for canary in CANARIES if canary in written]


def test_a_worker_whose_redis_is_away_is_not_ready_and_is_healthy_all_the_same(tmp_path: Path, settings: WorkerSettings) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as own, worker(settings, own.url) as started:
        until(lambda: get(f"{started.url}/readyz")[0] == 200, what="a worker that is ready")
        own.stop()
        until(lambda: get(f"{started.url}/readyz")[0] == 503, what="a worker that is not ready")
        assert checks(f"{started.url}/readyz")["redis"].startswith("away")
        assert get(f"{started.url}/healthz")[0] == 200
        own.start()
        until(lambda: get(f"{started.url}/readyz")[0] == 200, what="a worker that is ready again")


def test_a_worker_without_a_catalog_says_so(server: EmbeddedRedis, tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text("nothing = [", encoding="utf-8")
    with worker(WorkerSettings(catalog=catalog), server.url, form="json") as started:
        until(lambda: checks(f"{started.url}/readyz")["jobs"] == "ok", what="a worker that takes jobs")
        assert checks(f"{started.url}/readyz")["models"].startswith("none can be loaded")
        as_json(started.lines)


def test_a_worker_whose_choice_of_models_was_damaged_answers_once_it_is_mended(
    redis: Redis, server: EmbeddedRedis, settings: WorkerSettings, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen.json"
    chosen.write_text("{", encoding="utf-8")
    with worker(replace(settings, chosen=chosen), server.url) as started:
        until(lambda: checks(f"{started.url}/readyz")["jobs"] == "ok", what="a worker that takes jobs")
        assert checks(f"{started.url}/readyz")["models"].startswith("none can be loaded")
        write_chosen(chosen, {})
        until(lambda: get(f"{started.url}/readyz")[0] == 200, what="a worker that is ready")
        job = JobQueue(redis).submit(SentimentRequest(text="この映画は本当に素晴らしかった。"), platform="test")
        until(lambda: outcome_of(redis, job) is not None, what="an answer")
        assert isinstance(outcome_of(redis, job), SentimentResult)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_port_that_is_taken_ends_a_worker_with_a_line_in_both_languages(server: EmbeddedRedis, form: str, other: Monitor) -> None:
    options = [f"--redis={server.url}", f"--monitor-port={other.port}", f"--log-format={form}"]
    done = subprocess.run(
        [sys.executable, "-m", "workers", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 2
    assert f"127.0.0.1:{other.port} は使用中です" in done.stderr
    assert f"127.0.0.1:{other.port} for /healthz, /readyz and /metrics is taken" in done.stderr
    if form == "json":
        as_json(done.stderr.splitlines())


@pytest.mark.parametrize("option", ["--log-level=loud", "--log-format=xml", "--monitor-port=high"])
def test_a_wrong_option_is_an_error_that_names_it(option: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workers", option], cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 2
    assert option.partition("=")[0] in done.stderr


@pytest.fixture
def other() -> Iterator[Monitor]:
    """Somebody else's server, at a port that is therefore taken."""
    with Monitor(Looked(health={}, readiness={}, registry=CollectorRegistry()), host="127.0.0.1", port=0) as monitor:
        yield monitor
