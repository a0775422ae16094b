"""What a bot tells of each question: numbers to the meter, and lines to the log that carry one id from command to reply. Never a text."""

from __future__ import annotations

import logging
import time
from typing import Any

from redis.exceptions import RedisError

from bot.errors import BotError, CommandError, InputError, PlatformError
from bot.guard.errors import QueueFull, Refused
from bot.guard.guard import command_in
from bot.language import Speech
from bot.observing.meter import NO_METER, BotMeter
from bot.platforms.platform import Incoming
from engine.contract import Request, task_of
from workers.observing.events import log_event
from workers.queue.handover import queue_of

log = logging.getLogger("yomite.desk")

WHY_NO_QUEUE, WHY_GIVEN_UP = "no_queue", "given_up"
TAKEN_AT, HANDED_OVER_AT = "taken_at", "handed_over_at"  # what a job's record says of it, in seconds since 1970


class DeskTelling:
    """One desk's. `job_id` is the one id: that of the job which a question becomes, also where it becomes none."""

    def __init__(self, meter: BotMeter = NO_METER) -> None:
        self._meter = meter

    def taken(self, job_id: str, incoming: Incoming, speech: Speech) -> None:
        """An event is read here."""
        log_event(
            log,
            "taken",
            id=job_id,
            platform=incoming.platform,
            command=_name(incoming),
            characters=len(incoming.line),
            files=len(incoming.files) or None,
            language=speech,
            again=incoming.tried or None,
        )

    def handed_over(self, job_id: str, incoming: Incoming, request: Request, record: dict[str, Any]) -> None:
        """It became a job, of which `record` is kept."""
        platform, command, seconds = incoming.platform, record["command"], record[HANDED_OVER_AT] - record[TAKEN_AT]
        self._meter.command(platform=platform, command=command, outcome="handed_over")
        self._meter.stage("understood", platform=platform, command=command, seconds=seconds)
        task, queue = str(task_of(request)), queue_of(request)
        log_event(log, "handed over", id=job_id, platform=platform, task=task, queue=queue, understood_s=round(seconds, 4))

    def answered(self, job_id: str, incoming: Incoming) -> None:
        """It was answered without a job."""
        name = _name(incoming)
        self._meter.command(platform=incoming.platform, command=name or "", outcome="answered")
        log_event(log, "answered at the desk", id=job_id, platform=incoming.platform, command=name)

    def refused(self, job_id: str, incoming: Incoming, why: str | Exception) -> None:
        """Its person is told why not."""
        name, code = _name(incoming), why if isinstance(why, str) else _code_of(why)
        self._meter.command(platform=incoming.platform, command=name or "", outcome="refused")
        self.limited(incoming.platform, why)
        log_event(log, "refused", id=job_id, platform=incoming.platform, command=name, why=code)

    def limited(self, platform: str, why: str | Exception) -> None:
        """Somebody is refused; it counts where a limit is why."""
        if isinstance(why, Refused | QueueFull):
            self._meter.limit_hit(platform=platform, kind=why.kind)


class PostTelling:
    """What the deliveries of one platform tell."""

    def __init__(self, platform: str, meter: BotMeter = NO_METER) -> None:
        self._platform = platform
        self._meter = meter
        self._log = logging.getLogger("yomite.deliveries")

    def posted(self, job_id: str, record: dict[str, Any], *, tries: int, loaded_at: float) -> None:
        """An answer is with its person. `loaded_at`: when it was taken off the stream, in seconds since 1970."""
        now, command = time.time(), str(record.get("command", ""))
        handed_over_at, taken_at = record.get(HANDED_OVER_AT), record.get(TAKEN_AT)
        self._meter.reply(platform=self._platform, outcome="posted")
        self._meter.stage("posted", platform=self._platform, command=command, seconds=now - loaded_at)
        if handed_over_at is not None and taken_at is not None:  # else a bot of another version has handed it over
            self._meter.stage("answered", platform=self._platform, command=command, seconds=loaded_at - handed_over_at)
            self._meter.replied(platform=self._platform, command=command, seconds=now - taken_at)
        log_event(
            self._log,
            "posted",
            id=job_id,
            platform=self._platform,
            command=command,
            tries=tries,
            seconds=None if handed_over_at is None else round(now - handed_over_at, 4),
        )

    def retried(self) -> None:
        """It is tried again."""
        self._meter.retried(platform=self._platform)

    def failed(self, job_id: str) -> None:
        """It can never be posted. Why stands in a line of its own."""
        self._meter.reply(platform=self._platform, outcome="failed")
        log_event(self._log, "cannot post", id=job_id, platform=self._platform)

    def apologised(self, job_id: str) -> None:
        """The person was told so."""
        self._meter.reply(platform=self._platform, outcome="apologised")
        log_event(self._log, "apologised", id=job_id, platform=self._platform)


def _name(incoming: Incoming) -> str | None:
    """The name of the command, whatever was typed for it."""
    command = command_in(incoming.line)
    return command.name if command is not None else None


def _code_of(error: Exception) -> str:
    """Why somebody was refused, in a word."""
    if isinstance(error, Refused | QueueFull):
        return error.kind
    if isinstance(error, RedisError | PlatformError):
        return WHY_NO_QUEUE
    kinds: dict[type[BotError], str] = {CommandError: "command", InputError: "file"}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), "other")
