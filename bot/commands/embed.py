"""`/embed`: the sentence vectors of texts."""

from __future__ import annotations

from bot.commands.command import Command, needed_texts
from bot.commands.options import LANG, POOLING, model_option, pooling, reading_options
from bot.commands.wording import said_of, shortened
from bot.grammar import Arguments
from bot.language import Speech
from bot.reply import Reply, Table, cells, columns
from engine.contract import EmbedRequest, EmbedResult, Message

SHOWN = 6


def parse(arguments: Arguments) -> EmbedRequest:
    """Raises CommandError where there is no text."""
    return EmbedRequest(texts=needed_texts(arguments, at_least=1), pooling=pooling(arguments), **reading_options(arguments))


def render(request: EmbedRequest, result: EmbedResult, speech: Speech) -> Reply:
    """The shape, and the first numbers of each vector."""
    count = len(result.vectors)
    title = (
        f"{count} × {result.width} 次元（{result.pooling}）" if speech == "ja" else f"{count} × {result.width} numbers ({result.pooling})"
    )
    rows = [cells(shortened(text), _start_of(vector)) for text, vector in zip(request.texts, result.vectors, strict=True)]
    titles = ("文章", "ベクトル（先頭）") if speech == "ja" else ("text", "vector (its start)")
    brief = _start_of(result.vectors[0]) if count == 1 else title
    return Reply(title=title, brief=brief, blocks=(Table(columns=columns(*titles), rows=tuple(rows)),), **said_of(result, speech))


def _start_of(vector: tuple[float, ...]) -> str:
    return " ".join(f"{value:+.3f}" for value in vector[:SHOWN]) + (" …" if len(vector) > SHOWN else "")


COMMAND = Command(
    name="embed",
    aliases=("vector", "ベクトル"),
    summary=Message(ja="文章のベクトル", en="the vector of a text"),
    form=Message(ja="文章1 | 文章2 | …", en="text 1 | text 2 | …"),
    example=Message(ja="猫がマットの上に座っている。", en="The cat sits on the mat."),
    takes="texts",
    parse=parse,
    render=render,
    options=(POOLING, LANG, model_option("yomite/similar")),
)
