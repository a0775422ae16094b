"""`/status`: how many questions wait and run, whether somebody computes, and what is the person's own."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.command import Command
from bot.grammar import Arguments
from bot.language import Speech
from bot.reply import Cell, Reply, Table, cells, columns
from engine.contract import Message
from workers.queue import QueueStatus


@dataclass(frozen=True)
class StatusRequest:
    """A question about the queue."""


@dataclass(frozen=True, kw_only=True)
class StatusResult:
    """How things stand; `mine` counts the unfinished jobs of the person who asks."""

    queue: QueueStatus
    mine: int


def parse(arguments: Arguments) -> StatusRequest:
    """There is nothing to say about it."""
    return StatusRequest()


def render(request: StatusRequest, result: StatusResult, speech: Speech) -> Reply:
    """The counts as a table, and what to do where nobody computes."""
    queue = result.queue
    titles = (
        ("待ち", "実行中", "ワーカー", "いちばん長い待ち", "あなたの分")
        if speech == "ja"
        else ("waiting", "running", "workers", "longest wait", "yours")
    )
    workers = Cell(text=str(queue.workers), tone=None if queue.workers else "trouble")
    row = cells(str(queue.waiting), str(queue.running), workers, duration(queue.oldest_s, speech), str(result.mine))
    title = _title(queue, speech)
    notes = () if queue.workers else (_NO_WORKER.in_language(speech),)
    table = Table(columns=columns(*titles, right=(0, 1, 2, 3, 4)), rows=(row,))
    return Reply(title=title, brief=title, tone=None if queue.workers else "trouble", blocks=(table,), notes=notes)


def duration(seconds: float, speech: Speech) -> str:
    """How long that is, in its largest unit."""
    for size, ja, en in ((3_600, "時間", "h"), (60, "分", "min")):
        if round(seconds) >= size:
            return f"{seconds / size:.0f} {ja if speech == 'ja' else en}"
    return f"{seconds:.0f} {'秒' if speech == 'ja' else 's'}"


def _title(queue: QueueStatus, speech: Speech) -> str:
    if speech == "ja":
        return f"待ち {queue.waiting} 件、実行中 {queue.running} 件、ワーカー {queue.workers}"
    return f"{queue.waiting} waiting, {queue.running} running, {queue.workers} worker{'' if queue.workers == 1 else 's'}"


_NO_WORKER = Message(
    ja="答えを計算するワーカーが動いていません。管理者は yomite worker で起動できます。",
    en="No worker is up that could compute answers. Whoever runs Yomite can start one with: yomite worker",
)

COMMAND = Command(
    name="status",
    aliases=("状態",),
    summary=Message(ja="待ちの数とワーカーの様子", en="what waits and runs, and who computes"),
    form=Message(ja="", en=""),
    example=Message(ja="", en=""),
    takes="nothing",
    parse=parse,
    render=render,
    rows="none",
    admin_only=True,  # it shows how busy the system is and how many workers it has
)
