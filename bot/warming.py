"""`yomite models warm`: lets the workers that run load models now, so that the first question is not the slow one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.errors import CommandError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.language import both
from bot.redis_away import redis_in_words
from bot.settings import Settings
from engine.contract import Message, Task
from workers.queue.connections import open_blocking
from workers.queue.door import JobQueue
from workers.queue.local import running_server
from workers.queue.warming import Warmed, Wish, read_warmed, wish_for

if TYPE_CHECKING:
    from redis import Redis

WAIT_S = 120.0
POLL_S = 0.2
MIB = 1024**2


def warm_workers(words: Sequence[str], settings: Settings, *, wait_s: float = WAIT_S) -> int | None:
    """Ask for the tasks' models (nothing named: all) and say what came of it; returns the exit code, None where no worker runs.

    Raises:
        CommandError: there is no such task.
        PlatformError: Redis cannot be reached.
    """
    tasks = [_task(word) for word in words] or list(Task)
    url = settings.redis_url or running_server(settings.state_dir)
    if url is None:
        return None
    with redis_in_words(), open_blocking(url) as connection:
        return _ask(connection, tasks, settings, wait_s=wait_s)


def _ask(connection: Redis, tasks: Sequence[Task], settings: Settings, *, wait_s: float) -> int | None:
    workers = {row.name for row in JobQueue(connection, settings.queue()).status().crew}
    if not workers:
        return None
    wish, end = wish_for(connection, tasks), time.monotonic() + wait_s
    speech, told = settings.lang or settings.machine_speech, set[str]()
    rows: list[Warmed] = []
    while workers - told and time.monotonic() < end:
        time.sleep(POLL_S)
        rows = read_warmed(connection, wish)
        for row in rows:
            if row.done and row.worker not in told:
                told.add(row.worker)
                print(_said(row).in_language(speech), flush=True)
    for name in sorted(workers - told):
        print(_late(name, wish).in_language(speech), flush=True)
    return CANNOT_ANSWER if workers - told or any(row.failed for row in rows) else OK


def _task(word: str) -> Task:
    try:
        return Task(word.replace("-", "_").lower())
    except ValueError as error:
        allowed = ", ".join(Task)
        raise CommandError(
            ja=f"タスク「{word}」はありません。使えるもの：{allowed}", en=f"There is no task {word!r}. There are: {allowed}"
        ) from error


def _said(row: Warmed) -> Message:
    took = ", ".join(f"{task} {seconds:.1f} s" for task, seconds in row.seconds.items())
    failed = ", ".join(row.failed)
    said = both(
        f"{row.worker}：{took or '–'}（モデル全体で {row.bytes / MIB:,.0f} MiB）",
        f"{row.worker}: {took or '–'} (all its models: {row.bytes / MIB:,.0f} MiB)",
    )
    if not failed:
        return said
    return both(
        f"{said.ja}\n  読み込めなかったもの：{failed}。`yomite models verify` で調べられます。",
        f"{said.en}\n  could not be loaded: {failed}. See `yomite models verify`.",
    )


def _late(name: str, wish: Wish) -> Message:
    return both(
        f"{name}：まだ質問に答えています。手があいたら読み込みます（{len(wish.tasks)} 件）。",
        f"{name}: still answers questions; it loads them when it is idle ({len(wish.tasks)} tasks).",
    )
