"""`/sentiment`: how a text feels, as a whole and sentence by sentence."""

from __future__ import annotations

from bot.commands.command import Command, needed_text
from bot.commands.options import LANG, model_option, reading_options
from bot.commands.wording import SENTIMENTS, percent, said_of
from bot.grammar import Arguments
from bot.language import Speech, both
from bot.reply import Block, Cell, Reply, Table, cells, columns
from engine.contract import Message, SentimentRequest, SentimentResult

BAR_WIDTH = 20


def parse(arguments: Arguments) -> SentimentRequest:
    """Raises CommandError where there is no text."""
    return SentimentRequest(text=needed_text(arguments), **reading_options(arguments))


def render(request: SentimentRequest, result: SentimentResult, speech: Speech) -> Reply:
    """The label, every label's probability, and the sentences where there are several."""
    brief = f"{SENTIMENTS[result.label].in_language(speech)} {percent(result.probability)}"
    blocks: list[Block] = [_probabilities(result, speech)]
    if len(result.sentences) > 1:
        blocks.append(_sentences(request.text, result, speech))
    return Reply(title=brief, brief=brief, tone=result.label, blocks=tuple(blocks), **said_of(result, speech))


def _probabilities(result: SentimentResult, speech: Speech) -> Table:
    ranked = sorted(result.probabilities.items(), key=lambda item: -item[1])
    rows = [
        cells(
            Cell(text=SENTIMENTS[label].in_language(speech), tone=label),
            percent(value),
            Cell(text="█" * round(value * BAR_WIDTH), tone=label),
        )
        for label, value in ranked
    ]
    return Table(columns=columns("", "", "", right=(1,)), rows=tuple(rows))


def _sentences(text: str, result: SentimentResult, speech: Speech) -> Table:
    rows = [
        cells(
            Cell(text=SENTIMENTS[sentence.label].in_language(speech), tone=sentence.label),
            percent(sentence.probability),
            " ".join(text[sentence.start : sentence.end].split()),
        )
        for sentence in result.sentences
    ]
    titles = both("文ごとに", "Sentence by sentence").in_language(speech)
    return Table(columns=columns("", "", "", right=(1,)), rows=tuple(rows), title=titles)


COMMAND = Command(
    name="sentiment",
    aliases=("感情", "感情分析"),
    summary=Message(ja="文章の感情（ポジティブ・中立・ネガティブ）", en="how a text feels: positive, neutral or negative"),
    form=Message(ja="文章", en="text"),
    example=Message(ja="この映画は本当に素晴らしかった！", en="I love this."),
    takes="text",
    parse=parse,
    render=render,
    options=(LANG, model_option("yomite/sentiment")),
)
