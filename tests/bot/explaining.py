"""Explanations of attention made by hand, as a worker would find them, for any request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.contract import (
    ExplainAttentionRequest,
    ExplainAttentionResult,
    File,
    MaskingEffect,
    Message,
    Prediction,
    TellingHead,
    Tensor,
    Token,
    TokenScores,
    WordLink,
)

LAYERS, HEADS = 6, 12
PAGE = File(
    name="attention.html",
    media_type="text/html",
    title=Message(ja="注意を手もとで調べるページ", en="A page to explore the attention"),
    data="<!doctype html><title>注意</title><p>注意 the page</p>".encode(),
)
_SPECIALS = {"[CLS]", "[SEP]"}


def explained(request: ExplainAttentionRequest, **changed: Any) -> ExplainAttentionResult:
    """What is found for `request`; `changed` takes the place of any field."""
    tokens = tuple(_tokens(request))
    count = len(tokens)
    fields: dict[str, Any] = {
        "language": "ja" if re.search(r"[぀-ヿ一-鿿]", request.text) else "en",
        "model": request.model or "bundled/sentiment",
        "view": request.view,
        "task": request.task,
        "tokens": tokens,
        "second_from": _second_from(tokens) if request.second is not None and request.view != "compare" else None,
        "attention": Tensor(shape=(LAYERS, HEADS, count, count), dtype="float16", data=b""),
        "prediction": Prediction(label="positive", probability=0.9),
        "layer": (LAYERS - 1 if request.layer is None else request.layer) if request.view in ("map", "heads", "compare") else None,
        "head": request.head,
        "window": request.window or 0,
        "windows": 1,
        "scores": tuple(_scores(i, token, count) for i, token in enumerate(tokens)),
        "completeness_error": 0.004,
        "faithfulness": masked(attention=0.61, attribution=0.22, random=0.85),
        "telling": (
            TellingHead(kind="focused", layer=1, head=3, value=0.52),
            TellingHead(kind="distant", layer=4, head=0, value=5.25),
            TellingHead(kind="separator", layer=5, head=11, value=0.83),
        ),
        "links": tuple(WordLink(token=i, looks_at=i / 100, looked_by=(count - i) / 100) for i in range(count)) if request.word else (),
        "images": (),
        "files": (PAGE,),
    }
    return ExplainAttentionResult(**fields | changed)


def masked(*, before: float = 0.9, count: int = 3, **after: float) -> tuple[MaskingEffect, ...]:
    """The effects of masking, by what was masked."""
    return tuple(
        MaskingEffect(by=by, masked=count, probability=probability, change=probability - before)  # type: ignore[arg-type]  # its names are the tests' own
        for by, probability in after.items()
    )


def _tokens(request: ExplainAttentionRequest) -> Iterator[Token]:
    """Two characters a token in Japanese, else a word."""
    yield _special("[CLS]")
    for text in (request.text, request.second if request.view != "compare" else None):
        if text is not None:
            for match in re.finditer(r"[A-Za-z']+|[^\sA-Za-z]{1,2}", text):
                yield Token(text=match[0], id=100 + match.start(), start=match.start(), end=match.end())
            yield _special("[SEP]")


def _special(name: str) -> Token:
    return Token(text=name, id=2, start=0, end=0, special=True)


def _second_from(tokens: tuple[Token, ...]) -> int:
    return [token.text for token in tokens].index("[SEP]") + 1


def _scores(index: int, token: Token, count: int) -> TokenScores:
    """The second token matters most, and the last one speaks against the prediction."""
    weight = {2: 0.4, count - 2: 0.3}.get(index, 0.3 / count)
    return TokenScores(rollout=weight, relevance=weight / 2, attribution=-weight if index == count - 2 else weight)
