"""Which prediction is explained: what the tasks sentiment, ner and ask would say of the windows that were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.attention.target import Target
from engine.contract import ExplainAttentionRequest, Message, Prediction
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tasks import ask, ner, sentiment
from engine.tasks.entity_tags import Tag, TagSet
from engine.tasks.explain_reading import Reading, Side
from engine.tasks.span_search import Span, best_spans

NO_ENTITY = "O"


@dataclass(frozen=True)
class Aim:
    """What is explained, in which window; without a target the model predicts nothing that could be."""

    window: int
    target: Target | None
    notes: tuple[Message, ...] = ()


def aim(request: ExplainAttentionRequest, reading: Reading, model: LoadedModel, allowed: Sequence[int]) -> Aim:
    """The prediction about one of the `allowed` windows, in the window where it is most decided.

    Raises:
        ModelError: `unknown_labels`, of a tagger whose labels are not known.
    """
    if reading.asked is not None:
        return _answer(reading.asked, model, allowed)
    return _entity(request, reading, model, allowed) if request.task == "ner" else _label(reading, model, allowed)


# --- sentiment -----------------------------------------------------------------------------------------------------


def _label(reading: Reading, model: LoadedModel, allowed: Sequence[int]) -> Aim:
    found: tuple[float, int, str] | None = None
    columns = _columns(model)
    for indices, output in model.forward_batches([reading.inputs[window] for window in allowed]):
        logits = output.get("logits")
        if logits is None or logits.ndim != 2:
            break
        odds = torch.softmax(logits.cpu().double(), dim=-1).numpy()
        for row, index in enumerate(indices):
            shares = {label: float(odds[row, places].sum()) for label, places in columns.items()}
            best = max(shares, key=shares.__getitem__)
            if found is None or shares[best] > found[0]:
                found = shares[best], allowed[index], best
    if found is None:
        return Aim(allowed[0], None, (_PREDICTS_NOTHING,))
    probability, window, label = found
    places = (0,)  # BERT and its like judge a text by its first token
    return Aim(window, _classified(Prediction(label=label, probability=probability), places, columns[label], each=False))


def _columns(model: LoadedModel) -> Mapping[str, list[int]]:
    """Which outputs stand for which label: the contract's, or the model's own where it judges something else."""
    try:
        return {str(label): places for label, places in sentiment.label_columns(model).items()}
    except ModelError:
        own = {int(index): str(name) for index, name in (model.model.config.id2label or {}).items()}
        return {model.labels.get(name, name): [index] for index, name in own.items()}


def _classified(prediction: Prediction, places: Sequence[int], columns: Sequence[int], *, each: bool) -> Target:
    """A label of the whole input or (`each`) of the tokens at `places`, over which its logit and probability are averaged."""

    def logits(output: Any) -> torch.Tensor:
        found: torch.Tensor = output.logits[:, list(places)] if each else output.logits[:, None]
        return found  # (batch, places, outputs)

    def score(output: Any) -> torch.Tensor:
        return torch.logsumexp(logits(output).float()[..., list(columns)], dim=-1).mean(dim=-1)

    def probability(output: Any) -> NDArray[np.float64]:
        odds = torch.softmax(logits(output).cpu().double(), dim=-1)[..., list(columns)].sum(dim=-1).mean(dim=-1)
        return np.asarray(odds.numpy(), dtype=np.float64)

    return Target(prediction=prediction, places=tuple(places), score=score, probability=probability)


# --- ner -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tagged:
    """An entity, or a word that is none: its label, and where the first pieces of its words stand in the input of a window."""

    window: int
    text: str
    label: str
    probability: float
    places: tuple[int, ...]
    all_places: frozenset[int]


def _entity(request: ExplainAttentionRequest, reading: Reading, model: LoadedModel, allowed: Sequence[int]) -> Aim:
    """The surest entity or, with a word, the surest that it is part of; where there is none, what is nearest to one."""
    tags = ner.model_tags(model)
    found: list[_Tagged] = []
    for indices, output in model.forward_batches([reading.inputs[window] for window in allowed]):
        odds = torch.softmax(output.logits.float(), dim=-1).cpu().numpy()
        for row, index in enumerate(indices):
            found += _tagged(reading, allowed[index], odds[row], tags)
    found = _of_word(found, request.word, reading)
    entities = [tagged for tagged in found if tagged.label != NO_ENTITY]
    notes: tuple[Message, ...] = ()
    if entities:
        best = max(entities, key=lambda tagged: tagged.probability)
    elif found:
        best, notes = min(found, key=lambda tagged: tagged.probability), (_no_entity(request.word),)
    else:  # the word is cut by the edges of all windows
        return Aim(allowed[0], None, (_PREDICTS_NOTHING,))
    columns = [column for tag, places in zip(tags.tags, tags.columns, strict=True) for column in places if _name(tag) == best.label]
    prediction = Prediction(label=best.label, probability=best.probability, text=best.text)
    return Aim(best.window, _classified(prediction, best.places, columns, each=True), notes)


def _name(tag: Tag) -> str:
    return tag.label or NO_ENTITY


def _tagged(reading: Reading, window: int, odds: NDArray[np.float32], tags: TagSet) -> Iterator[_Tagged]:
    """The entities in a window, as the task finds them, and all words that are none. *Shape:* odds (tokens, outputs)."""
    for side, read, shift in reading.places(window):
        units = side.units_from(read) or [read]
        by_unit = tags.gather(odds[[unit.start + shift for unit in units]])
        outside = [index for index, tag in enumerate(tags.tags) if tag.label is None]
        entities = list(tags.entities(by_unit))
        taken = {number for first, last, _, _ in entities for number in range(first, last + 1)}
        found = [(str(label), score, units[first : last + 1]) for first, last, label, score in entities]
        if outside:
            plain = by_unit[:, outside].sum(axis=1)
            found += [(NO_ENTITY, float(plain[number]), [unit]) for number, unit in enumerate(units) if number not in taken]
        for label, score, of_it in found:
            text = side.pieces.text[slice(*ner.span_of(side.pieces, of_it))]
            if not text and label != NO_ENTITY:  # a sign that is no entity to the task either
                continue
            places = tuple(unit.start + shift for unit in of_it)
            everywhere = frozenset(piece + shift for unit in of_it for piece in unit if piece in read)
            yield _Tagged(window, text or _surface(side, of_it), label, min(1.0, score), places, everywhere)


def _surface(side: Side, words: Sequence[range]) -> str:
    offsets = side.pieces.offsets[words[0].start : words[-1].stop]
    return side.pieces.text[offsets[0][0] : offsets[-1][1]]


def _of_word(found: list[_Tagged], word: str | None, reading: Reading) -> list[_Tagged]:
    if word is None:
        return found
    wanted = {window: set(reading.places_of(word, window)) for window in {tagged.window for tagged in found}}
    return [tagged for tagged in found if tagged.all_places & wanted[tagged.window]]


def _no_entity(word: str | None) -> Message:
    if word is not None:
        return Message(
            ja=f"「{word}」は固有名と判定されませんでした。固有名ではない（{NO_ENTITY}）という判定を説明します。",
            en=f"“{word}” was not taken for an entity. What is explained is that it is none ({NO_ENTITY}).",
        )
    return Message(
        ja=f"固有名は見つかりませんでした。最も迷った単語について、固有名ではない（{NO_ENTITY}）という判定を説明します。",
        en=f"No entity was found. What is explained is that the word nearest to one is none ({NO_ENTITY}).",
    )


# --- ask -----------------------------------------------------------------------------------------------------------


def _answer(asked: ask.Reading, model: LoadedModel, allowed: Sequence[int]) -> Aim:
    """The best answer within the allowed windows, with the probability that the task gives it among all spans."""
    logits = ask.forward(asked.inputs, model)
    verdict = ask.judge(asked, logits, model)
    owned = list(ask.owned_pieces(asked.windows))
    scores = np.full_like(verdict.scores, -np.inf)
    for window in allowed:
        scores[owned[window].start : owned[window].stop] = verdict.scores[owned[window].start : owned[window].stop]
    best = best_spans(scores, n_best=1)
    if not best:
        return Aim(allowed[0], None, (_NO_SPAN,))
    [span] = best
    window = next(number for number in allowed if span.first in owned[number])
    [answer] = ask.candidate_answers(asked, ask.Verdict(scores=scores, null=verdict.null, answered=True))
    prediction = Prediction(label=answer.text, probability=verdict.probability(span.score))
    notes = [] if verdict.answered else [_NO_ANSWER]
    if verdict.answered and span.score < float(verdict.scores.max()):
        notes.append(_ANSWER_ELSEWHERE)
    return Aim(window, _pointed(prediction, span, window, asked, logits, model), tuple(notes))


def _pointed(
    prediction: Prediction, span: Span, window: int, asked: ask.Reading, logits: Sequence[ask.SpanLogits], model: LoadedModel
) -> Target:
    place = asked.inputs[window].second
    shift = place.start - asked.windows[window].start
    first, last = span.first + shift, span.last + shift

    def score(output: Any) -> torch.Tensor:
        found: torch.Tensor = output.start_logits[:, first] + output.end_logits[:, last]
        return found

    def probability(output: Any) -> NDArray[np.float64]:
        return np.array([one(row) for row in ask.span_logits(output, [place] * len(output.start_logits))])

    def one(changed: ask.SpanLogits) -> float:
        others = [changed if number == window else row for number, row in enumerate(logits)]
        verdict = ask.judge(asked, others, model)
        return verdict.probability(float(verdict.scores[span.first, span.last - span.first]))

    return Target(prediction=prediction, places=tuple(dict.fromkeys((first, last))), score=score, probability=probability)


_PREDICTS_NOTHING = Message(
    ja="このモデルは文章全体の判定をしないので、注意だけを示します。",
    en="This model predicts nothing about a whole text: only its attention is shown.",
)
_NO_SPAN = Message(
    ja="この部分には答えになりうることばがないので、注意だけを示します。",
    en="Nothing in this part can be an answer: only attention is shown.",
)
_NO_ANSWER = Message(
    ja="文脈に答えはないと判定されました。答えに最も近いことばについて説明します。",
    en="The context was judged to hold no answer. What is explained is the nearest to one.",
)
_ANSWER_ELSEWHERE = Message(
    ja="最も良い答えは別の部分にあります。この部分で最も良い候補について説明します。",
    en="The best answer stands in another part. What is explained is the best candidate in this one.",
)
