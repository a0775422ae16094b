"""A process that waits for its answers: what it starts, what it joins, and what it says when nobody computes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from engine.contract import Failure, NerRequest, NerResult, SentimentRequest, SentimentResult, Task
from tests.support.working import RecordingEngine, work_off
from workers.queue import WorkerSettings, names
from workers.queue.local import HOPELESS_STARTS, LocalQueue, running_server
from workers.queue.processes import WorkerProcess
from workers.queue.server import EmbeddedRedis
from workers.worker import BatchingWorker

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def local(tiny_pack: Path) -> Iterator[LocalQueue]:
    with LocalQueue(WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)) as queue:
        yield queue


def test_many_requests_of_several_tasks_come_back_in_order(local: LocalQueue) -> None:
    texts = ["良い", "   ", "bad", *(f"number {i}" for i in range(20))]
    outcomes = list(
        local.map((NerRequest(text=text) if i % 3 else SentimentRequest(text=text) for i, text in enumerate(texts)), in_flight=5)
    )
    assert isinstance(outcomes[1], Failure)
    assert outcomes[1].code == "empty_text"
    kinds = [NerResult if i % 3 else SentimentResult for i in range(len(texts))]
    assert [type(outcome) for i, outcome in enumerate(outcomes) if i != 1] == [kind for i, kind in enumerate(kinds) if i != 1]


def test_the_catalog_can_be_asked_for(local: LocalQueue) -> None:
    rows = local.models()
    assert not isinstance(rows, Failure)
    assert {row.task for row in rows} == set(Task)


def test_a_job_that_takes_too_long_is_given_up_and_the_next_one_answered(local: LocalQueue) -> None:
    local.models()
    pid = pid_of(local)
    os.kill(pid, signal.SIGSTOP)
    try:
        outcome = local.result(local.submit(SentimentRequest(text="遅い")), timeout_s=0.05)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert isinstance(outcome, Failure)
    assert outcome.code == "timeout"
    assert isinstance(local.result(local.submit(SentimentRequest(text="次")), timeout_s=PATIENCE_S), SentimentResult)
    assert pid_of(local) == pid


def test_an_outcome_is_taken_once(local: LocalQueue) -> None:
    job = local.submit(SentimentRequest(text="一度"))
    local.result(job)
    with pytest.raises(KeyError):
        local.result(job)


def test_the_jobs_of_a_killed_worker_are_answered_by_the_next_one(local: LocalQueue) -> None:
    local.models()
    pid = pid_of(local)
    os.kill(pid, signal.SIGSTOP)
    job = local.submit(SentimentRequest(text="失われない"))
    os.kill(pid, signal.SIGKILL)
    assert isinstance(local.result(job, timeout_s=PATIENCE_S), SentimentResult)
    assert pid_of(local) != pid


def test_a_worker_that_cannot_stay_up_is_not_started_for_every_row() -> None:
    broken = WorkerSettings(batch="many")  # type: ignore[arg-type]  # the worker leaves at once: no number
    with LocalQueue(broken) as queue:
        outcomes = list(queue.map((SentimentRequest(text=f"{i}") for i in range(40)), in_flight=2))
        assert queue._starts == HOPELESS_STARTS
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert len(failures) == 40
    assert {failure.code for failure in failures} == {"worker_died"}
    assert "many" in failures[0].details["stderr"]
    assert "YOMITE_MEMORY_BUDGET_MB" in failures[0].message.ja


def test_a_wrong_catalog_is_told_in_words(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text('[[models]]\ntask = "sentimant"\n', encoding="utf-8")
    with LocalQueue(WorkerSettings(catalog=catalog)) as queue:
        rows = queue.models()
        assert isinstance(rows, Failure)
        assert "sentimant" in rows.message.en


def test_a_closed_queue_takes_no_more_jobs() -> None:
    queue = LocalQueue()
    queue.close()
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(SentimentRequest(text="遅すぎた"))


def test_a_queue_whose_redis_has_gone_is_closed_all_the_same(settings: WorkerSettings) -> None:
    before = psutil.Process().children()
    queue = LocalQueue(settings)
    queue.models()
    worker = pid_of(queue)
    [server] = [each for each in psutil.Process().children() if each.name() == "redis-server" and each not in before]
    server.kill()
    server.wait()
    queue.close()
    assert not lives(worker)


@pytest.mark.parametrize("said", ["", "nonsense", "redis://127.0.0.1:1/0"], ids=["nothing", "no address", "nobody there"])
def test_a_note_of_a_system_that_is_none_is_as_good_as_no_system(tmp_path: Path, said: str) -> None:
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "url").write_text(said, encoding="utf-8")
    assert running_server(tmp_path) is None


def test_a_named_redis_without_a_worker_is_said_at_once(server: EmbeddedRedis) -> None:
    with LocalQueue(redis_url=server.url) as queue:
        outcome = queue.result(queue.submit(SentimentRequest(text="良い")), timeout_s=PATIENCE_S)
    assert isinstance(outcome, Failure)
    assert outcome.code == "no_worker"


def test_an_outcome_that_nobody_came_for_in_time_is_said_to_be_too_late(redis: Redis, server: EmbeddedRedis) -> None:
    with LocalQueue(redis_url=server.url) as queue:
        job = queue.submit(SentimentRequest(text="良い"))
        work_off(redis, RecordingEngine())
        redis.delete(names.outcome(job))  # as when its time to live is over
        worker = BatchingWorker(redis, RecordingEngine(), batch=8)
        worker.register_birth()
        outcome = queue.result(job, timeout_s=PATIENCE_S)
    assert isinstance(outcome, Failure)
    assert outcome.code == "too_late"


def test_a_system_that_runs_on_this_machine_is_joined_with_its_worker(settings: WorkerSettings, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", durable=False) as running:
        (tmp_path / "redis" / "url").write_text(running.url, encoding="utf-8")
        worker = WorkerProcess(settings, redis_url=running.url)
        try:
            with LocalQueue(state_dir=tmp_path) as queue:
                assert isinstance(queue.result(queue.submit(SentimentRequest(text="良い")), timeout_s=PATIENCE_S), SentimentResult)
                assert queue.worker_pid is None
        finally:
            worker.stop()


def test_the_worker_leaves_when_its_parent_is_killed() -> None:
    code = (
        "import time\nfrom workers.queue.local import LocalQueue\nqueue = LocalQueue()\nqueue.models()\n"
        "print(queue.worker_pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert lives(worker)
        parent.kill()
    deadline = time.monotonic() + PATIENCE_S
    while lives(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(worker)


def pid_of(queue: LocalQueue) -> int:
    assert queue.worker_pid is not None
    return queue.worker_pid


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
