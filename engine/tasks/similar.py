"""Similarity: how near texts are in meaning, as a matrix with a picture, or as a ranking of texts against a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.contract import Failure, Language, Ranked, SimilarRequest, SimilarResult
from engine.drawing import Undrawn
from engine.errors import BadInputError
from engine.figures.similarity import MAX_TEXTS, similarity_heatmap
from engine.models.loaded import LoadedModel
from engine.tasks.pooling import Vectors, vectors_of_each

MOST_TEXTS = 1_000  # for a ranking
MOST_TEXTS_IN_MATRIX = 200
LEAST_TEXTS_DRAWN = 3  # of two there is one number to show
DECIMALS = 6


def run(requests: Sequence[SimilarRequest], languages: Sequence[Language], model: LoadedModel) -> list[SimilarResult | Undrawn | Failure]:
    """Compare the texts of each request by the cosines of their vectors; equal texts have 1.0.

    A matrix of some texts has a picture, unless they are too many to read in one.

    A request's failures: `too_few_texts`, `too_many_texts`, and `empty_text` (with its `index`, a query's being 0).
    """
    outcomes: dict[int, SimilarResult | Undrawn | Failure] = {}
    for index, request in enumerate(requests):
        if refusal := _refusal(request):
            outcomes[index] = refusal
    for pooling in dict.fromkeys(request.pooling for request in requests):
        chosen = [i for i, request in enumerate(requests) if request.pooling == pooling and i not in outcomes]
        found = vectors_of_each([_all_texts(requests[i]) for i in chosen], model, pooling=pooling)
        for i, vectors in zip(chosen, found, strict=True):
            outcomes[i] = (
                vectors if isinstance(vectors, Failure) else _with_picture(requests[i], _result(requests[i], languages[i], vectors, model))
            )
    return [outcomes[index] for index in range(len(requests))]


def _all_texts(request: SimilarRequest) -> tuple[str, ...]:
    return request.texts if request.query is None else (request.query, *request.texts)


def _refusal(request: SimilarRequest) -> Failure | None:
    count = len(request.texts)
    least, most = (2, MOST_TEXTS_IN_MATRIX) if request.query is None else (1, MOST_TEXTS)
    if count < least:
        return BadInputError(
            "too_few_texts",
            ja=f"比べる文章が {count} 件です。{least} 件以上を「|」か改行で区切って入力してください。例：猫が好き | 犬が好き",
            en=f"There are {count} texts to compare; give at least {least}, separated by | or line breaks, e.g. I like cats | I like dogs",
        ).as_failure()
    if count > most:
        return BadInputError(
            "too_many_texts",
            ja=f"文章が {count} 件あります。一度に比べられるのは {most} 件までです。分けて入力してください。",
            en=f"There are {count} texts; at most {most} can be compared at once. Give them in parts.",
        ).as_failure()
    return None


def _result(request: SimilarRequest, language: Language, vectors: Vectors, model: LoadedModel) -> SimilarResult:
    """`vectors`: the query's first where there is one. *Shape:* (texts, width)."""
    rows, columns = (vectors, vectors) if request.query is None else (vectors[:1], vectors[1:])
    cosines = np.clip(rows.astype(np.float64) @ columns.astype(np.float64).T, -1.0, 1.0)
    matrix = tuple(tuple(round(float(value), DECIMALS) for value in row) for row in cosines)
    ranking: tuple[Ranked, ...] = ()
    if request.query is not None:
        order = sorted(range(len(matrix[0])), key=lambda index: -matrix[0][index])
        ranking = tuple(Ranked(index=index, similarity=matrix[0][index]) for index in order)
    return SimilarResult(language=language, model=model.name, matrix=matrix, ranking=ranking, pooling=request.pooling or model.pooling)


def _with_picture(request: SimilarRequest, result: SimilarResult) -> SimilarResult | Undrawn:
    if request.query is not None or not LEAST_TEXTS_DRAWN <= len(request.texts) <= MAX_TEXTS:
        return result
    return Undrawn(result=result, draw=lambda: _drawn(request, result))


def _drawn(request: SimilarRequest, result: SimilarResult) -> SimilarResult:
    japanese = result.language != "en"
    picture = similarity_heatmap(np.array(result.matrix), request.texts, model=result.model, japanese=japanese)
    return replace(result, images=(picture,))
