"""What a person sees of the queue, and of what they stopped."""

from __future__ import annotations

import pytest

from bot.commands.cancel import CancelResult
from bot.commands.status import StatusResult, duration
from bot.conversation import reply_to, understand
from bot.language import Speech
from bot.platforms.slack.blocks import draw
from bot.reply import Reply, Table
from tests.fakes.slack.checks import check_message
from workers.queue import QueueStatus, WorkerRow


@pytest.mark.parametrize(
    ("speech", "title", "row"),
    [
        ("ja", "待ち 3 件、実行中 1 件、ワーカー 2", ["3", "1", "2", "2 分", "1"]),
        ("en", "3 waiting, 1 running, 2 workers", ["3", "1", "2", "2 min", "1"]),
    ],
)
def test_status_shows_the_counts(speech: Speech, title: str, row: list[str]) -> None:
    reply = _status(QueueStatus(waiting=3, running=1, workers=2, oldest_s=125.0), speech)
    table = _tables(reply)[0]
    assert (reply.title, reply.notes, reply.tone) == (title, (), None)
    assert [cell.text for cell in table.rows[0]] == row


@pytest.mark.parametrize(("speech", "note"), [("ja", "ワーカーが動いていません"), ("en", "No worker is up")])
def test_status_says_that_nobody_computes(speech: Speech, note: str) -> None:
    reply = _status(QueueStatus(waiting=1, running=0, workers=0, oldest_s=3.0), speech)
    assert note in reply.notes[0]
    assert reply.tone == "trouble"


@pytest.mark.parametrize(
    ("speech", "titles"),
    [
        ("ja", ["短い文章の待ち", "長い文章の待ち", "未配達の答え", "失敗", "直近 1 分に終えた数"]),
        ("en", ["short texts waiting", "long ones", "undelivered", "failed", "done in the last minute"]),
    ],
)
def test_status_shows_what_is_left_over(speech: Speech, titles: list[str]) -> None:
    queue = QueueStatus(waiting=5, running=0, workers=1, oldest_s=0.0, waiting_long=2, failed=4, undelivered=7, finished=99)
    reply = _status(queue, speech)
    table = _tables(reply)[1]
    assert [column.title for column in table.columns] == titles
    assert [cell.text for cell in table.rows[0]] == ["3", "2", "7", "4", "99"]
    assert "yomite jobs" in reply.notes[0]


@pytest.mark.parametrize(
    ("speech", "rows"),
    [
        (
            "ja",
            [
                ["host-1", "hub cuda:0", "sentiment, ner 12 件（3 秒）", "40", "2", "4 秒前"],
                ["host-2", "", "なし", "0", "0", "1 分前"],
            ],
        ),
        (
            "en",
            [
                ["host-1", "hub cuda:0", "sentiment, ner × 12 (3 s)", "40", "2", "4 s ago"],
                ["host-2", "", "nothing", "0", "0", "1 min ago"],
            ],
        ),
    ],
)
def test_status_shows_each_worker(speech: Speech, rows: list[list[str]]) -> None:
    busy = WorkerRow(
        name="host-1", profile="hub", device="cuda:0", busy=True, runs=12, task="sentiment, ner", since_s=3, done=40, failed=2, heard_s=4
    )
    table = _tables(_status(_with_crew(busy, WorkerRow(name="host-2", heard_s=61)), speech))[2]
    assert [[cell.text for cell in row] for row in table.rows] == rows


@pytest.mark.parametrize(("speech", "more"), [("ja", "ほか 54"), ("en", "and 54 more")])
def test_of_very_many_workers_a_few_are_shown_and_a_message_of_slack_takes_it(speech: Speech, more: str) -> None:
    crew = [WorkerRow(name=f"a-rather-long-name-of-a-host-{number}-0123abcd", profile="bundled", device="cpu") for number in range(64)]
    reply = _status(_with_crew(*crew), speech)
    rows = _tables(reply)[2].rows
    assert (len(rows), rows[-1][0].text) == (11, more)
    drawn = draw(reply, speech=speech)
    assert drawn.whole == ""
    check_message({"text": drawn.text, "blocks": drawn.blocks})


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


def _with_crew(*crew: WorkerRow) -> QueueStatus:
    return QueueStatus(waiting=0, running=0, workers=len(crew), oldest_s=0.0, crew=crew)


def _tables(reply: Reply) -> list[Table]:
    return [block for block in reply.blocks if isinstance(block, Table)]


def _status(queue: QueueStatus, speech: Speech) -> Reply:
    return reply_to(understand("/status"), StatusResult(queue=queue, mine=1), speech)
