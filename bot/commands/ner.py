"""`/ner`: the names of people, organizations, places and other things in a text."""

from __future__ import annotations

from bot.commands.command import Command, needed_text
from bot.commands.options import LANG, model_option, reading_options
from bot.commands.wording import ENTITIES, percent, said_of
from bot.grammar import Arguments
from bot.language import Speech
from bot.reply import Cell, Highlight, Reply, Span, Table, cells, columns
from engine.contract import Message, NerRequest, NerResult


def parse(arguments: Arguments) -> NerRequest:
    """Raises CommandError where there is no text."""
    return NerRequest(text=needed_text(arguments), **reading_options(arguments))


def render(request: NerRequest, result: NerResult, speech: Speech) -> Reply:
    """The text with its names marked, and the list of them."""
    count = len(result.entities)
    if not count:
        title = "固有名は見つかりませんでした" if speech == "ja" else "No names found"
        return Reply(title=title, brief=title, **said_of(result, speech))
    title = f"固有名 {count} 件" if speech == "ja" else f"{count} name{'s' if count > 1 else ''}"
    spans = tuple(Span(start=entity.start, end=entity.end, tone=entity.label, label=entity.label) for entity in result.entities)
    brief = ", ".join(f"{entity.text} ({entity.label})" for entity in result.entities)
    blocks = (Highlight(text=request.text, spans=spans), _table(result, speech))
    return Reply(title=title, brief=brief, blocks=blocks, **said_of(result, speech))


def _table(result: NerResult, speech: Speech) -> Table:
    rows = [
        cells(
            Cell(text=entity.text, tone=entity.label),
            f"{entity.label} {ENTITIES[entity.label].in_language(speech)}",
            percent(entity.score),
            f"{entity.start}–{entity.end}",
        )
        for entity in result.entities
    ]
    titles = ("名前", "種類", "確かさ", "位置") if speech == "ja" else ("name", "type", "score", "characters")
    return Table(columns=columns(*titles, right=(2, 3)), rows=tuple(rows))


COMMAND = Command(
    name="ner",
    aliases=("entities", "固有表現", "固有名"),
    summary=Message(ja="人名・組織・地名などの固有名", en="names of people, organizations and places"),
    form=Message(ja="文章", en="text"),
    example=Message(ja="山田太郎はトヨタ自動車に入社した。", en="Tim Cook is the CEO of Apple."),
    takes="text",
    parse=parse,
    render=render,
    options=(LANG, model_option("yomite/ner")),
)
