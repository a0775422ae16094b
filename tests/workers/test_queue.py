"""The queue answers from a real child process, and says so when that process is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.contract import Failure, NerRequest, NerResult, SentimentRequest, SentimentResult, Task, TokensRequest
from workers.queue import HOPELESS_DEATHS, LocalQueue, WorkerSettings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("text", "language"), [("この映画は素晴らしかった！", "ja"), ("I love this.", "en")])
def test_a_request_gets_its_result(queue: LocalQueue, text: str, language: str) -> None:
    result = queue.result(queue.submit(SentimentRequest(text=text)))
    assert isinstance(result, SentimentResult)
    assert result.language == language


def test_many_requests_of_several_tasks_come_back_in_order(queue: LocalQueue) -> None:
    texts = ["良い", "   ", "bad", *(f"number {i}" for i in range(20))]
    requests = [NerRequest(text=text) if i % 3 else SentimentRequest(text=text) for i, text in enumerate(texts)]
    outcomes = list(queue.map(iter(requests), in_flight=5))
    assert isinstance(outcomes[1], Failure)
    assert outcomes[1].code == "empty_text"
    kinds = [NerResult if i % 3 else SentimentResult for i in range(len(texts))]
    assert [type(outcome) for i, outcome in enumerate(outcomes) if i != 1] == [kind for i, kind in enumerate(kinds) if i != 1]


def test_a_lone_surrogate_passes_the_pipe(queue: LocalQueue) -> None:
    outcome = queue.result(queue.submit(TokensRequest(text="cat \ud83d 猫")))
    assert not isinstance(outcome, Failure) or outcome.code != "worker_died"


def test_the_catalog_can_be_asked_for(queue: LocalQueue) -> None:
    rows = queue.models()
    assert not isinstance(rows, Failure)
    assert {row.task for row in rows} == set(Task)
    assert all(row.window > 0 and row.licence for row in rows)


def test_a_job_that_takes_too_long_is_given_up_and_the_next_one_answered(queue: LocalQueue) -> None:
    queue.warm_up([Task.SENTIMENT])
    pid = _pid(queue)
    os.kill(pid, signal.SIGSTOP)
    try:
        outcome = queue.result(queue.submit(SentimentRequest(text="遅い")), timeout_s=0.05)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert isinstance(outcome, Failure)
    assert outcome.code == "timeout"
    assert isinstance(queue.result(queue.submit(SentimentRequest(text="次"))), SentimentResult)
    assert _pid(queue) == pid


def test_a_killed_worker_fails_its_jobs_and_the_next_job_starts_a_new_one(settings: WorkerSettings) -> None:
    with LocalQueue(settings) as queue:
        lost = queue.submit(SentimentRequest(text="失われる"))
        pid = _pid(queue)
        os.kill(pid, signal.SIGKILL)
        outcome = queue.result(lost)
        assert isinstance(outcome, Failure)
        assert outcome.code == "worker_died"
        assert outcome.details["exit_code"] == "-9"
        assert "YOMITE_MEMORY_BUDGET_MB" in outcome.message.ja
        assert "YOMITE_MEMORY_BUDGET_MB" in outcome.message.en
        assert not isinstance(queue.models(), Failure)
        assert _pid(queue) != pid


def test_a_worker_that_cannot_stay_up_is_not_started_for_every_row() -> None:
    broken = WorkerSettings(batch="many")  # type: ignore[arg-type]  # the worker leaves at once: no number
    with LocalQueue(broken) as queue:
        outcomes = list(queue.map((SentimentRequest(text=f"{i}") for i in range(40)), in_flight=2))
    assert len(outcomes) == 40
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert {failure.code for failure in failures} == {"worker_died"}
    assert len({failure.details["pid"] for failure in failures}) == HOPELESS_DEATHS
    assert "many" in failures[0].details["stderr"]


def test_a_wrong_catalog_is_every_jobs_failure_and_the_worker_lives_on(tmp_path: Path) -> None:
    catalog = tmp_path / "own.toml"
    catalog.write_text('[[models]]\ntask = "sentimant"\n', encoding="utf-8")
    with LocalQueue(WorkerSettings(catalog=catalog)) as queue:
        rows = queue.models()
        assert isinstance(rows, Failure)
        assert "sentimant" in rows.message.en
        assert queue.models() == rows
        assert queue.worker_pid is not None


def test_a_closed_queue_takes_no_more_jobs() -> None:
    queue = LocalQueue()
    queue.close()
    with pytest.raises(RuntimeError, match="closed"):
        queue.submit(SentimentRequest(text="遅すぎた"))


def test_an_outcome_is_taken_once(queue: LocalQueue) -> None:
    job = queue.submit(SentimentRequest(text="一度"))
    queue.result(job)
    with pytest.raises(KeyError):
        queue.result(job)


def test_the_worker_leaves_when_its_parent_is_killed() -> None:
    code = (
        "import time\nfrom workers.queue import LocalQueue\nqueue = LocalQueue()\nqueue.models()\n"
        "print(queue.worker_pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        if parent.stdout is None:
            raise RuntimeError("no pipe")
        worker = int(parent.stdout.readline())
        assert _lives(worker)
        parent.kill()
    deadline = time.monotonic() + 30
    while _lives(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(worker)


def _pid(queue: LocalQueue) -> int:
    if queue.worker_pid is None:
        raise RuntimeError("no worker runs")
    return queue.worker_pid


def _lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
