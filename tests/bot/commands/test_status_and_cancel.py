"""What a person sees of the queue, and of what they stopped."""

from __future__ import annotations

import pytest

from bot.commands.cancel import CancelResult
from bot.commands.status import StatusResult, duration
from bot.conversation import reply_to, understand
from bot.language import Speech
from bot.reply import Reply, Table
from workers.queue import QueueStatus


@pytest.mark.parametrize(
    ("speech", "title", "row"),
    [
        ("ja", "待ち 3 件、実行中 1 件、ワーカー 2", ["3", "1", "2", "2 分", "1"]),
        ("en", "3 waiting, 1 running, 2 workers", ["3", "1", "2", "2 min", "1"]),
    ],
)
def test_status_shows_the_counts(speech: Speech, title: str, row: list[str]) -> None:
    reply = _status(QueueStatus(waiting=3, running=1, workers=2, oldest_s=125.0), speech)
    [table] = reply.blocks
    assert isinstance(table, Table)
    assert (reply.title, reply.notes, reply.tone) == (title, (), None)
    assert [cell.text for cell in table.rows[0]] == row


@pytest.mark.parametrize(("speech", "note"), [("ja", "ワーカーが動いていません"), ("en", "No worker is up")])
def test_status_says_that_nobody_computes(speech: Speech, note: str) -> None:
    reply = _status(QueueStatus(waiting=1, running=0, workers=0, oldest_s=3.0), speech)
    assert note in reply.notes[0]
    assert reply.tone == "trouble"


@pytest.mark.parametrize(
    ("seconds", "ja", "en"),
    [(0.0, "0 秒", "0 s"), (59.4, "59 秒", "59 s"), (59.9, "1 分", "1 min"), (3_540, "59 分", "59 min"), (7_200, "2 時間", "2 h")],
)
def test_a_duration_is_said_in_its_largest_unit(seconds: float, ja: str, en: str) -> None:
    assert (duration(seconds, "ja"), duration(seconds, "en")) == (ja, en)


@pytest.mark.parametrize(
    ("cancelled", "ja", "en"),
    [
        (0, "取り消すものはありません", "Nothing to cancel"),
        (1, "1 件を取り消しました", "Cancelled 1 question"),
        (3, "3 件を取り消しました", "Cancelled 3 questions"),
    ],
)
def test_cancel_says_how_many(cancelled: int, ja: str, en: str) -> None:
    understood = understand("/中止")
    result = CancelResult(cancelled=cancelled)
    assert (reply_to(understood, result, "ja").title, reply_to(understood, result, "en").title) == (ja, en)


def _status(queue: QueueStatus, speech: Speech) -> Reply:
    return reply_to(understand("/status"), StatusResult(queue=queue, mine=1), speech)
