"""What can keep a thumb or a correction from being taken."""

from __future__ import annotations

from bot.errors import BotError
from engine.contract import Message


class FeedbackError(BotError):
    """A thumb or a correction that cannot be taken; the message says why and what would be right."""


def is_off() -> FeedbackError:
    """Nobody has switched feedback on."""
    return FeedbackError(
        ja="フィードバックは使えません（無効になっています）。何も保存していません。有効にするには YOMITE_FEEDBACK=yes を設定します。",
        en="Feedback is off, so nothing was kept. To switch it on, set YOMITE_FEEDBACK=yes.",
    )


def is_gone() -> FeedbackError:
    """What was asked and answered is not kept any more."""
    return FeedbackError(
        ja="この回答の記録はもう残っていないので、保存できませんでした。もう一度質問すると、新しい回答で伝えられます。",
        en="What belongs to this answer is not kept any more, so nothing was stored. Ask again, and tell us with the new answer.",
    )


def cannot_look() -> FeedbackError:
    """Redis is away."""
    return FeedbackError(
        ja="いまは受け付けられません（回答の記録がある Redis につながりません）。少し待ってからもう一度押してください。",
        en="This cannot be taken now (Redis, where the answers are, cannot be reached). Wait a moment and press it again.",
    )


def cannot_keep(why: Message) -> FeedbackError:
    """The store cannot be written or read."""
    return FeedbackError(
        ja=f"フィードバックを保存できません（{why.ja}）。YOMITE_STATE_DIR のフォルダと空き容量を確かめてください。",
        en=f"Feedback cannot be kept ({why.en}). Check the folder of YOMITE_STATE_DIR and the room on its disk.",
    )
