"""Shows what a model looks at: its prediction, the attention of every layer and head, and a picture of one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.attention.maps import AttentionMaps, attention_maps
from engine.contract import (
    ExplainAttentionRequest,
    ExplainAttentionResult,
    Failure,
    Language,
    Message,
    Prediction,
    Tensor,
    Token,
)
from engine.errors import BadInputError, EngineError
from engine.figures.attention import Shown, attention_heatmap
from engine.models.loaded import LoadedModel
from engine.tasks.tokens import special_and_text_tokens
from engine.tokenization.pieces import ModelInput, windows

# More tokens than this cannot be read in a picture; neighbouring windows share some.
TOKENS_SHOWN = 64
OVERLAP_PIECES = 8


@dataclass(frozen=True)
class _Reading:
    """The window of a text that is explained; `layer` and `head` are within the model's."""

    request: ExplainAttentionRequest
    language: Language
    input: ModelInput
    tokens: tuple[Token, ...]
    windows: int
    layer: int


def run(
    requests: Sequence[ExplainAttentionRequest], languages: Sequence[Language], model: LoadedModel
) -> list[ExplainAttentionResult | Failure]:
    """Explain one window of each request's text; maps and prediction are those of the window alone.

    A request's failures are BadInputErrors: `empty_text`, `layer_out_of_range`, `head_out_of_range`, `window_out_of_range`.

    Raises:
        ModelError: `no_attention_maps`, the model gives none.
    """
    readings: list[_Reading | Failure] = []
    for request, language in zip(requests, languages, strict=True):
        try:
            readings.append(_prepare(request, language, model))
        except EngineError as error:
            readings.append(error.as_failure())
    maps = iter(attention_maps([reading.input for reading in readings if isinstance(reading, _Reading)], model))
    return [reading if isinstance(reading, Failure) else _interpret(reading, next(maps), model) for reading in readings]


def _prepare(request: ExplainAttentionRequest, language: Language, model: LoadedModel) -> _Reading:
    config = model.model.config
    layer = config.num_hidden_layers - 1 if request.layer is None else request.layer
    _check("layer", "層", layer, config.num_hidden_layers)
    if request.head is not None:
        _check("head", "ヘッド", request.head, config.num_attention_heads)
    [pieces] = model.tokenizer.pieces([request.text])
    size = min(model.window, TOKENS_SHOWN) - model.tokenizer.special_count()
    parts = list(windows(len(pieces), size=size, overlap=min(OVERLAP_PIECES, size // 2)))
    _check("window", "区間", request.window, len(parts))
    part = parts[request.window]
    row = model.tokenizer.assemble(pieces.ids[part.start : part.stop])
    tokens = special_and_text_tokens(row, pieces, part, model)
    return _Reading(request=request, language=language, input=row, tokens=tokens, windows=len(parts), layer=layer)


def _check(what: str, what_ja: str, value: int, count: int) -> None:
    if not 0 <= value < count:
        allowed = "0" if count == 1 else f"0–{count - 1}"
        raise BadInputError(
            f"{what}_out_of_range",
            ja=f"{what_ja}の番号{value}はありません。指定できるのは{allowed.replace('–', '〜')}です。",
            en=f"There is no {what} {value}: {allowed} can be given.",
            value=str(value),
            allowed=allowed,
        )


def _interpret(reading: _Reading, maps: AttentionMaps, model: LoadedModel) -> ExplainAttentionResult:
    layers, heads = maps.weights.shape[:2]
    head = reading.request.head
    of_layer = maps.weights[reading.layer]
    shown = Shown(model=model.name, layer=reading.layer, layers=layers, head=head, heads=heads)
    picture = attention_heatmap(
        of_layer.mean(axis=0) if head is None else of_layer[head], reading.tokens, shown=shown, japanese=reading.language != "en"
    )
    return ExplainAttentionResult(
        language=reading.language,
        model=model.name,
        notes=_notes(reading, maps),
        tokens=reading.tokens,
        attention=Tensor(shape=maps.weights.shape, dtype="float16", data=maps.weights.astype("<f2").tobytes()),
        prediction=_prediction(maps, model),
        layer=reading.layer,
        head=head,
        window=reading.request.window,
        windows=reading.windows,
        images=(picture,),
    )


def _prediction(maps: AttentionMaps, model: LoadedModel) -> Prediction | None:
    """The likeliest label, in the contract's words where the catalog gives them."""
    if maps.logits is None:
        return None
    odds = np.exp(maps.logits - maps.logits.max())
    best = int(odds.argmax())
    labels = {int(index): label for index, label in (model.model.config.id2label or {}).items()}
    label = labels.get(best, str(best))
    return Prediction(label=model.labels.get(label, label), probability=float(odds[best] / odds.sum()))


def _notes(reading: _Reading, maps: AttentionMaps) -> tuple[Message, ...]:
    notes = [] if reading.windows == 1 else [_window_note(reading)]
    if maps.logits is None:
        notes.append(
            Message(
                ja="このモデルは文章全体の判定をしないので、注意だけを示します。",
                en="This model predicts nothing about a whole text: only its attention is shown.",
            )
        )
    return tuple(notes)


def _window_note(reading: _Reading) -> Message:
    start, end = reading.tokens[0].start, reading.tokens[-1].end
    number, count = reading.request.window, reading.windows
    return Message(
        ja=f"長い文章なので区間{number}（0〜{count - 1}のうち、{start}〜{end}文字目）だけを読みました。結果はこの区間のものです。",
        en=f"The text is long: only window {number} (of 0–{count - 1}, characters {start} to {end}) was read, and what follows is its own.",
    )
