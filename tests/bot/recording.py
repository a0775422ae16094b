"""A chat platform that only keeps what it is given, and a question on its way to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio
from redis import Redis

from bot.deliveries import Deliveries
from bot.desk import Answer
from bot.feedback.store import FeedbackStore
from bot.feedback.taking import Feedback
from bot.language import Speech
from bot.owed import Owed
from bot.platforms.platform import Apology
from engine.contract import SentenceSentiment, SentimentRequest, SentimentResult, to_json
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue

RESULT = SentimentResult(
    language="ja",
    model="m",
    label="positive",
    probability=0.9,
    probabilities={"positive": 0.9, "neutral": 0.05, "negative": 0.05},
    sentences=(SentenceSentiment(start=0, end=3, label="positive", probability=0.9),),
)


@dataclass
class Recorder:
    """A platform that keeps what it is given; `troubles` are raised first, one a post."""

    troubles: list[Exception] = field(default_factory=list)
    posted: list[Answer] = field(default_factory=list)
    tries: list[Answer] = field(default_factory=list)
    apologies: list[Apology] = field(default_factory=list)
    shares: list[tuple[str, float, dict[str, Any]]] = field(default_factory=list)
    name: str = "chat"

    async def post(self, answer: Answer) -> None:
        self.tries.append(answer)
        if self.troubles:
            raise self.troubles.pop(0)
        self.posted.append(answer)

    async def apologise(self, apology: Apology) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.apologies.append(apology)

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        self.shares.append((job_id, share, delivery))


ADDRESS = {"speech": "ja", "person": "p1", "delivery": {"channel": "C1"}}


def hand_over(connection: Redis, job_id: str, **changed: Any) -> None:
    """A question that is on its way; `changed` are fields of its record."""
    request = SentimentRequest(text="楽しい")
    record = {
        "command": "sentiment",
        "request": to_json(request),
        "extras": {},
        "speech": "ja",
        "person": "p1",
        "notes": ["ファイルについて"],
        "delivery": {"channel": "C1"},
    } | changed
    address = ADDRESS | {name: record[name] for name in ADDRESS if name in record}
    JobQueue(connection).submit(request, platform="chat", person="p1", record=record, address=address, job_id=job_id)


def deliver(
    url: str,
    platform: Recorder,
    until: Callable[[], bool],
    also: Callable[[], Awaitable[None]] | None = None,
    *,
    store: FeedbackStore | None = None,
    owed: Owed | None = None,
) -> None:
    """Deliver until the condition holds, for a minute at the most. With a `store`, people are asked what they think of answers.

    `owed` is what this bot handed over itself.
    """

    async def run() -> None:
        connection = redis.asyncio.Redis.from_url(url)
        feedback = Feedback(store, AnsweredJobs(connection, keep_s=60)) if store else None
        task = asyncio.create_task(Deliveries(platform, connection, feedback=feedback, owed=owed).run())
        try:
            async with asyncio.timeout(60):
                while not until():
                    if also is not None:
                        await also()
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await connection.aclose()

    asyncio.run(run())


def forgotten(connection: Redis, job_id: str) -> bool:
    """Whether the bot is done with a job."""
    return not connection.exists(names.outcome(job_id)) and connection.xlen(names.replies("chat")) == 0
