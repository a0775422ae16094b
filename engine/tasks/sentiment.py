"""Sentiment: positive, neutral or negative, for a text as a whole and for each of its sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from engine.contract import Failure, Language, SentenceSentiment, SentimentLabel, SentimentRequest, SentimentResult
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.sentences import sentence_spans
from engine.tasks import nothing_to_read
from engine.tokenization.pieces import ModelInput, Pieces, windows

# A sentence longer than the window is read in windows that share this many pieces.
OVERLAP_PIECES = 16
DECIMALS = 6
LABELS: tuple[SentimentLabel, ...] = get_args(SentimentLabel)
# What models call the three, beside their own names; a catalog row says it for all others.
_KNOWN_NAMES: dict[str, SentimentLabel] = {
    **dict.fromkeys(("pos", "ポジティブ", "肯定", "肯定的"), "positive"),
    **dict.fromkeys(("neu", "ニュートラル", "中立", "中立的"), "neutral"),
    **dict.fromkeys(("neg", "ネガティブ", "否定", "否定的"), "negative"),
    **dict.fromkeys(("very positive", "very_positive"), "positive"),
    **dict.fromkeys(("very negative", "very_negative"), "negative"),
}
_STARS = re.compile(r"([1-5]) stars?")

Odds = NDArray[np.float64]  # the probability of each label


@dataclass(frozen=True)
class _Reading:
    """Where a text's model inputs stand among all inputs of the batch."""

    whole: range
    sentences: tuple[tuple[int, int, range], ...]  # (start, end) of a sentence in characters, and its inputs


def run(requests: Sequence[SentimentRequest], languages: Sequence[Language], model: LoadedModel) -> list[SentimentResult | Failure]:
    """Judge each text, and each of its sentences by itself.

    A text that fits into the model's window is judged as a whole. A longer one is read in windows of as many whole
    sentences as fit, and gets the mean of their probabilities, weighted by their pieces; so does a sentence longer than
    a window. A text without any piece is a failure, `empty_text`.

    Raises:
        ModelError: `unknown_labels`, where it is not known what the model's labels mean.
    """
    labels = label_columns(model)
    inputs: list[ModelInput] = []
    cut = model.tokenizer.pieces([request.text for request in requests])
    readings = [_read(pieces, inputs, model) if len(pieces) else None for pieces in cut]
    odds = _odds(inputs, model, labels)
    weights = [len(row.first) for row in inputs]
    return [
        _result(language, model.name, list(labels), reading, odds, weights) if reading else nothing_to_read().as_failure()
        for language, reading in zip(languages, readings, strict=True)
    ]


def label_columns(model: LoadedModel) -> dict[SentimentLabel, list[int]]:
    """Which of the model's outputs stand for which label; several may stand for one (star ratings).

    Raises:
        ModelError: `unknown_labels`.
    """
    own = {int(index): str(name) for index, name in (model.model.config.id2label or {}).items()}
    columns: dict[SentimentLabel, list[int]] = {}
    for index, name in own.items():
        label = _label_of(model.labels.get(name, name))
        if label:
            columns.setdefault(label, []).append(index)
    if len(columns) < 2 or sum(map(len, columns.values())) != len(own):
        names = ", ".join(own.values())
        raise ModelError(
            "unknown_labels",
            ja=f"モデル {model.name} のラベル（{names}）の意味が分かりません。"
            "カタログの labels ですべてを positive・neutral・negative のどれかに対応づけてください。",
            en=f"It is not known what the labels of {model.name} mean ({names})."
            " Map each of them to positive, neutral or negative by labels in the catalog.",
        )
    return {label: columns[label] for label in LABELS if label in columns}


def _label_of(name: str) -> SentimentLabel | None:
    lower = name.lower()
    if stars := _STARS.fullmatch(lower):
        return "negative" if stars[1] < "3" else "positive" if stars[1] > "3" else "neutral"
    return next((label for label in LABELS if label == lower), _KNOWN_NAMES.get(lower))


def _read(pieces: Pieces, inputs: list[ModelInput], model: LoadedModel) -> _Reading:
    """Append the inputs for a text and for its sentences."""
    room = model.window - model.tokenizer.special_count()
    sentences = _sentence_pieces(pieces)

    def add(parts: Sequence[range]) -> range:
        inputs.extend(model.tokenizer.assemble(pieces.ids[part.start : part.stop]) for part in parts)
        return range(len(inputs) - len(parts), len(inputs))

    whole = add(_pack([part for _, _, part in sentences], room))
    if len(sentences) == 1:
        [(start, end, _)] = sentences
        return _Reading(whole=whole, sentences=((start, end, whole),))
    return _Reading(whole=whole, sentences=tuple((start, end, add(_pack([part], room))) for start, end, part in sentences))


def _sentence_pieces(pieces: Pieces) -> list[tuple[int, int, range]]:
    """(start, end, pieces) of each sentence that has a piece; together they have all pieces."""
    spans = sentence_spans(pieces.text) or [(0, len(pieces.text))]
    starts = [start for start, _ in pieces.offsets]
    firsts = [0, *(bisect_left(starts, start) for start, _ in spans[1:]), len(pieces)]
    parts = [range(first, after) for first, after in pairwise(firsts)]
    return [(start, end, part) for (start, end), part in zip(spans, parts, strict=True) if part]


def _pack(sentences: Sequence[range], room: int) -> list[range]:
    """Windows of at most `room` pieces over neighbouring sentences, which are cut only where longer than that."""
    packed: list[range] = []
    for part in sentences:
        if len(part) > room:
            packed += [part[window.start : window.stop] for window in windows(len(part), size=room, overlap=min(OVERLAP_PIECES, room // 2))]
        elif packed and part.stop - packed[-1].start <= room:
            packed[-1] = range(packed[-1].start, part.stop)
        else:
            packed.append(part)
    return packed


def _odds(inputs: Sequence[ModelInput], model: LoadedModel, labels: dict[SentimentLabel, list[int]]) -> Odds:
    """*Shape:* (inputs, labels)."""
    table = np.zeros((len(inputs), len(labels)))
    for indices, output in model.forward_batches(inputs):
        odds = torch.softmax(output.logits.cpu().double(), dim=-1).numpy()
        table[indices] = np.stack([odds[:, columns].sum(axis=1) for columns in labels.values()], axis=1)
    return table


def _result(
    language: Language, name: str, labels: Sequence[SentimentLabel], reading: _Reading, odds: Odds, weights: Sequence[int]
) -> SentimentResult:
    """`odds` and `weights` (pieces) are those of all inputs."""

    def judge(rows: range) -> tuple[SentimentLabel, dict[SentimentLabel, float]]:
        mean = np.average(odds[rows.start : rows.stop], axis=0, weights=weights[rows.start : rows.stop])
        return labels[int(mean.argmax())], {label: round(float(value), DECIMALS) for label, value in zip(labels, mean, strict=True)}

    def judge_sentence(start: int, end: int, rows: range) -> SentenceSentiment:
        label, found = judge(rows)
        return SentenceSentiment(start=start, end=end, label=label, probability=found[label])

    label, probabilities = judge(reading.whole)
    return SentimentResult(
        language=language,
        model=name,
        label=label,
        probability=probabilities[label],
        probabilities=probabilities,
        sentences=tuple(judge_sentence(*sentence) for sentence in reading.sentences),
    )
