"""What a person is told, once, where a question gets no answer."""

from __future__ import annotations

from bot.language import both
from workers.queue.overdue import too_late

REFUSED = both(
    "答えはできましたが、チャットに受け付けられず、お見せできません。\n文章を短くするか、別の場所でもう一度送ってください。",
    "The answer is there, but the chat refused it, so it cannot be shown.\nSend a shorter text, or ask again in another place.",
)
FAULT = both(
    "答えを投稿できませんでした（Yomite 側の問題です）。\nもう一度送ってください。続くときは管理者に知らせてください。",
    "The answer could not be posted (it is a fault of Yomite's).\nSend it again. If it happens again, tell whoever runs Yomite.",
)
OTHER_VERSION = both(
    "質問のあとで Yomite の版が変わったため、答えを表示できません。\nもう一度送ってください。",
    "Yomite was changed to another version after you asked, so the answer cannot be shown.\nSend it again.",
)
TOO_LATE = too_late().message
LOST = both(
    "Yomite の中でこの質問が失われました（Redis が空になりました）。\nもう一度送ってください。",
    "This question was lost inside Yomite (its Redis was emptied).\nSend it again.",
)
GIVEN_UP = both(
    "この質問を読んでいる途中で Yomite が 2 回止まったので、あきらめました。\n文章やファイルを小さくして送りなおしてください。",
    "Yomite stopped twice while it was reading this question, so it was given up.\nSend it again with a shorter text or a smaller file.",
)
