"""Shows what a model looks at: the attention of every layer and head, what its prediction hangs on, and pictures of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine import progress
from engine.attention.explained import Array, Explained
from engine.attention.explaining import Examined, Shown, examine, shown_matrix, shown_scores, word_links
from engine.attention.positions import positions_of
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Failure, Language, Message, Tensor, WordLink
from engine.drawing import Undrawn
from engine.errors import EngineError
from engine.figures.explanation import pictures
from engine.figures.explorer import explorer
from engine.models.loaded import LoadedModel
from engine.tasks.explain_notes import long_text_notes
from engine.tasks.explain_reading import Reading, read, show, stretches, within
from engine.tasks.explain_request import check_choice, check_request, not_found, same_model
from engine.tasks.explain_targets import Aim, aim

# Gives the model that a request names beside its own.
OtherModel = Callable[[ExplainAttentionRequest, Language], LoadedModel]
# The views of one layer, and those of one head of it.
_OF_LAYER = ("map", "heads", "compare")
_OF_HEAD = ("map", "compare")


@dataclass(frozen=True)
class _Explanation:
    explained: Explained
    notes: tuple[Message, ...]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What was read and shown of a text; `number` is that of the part, `chosen` whether any other might have been shown."""

    reading: Reading
    aimed: Aim
    examined: Examined
    shown: Shown
    number: int
    chosen: bool


def run(
    requests: Sequence[ExplainAttentionRequest],
    languages: Sequence[Language],
    model: LoadedModel,
    *,
    other_model: OtherModel | None = None,
) -> list[Undrawn | Failure]:
    """Explain how each request's text was read, one at a time, for maps are large; the pictures are drawn later.

    A request's failures: `empty_text`, `second_missing`, `nothing_to_compare`, `compare_one_thing`, `compare_needs_view`, `same_model`,
    `layer_out_of_range`, `head_out_of_range`, `window_out_of_range`, `word_not_found`, `text_too_long`, `no_attention_maps`,
    those of the task that is explained, and those of loading the other model.
    """
    outcomes: list[Undrawn | Failure] = []
    for number, (request, language) in enumerate(zip(requests, languages, strict=True)):
        try:
            with progress.stage(number / len(requests), (number + 1) / len(requests)):
                outcomes.append(_answer(request, language, model, other_model))
        except EngineError as error:
            outcomes.append(error.as_failure())
    return outcomes


def _answer(request: ExplainAttentionRequest, language: Language, model: LoadedModel, other_model: OtherModel | None) -> Undrawn:
    check_request(request)
    layer = _layer(request, model)
    if request.view != "compare":
        return _undrawn(request, _explain(request, language, model, request.second), None, layer)
    context = request.second if request.task == "ask" else None
    with progress.stage(0.0, 0.5):
        first = _explain(request, language, model, context)
    with progress.stage(0.5, 1.0):
        return _undrawn(request, first, _other_reading(request, language, model, first, other_model), layer)


def _other_reading(
    request: ExplainAttentionRequest, language: Language, model: LoadedModel, first: _Explanation, other_model: OtherModel | None
) -> _Explanation:
    """The same text in another model, or another text in the same."""
    request = replace(request, window=None)
    if request.second is not None and request.task != "ask":
        return _explain(replace(request, text=request.second), language, model, None, lenient=True)
    if other_model is None:
        raise ValueError("the request compares two models, but nothing gives the other one")
    other = other_model(request, language)
    if other.name == model.name:
        raise same_model(model.name)
    return _explain(request, language, other, request.second, near=first.explained, lenient=True)


def _layer(request: ExplainAttentionRequest, model: LoadedModel) -> int:
    config = model.model.config
    layer: int = config.num_hidden_layers - 1 if request.layer is None else request.layer
    check_choice("layer", "層", layer, config.num_hidden_layers)
    if request.head is not None:
        check_choice("head", "ヘッド", request.head, config.num_attention_heads)
    return layer


def _explain(
    request: ExplainAttentionRequest,
    language: Language,
    model: LoadedModel,
    second: str | None,
    *,
    near: Explained | None = None,
    lenient: bool = False,
) -> _Explanation:
    """Read the request's text (with `second`) and explain what is asked for.

    Args:
        near: show the part that has most of what this one shows.
        lenient: where the word does not stand in the text, nothing is said of it.
    """
    with progress.stage(0.0, 0.2):
        reading = read(request, second, language, model)
        if lenient and request.word is not None and not any(side.pieces_of(request.word) for side in reading.sides):
            request = replace(request, word=None)
        parts = _parts(request, reading, near)
        aimed = aim(request, reading, model, reading.windows_with(parts))
    with progress.stage(0.2, 1.0):
        examined = examine(reading.inputs[aimed.window], model, aimed.target)
    number = _heaviest_part(reading, aimed.window, parts, examined)
    weights = _with_word_first(request, reading, aimed.window, examined)
    shown = show(reading, aimed.window, reading.parts[number], weights, model, joined=request.joined, special=request.special)
    chosen = len(parts) == len(reading.parts) > 1
    found = _Found(reading=reading, aimed=aimed, examined=examined, shown=shown, number=number, chosen=chosen)
    explained = _explained(request, language, model, found)
    return _Explanation(explained, (*long_text_notes(reading, aimed, explained), *aimed.notes))


def _parts(request: ExplainAttentionRequest, reading: Reading, near: Explained | None) -> list[int]:
    """Which parts may be shown: the one that is asked for, or those with the word (uncut, where there are any), or all.

    Raises:
        BadInputError: `window_out_of_range`, `word_not_found`.
    """
    parts = list(range(len(reading.parts)))
    if request.window is not None:
        check_choice("window", "区間", request.window, len(parts))
        parts = [request.window]
    if near is not None:
        parts = [max(parts, key=lambda number: _common(reading, number, near))]
    if request.word is None:
        return parts
    *before, last = ([*side.pieces_of(request.word)] for side in reading.sides)
    if not last and not any(before):
        raise not_found(request.word, None)
    if any(before):
        return parts
    together = stretches(last)
    whole = [number for number in parts if any(within(stretch, reading.parts[number]) for stretch in together)]
    with_it = whole or [number for number in parts if any(piece in reading.parts[number] for piece in last)]
    if not with_it and near is None:
        raise not_found(request.word, parts[0])
    return with_it or parts


def _common(reading: Reading, number: int, near: Explained) -> int:
    """How many characters a part has in common with what is shown elsewhere of the same text."""
    offsets, part = reading.sides[-1].pieces.offsets, reading.parts[number]
    of_text = [token for token in near.tokens[near.second_from or 0 :] if not token.special]
    return min(offsets[part.stop - 1][1], of_text[-1].end) - max(offsets[part.start][0], of_text[0].start)


def _heaviest_part(reading: Reading, window: int, parts: Sequence[int], examined: Examined) -> int:
    """Of the parts that were read in the window, the one whose tokens matter most to the prediction together."""
    *_, (_, _, shift) = reading.places(window)

    def weight(number: int) -> float:
        part = reading.parts[number]
        return float(examined.weights[part.start + shift : part.stop + shift].sum())

    return max((number for number in parts if within(reading.parts[number], reading.windows[window])), key=weight)


def _with_word_first(request: ExplainAttentionRequest, reading: Reading, window: int, examined: Examined) -> Array:
    """How much each token matters, those of the asked word more than all others: of a long first text, it is shown. *Shape:* (tokens,)."""
    if request.word is None:
        return examined.weights
    weights = examined.weights.copy()
    weights[reading.places_of(request.word, window)] += 1.0 + weights.sum()
    return weights


def _explained(request: ExplainAttentionRequest, language: Language, model: LoadedModel, found: _Found) -> Explained:
    examined, shown, target = found.examined, found.shown, found.aimed.target
    links = _links(request, found)
    return Explained(
        model=model.name,
        language=language,
        task=request.task,
        tokens=shown.tokens,
        second_from=shown.second_from,
        maps=np.stack([shown_matrix(layer, shown) for layer in examined.layers]),
        rollout=shown_matrix(examined.rollout, shown),
        relevance=None if examined.relevance is None else shown_matrix(examined.relevance, shown),
        prediction=target.prediction if target else None,
        scores=shown_scores(examined, shown),
        completeness_error=examined.attribution.error if examined.attribution else None,
        faithfulness=examined.faithfulness,
        telling=examined.telling,
        links=links,
        word=request.word if links else None,
        window=found.number,
        windows=len(found.reading.parts),
        chosen=found.chosen,
        positions=positions_of(model) if request.view == "positions" else None,
    )


def _links(request: ExplainAttentionRequest, found: _Found) -> tuple[WordLink, ...]:
    """Those of the asked word, in the layer and head that are drawn; a model that is compared may have fewer of them."""
    places = [] if request.word is None else found.reading.places_of(request.word, found.aimed.window)
    if not places:
        return ()
    layers = found.examined.layers
    layer = layers[-1 if request.layer is None else min(request.layer, len(layers) - 1)]
    looks = layer.mean(axis=0) if request.head is None else layer[min(request.head, len(layer) - 1)]
    return word_links(looks, found.shown, places)


def _undrawn(request: ExplainAttentionRequest, first: _Explanation, second: _Explanation | None, layer: int) -> Undrawn:
    explained, other = first.explained, second.explained if second else None
    word = bool(explained.links)
    result = ExplainAttentionResult(
        language=explained.language,
        model=explained.model,
        notes=(*first.notes, *(_of_other(note) for note in (second.notes if second else ()))),
        view=request.view,
        task=request.task,
        tokens=explained.tokens,
        second_from=explained.second_from,
        attention=Tensor(shape=explained.maps.shape, dtype="float16", data=explained.maps.astype("<f2").tobytes()),
        prediction=explained.prediction,
        layer=layer if word or request.view in _OF_LAYER else None,
        head=request.head if word or request.view in _OF_HEAD else None,
        window=explained.window,
        windows=explained.windows,
        scores=explained.scores,
        completeness_error=explained.completeness_error,
        faithfulness=explained.faithfulness,
        telling=explained.telling,
        links=explained.links,
        images=(),
    )
    return Undrawn(result=result, draw=lambda: _drawn(request, result, explained, other, layer))


def _drawn(
    request: ExplainAttentionRequest, result: ExplainAttentionResult, explained: Explained, other: Explained | None, layer: int
) -> ExplainAttentionResult:
    japanese = explained.language != "en"
    images = pictures(explained, view=request.view, layer=layer, head=request.head, other=other, japanese=japanese)
    page = explorer(explained, other=other, japanese=japanese, layer=layer, head=request.head)
    return replace(result, images=images, files=(page,))


def _of_other(note: Message) -> Message:
    return Message(ja=f"比べる相手：{note.ja}", en=f"The other reading: {note.en}")
