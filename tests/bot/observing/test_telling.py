"""What a bot does is counted exactly, and told in lines that carry one id; neither says what a person wrote."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from prometheus_client import CollectorRegistry
from redis import Redis

from bot.deliveries import Deliveries
from bot.desk import CannotPost, Desk, DeskSettings, Incoming, IncomingFile, Reading, TryLater, job_id_of
from bot.errors import BotError
from bot.feedback.press import Press
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import Feedback
from bot.guard.access import AllowList
from bot.guard.guard import Guard, GuardSettings
from bot.guard.limits import Limits
from bot.observing.metrics import NO_COMMAND, OTHER, BotMetrics
from bot.observing.observed import Observed
from tests.bot.recording import RESULT, Recorder, forgotten, hand_over
from tests.support.looking import CANARIES, samples_of
from workers.observing.events import FIELDS
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue
from workers.queue.replies import ReplyWriter

Measured = dict[tuple[str, ...], float]
NOBODY = GuardSettings(lists={"slack": AllowList(users=frozenset({"U9"}))})


def said(line: str, *, event_id: str = "e1", **more: Any) -> Incoming:
    return Incoming(**{"platform": "slack", "event_id": event_id, "person": "U1", "team": "T1", "channel": "C1", "line": line} | more)


def at_desk(
    url: str, work: Callable[[Desk], Awaitable[None]], guard: GuardSettings | None = None, *, store: Path | None = None
) -> Measured:
    """What was measured while `work` was done; without the bounds of histograms and what is told of the process."""
    registry = CollectorRegistry()

    async def run() -> None:
        with Redis.from_url(url) as blocking:
            async with redis.asyncio.Redis.from_url(url) as connection:
                feedback = Feedback(FeedbackStore(store), AnsweredJobs(connection, keep_s=600)) if store else None
                observed, watch = Observed(meter=BotMetrics(registry)), Guard(connection, guard) if guard else None
                settings = DeskSettings(patience_s=0.1)
                await work(Desk(JobQueue(blocking), connection, settings, guard=watch, feedback=feedback, observed=observed))

    asyncio.run(run())
    return measured(registry)


def measured(registry: CollectorRegistry) -> Measured:
    return {name: value for name, value in samples_of(registry).items() if name[0].startswith("yomite") and "_bucket" not in name[0]}


def counted(found: Measured) -> Measured:
    """What counts, without what takes time."""
    return {name: value for name, value in found.items() if "seconds" not in name[0]}


def events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    return [(record.message, getattr(record, FIELDS)) for record in caplog.records if hasattr(record, FIELDS)]


def ask(*questions: Incoming) -> Callable[[Desk], Awaitable[None]]:
    """Read each, and hand over what needs a worker."""

    async def work(desk: Desk) -> None:
        for question in questions:
            found = await desk.read(question)
            if isinstance(found, Reading):
                await desk.submit(found, {"channel": "C1"})

    return work


@pytest.mark.parametrize("canary", CANARIES, ids=["ja", "en"])
def test_a_question_is_taken_and_handed_over_under_the_id_of_its_job(redis_url: str, caplog: pytest.LogCaptureFixture, canary: str) -> None:
    caplog.set_level(logging.DEBUG)
    question = said(f"/sentiment {canary}")
    found = at_desk(redis_url, ask(question, question))
    assert counted(found) == {("yomite_commands_total", "sentiment", "handed_over", "slack"): 1.0}
    assert found["yomite_bot_stage_seconds_count", "sentiment", "slack", "understood"] == 1.0
    (taken, of_taken), (handed_over, of_handed_over) = events(caplog)
    assert (taken, handed_over) == ("taken", "handed over")
    assert of_taken["id"] == of_handed_over["id"] == job_id_of(question)
    assert (of_taken["platform"], of_taken["command"], of_taken["characters"]) == ("slack", "sentiment", len(question.line))
    assert of_taken["language"] == ("ja" if canary == CANARIES[0] else "en")
    assert (of_handed_over["task"], of_handed_over["queue"]) == ("sentiment", names.SHORT)
    assert canary not in caplog.text + repr(events(caplog))


def test_what_the_desk_answers_and_what_it_does_not_understand_is_counted_apart(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    questions = (said("/ヘルプ"), said("/help", event_id="e2"), said(CANARIES[0], event_id="e3"), said("/ner", event_id="e4"))
    found = at_desk(redis_url, ask(*questions))
    assert counted(found) == {
        ("yomite_commands_total", "help", "answered", "slack"): 2.0,
        ("yomite_commands_total", NO_COMMAND, "refused", "slack"): 1.0,
        ("yomite_commands_total", "ner", "refused", "slack"): 1.0,
    }
    told = [(event, fields["id"], fields.get("why")) for event, fields in events(caplog) if event != "taken"]
    assert told == [
        ("answered at the desk", job_id_of(questions[0]), None),
        ("answered at the desk", job_id_of(questions[1]), None),
        ("refused", job_id_of(questions[2]), "command"),
        ("refused", job_id_of(questions[3]), "command"),
    ]
    assert CANARIES[0] not in caplog.text + repr(events(caplog))


@pytest.mark.parametrize(
    ("guard", "kind"),
    [
        (NOBODY, "access"),
        (GuardSettings(limits=Limits(person=1, channel=0, team=0)), "person"),
        (GuardSettings(limits=Limits(person=0, channel=1, team=0)), "channel"),
        (GuardSettings(limits=Limits(person=0, channel=0, team=1)), "team"),
        (GuardSettings(limits=Limits(person=0, channel=0, team=0), most_waiting=1), "room"),
    ],
    ids=["access", "person", "channel", "team", "room"],
)
def test_each_limit_that_is_hit_is_counted_by_its_kind(
    redis_url: str, caplog: pytest.LogCaptureFixture, guard: GuardSettings, kind: str
) -> None:
    caplog.set_level(logging.INFO)

    async def work(desk: Desk) -> None:
        for number in range(2):
            try:
                await ask(said("/sentiment 良い", event_id=f"e{number}"))(desk)
            except BotError:
                assert kind == "room"

    found = at_desk(redis_url, work, guard)
    refused = 2.0 if kind == "access" else 1.0
    assert found["yomite_limits_hit_total", kind, "slack"] == refused
    assert found["yomite_commands_total", "sentiment", "refused", "slack"] == refused
    assert {fields["why"] for event, fields in events(caplog) if event == "refused"} == {kind}


def test_a_press_that_is_not_taken_counts_as_a_limit_that_was_hit(redis_url: str, tmp_path: Path) -> None:
    press = Press(platform="slack", event_id="p1", answer="j1", person="U1", pressed_at=1.0, choice="good", team="T1", channel="C1")

    async def work(desk: Desk) -> None:
        with pytest.raises(BotError):
            await desk.press(press)

    assert counted(at_desk(redis_url, work, NOBODY, store=tmp_path / FILE_NAME)) == {("yomite_limits_hit_total", "access", "slack"): 1.0}


def test_a_file_that_cannot_be_read_and_a_redis_that_is_away_are_told_by_why(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def read() -> bytes:
        return b"\x00\x01"

    at_desk(redis_url, ask(said("/sentiment", files=(IncomingFile(name="ひみつ.bin", size=2, read=read),))))
    found = at_desk(f"unix://{tmp_path}/none.sock", ask(said("/sentiment 良い")))
    assert found["yomite_commands_total", "sentiment", "refused", "slack"] == 1.0
    assert [fields["why"] for event, fields in events(caplog) if event == "refused"] == ["file", "no_queue"]
    assert "ひみつ" not in caplog.text + repr(events(caplog))


def deliver(url: str, platform: Recorder, *, at: dict[str, float] | None = None) -> Measured:
    """What was measured while one answer was brought."""
    registry = CollectorRegistry()

    async def run(connection: Redis) -> None:
        async with redis.asyncio.Redis.from_url(url) as loop_s:
            task = asyncio.create_task(Deliveries(platform, loop_s, meter=BotMetrics(registry)).run())
            async with asyncio.timeout(30):
                while not forgotten(connection, "j1"):
                    await asyncio.sleep(0.02)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with Redis.from_url(url) as connection:
        hand_over(connection, "j1", **(at or {}))
        ReplyWriter(connection).write("j1", platform="chat", outcome=RESULT)
        asyncio.run(run(connection))
    return measured(registry)


def test_an_answer_that_is_tried_again_is_counted_and_timed_once(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    found = deliver(redis_url, Recorder(troubles=[TryLater(0.01), RuntimeError("楽しい")]), at={"taken_at": 1.0, "handed_over_at": 2.0})
    assert found["yomite_replies_total", "posted", OTHER] == 1.0
    assert found["yomite_reply_retries_total", OTHER] == 2.0
    for stage in ("answered", "posted"):
        assert found["yomite_bot_stage_seconds_count", "sentiment", OTHER, stage] == 1.0
    assert found["yomite_reply_seconds_count", "sentiment", OTHER] == 1.0
    [(event, fields)] = events(caplog)
    assert (event, fields["id"], fields["tries"]) == ("posted", "j1", 3)
    assert fields["seconds"] > 1_000_000
    assert "楽しい" not in caplog.text


def test_an_answer_that_another_version_handed_over_is_counted_without_its_times(redis_url: str) -> None:
    found = deliver(redis_url, Recorder())
    assert found["yomite_replies_total", "posted", OTHER] == 1.0
    assert not [name for name in found if name[0] == "yomite_reply_seconds_count"]


@pytest.mark.parametrize("told", [True, False])
def test_an_answer_that_can_never_be_posted_is_failed_and_apologised_for_where_that_can_be(
    redis_url: str, caplog: pytest.LogCaptureFixture, told: bool
) -> None:
    caplog.set_level(logging.INFO)
    found = deliver(redis_url, Recorder(troubles=[CannotPost("the channel is gone"), *([] if told else [CannotPost("for that, too")])]))
    expected: Measured = {("yomite_replies_total", "failed", OTHER): 1.0}
    assert counted(found) == expected | ({("yomite_replies_total", "apologised", OTHER): 1.0} if told else {})
    assert [(event, fields["id"]) for event, fields in events(caplog)] == [("cannot post", "j1"), *([("apologised", "j1")] if told else [])]


def test_a_label_can_only_be_what_is_known() -> None:
    registry = CollectorRegistry()
    meter = BotMetrics(registry)
    for canary in CANARIES:
        meter.command(platform=canary, command=canary, outcome="answered")
        meter.limit_hit(platform=canary, kind=canary)
        meter.reply(platform=canary, outcome="posted")
        meter.stage("posted", platform=canary, command=canary, seconds=-1.0)
    found = samples_of(registry)
    assert found["yomite_commands_total", OTHER, "answered", OTHER] == 2.0
    assert found["yomite_bot_stage_seconds_sum", OTHER, OTHER, "posted"] == 0.0
    assert not [canary for canary in CANARIES if canary in repr(found)]
