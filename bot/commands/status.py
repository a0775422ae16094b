"""`/status`: how many questions wait and run, who computes what, what was left over, and what is the person's own."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.command import Command
from bot.grammar import Arguments
from bot.language import Speech
from bot.reply import Cell, Reply, Table, cells, columns
from engine.contract import Message
from workers.queue import QueueStatus, WorkerRow

MOST_WORKERS = 10  # that are shown one by one: a message has room for no more


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
    """The counts and the workers as tables, and what to do where nobody computes or something failed."""
    queue = result.queue
    title = _title(queue, speech)
    notes = [_NO_WORKER] if not queue.workers else []
    notes += [_FAILED] if queue.failed else []
    blocks = [_counts(queue, result.mine, speech), _left_over(queue, speech), *([_crew(queue, speech)] if queue.crew else [])]
    return Reply(
        title=title,
        brief=title,
        tone=None if queue.workers else "trouble",
        blocks=tuple(blocks),
        notes=tuple(note.in_language(speech) for note in notes),
    )


def _counts(queue: QueueStatus, mine: int, speech: Speech) -> Table:
    titles = (
        ("待ち", "実行中", "ワーカー", "いちばん長い待ち", "あなたの分")
        if speech == "ja"
        else ("waiting", "running", "workers", "longest wait", "yours")
    )
    workers = Cell(text=str(queue.workers), tone=None if queue.workers else "trouble")
    row = cells(str(queue.waiting), str(queue.running), workers, duration(queue.oldest_s, speech), str(mine))
    return Table(columns=columns(*titles, right=(0, 1, 2, 3, 4)), rows=(row,))


def _left_over(queue: QueueStatus, speech: Speech) -> Table:
    titles = (
        ("短い文章の待ち", "長い文章の待ち", "未配達の答え", "失敗", "直近 1 分に終えた数")
        if speech == "ja"
        else ("short texts waiting", "long ones", "undelivered", "failed", "done in the last minute")
    )
    failed = Cell(text=str(queue.failed), tone="trouble" if queue.failed else None)
    counts = (str(queue.waiting - queue.waiting_long), str(queue.waiting_long), str(queue.undelivered))
    return Table(columns=columns(*titles, right=(0, 1, 2, 3, 4)), rows=(cells(*counts, failed, str(queue.finished)),))


def _crew(queue: QueueStatus, speech: Speech) -> Table:
    """The workers; of very many only the first, which are the busy ones."""
    titles = (
        ("ワーカー", "装置", "いまの仕事", "済み", "失敗", "最後の知らせ")
        if speech == "ja"
        else ("worker", "on", "computes", "done", "failed", "last heard")
    )
    rows = [_worker(row, speech) for row in queue.crew[:MOST_WORKERS]]
    more = len(queue.crew) - MOST_WORKERS
    if more > 0:
        rows.append(cells(f"ほか {more}" if speech == "ja" else f"and {more} more", *[""] * 5))
    return Table(columns=columns(*titles, right=(3, 4, 5)), rows=tuple(rows))


def _worker(row: WorkerRow, speech: Speech) -> tuple[Cell, ...]:
    device = " ".join(part for part in (row.profile, row.device) if part)
    idle = "なし" if speech == "ja" else "nothing"
    heard = f"{duration(row.heard_s, speech)}前" if speech == "ja" else f"{duration(row.heard_s, speech)} ago"
    return cells(row.name, device, _work(row, speech) if row.busy else idle, str(row.done), str(row.failed), heard)


def _work(row: WorkerRow, speech: Speech) -> str:
    since = duration(row.since_s, speech)
    return f"{row.task or '?'} {row.runs} 件（{since}）" if speech == "ja" else f"{row.task or '?'} × {row.runs} ({since})"


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
    ja="答えを計算するワーカーが動いていません。Yomite を動かしている人は yomite worker で起動できます。",
    en="No worker is up that could compute answers. Whoever runs Yomite can start one with: yomite worker",
)

_FAILED = Message(
    ja="失敗したジョブがあります。Yomite を動かしている人は yomite jobs で理由を見て、やり直しや削除ができます。",
    en="Some jobs have failed. Whoever runs Yomite can see why, and retry or drop them, with: yomite jobs",
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
