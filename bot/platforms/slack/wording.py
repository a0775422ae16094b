"""Sentences that only Slack needs, in both languages."""

from __future__ import annotations

from bot.grammar import Option
from bot.language import Speech, both
from bot.platforms.slack.place import Place
from engine.contract import Message

PRIVATE = Option(
    name="private",
    kind="flag",
    meaning=Message(ja="自分だけに見える答えにする", en="only you see the answer"),
    example="",
)


def hints(place: Place, *, bot_name: str, files: bool) -> list[Message]:
    """What the asker should know of an answer that only they see; `files` where pictures or a text file belong to it."""
    said = [_why_outside(place, bot_name)] if place.outside else []
    if place.only_asker and files:
        said.append(
            both(
                "画像やファイルは、Yomite からのダイレクトメッセージで送ります。",
                "Pictures and files come as a direct message from Yomite.",
            )
        )
    return said


def _why_outside(place: Place, bot_name: str) -> Message:
    if place.is_direct:
        return both(
            "この会話には Yomite がいないので、あなただけに見えています。", "Yomite is not in this conversation, so only you see this."
        )
    if place.outside in ("not_in_channel", "channel_not_found"):
        return both(
            f"このチャンネルには Yomite がいないので、あなただけに見えています。みんなに見せるには /invite @{bot_name} で招いてください。",
            f"Yomite is not in this channel, so only you see this. To show answers to everybody, invite it: /invite @{bot_name}",
        )
    return both(
        f"このチャンネルには書き込めないので（{place.outside}）、あなただけに見えています。",
        f"Yomite cannot write in this channel ({place.outside}), so only you see this.",
    )


def speech_of_all(messages: list[Message], speech: Speech) -> tuple[str, ...]:
    """The sentences in one language."""
    return tuple(message.in_language(speech) for message in messages)
