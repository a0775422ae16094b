"""`/models`: which models answer which task."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.command import Command
from bot.grammar import Arguments
from bot.language import Speech, counted
from bot.reply import Reply, Table, cells, columns
from engine.contract import Message
from workers.queue import ModelRow


@dataclass(frozen=True)
class ModelsRequest:
    """A question about the worker's catalog."""


def parse(arguments: Arguments) -> ModelsRequest:
    """There is nothing to say about it."""
    return ModelsRequest()


def render(request: ModelsRequest, result: list[ModelRow], speech: Speech) -> Reply:
    """The catalog as a table."""
    titles = ("タスク", "ことば", "モデル", "窓", "ライセンス") if speech == "ja" else ("task", "languages", "model", "window", "licence")
    rows = [cells(row.task, " ".join(row.languages), row.model, str(row.window), row.licence) for row in result]
    title = f"モデル一覧（{len(result)} 行）" if speech == "ja" else f"Models ({counted(len(result), 'row')})"
    return Reply(title=title, brief=title, blocks=(Table(columns=columns(*titles, right=(3,)), rows=tuple(rows)),))


COMMAND = Command(
    name="models",
    aliases=("モデル",),
    summary=Message(ja="使えるモデルの一覧", en="which models answer which task"),
    form=Message(ja="", en=""),
    example=Message(ja="", en=""),
    takes="nothing",
    parse=parse,
    render=render,
    rows="none",
)
