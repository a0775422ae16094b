"""Answers questions with a span of the context (extractive QA), or says that the context holds no answer.

Spans of all windows are compared by the sum of their raw start and end logits, as in the BERT paper (Devlin et al. 2019,
section 4.3); "no answer" is the span on the first token, and its score that of the window least sure of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.contract import Answer, AskRequest, AskResult, Failure, Language
from engine.errors import BadInputError, EngineError
from engine.models.loaded import LoadedModel
from engine.sentences import sentence_spans
from engine.tasks.answer_text import possible_ends, tidy_span
from engine.tasks.span_search import Scores, best_spans, span_scores
from engine.tokenization.pieces import ModelInput, Pieces, windows

MAX_ANSWERS = 20
MAX_ANSWER_PIECES = 64
# Neighbouring windows share this many pieces of the context, or half a window where that is less.
OVERLAP_PIECES = 128
# A question may take all of the window but this part, which is left for the context.
LEAST_CONTEXT_SHARE = 0.25


@dataclass(frozen=True)
class Reading:
    """A question over its context, window by window; `inputs` has one entry a window."""

    request: AskRequest
    language: Language
    context: Pieces
    windows: tuple[range, ...]
    inputs: tuple[ModelInput, ...]


@dataclass
class SpanLogits:
    """What the model says of one input. *Shape:* (pieces of the context in it,) for each array."""

    starts: Scores
    ends: Scores
    null: float


def run(requests: Sequence[AskRequest], languages: Sequence[Language], model: LoadedModel) -> list[AskResult | Failure]:
    """Answer each request; `model` gives start and end logits, its first token stands for "no answer".

    A request's failures are BadInputErrors: `empty_question`, `empty_context`, `question_too_long`, `answers_out_of_range`.
    """
    questions = model.tokenizer.pieces([request.question for request in requests])
    contexts = _pieces_once(model, [request.context for request in requests])
    readings: list[Reading | Failure] = []
    for request, language, question in zip(requests, languages, questions, strict=True):
        try:
            readings.append(prepare(request, language, question, contexts[request.context], model))
        except EngineError as error:
            readings.append(error.as_failure())
    logits = iter(forward([row for reading in readings if isinstance(reading, Reading) for row in reading.inputs], model))
    return [
        reading if isinstance(reading, Failure) else _interpret(reading, [next(logits) for _ in reading.inputs], model)
        for reading in readings
    ]


def _pieces_once(model: LoadedModel, texts: Sequence[str]) -> dict[str, Pieces]:
    """Many questions may ask about one context: it is cut only once."""
    distinct = list(dict.fromkeys(texts))
    return dict(zip(distinct, model.tokenizer.pieces(distinct), strict=True))


def prepare(request: AskRequest, language: Language, question: Pieces, context: Pieces, model: LoadedModel) -> Reading:
    """Put the question before each window of the context.

    Raises:
        BadInputError: `empty_question`, `empty_context`, `question_too_long`, `answers_out_of_range`.
    """
    _check(request, question, context)
    room = model.window - model.tokenizer.special_count(pair=True)
    longest = room - max(1, int(room * LEAST_CONTEXT_SHARE))
    if len(question) > longest:
        raise BadInputError(
            "question_too_long",
            ja=f"質問が長すぎます（{len(question)} トークン）。{longest} トークン以内に短くしてください。長い文章は質問ではなく文脈に入れてください。",
            en=f"The question is too long ({len(question)} tokens). Keep it within {longest} tokens; long text belongs in the context.",
            tokens=str(len(question)),
            limit=str(longest),
        )
    size = room - len(question)
    spans = tuple(windows(len(context), size=size, overlap=min(OVERLAP_PIECES, size // 2)))
    inputs = tuple(model.tokenizer.assemble(question.ids, context.ids[span.start : span.stop]) for span in spans)
    return Reading(request=request, language=language, context=context, windows=spans, inputs=inputs)


def _check(request: AskRequest, question: Pieces, context: Pieces) -> None:
    if not question:
        raise BadInputError(
            "empty_question",
            ja="質問が空です。「いつ発売されましたか？」のように質問を書いてください。",
            en='The question is empty. Write one, such as "When was it released?"',
        )
    if not context:
        raise BadInputError(
            "empty_context",
            ja="質問の答えを探す文脈が空です。文脈を添えてください。",
            en="The context is empty. Add the text in which to look for the answer.",
        )
    if not 1 <= request.answers <= MAX_ANSWERS:
        raise BadInputError(
            "answers_out_of_range",
            ja=f"答えの候補の数は 1 から {MAX_ANSWERS} までです（指定は {request.answers}）。",
            en=f"The number of answers must be 1 to {MAX_ANSWERS}, got {request.answers}.",
        )


def forward(inputs: Sequence[ModelInput], model: LoadedModel) -> list[SpanLogits]:
    """The logits of each input, in order."""
    found: dict[int, SpanLogits] = {}
    for indices, output in model.forward_batches(inputs):
        found |= zip(indices, span_logits(output, [inputs[index].second for index in indices]), strict=True)
    return [found[index] for index in range(len(inputs))]


def span_logits(output: Any, contexts: Sequence[range]) -> Iterator[SpanLogits]:
    """Read them off a model's output for a batch; `contexts` says where the context stands in each input."""
    starts = output.start_logits.float().cpu().numpy()
    ends = output.end_logits.float().cpu().numpy()
    for row, context in enumerate(contexts):
        place = slice(context.start, context.stop)
        yield SpanLogits(starts=starts[row, place], ends=ends[row, place], null=float(starts[row, 0] + ends[row, 0]))


def _interpret(reading: Reading, logits: Sequence[SpanLogits], model: LoadedModel) -> AskResult:
    verdict = judge(reading, logits, model)
    candidates = candidate_answers(reading, verdict)
    return AskResult(
        language=reading.language,
        model=model.name,
        answer=candidates[0] if verdict.answered else None,
        no_answer_score=verdict.probability(verdict.null) if candidates else 1.0,
        candidates=tuple(candidates),
    )


@dataclass(frozen=True)
class Verdict:
    """What the model says of all spans of a context. *Shape:* scores (pieces of the context, MAX_ANSWER_PIECES)."""

    scores: Scores
    null: float  # the score of "no answer"; minus infinity where the model never says it
    answered: bool

    @cached_property
    def _total(self) -> float:
        """The logarithm of the softmax's denominator over all spans and "no answer"; minus infinity where there is neither."""
        highest = max(float(self.scores.max()), self.null)
        if highest == -np.inf:
            return highest
        return highest + float(np.log(np.exp(self.scores - highest).sum(dtype=np.float64) + np.exp(self.null - highest)))

    def probability(self, score: float) -> float:
        """That of a span, or of "no answer", by its score."""
        return float(min(1.0, np.exp(score - self._total)))


def judge(reading: Reading, logits: Sequence[SpanLogits], model: LoadedModel) -> Verdict:
    """Put together what the model said of each window; `logits` has one entry a window."""
    scores = _text_scores(reading, logits)
    threshold = model.no_answer_threshold
    null = -np.inf if threshold is None else min(window.null for window in logits)
    best = float(scores.max())
    answered = best > -np.inf and not (threshold is not None and null - best > threshold)
    return Verdict(scores=scores, null=null, answered=answered)


def _text_scores(reading: Reading, logits: Sequence[SpanLogits]) -> Scores:
    """The scores of all spans of the context, each read where its start has the most context around it.

    *Shape:* (pieces of the context, MAX_ANSWER_PIECES).
    """
    may_start, may_end = possible_ends(reading.context)
    parts = []
    for window, owned, row in zip(reading.windows, owned_pieces(reading.windows), logits, strict=True):
        inside = slice(window.start, window.stop)
        starts = np.where(may_start[inside], row.starts, -np.inf)
        ends = np.where(may_end[inside], row.ends, -np.inf)
        scores = span_scores(starts, ends, max_length=MAX_ANSWER_PIECES)
        parts.append(scores[owned.start - window.start : owned.stop - window.start])
    return np.concatenate(parts)


def owned_pieces(parts: Sequence[range]) -> Iterator[range]:
    """The pieces whose spans count as each window has them: neighbours share some, and the first half of those is the former's."""
    begin = 0
    for index, window in enumerate(parts):
        last = index == len(parts) - 1
        stop = window.stop if last else (parts[index + 1].start + window.stop + 1) // 2
        yield range(begin, stop)
        begin = stop


def candidate_answers(reading: Reading, verdict: Verdict) -> list[Answer]:
    """The best answers whose spans of characters do not overlap, best first."""
    sentences = sentence_spans(reading.request.context)
    text, offsets = reading.request.context, reading.context.offsets
    found: list[Answer] = []
    for span in best_spans(verdict.scores, n_best=reading.request.answers):
        start, end = tidy_span(text, offsets[span.first][0], offsets[span.last][1])
        if any(start < other.end and other.start < end for other in found):
            continue
        sentence_start, sentence_end = _around(sentences, start, end)
        found.append(
            Answer(
                start=start,
                end=end,
                text=text[start:end],
                score=verdict.probability(span.score),
                sentence_start=sentence_start,
                sentence_end=sentence_end,
            )
        )
    return found


def _around(sentences: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """From the start of the sentence that holds `start` to the end of the one that holds the last character."""
    begins = [first for first, _ in sentences]
    first = bisect_right(begins, start) - 1
    last = bisect_right(begins, end - 1) - 1
    around_start = min(start, sentences[first][0]) if first >= 0 else start
    around_end = max(end, sentences[last][1]) if last >= 0 else end
    return around_start, around_end
