"""`/ask`: a question, answered with words of a given context."""

from __future__ import annotations

from bot.commands.command import Command
from bot.commands.options import LANG, model_option, number, reading_options
from bot.commands.wording import percent, said_of
from bot.errors import CommandError
from bot.grammar import Arguments, Option
from bot.language import Speech
from bot.reply import Block, Cell, Highlight, Paragraph, Reply, Span, Table, cells, columns
from engine.contract import Answer, AskRequest, AskResult, Message

ANSWERS = Option(
    name="answers",
    kind="whole number",
    at_least=1,
    at_most=20,
    meaning=Message(ja="答えの候補の数（1〜20、省くと 3）", en="how many candidate answers (1 to 20, default 3)"),
    example="5",
)

WORTH_SHOWING = 0.005  # a candidate of 0.0 % tells nobody anything


def parse(arguments: Arguments) -> AskRequest:
    """Raises CommandError where question or context is missing, or where there are two contexts."""
    question, context = arguments.first, arguments.rest
    attached = arguments.attached or ""
    if context and attached.strip():
        raise CommandError(
            ja="書いた文脈と添付の文脈の両方があります。どちらかひとつにして、質問は 1 行で書いてください。",
            en="There is both a typed context and an attached one. Give one of them, and the question in one line.",
        )
    if not context and attached:
        question, context = arguments.text, attached
    if not question:
        raise CommandError(ja="質問がありません。", en="There is no question.")
    if not context.strip():
        raise CommandError(
            ja="答えを探す文脈がありません。質問のあとに「|」か改行を置き、続けて文脈を書いてください。",
            en="There is no context to look for the answer in. Put | or a line break after the question, then the context.",
        )
    return AskRequest(question=question, context=context, answers=number(arguments, "answers") or 3, **reading_options(arguments))


def render(request: AskRequest, result: AskResult, speech: Speech) -> Reply:
    """The answer, marked in its sentence, and the other candidates."""
    if result.answer is None:
        return _no_answer(request, result, speech)
    blocks: list[Block] = [_in_sentence(request.context, result.answer)]
    others = tuple(candidate for candidate in result.candidates[1:] if candidate.score >= WORTH_SHOWING)
    if others:
        title = "ほかの候補" if speech == "ja" else "Other candidates"
        blocks.append(_candidates(request.context, others, title=title))
    title = (
        f"{result.answer.text}（{percent(result.answer.score)}）"
        if speech == "ja"
        else f"{result.answer.text} ({percent(result.answer.score)})"
    )
    return Reply(title=title, brief=title, tone="answer", blocks=tuple(blocks), **said_of(result, speech))


def _no_answer(request: AskRequest, result: AskResult, speech: Speech) -> Reply:
    score = percent(result.no_answer_score)
    title = "文脈の中に答えは見つかりませんでした" if speech == "ja" else "The context does not answer this"
    text = f"「答えなし」の確かさ {score}" if speech == "ja" else f"score of “no answer”: {score}"
    blocks: list[Block] = [Paragraph(text=text)]
    if result.candidates:
        nearest = "近いかもしれない箇所" if speech == "ja" else "What came nearest"
        blocks.append(_candidates(request.context, result.candidates, title=nearest))
    return Reply(title=title, brief=title, blocks=tuple(blocks), **said_of(result, speech))


def _in_sentence(context: str, answer: Answer) -> Highlight:
    sentence = context[answer.sentence_start : answer.sentence_end]
    offset = answer.sentence_start
    # An answer that crosses the end of its sentence is marked as far as the sentence goes.
    start, end = max(0, answer.start - offset), min(len(sentence), answer.end - offset)
    return Highlight(text=sentence, spans=(Span(start=start, end=end, tone="answer"),))


def _candidates(context: str, candidates: tuple[Answer, ...], *, title: str) -> Table:
    rows = [
        cells(
            Cell(text=" ".join(candidate.text.split()), tone="answer"),
            percent(candidate.score),
            " ".join(context[candidate.sentence_start : candidate.sentence_end].split()),
        )
        for candidate in candidates
    ]
    return Table(columns=columns("", "", "", right=(1,)), rows=tuple(rows), title=title)


COMMAND = Command(
    name="ask",
    aliases=("質問",),
    summary=Message(ja="文脈の中から質問の答えを探す", en="find the answer to a question in a context"),
    form=Message(ja="質問 | 文脈", en="question | context"),
    example=Message(
        ja="山田太郎はどこに入社した？ | 山田太郎は2019年に大学を卒業し、トヨタ自動車に入社した。",
        en="Who is the CEO? | Apple is in Cupertino. Tim Cook is the CEO.",
    ),
    takes="question",
    parse=parse,
    render=render,
    options=(ANSWERS, LANG, model_option("yomite/ask")),
)
