"""`/fill-mask`: what could stand in the blanks of a text."""

from __future__ import annotations

from bot.commands.command import Command, needed_text
from bot.commands.options import LANG, model_option, number, reading_options
from bot.commands.wording import percent, said_of, shortened
from bot.grammar import Arguments, Option
from bot.language import Speech
from bot.reply import Cell, Reply, Table, cells, columns
from engine.contract import Blank, FillMaskRequest, FillMaskResult, Message

CANDIDATES = Option(
    name="candidates",
    kind="whole number",
    at_least=1,
    at_most=100,
    meaning=Message(ja="空欄ごとの候補の数（1〜100、省くと 5）", en="how many candidates a blank (1 to 100, default 5)"),
    example="10",
)


def parse(arguments: Arguments) -> FillMaskRequest:
    """Raises CommandError where there is no text."""
    return FillMaskRequest(text=needed_text(arguments), candidates=number(arguments, "candidates") or 5, **reading_options(arguments))


def render(request: FillMaskRequest, result: FillMaskResult, speech: Speech) -> Reply:
    """For each blank, the words that fit and how well."""
    best = [blank.fillings[0].token if blank.fillings else "?" for blank in result.blanks]
    joined = ("・" if speech == "ja" else ", ").join(best)
    title = f"空欄：{joined}" if speech == "ja" else f"Blank: {joined}"
    tables = tuple(_table(i, blank, len(result.blanks), speech) for i, blank in enumerate(result.blanks, start=1))
    return Reply(title=title, brief=joined, blocks=tables, **said_of(result, speech))


def _table(index: int, blank: Blank, blanks: int, speech: Speech) -> Table:
    titles = ("候補", "確率", "文章") if speech == "ja" else ("candidate", "probability", "text")
    rows = [
        cells(Cell(text=filling.token, tone="answer"), percent(filling.probability), shortened(filling.text, limit=80))
        for filling in blank.fillings
    ]
    title = (f"空欄 {index}" if speech == "ja" else f"blank {index}") if blanks > 1 else ""
    return Table(columns=columns(*titles, right=(1,)), rows=tuple(rows), title=title)


COMMAND = Command(
    name="fill-mask",
    aliases=("fill", "穴埋め"),
    summary=Message(ja="空欄（[MASK]、＿、___）に入ることば", en="what fits a blank ([MASK], ＿ or ___)"),
    form=Message(ja="[MASK] のある文章", en="text with [MASK]"),
    example=Message(ja="日本の首都は[MASK]です。", en="Paris is the capital of [MASK]."),
    takes="text",
    parse=parse,
    render=render,
    options=(CANDIDATES, LANG, model_option("yomite/encoder")),
)
