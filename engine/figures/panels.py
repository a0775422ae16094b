"""Many heads at once: a small picture each, on one common scale, the ones that stand out framed and named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message, TellingHead
from engine.figures.attention import WEIGHT, map_scale, token_labels
from engine.figures.colours import FAINT, INK, POINTER, Array, Scale
from engine.figures.font import text_width
from engine.figures.labels import PITCH_PT, Label, columns as column_labels, draw_rows, rows_width
from engine.figures.matrix import draw_scale
from engine.figures.sheet import DPI, INNER_PT, MARGIN_PT, Sheet
from engine.figures.words import counted, head_name, head_words, heading, title_in_alt

_GAP_PT, _NARROW_GAP_PT = 6.0, 3.0
_NAME_SIZE_PT = 9.0
_NAME_PT = _NAME_SIZE_PT + 4
_WIDEST_PT = 220.0
_LONGEST_PT = 70.0
# The weights above this quantile share the darkest colour: one head that looks at one place would leave the others white.
_QUANTILE = 0.99
# Heads in a line: at most; still with a wide gap; still with the tokens' names, up to how many of which all rows get theirs.
_MOST_IN_LINE, _LOOSE, _MOST_NAMED, _ALL_NAMED = 16, 12, 4, 20
_HOW = Message(
    ja="小さな図のひとつがヘッドひとつ（層.ヘッド）で、行のトークンが列のトークンを見る強さです。斜めの線は隣や自分、縦の線は全員が同じところを見る動きです。",
    en="Each small picture is one head (layer.head): rows look at columns. A slanting line: neighbours or oneself; an upright one: all look at the same place.",
)

_TELLING = Message(ja="特徴のあるヘッド（橙色の枠）", en="Heads that stand out (orange frames)")
# In the picture of one layer: those that stand out are looked for in all layers.
_TELLING_SOME = Message(
    ja="モデル全体で特徴のあるヘッド（この層のものは橙色の枠）",
    en="Heads of the whole model that stand out (those of this layer in orange frames)",
)
_TELLING_ELSEWHERE = Message(
    ja="モデル全体で特徴のあるヘッド（どれもほかの層）", en="Heads of the whole model that stand out (all in other layers)"
)
_IN_ALL = Message(ja="モデル全体で特徴のあるヘッド：", en="Heads of the whole model that stand out: ")


@dataclass(frozen=True, kw_only=True)
class _Panels:
    """Small pictures in rows: how many a row, how large, how far apart, and where the first begins."""

    x: float
    across: int
    width: float
    height: float
    gap: float


def heads_sheet(read: Explained, *, layer: int, japanese: bool) -> tuple[Sheet, Message]:
    """The page of all heads of one layer, and its alternative text."""
    sheet, heads = Sheet(japanese=japanese), read.maps.shape[1]
    layers = read.maps.shape[0]
    title = Message(
        ja=f"層{layer}（0〜{layers - 1}のうち）の{heads}ヘッドすべて", en=f"All {heads} heads of layer {layer} (of 0–{layers - 1})"
    )
    heading(sheet, title, reads=[read], how=_HOW)
    scale = map_scale(read.maps[layer], read.tokens, quantile=_QUANTILE)
    _draw_panels(sheet, read, [(layer, head) for head in range(heads)], scale, across=_across(heads))
    draw_scale(sheet, scale, WEIGHT)
    here = [head.layer == layer for head in read.telling]
    _draw_telling(sheet, read.telling, _TELLING if all(here) else _TELLING_SOME if any(here) else _TELLING_ELSEWHERE)
    return sheet, _alt(read, title, _IN_ALL)


def layers_sheet(read: Explained, *, japanese: bool) -> tuple[Sheet, Message]:
    """The page of all heads of all layers, those that stand out large, and its alternative text."""
    sheet, (layers, heads) = Sheet(japanese=japanese), read.maps.shape[:2]
    title = Message(ja=f"全{layers}層×{heads}ヘッド", en=f"All {layers} layers × {heads} heads")
    heading(sheet, title, reads=[read], how=_HOW)
    scale = map_scale(read.maps, read.tokens, quantile=_QUANTILE)
    if read.telling:
        _draw_panels(sheet, read, list(dict.fromkeys((head.layer, head.head) for head in read.telling)), scale, across=3)
    _draw_telling(sheet, read.telling, _TELLING)
    sheet.space(6)
    for layer in range(layers):
        _draw_panels(sheet, read, [(layer, head) for head in range(heads)], scale, across=_in_line(heads))
    draw_scale(sheet, scale, WEIGHT)
    return sheet, _alt(read, title, Message(ja="", en=""))


def _across(count: int) -> int:
    return count if count <= 3 else 2 if count == 4 else 3 if count <= 12 else 4


def _in_line(heads: int) -> int:
    """How many heads of a layer stand in one line where all layers are shown: all of them, or even parts."""
    return math.ceil(heads / math.ceil(heads / _MOST_IN_LINE))


def _draw_panels(sheet: Sheet, read: Explained, heads: Sequence[tuple[int, int]], scale: Scale, *, across: int) -> None:
    """Draw the heads in lines of `across`; where these are few, with the tokens' names, of which the most looked at have room."""
    labels, named = token_labels(read.tokens), across <= _MOST_NAMED
    gap = _GAP_PT if across <= _LOOSE else _NARROW_GAP_PT
    left = rows_width(labels, longest=_LONGEST_PT) if named else 0.0
    width = min(_WIDEST_PT, math.floor((INNER_PT - left - gap * (across - 1)) / across * 2) / 2)
    height = max(width, len(labels) * PITCH_PT) if named and len(labels) <= _ALL_NAMED else width
    panels = _Panels(x=MARGIN_PT + left, across=across, width=width, height=height, gap=gap)
    looked_at = np.nan_to_num(sum(read.maps[layer, head] for layer, head in heads)).sum(axis=0).tolist()
    if named:
        _name_columns(sheet, labels, looked_at, panels, min(across, len(heads)))
    for start in range(0, len(heads), across):
        sheet.y += _NAME_PT
        if named:
            pitch = height / len(labels)
            draw_rows(sheet, labels, x=panels.x, y=sheet.y, pitch=pitch, weights=looked_at, longest=_LONGEST_PT)
        for number, (layer, head) in enumerate(heads[start : start + across]):
            _draw_panel(sheet, read, layer, head, scale, panels, panels.x + number * (width + gap))
        sheet.y += height + gap


def _name_columns(sheet: Sheet, labels: Sequence[Label], weights: Sequence[float], panels: _Panels, count: int) -> None:
    pitch = panels.width / len(labels)
    named = column_labels(labels, pitch=pitch, weights=weights, below=False)
    sheet.y += named.height_above
    for number in range(count):
        named.draw(sheet, x=panels.x + number * (panels.width + panels.gap), top=sheet.y, bottom=sheet.y, pitch=pitch)
    sheet.space(2)


def _draw_panel(sheet: Sheet, read: Explained, layer: int, head: int, scale: Scale, panels: _Panels, x: float) -> None:
    telling = [one for one in read.telling if (one.layer, one.head) == (layer, head)]
    colours = scale.colours(fitted(read.maps[layer, head], panels.width, panels.height))
    sheet.cells(colours, x, sheet.y, panels.width, panels.height)
    sheet.box(x, sheet.y, panels.width, panels.height, edge=FAINT, thickness=0.6)
    if telling:  # around the picture: its outer columns are where the separators are
        sheet.box(x - 1.4, sheet.y - 1.4, panels.width + 2.8, panels.height + 2.8, edge=POINTER, thickness=2.0)
    named = ("・" if sheet.japanese else ", ").join(head_name(one, sheet.japanese) for one in telling)
    said = named if telling and text_width(named, _NAME_SIZE_PT) <= panels.width else f"{layer}.{head}"
    sheet.text(x, sheet.y - 4, said, size=_NAME_SIZE_PT, colour=POINTER if telling else INK)


def fitted(matrix: Array, width_pt: float, height_pt: float) -> Array:
    """The matrix with no more rows and columns than there are pixels; where cells fall together, the largest is kept."""
    for axis, points in ((0, height_pt), (1, width_pt)):
        pixels = int(points * DPI / 72)
        if matrix.shape[axis] > pixels:
            starts = np.linspace(0, matrix.shape[axis], pixels, endpoint=False).astype(int)
            matrix = np.maximum.reduceat(matrix, starts, axis=axis)
    return matrix


def _draw_telling(sheet: Sheet, telling: Sequence[TellingHead], title: Message) -> None:
    if not telling:
        return
    sheet.space(2)
    sheet.paragraph(title, colour=POINTER)
    for head in telling:
        sheet.paragraph(head_words(head))


def _alt(read: Explained, title: Message, where: Message) -> Message:
    """`where`: of which heads those that stand out were found, where it is not those of the picture."""
    said = [head_words(head) for head in read.telling]
    found, end = where if said else Message(ja="", en=""), title_in_alt(read)
    return Message(
        ja=f"{title.ja}を小さな注意の図にして並べたもの（{len(read.tokens)}トークン）。{found.ja}"
        + "".join(f"{one.ja}。" for one in said)
        + end.ja,
        en=f"{title.en} as small attention maps of {counted(read.tokens)}. {found.en}"
        + "".join(f"{one.en}. " for one in said)
        + end.en.strip(),
    )
