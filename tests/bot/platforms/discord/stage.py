"""A stage for the bot on Discord: a fake Discord, the real client and desk, a real Redis, and a worker who knows its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import redis.asyncio
from redis import Redis

from bot.desk import Desk
from bot.feedback.store import FeedbackStore
from bot.feedback.taking import Feedback
from bot.guard.guard import Guard, GuardSettings
from bot.platforms.discord import DiscordSettings, serve_discord
from engine.contract import (
    Answer as Found,
    AskRequest,
    AskResult,
    Entity,
    ExplainAttentionRequest,
    Failure,
    Image,
    Message,
    NerRequest,
    NerResult,
    Ranked,
    Request,
    Result,
    SentimentRequest,
    SentimentResult,
    SimilarRequest,
    SimilarResult,
    Token,
    TokensRequest,
    TokensResult,
)
from tests.bot.explaining import explained
from tests.fakes.discord import FakeDiscord
from workers.queue import names
from workers.queue.answered import AnsweredJobs
from workers.queue.door import JobQueue
from workers.queue.job import SERIALIZER, EngineJob
from workers.queue.replies import ReplyWriter

PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture"


def outcome_of(request: Request) -> Result:
    """What this worker finds."""
    if isinstance(request, SentimentRequest):
        return SentimentResult(
            language="en",
            model="m",
            label="positive",
            probability=0.9,
            probabilities={"positive": 0.9, "neutral": 0.06, "negative": 0.04},
            sentences=(),
        )
    if isinstance(request, NerRequest):
        return NerResult(language="ja", model="m", entities=(Entity(start=0, end=4, text=request.text[:4], label="PER", score=0.9),))
    if isinstance(request, AskRequest):
        found = Found(start=0, end=4, text=request.context[:4], score=0.8, sentence_start=0, sentence_end=len(request.context))
        return AskResult(language="ja", model="m", answer=found, no_answer_score=0.1, candidates=(found,))
    if isinstance(request, SimilarRequest):
        matrix = tuple(tuple(1.0 if i == j else 0.5 for j in range(len(request.texts))) for i in range(len(request.texts)))
        ranking = (Ranked(index=0, similarity=0.5),) if request.query else ()
        return SimilarResult(language="en", model="m", matrix=matrix, ranking=ranking, pooling="mean")
    if isinstance(request, ExplainAttentionRequest):
        alt = Message(ja="注意の図です", en="a map of attention")
        image = Image(name="attention.png", media_type="image/png", width_px=1, height_px=1, alt=alt, data=PICTURE)
        return explained(request, images=(image,))
    if isinstance(request, TokensRequest):
        tokens = tuple(Token(text=letter, id=i, start=i, end=i + 1) for i, letter in enumerate(request.text))
        return TokensResult(language="ja", model="m", tokens=tokens, words=(), window=512)
    raise TypeError(type(request))


@dataclass
class Worker:
    """Works while `free` is set; `asked` is what it was asked."""

    connection: Redis
    asked: list[Request] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    outcome_of: Callable[[Request], Result | Failure] = outcome_of

    async def run(self) -> None:
        while True:
            await self.free.wait()
            waiting = self.job_ids()
            for job_id in waiting:
                self._answer(job_id)
            await asyncio.sleep(0 if waiting else 0.01)

    def _answer(self, job_id: str) -> None:
        for name in names.QUEUES:
            self.connection.lrem(f"rq:queue:{name}", 1, job_id)
        request = EngineJob.fetch(job_id, connection=self.connection, serializer=SERIALIZER).request()
        self.asked.append(request)
        ReplyWriter(self.connection).write(job_id, platform="discord", outcome=self.outcome_of(request))

    def job_ids(self) -> list[str]:
        """What waits for it."""
        return [job_id.decode() for name in names.QUEUES for job_id in self.connection.lrange(f"rq:queue:{name}", 0, -1)]

    def tell_progress(self, job_id: str, share: float) -> None:
        ReplyWriter(self.connection).write_progress(job_id, platform="discord", share=share)


@dataclass
class Stage:
    """Everything that a test needs."""

    discord: FakeDiscord
    desk: Desk
    worker: Worker
    settings: DiscordSettings
    bot: asyncio.Task[None] | None = None

    async def start_bot(self) -> None:
        """Start the bot and wait until it is there."""
        connections = self.discord.gateway.connections + 1
        self.bot = asyncio.create_task(serve_discord(self.settings, self.desk))
        ready = asyncio.create_task(self.discord.wait_until_ready(connections=connections))
        await asyncio.wait([self.bot, ready], return_when=asyncio.FIRST_COMPLETED)
        if self.bot.done():
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
            self.bot.result()
        await ready

    async def stop_bot(self) -> None:
        """As Ctrl-C does."""
        if self.bot is not None:
            self.bot.cancel()
            await asyncio.gather(self.bot, return_exceptions=True)
            self.bot = None

    async def settled(self) -> None:
        """Until the queue, the stream and the bot have nothing more to do."""
        connection = self.worker.connection
        async with asyncio.timeout(20):
            while self.worker.job_ids() or connection.xlen(names.replies("discord")):
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)


@asynccontextmanager
async def open_stage(
    redis_url: str,
    *,
    locale: str = "en-US",
    message_content: bool = False,
    store: FeedbackStore | None = None,
    guard: GuardSettings | None = None,
) -> AsyncIterator[Stage]:
    """The stage without the bot. With a `store` the bot asks people what they think of answers; a `guard` says who may ask."""
    blocking, connection = Redis.from_url(redis_url), redis.asyncio.Redis.from_url(redis_url)
    async with FakeDiscord(locale=locale) as discord:
        if message_content:
            discord.gateway.allowed_privileged = 1 << 15
        worker = Worker(blocking)
        worker.free.set()
        working = asyncio.create_task(worker.run())
        feedback = Feedback(store, AnsweredJobs(connection, keep_s=3_600)) if store else None
        desk = Desk(JobQueue(blocking), connection, feedback=feedback, guard=Guard(connection, guard) if guard else None)
        stage = Stage(discord, desk, worker, settings_for(discord, message_content=message_content))
        try:
            yield stage
        finally:
            await stage.stop_bot()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await connection.aclose()
            blocking.close()


def settings_for(discord: FakeDiscord, *, token: str | None = None, message_content: bool = False) -> DiscordSettings:
    """How the bot reaches the fake."""
    return DiscordSettings(
        token=discord.token if token is None else token,
        api_url=discord.api_url,
        gateway_url=discord.gateway_url,
        cdn_url=discord.cdn_url,
        message_content=message_content,
    )


def play(
    redis_url: str,
    scene: Callable[[Stage], Awaitable[None]],
    *,
    locale: str = "en-US",
    message_content: bool = False,
    start: bool = True,
    store: FeedbackStore | None = None,
    guard: GuardSettings | None = None,
) -> None:
    """Run a scene with the bot there; with `start=False` the scene starts it."""

    async def run() -> None:
        async with open_stage(redis_url, locale=locale, message_content=message_content, store=store, guard=guard) as stage:
            if start:
                await stage.start_bot()
            await scene(stage)

    asyncio.run(run())
