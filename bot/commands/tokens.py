"""`/tokens`: how a text is cut for the model."""

from __future__ import annotations

from bot.commands.command import Command, needed_text
from bot.commands.options import LANG, model_option, reading_options
from bot.commands.wording import said_of
from bot.grammar import Arguments
from bot.language import Speech, counted
from bot.reply import Highlight, Reply, Span, Table, Tone, cells, columns
from engine.contract import Message, TokensRequest, TokensResult


def parse(arguments: Arguments) -> TokensRequest:
    """Raises CommandError where there is no text."""
    return TokensRequest(text=needed_text(arguments), **reading_options(arguments))


def render(request: TokensRequest, result: TokensResult, speech: Speech) -> Reply:
    """The words in turn marked, and every token with its word, id and span."""
    if speech == "ja":
        title = f"{len(result.words)} 語、{len(result.tokens)} トークン（モデルが一度に読むのは {result.window} まで）"
    else:
        words, tokens = counted(len(result.words), "word"), counted(len(result.tokens), "token")
        title = f"{words}, {tokens} (the model reads up to {result.window} at once)"
    tones: tuple[Tone, Tone] = ("even", "odd")
    spans = tuple(Span(start=word.start, end=word.end, tone=tones[i % 2]) for i, word in enumerate(result.words))
    brief = " ".join(token.text for token in result.tokens if not token.special)
    blocks = (Highlight(text=request.text, spans=spans), _table(result, speech))
    return Reply(title=title, brief=brief, blocks=blocks, **said_of(result, speech))


def _table(result: TokensResult, speech: Speech) -> Table:
    word_of = {word.first_token: word.text for word in result.words}
    titles = ("番号", "トークン", "ID", "位置", "語") if speech == "ja" else ("no.", "token", "id", "characters", "word")
    rows = [
        cells(str(i), token.text, str(token.id), "" if token.special else f"{token.start}–{token.end}", word_of.get(i, ""))
        for i, token in enumerate(result.tokens)
    ]
    return Table(columns=columns(*titles, right=(0, 2, 3)), rows=tuple(rows))


COMMAND = Command(
    name="tokens",
    aliases=("tokenize", "トークン"),
    summary=Message(ja="文章がどう区切られるか", en="how a text is cut into pieces"),
    form=Message(ja="文章", en="text"),
    example=Message(ja="外国人参政権について話す。", en="Tokenization is fun."),
    takes="text",
    parse=parse,
    render=render,
    options=(LANG, model_option("yomite/encoder")),
)
