"""The desk understands what was said, takes each event once, and hands over what the workers must answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import redis.asyncio
from redis import Redis

from bot import desk as desk_
from bot.conversation import understand
from bot.desk import Desk, DeskSettings, Incoming, IncomingFile, Reading, job_id_of, waiting_line
from bot.errors import PlatformError
from bot.reply import Reply
from engine.contract import AskRequest, NerRequest, SentimentRequest, SimilarRequest
from tests.bot.recording import Recorder
from workers.queue import names
from workers.queue.door import JobQueue
from workers.queue.intake import Left
from workers.queue.job import SERIALIZER, EngineJob

Found = TypeVar("Found")


@asynccontextmanager
async def open_desk(url: str, settings: DeskSettings | None = None) -> AsyncIterator[Desk]:
    blocking, connection = Redis.from_url(url), redis.asyncio.Redis.from_url(url)
    try:
        yield Desk(JobQueue(blocking), connection, settings)
    finally:
        await connection.aclose()
        blocking.close()


def with_desk(url: str, work: Callable[[Desk], Awaitable[Found]], settings: DeskSettings | None = None) -> Found:
    async def run() -> Found:
        async with open_desk(url, settings) as desk:
            return await work(desk)

    return asyncio.run(run())


def said(line: str, **more: object) -> Incoming:
    return Incoming(**{"platform": "chat", "event_id": "e1", "person": "p1", "line": line, **more})  # type: ignore[arg-type]  # by name


def file_of(name: str, data: bytes) -> IncomingFile:
    async def read() -> bytes:
        return data

    return IncomingFile(name=name, size=len(data), read=read)


def read(url: str, incoming: Incoming, settings: DeskSettings | None = None) -> Reading | Reply | None:
    return with_desk(url, lambda desk: desk.read(incoming), settings)


@pytest.mark.parametrize(
    ("line", "request_", "speech"),
    [
        ("/sentiment この映画は素晴らしい。", SentimentRequest(text="この映画は素晴らしい。"), "ja"),
        ("sentiment I love this.", SentimentRequest(text="I love this."), "en"),
        ("固有表現 山田太郎は京都にいる。", NerRequest(text="山田太郎は京都にいる。"), "ja"),
        ("/similar a cat | a feline", SimilarRequest(texts=("a cat", "a feline")), "en"),
    ],
)
def test_a_command_becomes_a_reading_in_the_language_of_the_person(redis_url: str, line: str, request_: object, speech: str) -> None:
    found = read(redis_url, said(line))
    assert isinstance(found, Reading)
    assert (found.understood.request, found.speech) == (request_, speech)


def test_the_same_event_is_taken_once(redis_url: str) -> None:
    assert isinstance(read(redis_url, said("/sentiment good")), Reading)
    assert read(redis_url, said("/sentiment good")) is None
    assert isinstance(read(redis_url, said("/sentiment good", event_id="e2")), Reading)
    assert isinstance(read(redis_url, said("/sentiment good", platform="other")), Reading)


@pytest.mark.parametrize("how", ["settled", "released", "submitted", "cancelled"])
def test_an_event_may_be_taken_again_where_it_came_to_no_end(redis_url: str, how: str) -> None:
    incoming = said("/sentiment good", told={"kind": "a test"})

    async def work(desk: Desk) -> Reading | Reply | None:
        if how == "cancelled":
            await cancelled_while_reading(desk, incoming)
            return await desk.read(incoming)
        reading = await desk.read(incoming)
        assert isinstance(reading, Reading)
        if how == "submitted":
            await desk.submit(reading, {})
        else:
            await (desk.settle(incoming) if how == "settled" else desk.release(incoming))
        return await desk.read(incoming)

    assert (with_desk(redis_url, work) is not None) == (how in ("released", "cancelled"))
    with Redis.from_url(redis_url) as connection:
        assert connection.exists(names.intake("chat")) == (how in ("released", "cancelled"))


async def cancelled_while_reading(desk: Desk, incoming: Incoming) -> None:
    begun = asyncio.Event()

    async def never() -> str:
        begun.set()
        await asyncio.Event().wait()
        return ""

    task = asyncio.create_task(desk.read(replace(incoming, line="/sentiment", nearby=never)))
    await asyncio.wait_for(begun.wait(), 20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("ending", ["gives it up", "hands it over"])
def test_what_somebody_else_reads_is_waited_for_where_that_is_wanted(redis_url: str, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(desk_, "LOOK_AGAIN_S", 0.02)
    incoming = said("/sentiment good")

    async def work(desk: Desk) -> Reading | Reply | None:
        async with open_desk(redis_url) as other:
            reading = await other.read(incoming)
            assert isinstance(reading, Reading)
            waiting = asyncio.create_task(desk.read(incoming, wait=True))
            assert not (await asyncio.wait([waiting], timeout=0.2))[0]
            await (other.release(incoming) if ending == "gives it up" else other.submit(reading, {}))
            return await asyncio.wait_for(waiting, 20)

    assert isinstance(with_desk(redis_url, work), Reading) == (ending == "gives it up")


@pytest.mark.parametrize(("line", "shown"), [("/sentiment 楽しい", "2 回止まった"), ("/sentiment good", "stopped twice")])
def test_what_two_bots_ended_at_is_given_up(redis_url: str, line: str, shown: str) -> None:
    reply = read(redis_url, said(line, tried=2))
    assert isinstance(reply, Reply)
    assert reply.failed
    assert shown in reply.title


def test_what_a_bot_left_is_taken_up_again_and_what_cannot_be_read_is_dropped(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        for number, event in enumerate(("e1", "odd", "e2")):
            connection.hset(names.intake("chat"), event, json.dumps({"told": {"event": event}, "tried": 1, "at": time.time() + number}))
    taken: list[str] = []

    def again(left: Left) -> None:
        if left.event_id == "odd":
            raise KeyError("kind")
        taken.append(left.event_id)

    async def work(desk: Desk) -> None:
        task = asyncio.create_task(desk.deliver(Recorder(), again=again))
        async with asyncio.timeout(20):
            while len(taken) < 2:
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with_desk(redis_url, work)
    assert taken == ["e1", "e2"]
    with Redis.from_url(redis_url) as connection:
        assert sorted(connection.hkeys(names.intake("chat"))) == [b"e1", b"e2"]  # type: ignore[type-var]  # no coroutine


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/help", "/sentiment"),
        ("", "/sentiment"),
        ("status", "0"),
        ("/cancel", "Nothing to cancel"),
        ("/キャンセル", "取り消すものはありません"),
        ("/sentiment", "Example: /sentiment"),
        ("/sentimant 楽しい", "/sentiment のことですか？"),
        ("/models", "worker"),
    ],
)
def test_what_needs_no_worker_is_answered_at_once(redis_url: str, line: str, expected: str) -> None:
    reply = read(redis_url, said(line))
    assert isinstance(reply, Reply)
    assert expected in repr(reply)


@pytest.mark.parametrize(
    ("line", "nearby", "request_"),
    [
        ("/ask Who is the CEO?", "Tim Cook is the CEO.", AskRequest(question="Who is the CEO?", context="Tim Cook is the CEO.")),
        ("質問 社長は誰？", "社長は山田だ。", AskRequest(question="社長は誰？", context="社長は山田だ。")),
        ("/sentiment", "楽しい --lang en という文", SentimentRequest(text="楽しい --lang en という文")),
        ("/similar a cat", "a feline\na dog", SimilarRequest(texts=("a cat", "a feline", "a dog"))),
    ],
)
def test_a_command_that_lacks_its_text_reads_what_is_near(redis_url: str, line: str, nearby: str, request_: object) -> None:
    async def near() -> str:
        return nearby

    found = read(redis_url, said(line, nearby=near))
    assert isinstance(found, Reading)
    assert found.understood.request == request_


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/sentimant", "Did you mean /sentiment?"),
        ("/sentiment --lang fr", "--lang"),
        ("感情 --lang 猫", "--lang"),
        ("/ask", "There is no question."),
        ("質問", "質問がありません。"),
        ("hello", "begin with a command"),
        ("cancel x", "/cancel stops all"),
        ("こんにちは", "先頭にコマンドを"),
    ],
)
def test_what_is_near_is_not_asked_for_where_something_else_is_wrong(redis_url: str, line: str, told: str) -> None:
    async def near() -> str:
        raise PlatformError(ja="読めません", en="cannot be read")

    reply = read(redis_url, said(line, nearby=near))
    assert isinstance(reply, Reply)
    assert told in repr(reply)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cancel", "Nothing to cancel"),
        ("キャンセル", "取り消すものはありません"),
        ("help", "/sentiment"),
        ("使い方", "/sentiment"),
        ("", "/sentiment"),
    ],
)
def test_a_command_that_takes_nothing_fetches_no_file(redis_url: str, line: str, told: str) -> None:
    async def fetched() -> bytes:
        raise AssertionError("not needed")

    files = tuple(IncomingFile(name=name, size=3, read=fetched) for name in ("cat.png", "report.docx", "a.pdf"))
    reply = read(redis_url, said(line, files=files))
    assert isinstance(reply, Reply)
    assert told in repr(reply)


def test_what_is_near_is_not_asked_for_where_the_text_is_there(redis_url: str) -> None:
    async def near() -> str:
        raise AssertionError("not needed")

    assert isinstance(read(redis_url, said("/sentiment good", nearby=near)), Reading)


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", "とても満足しています。".encode(), "とても満足しています。"),
        ("b.txt", "満足".encode("cp932"), "満足"),
        ("c.csv", b"text\ngood\nbad\n", "good\nbad"),
    ],
)
def test_a_file_that_came_along_is_read(redis_url: str, name: str, data: bytes, text: str) -> None:
    found = read(redis_url, said("/sentiment", files=(file_of(name, data),)))
    assert isinstance(found, Reading)
    assert found.understood.request == SentimentRequest(text=text)
    assert bool(found.notes) == (name != "a.txt")


def test_a_file_that_cannot_be_read_is_an_error_that_says_what_can(redis_url: str) -> None:
    reply = read(redis_url, said("/sentiment 写真", files=(file_of("cat.png", b"\x89PNG\r\n"),)))
    assert isinstance(reply, Reply)
    assert reply.failed
    assert ".pdf" in repr(reply)


def test_a_text_that_is_too_long_is_refused_with_the_limit(redis_url: str) -> None:
    reply = read(redis_url, said("/sentiment " + "長い" * 60), DeskSettings(max_characters=100))
    assert isinstance(reply, Reply)
    assert reply.failed
    assert "120" in reply.title
    assert "100" in reply.title


def test_no_model_may_be_named_in_chat_while_no_worker_says_which_there_are(redis_url: str, tmp_path: Path) -> None:
    refused = read(redis_url, said(f"/sentiment 楽しい --model {tmp_path}"))
    assert isinstance(refused, Reply)
    assert "ワーカー" in str(refused)


def test_only_models_of_the_catalog_may_be_named_in_chat(redis_url: str, tmp_path: Path) -> None:
    row = {"task": "sentiment", "languages": ["ja"], "model": "ours", "revision": "", "licence": "MIT", "window": 512}
    with Redis.from_url(redis_url) as connection:
        connection.set(names.MODELS, json.dumps([row]))
    refused = read(redis_url, said(f"/sentiment 楽しい --model {tmp_path}"))
    assert isinstance(refused, Reply)
    assert "ours" in refused.title
    assert isinstance(read(redis_url, said("/sentiment 楽しい --model ours", event_id="e2")), Reading)
    other = read(redis_url, said(f"/attention 楽しい --with {tmp_path}", event_id="e3"))
    assert isinstance(other, Reply)
    assert "--with" in other.title


def test_a_reading_that_is_handed_over_is_one_job_with_its_record_apart(redis_url: str) -> None:
    incoming = said("/sentiment 楽しい")

    async def work(desk: Desk) -> str:
        reading = await desk.read(incoming)
        assert isinstance(reading, Reading)
        first = await desk.submit(reading, {"channel": "C1", "token": "secret"})
        assert await desk.submit(reading, {"channel": "C1", "token": "secret"}) == first
        return first

    job_id = with_desk(redis_url, work)
    assert job_id == job_id_of(incoming)
    with Redis.from_url(redis_url) as connection:
        assert JobQueue(connection).status().waiting == 1
        assert JobQueue(connection).jobs_of("chat", "p1") == [job_id]
        job = EngineJob.fetch(job_id, connection=connection, serializer=SERIALIZER)
        assert job.request() == SentimentRequest(text="楽しい")
        assert b"secret" not in job.data + json.dumps(job.meta).encode()
        record = connection.hget(names.delivery(job_id), "record")
        assert record is not None
        assert json.loads(record)["delivery"] == {"channel": "C1", "token": "secret"}


def once_lost(call: Callable[..., Awaitable[Found]]) -> Callable[..., Awaitable[Found]]:
    """As `call`, but the response to the first one gets lost."""
    lost: list[Found] = []

    async def calling(*arguments: object, **options: object) -> Found:
        found = await call(*arguments, **options)
        if not lost:
            lost.append(found)
            raise redis.exceptions.ConnectionError
        return found

    return calling


def test_what_redis_took_though_its_response_got_lost_is_one_job_and_nobody_is_told_of_trouble(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(desk: Desk) -> None:
        monkeypatch.setattr(desk._intake, "_take", once_lost(desk._intake._take))
        monkeypatch.setattr(desk._door, "submit", once_lost(desk._door.submit))
        reading = await desk.read(said("/sentiment 楽しい", told={"kind": "mention"}))
        assert isinstance(reading, Reading)
        await desk.submit(reading, {"channel": "C1"})

    with_desk(redis_url, work)
    with Redis.from_url(redis_url) as connection:
        assert JobQueue(connection).status().waiting == 1
        assert not connection.exists(names.intake("chat"))


def test_a_redis_that_is_away_is_said_in_words(tmp_path: Path) -> None:
    away = f"unix://{tmp_path}/none.sock"

    async def work(desk: Desk) -> None:
        reply = await desk.read(said("/sentiment 楽しい"))
        assert isinstance(reply, Reply)
        assert "Redis" in reply.title
        reading = Reading(incoming=said("/sentiment good"), understood=understand("/sentiment good"), speech="en")
        with pytest.raises(PlatformError, match="Redis"):
            await desk.submit(reading, {})

    with_desk(away, work, DeskSettings(patience_s=0.1))


@pytest.mark.parametrize(
    ("line", "nearby", "locale", "speech"),
    [
        ("sentiment", "この店は良い。", "", "ja"),
        ("sentiment", "This shop is good.", "", "en"),
        ("/sentiment", "This shop is good.", "ja", "ja"),
        ("/ask いつ？", "It opened in 1914.", "en-US", "ja"),
    ],
)
def test_a_bare_command_is_answered_in_the_language_of_the_person_or_of_what_came_along(
    redis_url: str, line: str, nearby: str, locale: str, speech: str
) -> None:
    async def near() -> str:
        return nearby

    found = read(redis_url, said(line, nearby=near, locale=locale))
    assert isinstance(found, Reading)
    assert found.speech == speech


def test_the_setting_for_the_language_wins_over_the_text_and_the_locale(redis_url: str) -> None:
    async def work(desk: Desk) -> list[str]:
        return [desk.speech_for(said("/help", locale="ja-JP")), desk.speech_for(said("/sentiment good", locale="ja"))]

    assert with_desk(redis_url, work) == ["ja", "en"]
    assert with_desk(redis_url, work, DeskSettings(lang="ja")) == ["ja", "ja"]


def test_the_waiting_line_says_how_far_the_reading_is() -> None:
    assert waiting_line("ja", 0.4) == "読んでいます… 40%"
    assert waiting_line("en") == "Reading…"
