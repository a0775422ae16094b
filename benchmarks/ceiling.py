"""Each task as the engine is asked it and as its bare loop is, and whether both say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from benchmarks import bare
from benchmarks.agreement import check_same, check_vectors
from benchmarks.errors import BenchmarkError
from engine.contract import (
    AskRequest,
    EmbedRequest,
    Failure,
    FillMaskRequest,
    NerRequest,
    Request,
    SentimentRequest,
    SimilarRequest,
    Task,
    TokensRequest,
)
from engine.drawing import Undrawn
from engine.engine import Engine
from engine.models.loaded import LoadedModel
from engine.tasks import ask
from engine.tasks.ner import model_tags, word_units

LEAST_ALIKE = 0.95  # of answers: the engine tidies spans and joins fillings that are the same text, which a bare loop does not
SIMILARITY_DECIMALS = 2


@dataclass(frozen=True, kw_only=True)
class Question:
    """One task about the same sentences: as Requests, and as what the bare loop takes."""

    task: Task
    requests: tuple[Request, ...]
    columns: tuple[tuple[str, ...], ...]  # the loop's arguments
    sentences: int


def question(task: Task, texts: Sequence[str], *, model: str | None = None) -> Question:
    """The task asked about all texts; they are an even number."""
    columns: tuple[tuple[str, ...], ...] = (tuple(texts),)
    requests: list[Request]
    if task is Task.ASK:
        columns = (tuple("Where?" if text.isascii() else "どこで？" for text in texts), tuple(texts))
        requests = [AskRequest(question=one, context=text, model=model) for one, text in zip(*columns, strict=True)]
    elif task is Task.SIMILAR:
        requests = [SimilarRequest(texts=pair, model=model) for pair in zip(texts[0::2], texts[1::2], strict=True)]
    elif task is Task.FILL_MASK:
        columns = (tuple(f"{text} [MASK]" for text in texts),)
        # Read as mixed: into English the engine puts nothing Japanese, which a bare loop does not know.
        requests = [FillMaskRequest(text=text, language="mixed", model=model) for text in columns[0]]
    elif task is Task.EMBED:
        requests = [EmbedRequest(texts=(text,), model=model) for text in texts]
    else:
        kinds: dict[Task, type[SentimentRequest | NerRequest | TokensRequest]] = {
            Task.SENTIMENT: SentimentRequest,
            Task.NER: NerRequest,
            Task.TOKENS: TokensRequest,
        }
        requests = [kinds[task](text=text, model=model) for text in texts]
    return Question(task=task, requests=tuple(requests), columns=columns, sentences=len(texts))


def engine_answers(engine: Engine, requests: Sequence[Request]) -> list[Any]:
    """All Results, without their pictures.

    Raises:
        BenchmarkError: a Request was not answered.
    """
    found = []
    for outcome in engine.read(requests):
        if isinstance(outcome, Failure):
            raise BenchmarkError(outcome.code, ja=outcome.message.ja, en=outcome.message.en)
        found.append(outcome.result if isinstance(outcome, Undrawn) else outcome)
    return found


def bare_answers(asked: Question, way: bare.Way) -> list[Any]:
    """What the bare loop says."""
    return bare.LOOPS[asked.task](way, *asked.columns)


def check(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel, *, name: str) -> None:
    """See that a bare loop says what the engine does.

    Raises:
        BenchmarkError: they differ.
    """
    if asked.task is Task.EMBED:
        check_vectors(name, found, [result.vectors[0] for result in results])
        return
    ours, theirs = _COMPARABLE[asked.task](asked, results, found, loaded)
    check_same(name, theirs, ours, least=LEAST_ALIKE)


_Sides = tuple[list[object], list[object]]  # what the engine says and what the bare loop says, in one form


def _similar(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    return [round(result.matrix[0][1] - cosine, SIMILARITY_DECIMALS) + 0.0 for result, cosine in zip(results, found, strict=True)], [
        0.0 for _ in found
    ]


def _sentiment(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    return [result.label for result in results], list(found)


def _ner(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    """The label of each word; what the bare loop found is read as the engine reads it, by the best sequence of tags."""
    tags = model_tags(loaded)
    ours: list[object] = []
    theirs: list[object] = []
    for pieces, result, table in zip(loaded.tokenizer.pieces(asked.columns[0]), results, found, strict=True):
        first, units = loaded.tokenizer.assemble(pieces.ids).first.start, word_units(pieces)
        by_unit = tags.gather(table[[first + unit.start for unit in units]])
        theirs += [tags.tags[tag].label for tag in tags.best_path(by_unit)]
        starts = [pieces.offsets[unit.start][0] for unit in units]
        ours += [next((one.label for one in result.entities if one.start <= start < one.end), None) for start in starts]
    return ours, theirs


def _ask(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    """The best answer; the bare loop's logits are read as the engine reads them, for it begins and ends no answer within a word."""
    questions, contexts = (loaded.tokenizer.pieces(column) for column in asked.columns)
    theirs: list[object] = []
    for request, one, context, span, result in zip(asked.requests, questions, contexts, found, results, strict=True):
        reading = ask.prepare(cast(AskRequest, request), result.language, one, context, loaded)
        place = slice(reading.inputs[0].second.start, reading.inputs[0].second.stop)
        null = float(span.starts[0] + span.ends[0])
        logits = ask.SpanLogits(starts=span.starts[place], ends=span.ends[place], null=null)
        answers = ask.candidate_answers(reading, ask.judge(reading, [logits], loaded))
        theirs.append([(answer.start, answer.end) for answer in answers[:1]])
    return [[(answer.start, answer.end) for answer in result.candidates[:1]] for result in results], theirs


def _tokens(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    return [[token.id for token in result.tokens] for result in results], list(found)


def _fill_mask(asked: Question, results: Sequence[Any], found: Sequence[Any], loaded: LoadedModel) -> _Sides:
    return [True] * len(found), [
        piece in {filling.id for filling in result.blanks[0].fillings} for result, piece in zip(results, found, strict=True)
    ]


_COMPARABLE: dict[Task, Callable[[Question, Sequence[Any], Sequence[Any], LoadedModel], _Sides]] = {
    Task.SIMILAR: _similar,
    Task.SENTIMENT: _sentiment,
    Task.NER: _ner,
    Task.ASK: _ask,
    Task.TOKENS: _tokens,
    Task.FILL_MASK: _fill_mask,
}
