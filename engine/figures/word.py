"""One word of the text: what it looks at, and what looks at it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message
from engine.figures.bars import draw_bars
from engine.figures.colours import FAINT, weight_scale, written
from engine.figures.font import STAND_IN, drawable
from engine.figures.matrix import draw_scale
from engine.figures.shading import draw_shaded
from engine.figures.sheet import Sheet
from engine.figures.words import heading, listed, name, shown, sides, strongest_tokens, title_in_alt


def word_sheet(read: Explained, *, layer: int, head: int | None, japanese: bool) -> tuple[Sheet, Message]:
    """The page of the asked word and its links, and its alternative text."""
    sheet, place = Sheet(japanese=japanese), shown(read, layer, head).words()
    word = drawable(read.word or "", max_columns=28) or STAND_IN
    title = Message(ja=f"「{word}」が見るもの、「{word}」を見るもの", en=f'What "{word}" looks at, and what looks at it')
    heading(sheet, title, reads=[read], how=Message(ja=f"注意の重み：{place.ja}", en=f"Attention weights: {place.en}"))
    at, by = _weights(read)
    first = _draw_side(sheet, read, at, Message(ja=f"「{word}」が見ているもの", en=f'"{word}" looks at'), rest=_together)
    second = _draw_side(sheet, read, by, Message(ja=f"「{word}」を見ているもの", en=f'"{word}" is looked at by'), rest=_on_average)
    end = title_in_alt(read)
    alt = Message(
        ja=f"「{word}」の注意の図（{place.ja}）。見ているもの：{first.ja}。見られているもの：{second.ja}。{end.ja}",
        en=f'The attention of "{word}" ({place.en}). It looks at {first.en}; it is looked at by {second.en}. {end.en}'.strip(),
    )
    return sheet, alt


def _weights(read: Explained) -> tuple[list[float], list[float]]:
    """How much the word looks at each token, and each token at it."""
    at, by = np.zeros(len(read.tokens)), np.zeros(len(read.tokens))
    for link in read.links:
        at[link.token], by[link.token] = link.looks_at, link.looked_by
    return at.tolist(), by.tolist()


def _draw_side(
    sheet: Sheet, read: Explained, weights: list[float], title: Message, *, rest: Callable[[Sequence[float]], Message]
) -> Message:
    """One way of looking; `rest` says the weights of special tokens."""
    text = np.array([not token.special for token in read.tokens])
    own = frozenset(link.token for link in read.links if link.own)
    scale = weight_scale(np.array(weights), counted=text)
    sheet.paragraph(title, size=12)
    sheet.space(4)
    draw_shaded(sheet, read.tokens, weights, scale, second_from=read.second_from, sides=sides(read), framed=own)
    draw_scale(sheet, scale, Message(ja="注意の重み", en="attention weight"))
    top = strongest_tokens(weights, read.tokens, most=5)
    if top:
        draw_bars(sheet, [(name(read.tokens[index]), weights[index]) for index in top])
    special = [weight for weight, token in zip(weights, read.tokens, strict=True) if token.special]
    if any(special):
        sheet.paragraph(rest(special), colour=FAINT)
    sheet.space(8)
    return listed(top[:3], weights, read.tokens)


def _together(weights: Sequence[float]) -> Message:
    said = written(sum(weights))
    return Message(ja=f"ほかに特殊トークン：合計{said}", en=f"Special tokens, together: {said}")


def _on_average(weights: Sequence[float]) -> Message:
    """Looks of several tokens are no shares of one whole: their sum may go beyond 1."""
    said = written(sum(weights) / len(weights))
    return Message(ja=f"ほかに特殊トークン：平均{said}", en=f"Special tokens, on average: {said}")
