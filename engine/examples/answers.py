"""Right answers to a question, and where in the context each stands."""

from __future__ import annotations

import unicodedata
from typing import Any

from engine.examples.problems import RowProblem, quoted
from engine.examples.rows import GoldAnswer
from engine.surrogates import without_surrogates

# What `yomite feedback export` writes where somebody must say what is right; a Japanese keyboard makes it full width.
_TO_FILL_IN = ("?", "？")


def read_answers(value: object, start: object, context: str) -> tuple[tuple[GoldAnswer, ...], bool]:
    """The answers of a row, and whether one was taken at the first of several places.

    `value` is one text, or SQuAD's list of {text, start}; nothing or an empty text means that the context does not answer.

    Raises:
        RowProblem: not of this form, an answer that the context does not hold (there), or a ? (without its place) that nobody has filled in.
    """
    given = [(without_surrogates(text), at) for text, at in _listed(value, start) if text.strip()]
    for text, at in given:
        if at is None and text.strip() in _TO_FILL_IN:
            raise _not_filled_in(text.strip())
    answers = tuple(GoldAnswer(text=text, start=_place(text, at, context)) for text, at in given)
    return answers, any(at is None and context.count(text) > 1 for text, at in given)


def _listed(value: object, start: object) -> list[tuple[str, int | None]]:
    if value is None:
        return []
    if isinstance(value, str):
        return [(value, _whole(start))]
    if isinstance(value, dict):  # as the Hugging Face hub's SQuAD has it: a list of texts and one of starts
        texts, starts = value.get("text"), value.get("start", value.get("answer_start"))
        if isinstance(texts, list) and isinstance(starts, list) and len(texts) == len(starts):
            return [_one({"text": text, "start": at}) for text, at in zip(texts, starts, strict=True)]
    if isinstance(value, list):
        return [_one(one) for one in value]
    raise _unreadable(value)


def _one(value: object) -> tuple[str, int | None]:
    if isinstance(value, str):
        return value, None
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        start: Any = value.get("start", value.get("answer_start"))
        return value["text"], _whole(start)
    raise _unreadable(value)


def _not_filled_in(sign: str) -> RowProblem:
    return RowProblem(
        ja=f"答えが「{sign}」のまま書き込まれていません。文脈から答えを書き写してください（答えがない質問では空にします）。",
        en=f"the answer is still {sign} and not filled in yet; copy it from the context (leave it empty if there is none).",
    )


def _unreadable(value: object) -> RowProblem:
    return RowProblem(
        ja=f"答え「{quoted(value)}」が読めません。文字列か [{{text, start}}] の並びにしてください。",
        en=f"cannot read the answer {quoted(value)!r}; write a text, or a list of {{text, start}}.",
    )


def _whole(value: object) -> int | None:
    """A place in the context; None where none is given."""
    plain = value.strip() if isinstance(value, str) else value
    if plain is None or plain == "":
        return None
    try:
        if isinstance(plain, str):
            return int(plain)
    except ValueError:
        plain = value
    if type(plain) is not int:
        raise RowProblem(
            ja=f"開始位置「{quoted(value)}」が整数ではありません。0 から数えた文字の位置にするか、空にしてください。",
            en=f"start {quoted(value)!r} is no whole number; give the place in characters from 0, or leave it empty.",
        )
    return plain


def _place(text: str, start: int | None, context: str) -> int:
    if start is not None and start >= 0 and context.startswith(text, start):
        return start
    found = context.find(text)
    if found < 0:
        raise _not_there(text, context)
    if start is not None:
        raise RowProblem(
            ja=f"答え「{quoted(text)}」は {start} 文字目にはなく、{found} 文字目にあります（0 から数えます）。開始位置を直すか、空にしてください。",
            en=f"answer {quoted(text)!r} does not stand at {start} but at {found} (from 0); correct the start, or leave it empty.",
        )
    return found


def _not_there(text: str, context: str) -> RowProblem:
    near = _alike(text, context)
    if near:
        return RowProblem(
            ja=f"答え「{quoted(text)}」は文脈では「{quoted(near)}」と書かれています。文脈のとおりに書いてください。",
            en=f"the context writes the answer {quoted(text)!r} as {quoted(near)!r}; write it as it stands there.",
        )
    return RowProblem(
        ja=f"答え「{quoted(text)}」が文脈にありません。文脈から書き写してください（答えがない質問では空にします）。",
        en=f"answer {quoted(text)!r} is not in the context; copy it from there (leave it empty if there is none).",
    )


def _alike(text: str, context: str) -> str:
    """What the context holds that is the same but for width, case and white space; "" where there is nothing."""
    wanted = "".join(map(_folded, text))  # sign by sign: putting accents in order takes longer than a text is long
    signs = [_folded(sign) for sign in context]
    owners = [index for index, sign in enumerate(signs) for _ in sign]
    at = "".join(signs).find(wanted) if wanted else -1
    return "" if at < 0 else context[owners[at] : owners[at + len(wanted) - 1] + 1]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
