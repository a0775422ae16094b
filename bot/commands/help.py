"""`/help`: the commands, or one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.commands.command import Command
from bot.grammar import Arguments, plain_name
from bot.language import Speech
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
    if speech == "ja":
        notes = (f"「{unknown}」というコマンドはありません。",) if unknown else ()
    else:
        notes = (f"There is no command {unknown!r}.",) if unknown else ()
    blocks = (Table(columns=columns("", ""), rows=tuple(rows)), Paragraph(text=_HOW_TO.in_language(speech)))
    return Reply(title=title, brief=title, blocks=blocks, notes=notes)


def _one(command: AnyCommand, speech: Speech) -> Reply:
    usage = f"/{command.name} {command.form.in_language(speech)}".rstrip()
    example = f"/{command.name} {command.example.in_language(speech)}".rstrip()
    words = ("例", "別名") if speech == "ja" else ("example", "also")
    lines = [usage, f"{words[0]}: {example}"]
    if command.aliases:
        lines.append(f"{words[1]}: {', '.join(f'/{alias}' for alias in command.aliases)}")
    blocks: list[Block] = [Paragraph(text="\n".join(lines))]
    if command.options:
        rows = [
            cells(f"--{option.name}", option.meaning.in_language(speech), f"--{option.name} {option.example}") for option in command.options
        ]
        blocks.append(Table(columns=columns("", "", ""), rows=tuple(rows)))
    summary = command.summary.in_language(speech)
    return Reply(title=f"/{command.name}: {summary}", brief=summary, blocks=tuple(blocks))


_HOW_TO = Message(
    ja="例：/sentiment この映画は本当に素晴らしかった！\n"
    "Slack と Discord では話しかけても使えます。「/」は要りません：@Yomite 感情 この映画は本当に素晴らしかった！\n"
    "文章を書かなければ、返信先やスレッドのメッセージ、添付ファイル（.txt .md .csv .pdf）を読みます。\n"
    "複数の文章は改行か「|」で区切り、オプションは文章のあとに書きます（--lang ja）。\n"
    "ひとつをくわしく：/help sentiment（Slack では @Yomite help sentiment）",
    en="Example: /sentiment I love this.\n"
    "On Slack and Discord you can also mention it, without the slash: @Yomite sentiment I love this.\n"
    "Without a text it reads the message that you reply to, the thread, or an attached file (.txt .md .csv .pdf).\n"
    "Separate several texts with line breaks or |; options follow the text (--lang ja).\n"
    "More on one: /help sentiment (on Slack: @Yomite help sentiment)",
)

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
