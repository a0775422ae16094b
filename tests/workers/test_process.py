"""Real worker processes on a real Redis: they share the work, survive what happens to Redis, and nothing is lost when they die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from redis import Redis

from engine.contract import (
    REQUEST_TYPES,
    RESULT_TYPES,
    AskRequest,
    EmbedRequest,
    ExplainAttentionRequest,
    Failure,
    FillMaskRequest,
    NerRequest,
    Request,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    Task,
    TokensRequest,
    task_of,
)
from tests.support.working import PLATFORM, answered, outcome_of, until
from workers.__main__ import KEPT_SHAPES
from workers.liveness import process_is_gone
from workers.observing.settings import ObservingSettings
from workers.options import parser
from workers.queue import QueueSettings, WorkerSettings, names
from workers.queue.door import JobQueue
from workers.queue.processes import REDIS_URL_VARIABLE, WorkerProcess
from workers.queue.server import EmbeddedRedis

ROOT = Path(__file__).parents[2]
READY_S = 120.0
JA, EN = "この映画は本当に素晴らしかった。", "I love this service."
ONE_OF_EACH: list[Request] = [
    SentimentRequest(text=JA),
    NerRequest(text="Tim Cook is the CEO of Apple Inc."),
    AskRequest(question="何を卒業した？", context="山田太郎は京都大学を卒業した。"),
    SimilarRequest(texts=(EN, JA, "猫が犬です。")),
    ExplainAttentionRequest(text=EN),
    TokensRequest(text=JA),
    FillMaskRequest(text="I love [MASK] service."),
    EmbedRequest(texts=(JA, EN)),
]
# So many windows that a worker is in the middle of them for a while.
VERY_LONG = "この映画は本当に素晴らしかった。" * 800


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A durable Redis that no other test empties."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def living(own_server: EmbeddedRedis, tiny_pack: Path) -> Iterator[WorkerProcess]:
    """A worker that stays up for these tests."""
    tiny = WorkerSettings(models_dir=tiny_pack, device="cpu", batch=8)
    worker = WorkerProcess(tiny, redis_url=own_server.url, warm_up=[Task.NER], warm_up_first=[Task.SENTIMENT])
    assert worker.wait_until_ready(READY_S), worker.last_words()
    yield worker
    worker.stop()


@contextmanager
def standing_still(worker: WorkerProcess) -> Iterator[None]:
    """It does nothing meanwhile."""
    os.kill(worker.pid, signal.SIGSTOP)
    try:
        until(lambda: psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED, what="the worker to stand still")
        yield
    finally:
        os.kill(worker.pid, signal.SIGCONT)


def started(redis: Redis, job_id: str) -> bool:
    return redis.hget(f"rq:job:{job_id}", "status") == b"started"


def test_every_task_is_answered_through_redis_end_to_end(own_server: EmbeddedRedis, living: WorkerProcess) -> None:
    assert {task_of(request) for request in ONE_OF_EACH} == set(REQUEST_TYPES)
    with Redis.from_url(own_server.url) as redis:
        queue = JobQueue(redis)
        jobs = [queue.submit(request, platform="each") for request in ONE_OF_EACH]
        until(lambda: len(answered(redis, "each")) == len(jobs), what="the answers")
        for job, request in zip(jobs, ONE_OF_EACH, strict=True):
            assert type(outcome_of(redis, job)) is RESULT_TYPES[task_of(request)]
        rows = queue.models()
        assert not isinstance(rows, Failure)
        assert {row.task for row in rows} == {str(task) for task in REQUEST_TYPES}
        assert 0 < redis.ttl(names.MODELS) <= 60


def test_a_worker_goes_on_when_redis_was_away_end_to_end(own_server: EmbeddedRedis, living: WorkerProcess) -> None:
    with Redis.from_url(own_server.url) as redis:
        own_server.stop()
        own_server.start()
        job = JobQueue(redis).submit(SentimentRequest(text="戻ってきた"), platform="back")
        until(lambda: answered(redis, "back") == [job], what="the answer")
        until(lambda: JobQueue(redis).workers() == 1, what="the worker to be known again")
    assert living.alive
    until(lambda: "trouble with Redis" in living.last_words(), what="the worker to have said so")
    assert "戻ってきた" not in living.last_words()


def test_sigterm_finishes_what_runs_and_a_killed_workers_jobs_are_run_again_end_to_end(tmp_path: Path, settings: WorkerSettings) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server, Redis.from_url(server.url) as redis:
        queue = JobQueue(redis)
        first = WorkerProcess(settings, redis_url=server.url)
        second = None
        try:
            lost = queue.submit(SentimentRequest(text=VERY_LONG), platform=PLATFORM)
            until(lambda: started(redis, lost), what="the start of the job")
            second = WorkerProcess(settings, redis_url=server.url)
            os.kill(first.pid, signal.SIGKILL)
            until(lambda: not first.alive, what="the end of the worker")
            assert answered(redis) == []
            until(lambda: started(redis, lost) and redis.hget(f"rq:job:{lost}", "crashes") == b"1", what="the second start of the job")
            second.terminate()
            until(lambda: second is None or not second.alive, what="the end of the worker")
            assert second.exit_code == 0, second.last_words()
            assert answered(redis) == [lost]
            assert isinstance(outcome_of(redis, lost), SentimentResult)
            assert "この映画" not in second.last_words()
        finally:
            for worker in (first, second):
                if worker is not None:
                    worker.stop()


def test_several_workers_share_a_queue_and_no_job_is_answered_twice_end_to_end(tmp_path: Path, settings: WorkerSettings) -> None:
    with EmbeddedRedis(tmp_path, durable=False) as server, Redis.from_url(server.url) as redis:
        queue = JobQueue(redis)
        requests = [kind(text=f"{JA}{number}") for number in range(100) for kind in (SentimentRequest, NerRequest)]
        kinds = (Task.SENTIMENT, Task.NER)
        first, second = workers = [WorkerProcess(settings, redis_url=server.url, warm_up_first=kinds) for _ in range(2)]
        try:
            assert all(worker.wait_until_ready(READY_S) for worker in workers), [worker.last_words() for worker in workers]
            # Each is alone for a while, so that both do some of them; then they share the rest.
            with standing_still(second):
                jobs = [queue.submit(request, platform=PLATFORM) for request in requests[:20]]
                until(lambda: len(answered(redis)) == 20, what="the answers of the first worker")
            with standing_still(first):
                jobs += [queue.submit(request, platform=PLATFORM) for request in requests[20:]]
                until(lambda: len(answered(redis)) > 20, what="an answer of the second worker")
            until(lambda: len(answered(redis)) >= len(jobs), what="all answers")
        finally:
            for worker in workers:
                worker.stop(READY_S)
        assert [worker.exit_code for worker in workers] == [0, 0], [worker.last_words() for worker in workers]
        assert Counter(answered(redis)) == Counter(jobs)
        assert queue.workers() == 0
        assert not redis.exists(names.TAKERS)


def test_the_command_line_carries_every_setting() -> None:
    settings = WorkerSettings(
        profile="hub",
        catalog=Path("/a/own.toml"),
        chosen=Path("/a/chosen.json"),
        lock=Path("/a/models.lock"),
        models_dir=Path("/a/models"),
        models_cache=Path("/a/cache"),
        hub_mirror="https://mirror.example",
        device="cuda:1",
        memory_budget_mb=7,
        batch=3,
    )
    queue = QueueSettings(timeout_s=1, answer_ttl_s=2, cache_ttl_s=3)
    observing = ObservingSettings(log_level="debug", log_format="json", monitor_host="0.0.0.0", monitor_port=0)
    found = vars(parser().parse_args([*settings.as_arguments(), *queue.as_arguments(), *observing.as_arguments()]))
    assert WorkerSettings(**{name: found[name] for name in vars(settings)}) == settings
    assert QueueSettings(**{name: found[name] for name in vars(queue)}) == queue
    assert ObservingSettings(**{name: found[name] for name in vars(observing)}) == observing
    assert vars(parser().parse_args(ObservingSettings().as_arguments()))["monitor_port"] is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", ("YOMITE_REDIS_URL", "REDIS_URL")),
        ("ftp://user:hunter2@127.0.0.1/", ("redis://", "書き方")),
    ],
)
def test_a_wrong_address_is_said_in_both_languages_without_its_password(url: str, words: tuple[str, str]) -> None:
    environment = {**WorkerProcess.environment(url), REDIS_URL_VARIABLE: url}
    done = subprocess.run([sys.executable, "-P", "-m", "workers"], env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 2
    assert all(word in done.stderr for word in words)
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_catalog_is_every_jobs_failure_and_the_worker_lives_on(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text('[[models]]\ntask = "sentimant"\n', encoding="utf-8")
    with EmbeddedRedis(tmp_path / "redis", durable=False) as server, Redis.from_url(server.url) as redis:
        queue = JobQueue(redis)
        job = queue.submit(SentimentRequest(text=JA), platform=PLATFORM)
        worker = WorkerProcess(WorkerSettings(catalog=catalog), redis_url=server.url)
        try:
            until(lambda: answered(redis) == [job] or not worker.alive, what="the answer")
            outcome = outcome_of(redis, job)
            assert isinstance(outcome, Failure)
            assert "sentimant" in outcome.message.en
            assert queue.models() == outcome
            assert worker.alive
        finally:
            worker.stop()


def test_the_worker_leaves_when_the_process_that_started_it_is_killed(own_server: EmbeddedRedis, tiny_pack: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom workers.queue import WorkerSettings\n"
        "from workers.queue.processes import WorkerProcess\n"
        "worker = WorkerProcess(WorkerSettings(models_dir=Path(sys.argv[2]), device='cpu'), redis_url=sys.argv[1])\n"
        "worker.wait_until_ready(120)\nprint(worker.pid, flush=True)\ntime.sleep(600)"
    )
    command = [sys.executable, "-c", code, own_server.url, str(tiny_pack)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not process_is_gone(pid)
        parent.kill()
    until(lambda: process_is_gone(pid), what="the end of the worker")


def test_the_address_of_redis_is_not_among_the_arguments(own_server: EmbeddedRedis, living: WorkerProcess) -> None:
    arguments = Path(f"/proc/{living.pid}/cmdline").read_bytes().decode()
    assert "workers" in arguments
    assert own_server.url not in arguments


@pytest.mark.parametrize(("before", "after"), [({}, KEPT_SHAPES), (dict.fromkeys(KEPT_SHAPES, "7"), dict.fromkeys(KEPT_SHAPES, "7"))])
def test_what_is_kept_for_shapes_is_bounded_before_torch_is_loaded_unless_the_operator_says_otherwise(
    before: dict[str, str], after: dict[str, str]
) -> None:
    code = (
        "import json, os, sys; from workers.__main__ import KEPT_SHAPES, main; torch = 'torch' in sys.modules; main(['--redis=nonsense:']); "
        "print(json.dumps([torch, {name: os.environ[name] for name in KEPT_SHAPES}]))"
    )
    environment = {name: value for name, value in WorkerProcess.environment("").items() if name not in KEPT_SHAPES}
    done = subprocess.run([sys.executable, "-P", "-c", code], env={**environment, **before}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [False, after]
