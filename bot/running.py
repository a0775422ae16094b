"""`yomite run`, `yomite serve` and `yomite worker`: starts processes, keeps them up, and stops all of them cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis.exceptions import RedisError

from bot.desk import Desk
from bot.errors import SettingsError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.language import Speech, both
from bot.observing.observed import check_ports, observed
from bot.serving import Service, chosen_services, open_desk, serve
from bot.settings import Settings
from engine.contract import Message, Task, reason_of
from workers.observing.logs import set_up_logging
from workers.queue.append_file import append_file_has_grown, rewrite_append_file
from workers.queue.connections import open_blocking
from workers.queue.errors import QueueError
from workers.queue.local import running_server
from workers.queue.processes import READY_MARK, WorkerProcess
from workers.queue.server import EmbeddedRedis

HELP = {"-h", "--help"}
LOOK_S = 0.5  # how often processes are looked after
LONGEST_PAUSE_S = 30.0  # between two starts of a process that keeps ending
SETTLED_S = 60.0  # a process that ran so long is started again at once
REWRITE_EVERY_S = 600.0  # so long at most what was deleted stays on the disk of the embedded Redis
WORKER_STOP_S = 20.0  # for a worker to finish what it computes


def run_everything(settings: Settings) -> int:
    """Redis (unless REDIS_URL names one), workers, the chat page, and every chat platform whose tokens are set; until Ctrl-C."""
    speech = settings.lang or settings.machine_speech
    _set_up_logging(settings)
    check_ports(settings.observing(), workers=settings.workers)
    with _redis(settings) as (redis_url, server):
        workers = [Kept(settings, redis_url, speech, index=index) for index in range(settings.workers)]
        try:
            return asyncio.run(_run(settings, redis_url, server, workers, speech))
        finally:
            _say(both("止めています…", "Stopping…"), speech)
            for worker in workers:
                worker.ask_to_stop()
            for worker in workers:
                worker.stop()


def serve_platforms(settings: Settings, names: Sequence[str]) -> int:
    """Only chat platforms, on the Redis that REDIS_URL names or that runs on this machine; until Ctrl-C."""
    speech = settings.lang or settings.machine_speech
    _set_up_logging(settings)
    redis_url = needed_redis(settings)

    def say(line: Message) -> None:
        _say(line, speech)

    async def work() -> bool:
        services = chosen_services(settings, names, say)
        async with _opened(settings, redis_url, services, say) as desk:
            return await serve(services, desk, say)

    return asyncio.run(_until_stopped(work()))


def run_worker(settings: Settings, arguments: Sequence[str]) -> int:
    """Become a worker on the Redis that REDIS_URL names or that runs on this machine; its help needs none."""
    redis_url = "" if HELP.intersection(arguments) else needed_redis(settings)
    environment = WorkerProcess.environment(redis_url) | {"YOMITE_LANG": settings.lang or settings.machine_speech}
    command = [sys.executable, "-P", "-m", "workers", *settings.worker().as_arguments(), *settings.queue().as_arguments()]
    command += [*settings.observing().as_arguments(), *arguments]
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def needed_redis(settings: Settings) -> str:
    """The URL of the Redis to join.

    Raises:
        SettingsError: none is named, and none runs on this machine.
    """
    url = settings.redis_url or running_server(settings.state_dir)
    if url is None:
        raise SettingsError(
            ja="ジョブを置く Redis がありません。REDIS_URL を設定するか、このマシンで先に `yomite run` を動かしてください。",
            en="There is no Redis for the jobs. Set REDIS_URL, or start `yomite run` on this machine first.",
        )
    return url


class Kept:
    """A worker process that is started again when it ends."""

    def __init__(self, settings: Settings, redis_url: str, speech: Speech, *, index: int = 0) -> None:
        """`index`: which of several it is, from 0."""
        self._observing = settings.observing().for_worker(index)
        self._settings = settings
        self._redis_url = redis_url
        self._speech = speech
        self._process: WorkerProcess | None = None
        self._pause_s = 0.0
        self._stopping = False

    async def keep(self) -> None:
        """Keep it up until cancelled."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            started = loop.time()
            try:
                why = await self._one_life()
            except OSError as error:  # too many processes, or no memory: that may pass
                reason = reason_of(error)
                why = both(
                    f"ワーカーを起動できません（{reason.ja}）。もう一度試します。",
                    f"A worker cannot be started ({reason.en}); it is tried again.",
                )
            settled = loop.time() - started > SETTLED_S
            self._pause_s = 0.0 if settled else min(LONGEST_PAUSE_S, 2 * self._pause_s + 1)
            _say(why, self._speech)
            await asyncio.sleep(self._pause_s)

    async def _one_life(self) -> Message:
        """Start it and wait for its end; returns what to say of that."""
        self._process = process = WorkerProcess(
            self._settings.worker(),
            redis_url=self._redis_url,
            queue_settings=self._settings.queue(),
            warm_up=tuple(Task),
            observing=self._observing,
            on_line=_pass_on,
        )
        while process.alive:
            await asyncio.sleep(LOOK_S)
        last = process.last_words().splitlines()[-1:] or [""]
        return both(
            f"ワーカーが止まりました（終了コード {process.exit_code}）。起動しなおします。{last[0]}",
            f"A worker ended (exit code {process.exit_code}); it is started again. {last[0]}",
        )

    def ask_to_stop(self) -> None:
        """Let it finish what it computes; returns at once."""
        self._stopping = True
        if self._process is not None and self._process.alive:
            self._process.terminate()

    def stop(self) -> None:
        """Wait for its end, and make sure of it."""
        if self._process is not None:
            self._process.stop(timeout_s=WORKER_STOP_S)


async def _run(settings: Settings, redis_url: str, server: EmbeddedRedis | None, workers: list[Kept], speech: Speech) -> int:
    def say(line: Message) -> None:
        _say(line, speech)

    async def everything() -> bool:
        services = chosen_services(settings, (), say)
        async with _opened(settings, redis_url, services, say) as desk:
            keepers = [asyncio.create_task(worker.keep()) for worker in workers]
            if server is not None:
                keepers.append(asyncio.create_task(_keep_server(server, say)))
                keepers.append(asyncio.create_task(_keep_disk_clean(server)))
            try:
                return await serve(services, desk, say)
            finally:
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)

    say(both("Yomite を起動しています。止めるには Ctrl-C。", "Yomite is starting. Ctrl-C stops it."))
    return await _until_stopped(everything())


@contextlib.asynccontextmanager
async def _opened(settings: Settings, redis_url: str, services: Sequence[Service], say: Callable[[Message], None]) -> AsyncIterator[Desk]:
    """A desk for these services, in a process that can be looked at."""
    platforms = [service.name for service in services]
    async with (
        observed(settings.observing(), redis_url, platforms=platforms, say=say) as seen,
        open_desk(settings, redis_url, seen) as desk,
    ):
        yield desk


async def _keep_server(server: EmbeddedRedis, say: Any) -> None:
    while True:
        await asyncio.sleep(LOOK_S)
        if not server.alive:
            say(both("Redis が止まったので起動しなおします。", "Redis ended; it is started again."))
            try:
                await asyncio.to_thread(server.start)
            except (QueueError, OSError) as error:  # tried again at the next look
                said = error.message if isinstance(error, QueueError) else reason_of(error)
                say(both(f"Redis を起動できません：{said.ja}", f"Redis cannot be started: {said.en}"))


async def _keep_disk_clean(server: EmbeddedRedis) -> None:
    """Let Redis write its file anew now and then, so that deleted texts do not stay on the disk."""
    at_start = True
    while True:
        await asyncio.to_thread(_clean_disk, server, anyway=at_start)
        at_start = False
        await asyncio.sleep(REWRITE_EVERY_S)


def _clean_disk(server: EmbeddedRedis, *, anyway: bool = False) -> None:
    """Write the file anew where something was written to it since, or `anyway`. Where Redis is away just now: the next time."""
    with contextlib.suppress(RedisError), open_blocking(server.url) as connection:
        if anyway or append_file_has_grown(connection):
            rewrite_append_file(connection)


async def _until_stopped(work: Coroutine[Any, Any, bool]) -> int:
    """Run until the work ends by itself or SIGINT or SIGTERM comes; returns the exit code."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # Once: what is stopping already must not be disturbed by somebody who presses Ctrl-C again.
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        return OK if await task else CANNOT_ANSWER
    except asyncio.CancelledError:
        return OK
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def _redis(settings: Settings) -> Iterator[tuple[str, EmbeddedRedis | None]]:
    """The named Redis, or an embedded one whose address other processes of this person find in the state folder."""
    if settings.redis_url:
        yield settings.redis_url, None
        return
    folder = settings.state_dir / "redis"
    with EmbeddedRedis(folder, durable=True) as server:
        note = folder / "url"
        note.write_text(server.url + "\n", encoding="utf-8")
        try:
            yield server.url, server
        finally:
            if server.owned:
                _clean_disk(server)  # once more: nobody does so while it is not running
                with contextlib.suppress(FileNotFoundError):
                    note.unlink()


def _set_up_logging(settings: Settings) -> None:
    set_up_logging(level=settings.log_level, form=settings.log_format, process="bot")


def _pass_on(line: str) -> None:
    """What a worker writes goes where the bot's own log does; that it is ready is for this process alone."""
    if READY_MARK not in line:
        print(line, file=sys.stderr, flush=True)


def _say(line: Message, speech: Speech) -> None:
    print(line.in_language(speech), flush=True)
