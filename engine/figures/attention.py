"""The picture of which token looks at which: one head's map, or the mean over a layer's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message, Token
from engine.figures.bars import draw_bars
from engine.figures.colours import Array, Scale, weight_scale, written
from engine.figures.labels import PITCH_PT, Label, rows_width
from engine.figures.matrix import SEGMENT_PT, Segments, draw_matrix, draw_scale, frame
from engine.figures.sheet import INNER_PT, LABEL_PT, MARGIN_PT, Sheet
from engine.figures.words import counted, has_links, heading, link, name, quoted, shown, sides, strongest_links, title_in_alt

_BESIDE_GAP_PT = 12.0
_HIGHEST_PT = 340.0
WEIGHT = Message(ja="行から列への注意の重み", en="attention weight, row to column")
_HOW = Message(
    ja="行のトークンが、列のトークンをどれだけ見ているか。色が濃いほど強く、ひとつの行を足すと1になります（図にない分を除く）。",
    en="How much the token of a row looks at the token of a column. The darker, the more; a row adds up to 1 (less what is not shown).",
)
_LINKS = Message(
    ja="最も強いつながり（特殊トークンと自分自身を除く）", en="The strongest links (special tokens and looks at oneself left out)"
)
_ALL_LINKS = Message(ja="最も強いつながり", en="The strongest links")


def map_of(read: Explained, layer: int, head: int | None) -> Array:
    """One map of `read`. *Shape:* (tokens, tokens)."""
    weights: Array = read.maps[layer].mean(axis=0) if head is None else read.maps[layer, head]
    return weights


def map_sheet(read: Explained, *, layer: int, head: int | None, japanese: bool) -> tuple[Sheet, Message]:
    """The page of one map of `read`, and its alternative text."""
    sheet, words, matrix = Sheet(japanese=japanese), shown(read, layer, head).words(), map_of(read, layer, head)
    heading(sheet, Message(ja=f"注意の図：{words.ja}", en=f"Attention map: {words.en}"), reads=[read], how=_HOW)
    _draw_map(sheet, matrix, read.tokens, segments(read))
    if segments(read) is not None:
        _draw_crossing(sheet, read, matrix)
    _draw_links(sheet, matrix, read.tokens)
    alt, end = map_alt(matrix, read.tokens, words), title_in_alt(read)
    crossing = Message(ja="", en="")
    if segments(read) is not None:
        crossing = _crossing_words(read, matrix, end_ja="向いている")
    return sheet, Message(ja=alt.ja + crossing.ja + end.ja, en=" ".join(filter(None, (alt.en, crossing.en, end.en.strip()))))


def segments(read: Explained) -> Segments | None:
    """The two texts of a pair; None: there is one."""
    if read.second_from is None or not 0 < read.second_from < len(read.tokens):
        return None
    return Segments(second_from=read.second_from, names=sides(read))


def token_labels(tokens: Sequence[Token]) -> list[Label]:
    """The tokens as names of rows and columns."""
    return [Label(name(token), token.special) for token in tokens]


def map_scale(values: Array, tokens: Sequence[Token], *, quantile: float = 1.0) -> Scale:
    """A scale on which looks at tokens of the text can be told apart, also where far more goes to [SEP]. *Shape:* (..., tokens, tokens)."""
    text = np.array([not token.special for token in tokens])
    pairs = np.broadcast_to(text[None, :] & ~np.eye(len(tokens), dtype=bool), values.shape)
    return weight_scale(values, quantile=quantile, counted=pairs)


def map_alt(matrix: Array, tokens: Sequence[Token], place: Message) -> Message:
    """What a map shows, in words."""
    links = strongest_links(matrix, tokens, most=3)
    if not links:
        return Message(
            ja=f"{len(tokens)}トークンの注意を色で表した図（{place.ja}）。",
            en=f"A heatmap of the attention of {counted(tokens)} ({place.en}).",
        )
    said = [(quoted(tokens[row]), quoted(tokens[column]), written(float(matrix[row, column]))) for row, column in links]
    first, second, value = said[0]
    more_ja = "".join(f"、{one.ja}→{other.ja}（{weight}）" for one, other, weight in said[1:])
    more_en = "".join(f", {one.en} to {other.en} ({weight})" for one, other, weight in said[1:])
    return Message(
        ja=f"{len(tokens)}トークンの注意を色で表した図（{place.ja}）。{first.ja}が{second.ja}を最も強く見ている（{value}）"
        + (f"。次に{more_ja[1:]}" if more_ja else "")
        + "。",
        en=f"A heatmap of the attention between {counted(tokens)} ({place.en}). {first.en} looks most at {second.en} ({value})"
        + (f"; then{more_en[1:]}" if more_en else "")
        + ".",
    )


def draw_beside(sheet: Sheet, read: Explained, maps: Sequence[Array], scales: Sequence[Scale], titles: Sequence[Message]) -> None:
    """Draw one or two maps of the same tokens side by side under their titles; the rows are named once."""
    labels, top, pair = token_labels(read.tokens), sheet.y, segments(read)
    left = rows_width(labels) + (SEGMENT_PT if pair else 0.0)
    width = (INNER_PT - left - _BESIDE_GAP_PT) / 2 if len(maps) == 2 else INNER_PT - left
    matters = np.nan_to_num(sum(maps))  # of both, so that the same tokens are named
    rows = float(np.clip(width / len(labels), min(PITCH_PT, _HIGHEST_PT / len(labels)), 20.0))
    for number, (matrix, scale, title) in enumerate(zip(maps, scales, titles, strict=True)):
        x = MARGIN_PT + number * (left + width + _BESIDE_GAP_PT)
        sheet.y = top + LABEL_PT + 8
        sheet.text(x + (0 if number else left), top + LABEL_PT, title)
        draw_matrix(
            sheet, matrix, scale=scale, rows=labels, columns=labels, segments=pair, x=x, width=width if number else left + width,
            row_pt=rows, named_rows=number == 0, digits=False, matters=matters,
        )  # fmt: skip


def _draw_map(sheet: Sheet, matrix: Array, tokens: Sequence[Token], pair: Segments | None) -> None:
    labels, scale = token_labels(tokens), map_scale(matrix, tokens)
    place = draw_matrix(sheet, matrix, scale=scale, rows=labels, columns=labels, segments=pair)
    if pair is not None:
        frame(sheet, place, rows=(0, pair.second_from), columns=(pair.second_from, place.columns))
        frame(sheet, place, rows=(pair.second_from, place.rows), columns=(0, pair.second_from))
    draw_scale(sheet, scale, WEIGHT)


def _draw_links(sheet: Sheet, matrix: Array, tokens: Sequence[Token]) -> None:
    found = strongest_links(matrix, tokens, most=5)
    if found:
        sheet.space(6)
        entries = [(link(tokens[row], tokens[column]), float(matrix[row, column])) for row, column in found]
        draw_bars(sheet, entries, title=_LINKS if has_links(tokens) else _ALL_LINKS)


def _draw_crossing(sheet: Sheet, read: Explained, matrix: Array) -> None:
    first, second = sides(read)
    said = _crossing_words(read, matrix, end_ja="向いています")
    sheet.paragraph(
        Message(
            ja=f"橙色の枠は{first.ja}と{second.ja}のあいだの注意です。{said.ja}",
            en=f"Orange frames: attention between the two. {said.en}",
        )
    )


def _crossing(read: Explained, matrix: Array) -> tuple[float, float]:
    """How much of the attention of each text's tokens goes to the other's, 0..1; a look at [SEP] or [CLS] is no look at a text."""
    text = np.array([not token.special for token in read.tokens])
    in_second = np.arange(len(text)) >= (read.second_from or 0)
    first, second = np.flatnonzero(text & ~in_second), np.flatnonzero(text & in_second)
    return _share(matrix[np.ix_(first, second)]), _share(matrix[np.ix_(second, first)])


def _share(block: Array) -> float:
    return float(np.nan_to_num(block).sum(axis=1).mean()) if block.size else 0.0


def _crossing_words(read: Explained, matrix: Array, *, end_ja: str) -> Message:
    (first, second), (there, back) = sides(read), _crossing(read, matrix)
    one, other = (f"the {side.en}" if read.task == "ask" else side.en for side in (first, second))
    return Message(
        ja=f"{first.ja}の注意の{there:.0%}が{second.ja}へ、{second.ja}の注意の{back:.0%}が{first.ja}へ{end_ja}（特殊トークンを除く）。",
        en=f"{there:.0%} of {one}'s attention goes to {other}, {back:.0%} of {other}'s to {one} (special tokens left out).",
    )
