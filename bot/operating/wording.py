"""The words of `yomite jobs`: what became of a job, and what stands above the columns."""

from __future__ import annotations

from bot.language import Speech, both
from workers.queue.failed import Became
from workers.queue.rows import JobState

DONE: frozenset[Became] = frozenset(("again", "again_untold", "dropped", "dropped_telling"))
BECAME = {
    "again": both("キューに戻しました。答えは本人に届きます。", "Back in its queue; its person gets the answer."),
    "again_untold": both(
        "キューに戻しました。本人には失敗したと伝えてあるので、答えは届きません。同じ質問を送ると、その答えがすぐに返ります。",
        "Back in its queue. Its person was told that it failed and gets no second answer; whoever asks the same again is answered at once.",
    ),
    "dropped": both("削除しました。", "Dropped."),
    "dropped_telling": both(
        "削除しました。本人にはまだ伝えていないので、ボットが伝えます。", "Dropped. Its person was not told yet; the bot does so."
    ),
    "telling": both(
        "ボットがいま本人に失敗を伝えているので、そのままにしました。伝え終わってから、もう一度実行してください。",
        "Left alone: a bot is just telling its person that it failed. Run this again when that is done.",
    ),
    "cancelled": both(
        "取り消された質問なので、戻しません。`yomite jobs drop` で削除できます。",
        "It was cancelled, so it is not retried. Drop it with `yomite jobs drop`.",
    ),
    "waiting": both("失敗したジョブではありません（待っています）。", "It has not failed: it waits."),
    "running": both("失敗したジョブではありません（実行中です）。", "It has not failed: it is running."),
    "unknown": both(
        "このような失敗したジョブはありません。ID は `yomite jobs` で確かめられます。",
        "There is no such failed job. See the ids with `yomite jobs`.",
    ),
}
STATES: dict[JobState, tuple[str, str]] = {"failed": ("失敗", "failed"), "waiting": ("待ち", "waiting"), "running": ("実行中", "running")}
NOTHING_FAILED = both("失敗したジョブはありません。", "No job has failed.")


def column_titles(speech: Speech) -> tuple[str, ...]:
    """What stands above the columns."""
    if speech == "ja":
        return ("ID", "タスク", "チャット", "状態", "時間", "理由", "回数")
    return ("id", "task", "platform", "state", "age", "why", "tries")
