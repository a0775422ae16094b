"""A scene on a fake Slack: the real bot, a real Redis, and a worker who gives answers that are known beforehand."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.feedback.store import FeedbackStore
from bot.feedback.taking import Feedback
from bot.guard.guard import Guard, GuardSettings
from bot.platforms.slack import SlackSettings, serve_slack
from engine.contract import (
    Answer,
    AskRequest,
    AskResult,
    Entity,
    ExplainAttentionRequest,
    Failure,
    Image,
    Message,
    NerRequest,
    NerResult,
    Request,
    Result,
    SentenceSentiment,
    SentimentLabel,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    TokensRequest,
    TokensResult,
)
from tests.bot.explaining import explained
from tests.fakes.slack import FakeSlack, Said, shown_text
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import ReplyWriter


def png() -> bytes:
    """A picture of one grey point."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b""))
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def outcome_of(request: Request) -> Result:
    """What the worker always says."""
    if isinstance(request, SentimentRequest):
        whole = SentenceSentiment(start=0, end=len(request.text), label="positive", probability=0.9)
        known: dict[SentimentLabel, float] = {"positive": 0.9, "neutral": 0.06, "negative": 0.04}
        return SentimentResult(language="ja", model="m", label="positive", probability=0.9, probabilities=known, sentences=(whole,))
    if isinstance(request, NerRequest):
        first = Entity(start=0, end=4, text=request.text[:4], label="PER", score=0.9)
        return NerResult(language="ja", model="m", entities=(first,))
    if isinstance(request, AskRequest):
        found = Answer(start=0, end=4, text=request.context[:4], score=0.8, sentence_start=0, sentence_end=len(request.context))
        return AskResult(language="ja", model="m", answer=found, no_answer_score=0.1, candidates=(found,))
    if isinstance(request, SimilarRequest):
        return SimilarResult(language="en", model="m", matrix=((1.0, 0.5), (0.5, 1.0)), ranking=(), pooling="mean")
    if isinstance(request, ExplainAttentionRequest):
        alt = Message(ja="注意の図です", en="a map of attention")
        image = Image(name="attention.png", media_type="image/png", width_px=1, height_px=1, alt=alt, data=png())
        return explained(request, images=(image,))
    if isinstance(request, TokensRequest):
        return TokensResult(language="ja", model="m", tokens=(), words=(), window=512)
    raise TypeError(type(request))


@dataclass
class Puppet:
    """A worker without models. It works while `free` is set; `asked` is what it was asked."""

    connection: Redis
    asked: list[Request] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    outcome_of: Callable[[Request], Result | Failure] = outcome_of

    async def run(self) -> None:
        while True:
            await self.free.wait()
            for name in names.QUEUES:
                if (job_id := self.connection.lpop(f"rq:queue:{name}")) is not None:
                    self.answer(job_id.decode())  # type: ignore[union-attr]  # not the asynchronous client
            await asyncio.sleep(0.02)

    def answer(self, job_id: str) -> None:
        job = EngineJob.fetch(job_id, connection=self.connection, serializer=SERIALIZER)
        assert isinstance(job, EngineJob)
        request = job.request()
        self.asked.append(request)
        ReplyWriter(self.connection).write(job_id, platform="slack", outcome=self.outcome_of(request))


@dataclass
class Scene:
    """Everything a test needs."""

    slack: FakeSlack
    worker: Puppet
    desk: Desk
    serving: asyncio.Task[None]

    def desk_jobs(self) -> list[str]:
        """The jobs of the person who asks."""
        return JobQueue(self.worker.connection).jobs_of("slack", self.slack.asker)

    async def answer(self, text: str, *, timeout_s: float = 30.0) -> Said:
        """The bot's first message that shows `text`."""
        return await self.slack.wait_for_message(lambda said: text in shown_text(said), timeout_s=timeout_s)


@asynccontextmanager
async def workspace(redis_url: str) -> AsyncIterator[tuple[FakeSlack, Puppet]]:
    """A Slack and a worker, without a bot."""
    with Redis.from_url(redis_url) as connection:
        async with FakeSlack() as slack:
            worker = Puppet(connection)
            worker.free.set()
            working = asyncio.create_task(worker.run())
            try:
                yield slack, worker
            finally:
                await ended(working)


@asynccontextmanager
async def open_scene(
    redis_url: str,
    *,
    ack_s: float = 3.0,
    http_port: int = 0,
    http_host: str = "127.0.0.1",
    store: FeedbackStore | None = None,
    guard: GuardSettings | None = None,
) -> AsyncIterator[Scene]:
    """A bot that is connected; by HTTP with an `http_port`. With a `store` it asks people what they think of answers.

    With a `guard`, only those may ask whom it lets in.
    """
    blocking, connection = Redis.from_url(redis_url), redis.asyncio.Redis.from_url(redis_url)
    async with FakeSlack(ack_s=ack_s) as slack:
        feedback = Feedback(store, AnsweredJobs(connection, keep_s=3_600)) if store else None
        desk = Desk(JobQueue(blocking), connection, feedback=feedback, guard=Guard(connection, guard) if guard else None)
        worker = Puppet(blocking)
        worker.free.set()
        settings = settings_for(slack, http_port=http_port, http_host=http_host)
        working = asyncio.create_task(worker.run())
        serving = asyncio.create_task(serve_slack(settings, desk))
        try:
            await (port_open(http_host, http_port) if http_port else slack.connected())
            yield Scene(slack, worker, desk, serving)
        finally:
            for task in (serving, working):
                await ended(task)
            await connection.aclose()
            blocking.close()


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it has put everything away."""
    task.cancel()
    await asyncio.wait([task])


def settings_for(slack: FakeSlack, *, http_port: int = 0, http_host: str = "127.0.0.1") -> SlackSettings:
    """How the bot reaches the fake."""
    if not http_port:
        return SlackSettings(bot_token=slack.bot_token, app_token=slack.app_token, base_url=slack.base_url)
    return SlackSettings(
        bot_token=slack.bot_token,
        signing_secret=slack.signing_secret,
        http_host=http_host,
        http_port=http_port,
        base_url=slack.base_url,
    )


async def port_open(host: str, port: int) -> None:
    """Wait until somebody listens."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return


def play(
    redis_url: str,
    scene: Callable[[Scene], Awaitable[None]],
    *,
    ack_s: float = 3.0,
    store: FeedbackStore | None = None,
    guard: GuardSettings | None = None,
) -> None:
    """Run a scene by Socket Mode."""

    async def run() -> None:
        async with open_scene(redis_url, ack_s=ack_s, store=store, guard=guard) as opened:
            await scene(opened)

    asyncio.run(run())
