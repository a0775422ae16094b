"""What a bot's parts tell of their work, so that it can be measured. This one measures nothing; `metrics` has one that does."""

from __future__ import annotations

from typing import Literal

AskedOutcome = Literal["handed_over", "answered", "refused"]
ReplyOutcome = Literal["posted", "failed", "apologised"]
BotStage = Literal["understood", "answered", "posted"]


class BotMeter:
    """For one event loop. Nothing is told of a text: `command` is a command's name, empty where none is known."""

    def command(self, *, platform: str, command: str, outcome: AskedOutcome) -> None:
        """A question became a job, was answered at the desk, or its person was told why not."""

    def limit_hit(self, *, platform: str, kind: str) -> None:
        """Somebody was refused: by the access list ("access"), a limit ("person", "channel", "team"), or for want of room ("room")."""

    def reply(self, *, platform: str, outcome: ReplyOutcome) -> None:
        """An answer is with its person, can never be, or they were told so in its place."""

    def retried(self, *, platform: str) -> None:
        """An answer could not be posted just then and is tried again."""

    def stage(self, stage: BotStage, *, platform: str, command: str, seconds: float) -> None:
        """A question took so long to be understood and handed over, to be answered by a worker, or its answer to be posted."""

    def replied(self, *, platform: str, command: str, seconds: float) -> None:
        """So long after it was asked, a question's answer is with its person."""


NO_METER = BotMeter()
