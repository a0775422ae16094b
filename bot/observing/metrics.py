"""A bot's metrics: what its parts tell the meter. Their labels are of few known values; whatever else is "other"."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

from bot.commands import COMMANDS
from bot.observing.meter import AskedOutcome, BotMeter, BotStage, ReplyOutcome
from workers.observing.buckets import SECONDS
from workers.queue import names

NO_COMMAND, OTHER = "none", "other"
KINDS = frozenset({"access", "person", "channel", "team", "room"})


class BotMetrics(BotMeter):
    """Keeps them in `registry`, which `workers.observing.server.Monitor` serves."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._known = frozenset(command.name for command in COMMANDS)
        self._commands = Counter(
            "yomite_commands",
            "Questions: handed_over to the workers, answered at the desk, or refused.",
            ["platform", "command", "outcome"],
            registry=registry,
        )
        self._limits = Counter(
            "yomite_limits_hit",
            "Who was not served: by the access lists, a limit of a person, channel or team, or for want of room in the queue.",
            ["platform", "kind"],
            registry=registry,
        )
        self._replies = Counter(
            "yomite_replies",
            "Answers of workers: posted, failed (they can never be posted), or apologised for in their place.",
            ["platform", "outcome"],
            registry=registry,
        )
        self._retries = Counter(
            "yomite_reply_retries", "Times that an answer could not be posted just then.", ["platform"], registry=registry
        )
        self._stages = Histogram(
            "yomite_bot_stage_seconds",
            "How long a question was at each stage: understood (until it was handed over), answered (by a worker), posted.",
            ["stage", "platform", "command"],
            buckets=SECONDS,
            registry=registry,
        )
        self._whole = Histogram(
            "yomite_reply_seconds",
            "How long after a question was asked a worker's answer was with its person.",
            ["platform", "command"],
            buckets=SECONDS,
            registry=registry,
        )
        ProcessCollector(registry=registry)

    def command(self, *, platform: str, command: str, outcome: AskedOutcome) -> None:
        """As `BotMeter`; so are the others."""
        self._commands.labels(_platform(platform), self._command(command), outcome).inc()

    def limit_hit(self, *, platform: str, kind: str) -> None:
        self._limits.labels(_platform(platform), kind if kind in KINDS else OTHER).inc()

    def reply(self, *, platform: str, outcome: ReplyOutcome) -> None:
        self._replies.labels(_platform(platform), outcome).inc()

    def retried(self, *, platform: str) -> None:
        self._retries.labels(_platform(platform)).inc()

    def stage(self, stage: BotStage, *, platform: str, command: str, seconds: float) -> None:
        self._stages.labels(stage, _platform(platform), self._command(command)).observe(max(0.0, seconds))

    def replied(self, *, platform: str, command: str, seconds: float) -> None:
        self._whole.labels(_platform(platform), self._command(command)).observe(max(0.0, seconds))

    def _command(self, name: str) -> str:
        return name if name in self._known else NO_COMMAND if not name else OTHER


def _platform(name: str) -> str:
    return name if name in names.PLATFORMS else OTHER
