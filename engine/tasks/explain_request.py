"""Checks what a request to explain attention asks for; what cannot be is said in both languages."""

from __future__ import annotations

from engine.contract import ExplainAttentionRequest
from engine.errors import BadInputError


def check_request(request: ExplainAttentionRequest) -> None:
    """Whether the view, the task and the texts go together.

    Raises:
        BadInputError: `second_missing`, `nothing_to_compare`, `compare_one_thing`, `compare_needs_view`.
    """
    if request.task == "ask" and request.second is None:
        raise BadInputError(
            "second_missing",
            ja="質問の答えを探す文脈がありません。質問のほかに文脈を添えてください。",
            en="There is no context in which to look for the answer. Give one beside the question.",
        )
    if request.view != "compare":
        if request.other_model is not None:
            raise BadInputError(
                "compare_needs_view",
                ja=f"比べるモデル（{request.other_model}）は、表示が compare のときだけ指定できます。指定された表示は {request.view} です。",
                en=f"Another model ({request.other_model}) can be named only with the view compare, not with {request.view}.",
                view=request.view,
            )
        return
    # The context of a question belongs to it: it is no second text to compare.
    second = request.second if request.task != "ask" else None
    if second is None and request.other_model is None:
        raise BadInputError(
            "nothing_to_compare",
            ja="比べる相手がありません。2 つ目の文章か、もうひとつのモデルを指定してください（質問応答ではモデルだけです）。",
            en="There is nothing to compare with. Give a second text or another model (for a question, another model).",
        )
    if second is not None and request.other_model is not None:
        raise BadInputError(
            "compare_one_thing",
            ja=f"2 つ目の文章ともうひとつのモデル（{request.other_model}）の両方と比べることはできません。どちらかひとつにしてください。",
            en=f"A second text and another model ({request.other_model}) cannot be compared at once. Give one of the two.",
        )


def check_choice(what: str, what_ja: str, value: int, count: int) -> None:
    """Whether there is a layer, head or window of this number.

    Raises:
        BadInputError: `layer_out_of_range`, `head_out_of_range`, `window_out_of_range`.
    """
    if not 0 <= value < count:
        allowed = "0" if count == 1 else f"0–{count - 1}"
        raise BadInputError(
            f"{what}_out_of_range",
            ja=f"{what_ja}の番号 {value} はありません。指定できるのは {allowed.replace('–', '〜')} です。",
            en=f"There is no {what} {value}: {allowed} can be given.",
            value=str(value),
            allowed=allowed,
        )


def not_found(word: str, window: int | None) -> BadInputError:
    """What is said of a word that does not stand in the text, or not in the part of it that is asked for."""
    where_ja, where_en = ("文章", "the text") if window is None else (f"区間 {window} ", f"window {window}")
    return BadInputError(
        "word_not_found",
        ja=f"「{word}」は{where_ja}にありません。{where_ja}にあることばを指定してください。",
        en=f"“{word}” does not stand in {where_en}. Name a word that does.",
        word=word,
    )


def same_model(name: str) -> BadInputError:
    """What is said where a model would be compared with itself."""
    return BadInputError(
        "same_model",
        ja=f"比べるモデルが同じです（{name}）。別のモデルを指定してください。",
        en=f"Both models are the same ({name}). Name another one to compare with.",
        model=name,
    )
