"""`/help`: the commands, or one of them in full."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.command import Command
from bot.grammar import Arguments, plain_name, start_of
from bot.language import Speech, both
from bot.reply import Block, Paragraph, Reply, Table, cells, columns
from engine.contract import Message

AnyCommand = Command[Any, Any]


@dataclass(frozen=True)
class HelpRequest:
    """A question about the commands; an empty topic means all of them."""

    topic: str = ""


def parse(arguments: Arguments) -> HelpRequest:
    """The topic is a command's name, with or without its slash."""
    return HelpRequest(topic=plain_name(arguments.text.lstrip("/／ ")))


def render(request: HelpRequest, result: Sequence[AnyCommand], speech: Speech) -> Reply:
    """`result` is the list of commands that there are."""
    for command in result:
        if request.topic in command.names:
            return _one(command, speech)
    return _all(result, speech, unknown=request.topic)


def _all(commands: Sequence[AnyCommand], speech: Speech, *, unknown: str) -> Reply:
    title = "使えるコマンド" if speech == "ja" else "Commands"
    rows = [
        cells(f"/{command.name} {command.form.in_language(speech)}".rstrip(), command.summary.in_language(speech)) for command in commands
    ]
    notes = (_unknown(unknown, commands).in_language(speech),) if unknown else ()
    how_to = [_HOW_TO, *([_STATUS_ON_SLACK] if any(command.name == "status" for command in commands) else [])]
    told = "\n".join(line.in_language(speech) for line in how_to)
    blocks = (Table(columns=columns("", ""), rows=tuple(rows)), Paragraph(text=told))
    return Reply(title=title, brief=title, blocks=blocks, notes=notes)


def _unknown(topic: str, commands: Sequence[AnyCommand]) -> Message:
    """What is said of a topic that is none of the commands."""
    near = difflib.get_close_matches(topic, [name for command in commands for name in command.names], n=1, cutoff=0.5)
    shown = start_of(topic)
    return both(
        f"「{shown}」というコマンドはありません。" + (f"/help {near[0]} のことですか？" if near else ""),
        f"There is no command “{shown}”." + (f" Did you mean /help {near[0]}?" if near else ""),
    )


def _one(command: AnyCommand, speech: Speech) -> Reply:
    usage = f"/{command.name} {command.form.in_language(speech)}".rstrip()
    example = f"/{command.name} {command.example.in_language(speech)}".rstrip()
    words = ("例：", "別名：") if speech == "ja" else ("example: ", "also: ")
    lines = [usage, f"{words[0]}{example}"]
    if command.aliases:
        lines.append(f"{words[1]}{', '.join(f'/{alias}' for alias in command.aliases)}")
    blocks: list[Block] = [Paragraph(text="\n".join(lines))]
    if command.options:
        rows = [
            cells(f"--{option.name}", option.meaning.in_language(speech), f"--{option.name} {option.example}") for option in command.options
        ]
        blocks.append(Table(columns=columns("", "", ""), rows=tuple(rows)))
    summary = command.summary.in_language(speech)
    title = both(f"/{command.name}：{summary}", f"/{command.name}: {summary}").in_language(speech)
    return Reply(title=title, brief=summary, blocks=tuple(blocks))


_HOW_TO = Message(
    ja="例：/sentiment この映画は本当に素晴らしかった！\n"
    "Slack と Discord では話しかけても使えます。「/」は要りません：@Yomite 感情 この映画は本当に素晴らしかった！\n"
    "文章を書かなければ、返信先やスレッドのメッセージ、添付ファイル（.txt .md .csv .pdf）を読みます。\n"
    "複数の文章は改行か「|」で区切り、オプションは文章のあとに書きます（--lang ja）。\n"
    "ひとつをくわしく：/help sentiment（Slack では /yomite-help sentiment）",
    en="Example: /sentiment I love this.\n"
    "On Slack and Discord you can also mention it, without the slash: @Yomite sentiment I love this.\n"
    "Without a text it reads the message that you reply to, the thread, or an attached file (.txt .md .csv .pdf).\n"
    "Separate several texts with line breaks or |; options follow the text (--lang ja).\n"
    "More on one: /help sentiment (on Slack: /yomite-help sentiment)",
)
_STATUS_ON_SLACK = Message(ja="Slack では /status も /yomite-status です。", en="On Slack /status, too, is /yomite-status.")

COMMAND = Command(
    name="help",
    aliases=("ヘルプ", "使い方"),
    summary=Message(ja="使い方", en="this help"),
    form=Message(ja="[コマンド]", en="[command]"),
    example=Message(ja="sentiment", en="sentiment"),
    takes="nothing",
    parse=parse,
    render=render,
    rows="none",
)
