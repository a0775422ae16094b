"""Whoever can write to Redis cannot make a worker run anything: no function, callback or webhook, also not after a crash."""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from redis import Redis
from rq import Queue as RQQueue
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from engine.contract import Failure, NerRequest, SentimentRequest, SentimentResult, to_json
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, work_off
from workers.queue import QueueSettings, names
from workers.queue.door import JobQueue
from workers.queue.job import SERIALIZER, EngineJob


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `trap_module` whose mere import leaves a file."""
    mark = tmp_path / "sprung"
    (tmp_path / "trap_module.py").write_text(f"open({str(mark)!r}, 'w').close()\n\ndef spring(*_, **__):\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield mark
    assert "trap_module" not in sys.modules
    assert not mark.exists()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """An address at which nothing may arrive."""
    called: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Webhook(f"http://127.0.0.1:{server.server_port}/", "failed")
        server.shutdown()
        thread.join()
    assert called == []


class Bomb:
    """Unpickled, it imports the trap."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (__import__, ("trap_module",))


def raw(redis: Redis, job_id: str, **fields: Any) -> None:
    """A job as somebody else writes it."""
    redis.hset(f"rq:job:{job_id}", mapping={"origin": names.SHORT, "status": "queued", **fields})
    redis.rpush(f"rq:queue:{names.SHORT}", job_id)


@pytest.mark.parametrize("function", ["os.system", "os.getcwd", "trap_module.spring", "workers.job.answer.evil", ""])
def test_a_job_that_names_another_function_fails_and_nothing_runs(redis: Redis, trap: Path, function: str) -> None:
    meta = {"platform": PLATFORM, "task": "sentiment"}
    RQQueue(names.SHORT, connection=redis, serializer=JSONSerializer).enqueue_call(function or "x", args=("a",), job_id="evil", meta=meta)
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.batches == []
    assert "only workers.job.answer" in failed(redis)["evil"]
    assert answered(redis) == []


def test_callbacks_and_webhooks_of_a_job_are_ignored(redis: Redis, trap: Path, webhook: Webhook) -> None:
    raw_queue = RQQueue(names.SHORT, connection=redis, serializer=JSONSerializer)
    for job_id, request in (("good", to_json(SentimentRequest(text="良い"))), ("evil", {"task": "none"})):
        job = raw_queue.enqueue_call(
            names.FUNCTION, kwargs={"request": request}, job_id=job_id, meta={"platform": PLATFORM}, webhooks=[webhook]
        )
        for when in ("success", "failure", "stopped"):
            redis.hset(job.key, f"{when}_callback_name", "trap_module.spring")
    work_off(redis, RecordingEngine())
    assert isinstance(outcome_of(redis, "good"), SentimentResult)
    assert list(failed(redis)) == ["evil"]


@pytest.mark.parametrize("field", ["data", "meta", "result"])
def test_a_pickled_job_is_never_unpickled(redis: Redis, trap: Path, field: str) -> None:
    good = json.dumps([names.FUNCTION, None, [], {"request": to_json(SentimentRequest(text="良い"))}])
    raw(redis, "pickled", **{"data": good, field: pickle.dumps(Bomb())})
    work_off(redis, RecordingEngine())
    assert list(failed(redis)) == (["pickled"] if field == "data" else [])


@pytest.mark.parametrize("retries", [{}, {"retries_left": 3, "number_of_retries": 0}])
def test_an_abandoned_job_runs_nothing_when_registries_are_cleaned(
    redis: Redis, trap: Path, webhook: Webhook, retries: dict[str, int]
) -> None:
    hooks = json.dumps([{"url": webhook.url, "job_status": "failed", "method": "GET", "headers": None, "timeout": 10}])
    data = json.dumps(["trap_module.spring", None, [], {}])
    fields = {"data": data, "status": "started", "failure_callback_name": "trap_module.spring", "webhooks": hooks, **retries}
    redis.hset("rq:job:abandoned", mapping={"origin": names.SHORT, **fields})
    for key in (f"rq:wip:{names.SHORT}", f"rq:ready:{names.SHORT}", f"rq:deferred:{names.SHORT}"):
        redis.zadd(key, {"abandoned:execution" if "wip" in key else "abandoned": time.time() - 100})
    redis.rpush(f"rq:queue:{names.SHORT}:intermediate", "abandoned")
    engine = RecordingEngine()
    work_off(redis, engine)
    # What the bot's side of the queue, or an operator's tool with the project's job class, does with it.
    redis.zadd(f"rq:wip:{names.SHORT}", {"abandoned:execution": time.time() - 100})
    RQQueue(names.SHORT, connection=redis, job_class=EngineJob, serializer=SERIALIZER).started_job_registry.cleanup()
    work_off(redis, engine)
    assert engine.batches == []


@pytest.mark.parametrize(
    "fields",
    [
        {"data": "no JSON"},
        {"data": "[1, 2"},
        {"data": "[" * 100_000},
        {"data": "{}", "timeout": "never"},
        {"data": "{}", "status": "no status", "created_at": "yesterday"},
        {"data": "{}", "meta": "["},
        {"data": "{}", "meta": '{"platform": ["x"], "task": 7}'},
        {"meta": '{"platform": "test", "task": "sentiment"}'},
    ],
)
def test_rubbish_in_the_queue_stops_nobody(redis: Redis, queue: JobQueue, fields: dict[str, str]) -> None:
    raw(redis, "rubbish", **fields)
    redis.rpush(f"rq:queue:{names.SHORT}", "nothing-there", b"\xff\xfe", "a:b c")
    redis.set("rq:job:a:b c", "no hash")
    good = queue.submit(SentimentRequest(text="良い"), platform=PLATFORM)
    work_off(redis, RecordingEngine())
    assert answered(redis) == [good]
    assert list(failed(redis)) == ["rubbish"]
    assert redis.llen(f"rq:queue:{names.SHORT}") == 0


def test_a_job_that_lies_about_its_kind_is_computed_with_its_own(redis: Redis, queue: JobQueue) -> None:
    queue.submit(SentimentRequest(text="良い"), platform=PLATFORM)
    data = json.dumps([names.FUNCTION, None, [], {"request": {"version": 1, "task": "ner", "text": "京都"}}])
    raw(redis, "liar", data=data, meta='{"platform": "test", "task": "sentiment"}', timeout="-1")
    engine = RecordingEngine()
    work_off(redis, engine)
    assert sorted(engine.texts) == [["京都"], ["良い"]]
    assert "liar" in answered(redis)


def test_a_request_of_another_version_is_refused_with_the_reason(redis: Redis) -> None:
    data = json.dumps([names.FUNCTION, None, [], {"request": {"version": 99, "task": "sentiment", "text": "良い"}}])
    raw(redis, "newer", data=data, meta='{"platform": "test", "task": "sentiment"}')
    work_off(redis, RecordingEngine())
    outcome = outcome_of(redis, "newer")
    assert isinstance(outcome, Failure)
    assert outcome.code == "bad_request"
    assert "99" in outcome.message.ja
    assert "99" in outcome.message.en
    assert answered(redis) == ["newer"]
    assert "99" in failed(redis)["newer"]


# --- What RQ itself would act on -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["shutdown", "kill-horse", "stop-job", "stop-execution", "no command"])
def test_commands_on_rqs_channel_are_not_heard(redis: Redis, queue: JobQueue, command: str) -> None:
    jobs: list[str] = []
    heard: list[int] = []

    def send(text: str) -> None:
        for worker in redis.smembers("rq:workers"):  # type: ignore[union-attr]  # no coroutine
            name = worker.decode().removeprefix("rq:worker:")
            heard.append(redis.publish(f"rq:pubsub:{name}", json.dumps({"command": command, "job_id": jobs[0], "execution_id": "x"})))  # type: ignore[arg-type]  # as above

    jobs += [queue.submit(kind(text=text), platform=PLATFORM) for kind, text in ((SentimentRequest, "良い"), (NerRequest, "京都"))]
    engine = RecordingEngine(send)
    work_off(redis, engine)
    assert heard == [0, 0]  # nobody listens
    assert answered(redis) == jobs


def test_a_suspended_rq_stops_no_worker_of_ours(redis: Redis, queue: JobQueue) -> None:
    redis.set("rq:suspended", 1)
    job = queue.submit(SentimentRequest(text="良い"), platform=PLATFORM)
    work_off(redis, RecordingEngine())
    assert answered(redis) == [job]


@pytest.mark.parametrize("registry", ["scheduled", "deferred", "ready", "failed", "canceled", "finished"])
def test_a_job_that_lies_in_another_list_of_rqs_is_never_taken(redis: Redis, trap: Path, registry: str) -> None:
    fields = {"origin": names.SHORT, "status": registry, "data": json.dumps(["trap_module.spring", None, [], {}])}
    redis.hset("rq:job:evil", mapping=fields)  # type: ignore[arg-type]  # text is allowed
    redis.zadd(f"rq:{registry}:{names.SHORT}", {"evil": time.time() + (3_600 if registry == "failed" else -100)})
    redis.set(f"rq:scheduler-lock:{names.SHORT}", "1")
    redis.hset("rq:cron_scheduler:evil", mapping={"name": "evil"})
    redis.zadd("rq:cron_schedulers", {"evil": time.time()})
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.batches == []
    assert redis.zscore(f"rq:{registry}:{names.SHORT}", "evil") is not None
    assert not redis.exists(f"rq:queue:{names.SHORT}")


def test_what_depends_on_a_job_is_not_begun_when_that_is_done(redis: Redis, trap: Path) -> None:
    good = json.dumps([names.FUNCTION, None, [], {"request": to_json(SentimentRequest(text="良い"))}])
    raw(redis, "good", data=good, meta='{"platform": "test", "task": "sentiment"}')
    evil = {
        "origin": names.SHORT,
        "status": "deferred",
        "data": json.dumps(["trap_module.spring", None, [], {}]),
        "dependency_ids": '["good"]',
    }
    redis.hset("rq:job:evil", mapping=evil)  # type: ignore[arg-type]  # as above
    redis.sadd("rq:job:good:dependents", "evil")
    redis.sadd("rq:job:evil:dependencies", "rq:job:good")
    redis.zadd(f"rq:deferred:{names.SHORT}", {"evil": time.time()})
    engine = RecordingEngine()
    work_off(redis, engine)
    assert engine.texts == [["良い"]]
    assert not redis.exists(f"rq:queue:{names.SHORT}", "rq:job:good:dependents")


@pytest.mark.parametrize(
    "fields",
    [
        {"retries_left": 3, "retry_intervals": "[0]", "enqueue_at_front": 1},
        {"repeats_left": 3, "repeat_intervals": "[0]"},
        {"group_id": "evil"},
        {"ttl": 1, "result_ttl": -1, "failure_ttl": -1, "allow_dependency_failures": 1},
    ],
)
@pytest.mark.parametrize("fails", [True, False])
def test_what_a_job_says_of_retries_repeats_and_groups_is_ignored(redis: Redis, fields: dict[str, str | int], fails: bool) -> None:
    def break_down(text: str) -> None:
        if fails:
            raise ZeroDivisionError

    good = json.dumps([names.FUNCTION, None, [], {"request": to_json(SentimentRequest(text="良い"))}])
    raw(redis, "again", data=good, meta='{"platform": "test", "task": "sentiment"}', **fields)
    redis.sadd("rq:group:evil", "again")
    engine = RecordingEngine(break_down)
    work_off(redis, engine, settings=QueueSettings(answer_ttl_s=60))
    assert engine.texts == [["良い"]]
    assert answered(redis) == ["again"]
    assert not redis.exists(f"rq:queue:{names.SHORT}", f"rq:scheduled:{names.SHORT}")
    assert not redis.exists("rq:job:again") or 0 < redis.ttl("rq:job:again") <= 60  # type: ignore[operator]  # no coroutine


@pytest.mark.parametrize(
    "words", ["' .. redis.call('FLUSHALL') .. '", "]] redis.call('FLUSHALL') --[[", "%s %1 %f[", "a\nb", "yomite:taken:x", "\x00"]
)
def test_words_in_redis_are_no_part_of_a_script(redis: Redis, queue: JobQueue, words: str) -> None:
    redis.set("test:there", 1)
    good = json.dumps([names.FUNCTION, None, [], {"request": to_json(SentimentRequest(text="良い"))}])
    meta = json.dumps({"platform": PLATFORM, "task": words, "person": words})
    raw(redis, "evil", data=good, meta=meta, enqueued_at=words)
    redis.rpush(f"rq:queue:{names.SHORT}", words)
    other = queue.submit(SentimentRequest(text="fine"), platform=PLATFORM, person=words)
    work_off(redis, RecordingEngine())
    assert sorted(answered(redis)) == sorted(["evil", other])
    assert redis.exists("test:there")
    assert not redis.exists(f"rq:queue:{names.SHORT}", names.TAKERS, names.HEADS)
