"""`yomite jobs`: lists failed, waiting and running jobs, and retries or drops failed ones. No text of a person is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

from redis import Redis
from redis.exceptions import RedisError

from bot.commands.status import duration
from bot.errors import CommandError, PlatformError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.kept_redis import kept_redis
from bot.language import Speech, both
from bot.operating.wording import BECAME, DONE, NOTHING_FAILED, STATES, column_titles
from bot.platforms.plain import json_escaped, plain
from bot.platforms.terminal.draw import draw, make_console
from bot.reply import Cell, Reply, Table, cells, columns
from bot.settings import Settings
from engine.contract import Message
from workers.queue.failed import Became, FailedJobs
from workers.queue.listing import list_jobs
from workers.queue.rows import JobRow, JobState

MOST_ROWS = 200  # that are shown; as JSON all are

Found = TypeVar("Found")


def show_jobs(settings: Settings, speech: Speech, *, states: Sequence[JobState], json_wanted: bool) -> int:
    """Print the jobs in these states; returns the exit code.

    Raises:
        PlatformError: Redis cannot be used.
    """
    nothing: list[JobRow] = []
    rows = _with_redis(settings, lambda connection: list_jobs(connection, states), otherwise=nothing)
    if json_wanted:
        print(json_escaped(json.dumps({"jobs": [asdict(row) for row in rows]}, ensure_ascii=False)))
    else:
        draw(_table(rows, states, speech), make_console(), speech=speech)
    return OK


def retry(settings: Settings, speech: Speech, ids: Sequence[str], *, everything: bool) -> int:
    """Put failed jobs back into their queues and say what became of each; returns the exit code: 1 where one was not.

    Raises:
        CommandError: neither or both of ids and --all.
        PlatformError: Redis cannot be used.
    """
    return _handle(settings, speech, ids, everything=everything, how=FailedJobs.retry, command="retry")


def drop(settings: Settings, speech: Speech, ids: Sequence[str], *, everything: bool) -> int:
    """Delete failed jobs and all that is kept of them, and say what became of each; returns the exit code: 1 where one was not.

    Raises:
        CommandError, PlatformError: as above.
    """
    return _handle(settings, speech, ids, everything=everything, how=FailedJobs.drop, command="drop")


def _handle(
    settings: Settings,
    speech: Speech,
    ids: Sequence[str],
    *,
    everything: bool,
    how: Callable[[FailedJobs, Sequence[str]], list[Became]],
    command: str,
) -> int:
    if bool(ids) == everything:
        raise CommandError(
            ja=f"ジョブの ID か --all のどちらかを書いてください：yomite jobs {command} 0123abcd（ID は yomite jobs で見られます）",
            en=f"Give ids of jobs, or --all: yomite jobs {command} 0123abcd (yomite jobs lists them)",
        )

    def run(connection: Redis) -> list[tuple[str, Became]]:
        jobs = FailedJobs(connection, settings.queue())
        chosen = jobs.ids() if everything else list(dict.fromkeys(ids))
        return list(zip(chosen, how(jobs, chosen), strict=True))

    unknown: list[tuple[str, Became]] = [(job_id, "unknown") for job_id in dict.fromkeys(ids)]
    handled = _with_redis(settings, run, otherwise=unknown)
    for job_id, became in handled:
        line = f"{plain(job_id)}: {BECAME[became].in_language(speech)}"
        print(line, file=sys.stdout if became in DONE else sys.stderr)
    if not handled:
        print(NOTHING_FAILED.in_language(speech))
    return OK if all(became in DONE for _, became in handled) else CANNOT_ANSWER


def _with_redis(settings: Settings, do: Callable[[Redis], Found], *, otherwise: Found) -> Found:
    """What `do` gives; `otherwise` where there never was a Redis."""
    try:
        with kept_redis(settings) as connection:
            return otherwise if connection is None else do(connection)
    except RedisError as error:
        raise PlatformError(
            ja=f"Redis を使えません（{type(error).__name__}）。`yomite doctor` で確かめてください。",
            en=f"Redis cannot be used ({type(error).__name__}). See what is wrong with: yomite doctor",
        ) from error


def _table(rows: Sequence[JobRow], states: Sequence[JobState], speech: Speech) -> Reply:
    counts = [(state, sum(row.state == state for row in rows)) for state in states]
    title = ", ".join(f"{STATES[state][1]}: {count}" for state, count in counts)
    title = "、".join(f"{STATES[state][0]} {count} 件" for state, count in counts) if speech == "ja" else title
    table = Table(columns=columns(*column_titles(speech), right=(4, 6)), rows=tuple(_cells(row, speech) for row in rows[:MOST_ROWS]))
    more = len(rows) - MOST_ROWS
    notes = (_more(more).in_language(speech),) if more > 0 else ()
    return Reply(title=title, brief=title, blocks=(table,) if rows else (), notes=notes)


def _cells(row: JobRow, speech: Speech) -> tuple[Cell, ...]:
    state = STATES[row.state][0 if speech == "ja" else 1]
    return cells(row.job_id, row.task or "?", row.platform or "?", state, duration(row.age_s, speech), row.why, str(row.tries))


def _more(count: int) -> Message:
    return both(f"ほか {count} 件。--json ではすべて出ます。", f"And {count} more; --json prints them all.")
