"""The worker process keeps its stdout for the protocol and lets no Request take others down with it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

import pytest

from engine.contract import Failure, Language, Request, Result, SentimentRequest, SentimentResult, Task
from workers.local import Answering, Worker, settings_from
from workers.mailbox import Mailbox
from workers.process import WorkerProcess, WorkerSettings


class Brittle:
    """An engine that breaks at one text."""

    def run(self, requests: Sequence[Request]) -> list[Result | Failure]:
        if any(isinstance(request, SentimentRequest) and request.text == "壊れる" for request in requests):
            raise ZeroDivisionError("a bug")
        return [_result() for _ in requests]

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Language]) -> None:
        raise ZeroDivisionError("a bug")


class Done(BaseException):
    """Ends a worker's endless loop."""


class Filled(Mailbox):
    """A mailbox that ends the worker once it is empty."""

    def take(self, limit: int) -> object:  # type: ignore[override]  # the worker only matches on what it gets
        if not (self._quick or self._requests or self._cold):
            raise Done
        return super().take(limit)


def test_an_error_nobody_expected_fails_its_own_request_only() -> None:
    mailbox, out = Filled(), io.BytesIO()
    mailbox.warm_up([Task.SENTIMENT])
    for job_id, text in (("1", "良い"), ("2", "壊れる"), ("3", "fine")):
        mailbox.add(job_id, SentimentRequest(text=text))

    def compose(settings: WorkerSettings) -> Answering:
        return Brittle()

    with pytest.raises(Done):
        Worker(WorkerSettings(), mailbox, out, compose=compose).serve()
    outcomes = {line["job"]: line["outcome"] for line in map(json.loads, out.getvalue().splitlines())}
    assert outcomes["1"]["label"] == outcomes["3"]["label"] == "positive"
    assert outcomes["2"]["code"] == "internal_error"
    assert "ZeroDivisionError" in outcomes["2"]["message"]["ja"]
    assert "ZeroDivisionError" in outcomes["2"]["message"]["en"]


def test_what_libraries_print_never_reaches_the_protocol() -> None:
    code = "import workers.local as local; out = local._reserve_stdout(); print('noise', flush=True); out.write(b'line'); out.flush()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout == b"line"
    assert done.stderr == b"noise\n"


def test_the_command_line_carries_every_setting() -> None:
    settings = WorkerSettings(
        profile="hub", catalog=Path("/a/own.toml"), models_dir=Path("/a/models"), device="cuda:1", memory_budget_mb=7, batch=3
    )
    assert settings_from(settings.as_arguments()) == settings
    assert settings_from(WorkerSettings().as_arguments()) == WorkerSettings()


def test_a_request_of_another_version_is_refused_with_the_reason() -> None:
    lines: SimpleQueue[bytes] = SimpleQueue()
    process = WorkerProcess(WorkerSettings(), on_line=lines.put, on_death=lambda process: None)
    try:
        process.write({"job": "1", "request": {"version": 99, "task": "sentiment", "text": "良い"}})
        outcome = json.loads(lines.get(timeout=60))["outcome"]
    finally:
        process.stop()
    assert outcome["code"] == "bad_request"
    assert "99" in outcome["message"]["ja"]
    assert "99" in outcome["message"]["en"]


def _result() -> SentimentResult:
    return SentimentResult(language="ja", model="m", label="positive", probability=1.0, probabilities={"positive": 1.0}, sentences=())
