"""`/cancel`: stops what the person has asked and not got an answer to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.command import Command
from bot.errors import CommandError
from bot.grammar import Arguments
from bot.language import Speech
from bot.reply import Reply
from engine.contract import Message


@dataclass(frozen=True)
class CancelRequest:
    """A wish to stop all unfinished jobs of the person who asks."""


@dataclass(frozen=True, kw_only=True)
class CancelResult:
    """How many jobs were unfinished and are stopped now."""

    cancelled: int


def parse(arguments: Arguments) -> CancelRequest:
    """Raises CommandError where anything follows: a sentence that begins with this word must not stop anything."""
    if arguments.text:
        raise CommandError(
            ja="/cancel はあなたの未完了の依頼をすべて取り消します。あとに何も書かずに送ってください。",
            en="/cancel stops all that you have asked and not got yet. Send it with nothing after it.",
        )
    return CancelRequest()


def render(request: CancelRequest, result: CancelResult, speech: Speech) -> Reply:
    """How many there were."""
    count = result.cancelled
    if not count:
        title = "取り消すものはありません" if speech == "ja" else "Nothing to cancel"
    else:
        title = f"{count} 件を取り消しました" if speech == "ja" else f"Cancelled {count} question{'' if count == 1 else 's'}"
    return Reply(title=title, brief=title)


COMMAND = Command(
    name="cancel",
    aliases=("中止", "取り消し", "キャンセル"),
    summary=Message(ja="自分の未完了の依頼をすべて取り消す", en="stop all that you asked and have not got yet"),
    form=Message(ja="", en=""),
    example=Message(ja="", en=""),
    takes="nothing",
    parse=parse,
    render=render,
    rows="none",
)
