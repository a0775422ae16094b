"""Readings to draw: with a real model's maps and made-up scores, or made up as a whole, of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from engine.attention.explained import Array, Explained
from engine.attention.maps import attention_maps
from engine.contract import Language, MaskingEffect, Prediction, TellingHead, Token, TokenScores
from engine.models.loaded import LoadedModel

SPECIALS = ("[CLS]", "[SEP]", "<s>", "</s>")


def made_up(
    names: Sequence[str], *, layers: int = 2, heads: int = 4, seed: int = 0, second_from: int | None = None, **changed: Any
) -> Explained:
    """A reading of tokens of these names whose maps are random and sharp, with all that can be said of them."""
    count = len(names)
    maps = np.random.default_rng(seed).dirichlet(np.full(count, 0.3), size=(layers, heads, count)).astype(np.float32)
    tokens = tuple(
        Token(text=name, id=index, start=index, end=index + (name not in SPECIALS), special=name in SPECIALS)
        for index, name in enumerate(names)
    )
    return _explained(tokens, maps, second_from=second_from, seed=seed, **{"model": "made/up", "language": "ja"} | changed)


def read_by(model: LoadedModel, text: str, second: str | None = None, *, language: Language = "ja", **changed: Any) -> Explained:
    """A reading with the maps that a model has of a text, or of a pair."""
    first_pieces, second_pieces = model.tokenizer.pieces([text, second or ""])
    row = model.tokenizer.assemble(first_pieces.ids, None if second is None else second_pieces.ids)
    maps = np.stack(attention_maps(row, model).layers)
    names = model.tokenizer.backend.convert_ids_to_tokens(list(row.ids))
    tokens = []
    for place, (name, id_) in enumerate(zip(names, row.ids, strict=True)):
        owner, part = (first_pieces, row.first) if place in row.first else (second_pieces, row.second)
        span = owner.offsets[place - part.start] if place in part else (0, 0)
        tokens.append(Token(text=name, id=id_, start=span[0], end=span[1], special=place not in part))
    start = None if second is None else row.second.start
    return _explained(tuple(tokens), maps, second_from=start, **{"model": model.name, "language": language} | changed)


def _explained(tokens: tuple[Token, ...], maps: Array, *, second_from: int | None, seed: int = 0, **changed: Any) -> Explained:
    """Scores are of the right form and sum, no more; `changed` takes the place of any field."""
    draw = np.random.default_rng(seed)
    count = len(tokens)
    rollout = _rolled(maps)
    relevance = np.eye(count) + 0.3 * draw.dirichlet(np.full(count, 0.4), size=count)
    relevance /= relevance.sum(axis=1, keepdims=True)
    attribution = draw.normal(0.0, 0.3, count)
    scores = tuple(
        TokenScores(rollout=float(rollout[0, i]), relevance=float(relevance[0, i]), attribution=float(attribution[i])) for i in range(count)
    )
    fields: dict[str, Any] = {
        "task": "sentiment",
        "tokens": tokens,
        "second_from": second_from,
        "maps": maps,
        "rollout": rollout,
        "relevance": relevance,
        "prediction": Prediction(label="positive", probability=0.9123),
        "scores": scores,
        "completeness_error": 0.004,
        "faithfulness": (
            MaskingEffect(by="attention", masked=3, probability=0.61, change=-0.3023),
            MaskingEffect(by="attribution", masked=3, probability=0.32, change=-0.5923),
            MaskingEffect(by="random", masked=3, probability=0.85, change=-0.0623),
        ),
        "telling": _telling(maps),
        "links": (),
        "word": None,
        "window": 0,
        "windows": 1,
        "chosen": False,
    }
    return Explained(**fields | changed)


def _rolled(maps: Array) -> Array:
    """Attention rollout (Abnar & Zuidema 2020)."""
    rolled = np.eye(maps.shape[-1])
    for layer in maps.mean(axis=1):
        rolled = (0.5 * layer + 0.5 * np.eye(len(layer))) @ rolled
    return rolled


def _telling(maps: Array) -> tuple[TellingHead, ...]:
    entropy = -(maps * np.log(np.maximum(maps, 1e-9))).sum(axis=-1).mean(axis=-1)
    places = np.arange(maps.shape[-1])
    distance = (maps * np.abs(places[:, None] - places)).sum(axis=-1).mean(axis=-1)
    separator = maps[..., -1].mean(axis=-1)

    def best(values: Array, at: int) -> tuple[int, int, float]:
        layer, head = divmod(at, values.shape[1])
        return layer, head, float(values[layer, head])

    places_of: tuple[tuple[Literal["focused", "distant", "separator"], tuple[int, int, float]], ...] = (
        ("focused", best(entropy, int(entropy.argmin()))),
        ("distant", best(distance, int(distance.argmax()))),
        ("separator", best(separator, int(separator.argmax()))),
    )
    return tuple(TellingHead(kind=kind, layer=layer, head=head, value=value) for kind, (layer, head, value) in places_of)
