"""`yomite jobs` lists, retries and drops what workers really failed, in both languages, without a text of anybody."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.cli import main
from bot.exit_codes import CANNOT_ANSWER, OK, WRONG_USAGE
from engine.contract import SentimentRequest
from tests.support.working import RecordingEngine, answered, work_off
from workers.queue.door import JobQueue

TEXTS = ("とても内緒の話", "a very secret story")
Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_url: str) -> None:
    for name in [name for name in os.environ if name.startswith(("YOMITE_", "LC_", "LANG", "REDIS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("YOMITE_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "yomite.toml").write_text(f'redis_url = "{redis_url}"\n')  # the variable would be taken away by the first command
    monkeypatch.setenv("YOMITE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connection:
        yield connection


def fail(text: str) -> None:
    raise ZeroDivisionError(text)


def submit(redis: Redis, text: str) -> str:
    address = {"speech": "ja", "platform": "slack", "person": "U0HANAKO", "delivery": {}}
    return JobQueue(redis).submit(
        SentimentRequest(text=text), platform="slack", person="U0HANAKO", record={"command": "sentiment", **address}, address=address
    )


@pytest.fixture
def jobs(redis: Redis) -> list[str]:
    """Two jobs that a worker has failed."""
    found = [submit(redis, text) for text in TEXTS]
    work_off(redis, RecordingEngine(fail))
    return found


def said(capsys: Captured) -> str:
    printed = capsys.readouterr()
    both = printed.out + printed.err
    assert not [told for told in (*TEXTS, "U0HANAKO") if told in both]
    return both


@pytest.mark.parametrize(
    ("lang", "words"),
    [("ja", ["失敗 2 件", "理由", "slack", "internal_error: ZeroDivisionError"]), ("en", ["failed: 2", "why", "sentiment", "tries"])],
)
def test_failed_jobs_are_listed(jobs: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch, lang: str, words: list[str]) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["jobs"]) == OK
    printed = said(capsys)
    assert [word for word in (*words, *jobs) if word not in printed] == []


def test_as_json_each_job_is_an_object(jobs: list[str], capsys: Captured) -> None:
    assert main(["jobs", "--json"]) == OK
    rows = json.loads(said(capsys))["jobs"]
    assert sorted(row["job_id"] for row in rows) == sorted(jobs)
    assert {(row["state"], row["task"], row["why"], row["tries"]) for row in rows} == {
        ("failed", "sentiment", "internal_error: ZeroDivisionError", 1)
    }


def test_others_are_listed_where_they_are_asked_for(redis: Redis, jobs: list[str], capsys: Captured) -> None:
    waiting = submit(redis, TEXTS[0])
    assert main(["jobs", "list", "--waiting"]) == OK
    printed = said(capsys)
    assert waiting in printed
    assert jobs[0] not in printed
    assert main(["jobs", "--all"]) == OK
    printed = said(capsys)
    assert [job_id for job_id in (waiting, *jobs) if job_id not in printed] == []
    assert main(["jobs", "--running"]) == OK
    assert said(capsys) == "running: 0\n"


def test_a_job_is_retried_and_its_person_gets_the_answer(redis: Redis, jobs: list[str], capsys: Captured) -> None:
    assert main(["jobs", "retry", jobs[0]]) == OK
    assert said(capsys) == f"{jobs[0]}: Back in its queue; its person gets the answer.\n"
    work_off(redis, RecordingEngine())
    assert sorted(answered(redis, "slack")) == sorted(jobs)
    assert main(["jobs"]) == OK
    assert jobs[0] not in said(capsys)


def test_all_are_retried_and_then_there_is_nothing_more(jobs: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["jobs", "retry", "--all"]) == OK
    assert said(capsys).count("Back in its queue") == 2
    monkeypatch.setenv("YOMITE_LANG", "ja")
    assert main(["jobs", "retry", "--all"]) == OK
    assert said(capsys) == "失敗したジョブはありません。\n"


def test_jobs_are_dropped(jobs: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["jobs", "drop", jobs[0], jobs[0]]) == OK
    assert said(capsys) == f"{jobs[0]}: Dropped. Its person was not told yet; the bot does so.\n"
    monkeypatch.setenv("YOMITE_LANG", "ja")
    assert main(["jobs", "drop", "--all"]) == OK
    assert said(capsys) == f"{jobs[1]}: 削除しました。本人にはまだ伝えていないので、ボットが伝えます。\n"
    assert main(["jobs"]) == OK
    assert said(capsys) == "失敗 0 件\n"


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_unknown_ids_and_wrong_states_are_errors(redis: Redis, capsys: Captured, command: str) -> None:
    waiting = submit(redis, TEXTS[0])
    assert main(["jobs", command, "nonsense\x1b[2J", waiting]) == CANNOT_ANSWER
    assert said(capsys) == (
        f"nonsense[2J: There is no such failed job. See the ids with `yomite jobs`.\n{waiting}: It has not failed: it waits.\n"
    )


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["jobs", "retry"], "--all"),
        (["jobs", "drop"], "--all"),
        (["jobs", "retry", "x", "--all"], "--all"),
        (["jobs", "--waiting", "--running"], "--all"),
        (["jobs", "nonsense"], "nonsense"),
    ],
)
def test_what_is_not_clear_is_asked_for(words: list[str], wanted: str, capsys: Captured) -> None:
    assert main(words) == WRONG_USAGE
    assert wanted in said(capsys)


def test_where_there_never_was_a_redis_there_is_nothing(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "yomite.toml").unlink()
    assert main(["jobs"]) == OK
    assert main(["jobs", "drop", "x"]) == CANNOT_ANSWER
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(("lang", "words"), [("ja", "Redis を使えません"), ("en", "Redis cannot be used")])
def test_a_redis_that_is_away_is_said(lang: str, words: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "yomite.toml").write_text(f'redis_url = "unix://{tmp_path}/none.sock"\n')
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["jobs"]) == WRONG_USAGE
    printed = said(capsys)
    assert words in printed
    assert "yomite doctor" in printed
