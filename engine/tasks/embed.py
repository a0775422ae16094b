"""Embedding: the vector of each text."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract import EmbedRequest, EmbedResult, Failure, Language
from engine.errors import BadInputError
from engine.models.loaded import LoadedModel
from engine.tasks.pooling import Vectors, vectors_of_each

MOST_TEXTS = 1_000
DECIMALS = 7  # what a 32-bit float holds below 1


def run(requests: Sequence[EmbedRequest], languages: Sequence[Language], model: LoadedModel) -> list[EmbedResult | Failure]:
    """Embed the texts of each request.

    A request's failures: `too_few_texts`, `too_many_texts`, and `empty_text` (with its `index`).
    """
    outcomes: dict[int, EmbedResult | Failure] = {}
    for index, request in enumerate(requests):
        if refusal := _refusal(request):
            outcomes[index] = refusal
    for pooling in dict.fromkeys(request.pooling for request in requests):
        chosen = [i for i, request in enumerate(requests) if request.pooling == pooling and i not in outcomes]
        found = vectors_of_each([requests[i].texts for i in chosen], model, pooling=pooling)
        for i, vectors in zip(chosen, found, strict=True):
            outcomes[i] = vectors if isinstance(vectors, Failure) else _result(requests[i], languages[i], vectors, model)
    return [outcomes[index] for index in range(len(requests))]


def _refusal(request: EmbedRequest) -> Failure | None:
    count = len(request.texts)
    if 1 <= count <= MOST_TEXTS:
        return None
    return BadInputError(
        "too_many_texts" if count else "too_few_texts",
        ja=f"文章が {count} 件です。1 件から {MOST_TEXTS} 件までを入力してください。例：猫が好きです。",
        en=f"There are {count} texts; give 1 to {MOST_TEXTS}, e.g. I like cats.",
    ).as_failure()


def _result(request: EmbedRequest, language: Language, vectors: Vectors, model: LoadedModel) -> EmbedResult:
    """*Shape:* vectors (texts, width)."""
    return EmbedResult(
        language=language,
        model=model.name,
        vectors=tuple(tuple(round(float(value), DECIMALS) for value in row) for row in vectors),
        width=vectors.shape[1],
        pooling=request.pooling or model.pooling,
    )
