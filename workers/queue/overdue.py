"""What becomes of a job that waited until its time was over: it is not computed any more, and its person is told."""

from __future__ import annotations

import time
from collections.abc import Mapping

from rq.utils import utcparse

from engine.contract import Failure, Message

LOOKED_AT = 256  # jobs of each queue that are looked at, at a time
CODE = "too_late"


def too_late() -> Failure:
    """What the person is told."""
    return Failure(
        code=CODE,
        message=Message(
            ja="決められた時間のうちに答えを届けられなかったので、取り下げました。\n必要ならもう一度送ってください。",
            en="The answer could not be brought within the time that is set for it, so the question was dropped.\n"
            "Send it again if you still need it.",
        ),
    )


def is_overdue(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a job's hash, as it lies in Redis, says that it was handed over too long ago; not where it does not say when."""
    try:
        handed_over, kept_s = utcparse(fields[b"enqueued_at"].decode()), float(fields[b"failure_ttl"])
    except (KeyError, ValueError):
        return False
    return time.time() - handed_over.timestamp() > kept_s
