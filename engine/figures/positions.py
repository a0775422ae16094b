"""How a model tells places apart: its table of positions beside the sinusoidal one of the Transformer's paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message
from engine.figures.colours import FAINT, Array, Scale, even_places, round_up, written
from engine.figures.curve import Line, draw_lines
from engine.figures.matrix import draw_scale
from engine.figures.sheet import DPI, INNER_PT, LABEL_PT, MARGIN_PT, Sheet
from engine.figures.words import heading

_GAP_PT = 26.0
_LEFT_PT = 24.0
_SIDE_PT = (INNER_PT - _GAP_PT - 2 * _LEFT_PT) / 2
_WAVES = 4
# Farther on, the quick waves are a blur.
_WAVE_PLACES = 64
_LEARNED = Message(ja="このモデルが学んだ位置", en="Learned by this model")
_SINUSOIDAL = Message(ja="三角関数の位置（Vaswani ほか 2017）", en="Sinusoidal (Vaswani et al. 2017)")


def positions_sheet(read: Explained, *, japanese: bool) -> tuple[Sheet, Message]:
    """The page of the positional encodings of `read`, and its alternative text.

    Raises:
        ValueError: `read` holds none.
    """
    if read.positions is None:
        raise ValueError("cannot draw the positions: none were read from the model")
    sheet, found = Sheet(japanese=japanese), read.positions
    title = Message(ja="位置の表し方", en="How places are told apart")
    how = Message(
        ja="Transformerは語順を知らないので、位置ごとのベクトルを足します。図は位置どうしのコサイン類似度（濃い青ほど似ている）、波はいくつかの次元の値です。",
        en="A Transformer knows no order, so a vector for each place is added. Heatmaps: cosine of places with each other. Waves: some of the dimensions.",
    )
    heading(sheet, title, reads=[replace(read, prediction=None, windows=1)], how=how)  # the text plays no part
    tables = [(_SINUSOIDAL, found.sinusoidal)] if found.learned is None else [(_LEARNED, found.learned), (_SINUSOIDAL, found.sinusoidal)]
    _draw_cosines(sheet, tables)
    draw_scale(sheet, Scale(high=1.0, low=-1.0), Message(ja="コサイン類似度", en="cosine similarity"))
    if found.learned is None:
        sheet.paragraph(
            Message(
                ja="このモデルには位置の表がありません（回転や相対位置を使います）。",
                en="This model has no table of positions: it uses rotary or relative ones.",
            )
        )
    for name, table in tables:
        _draw_waves(sheet, name, table)
    return sheet, _alt(read, tables)


def cosines(table: Array) -> Array:
    """The cosine of each position's vector with each other's; 0 for a vector of zeros. *Shape:* (positions, width) → (positions, positions)."""
    known = np.nan_to_num(np.asarray(table, dtype=np.float64))
    norms = np.linalg.norm(known, axis=1, keepdims=True)
    unit = np.divide(known, norms, out=np.zeros_like(known), where=norms > 0)
    cosine: Array = np.clip(unit @ unit.T, -1.0, 1.0)
    return cosine


def _draw_cosines(sheet: Sheet, tables: list[tuple[Message, Array]]) -> None:
    top = sheet.y
    for number, (name, table) in enumerate(tables):
        x, y = MARGIN_PT + _LEFT_PT + number * (_SIDE_PT + _LEFT_PT + _GAP_PT), top + 18
        sheet.text(x, top + LABEL_PT, name)
        values = cosines(table[:: max(1, -(-len(table) // int(_SIDE_PT * DPI / 72)))])
        sheet.cells(Scale(high=1.0, low=-1.0).colours(values), x, y, _SIDE_PT, _SIDE_PT)
        sheet.box(x, y, _SIDE_PT, _SIDE_PT, edge=FAINT, thickness=0.6)
        for place in even_places(0, len(table) - 1):
            said, at = f"{place}", (place + 0.5) / len(table) * _SIDE_PT
            sheet.text(x + at, y + _SIDE_PT + 3 + LABEL_PT, said, colour=FAINT, align="right" if at > _SIDE_PT - 12 else "center")
            sheet.middle(x - 4, y + at, said, colour=FAINT, align="right")
    sheet.y = top + 18 + _SIDE_PT + LABEL_PT + 10


def _draw_waves(sheet: Sheet, name: Message, table: Array) -> None:
    table = table[:_WAVE_PLACES]
    places = np.arange(len(table), dtype=np.float64)
    lines = [
        Line(
            name=Message(ja=f"次元{dimension}", en=f"dimension {dimension}"),
            at=places.tolist(),
            values=np.asarray(table[:, dimension], dtype=np.float64).tolist(),
        )
        for dimension in _dimensions(table)
    ]
    most = round_up(float(np.nanmax(np.abs([line.values for line in lines])))) or 1.0
    sheet.space(8)
    count = len(table)
    sheet.paragraph(Message(ja=f"{name.ja}：最初の{count}か所", en=f"{name.en}: the first {count} places"), size=12)
    draw_lines(sheet, lines, x_name=Message(ja="位置", en="position"), height=100.0, low=-most, high=most)


def _dimensions(table: Array) -> list[int]:
    """Dimensions of the first third or so, far enough apart that their waves differ."""
    step = max(1, table.shape[1] // (_WAVES * 3))
    return list(range(0, table.shape[1], step))[:_WAVES]


def _alt(read: Explained, tables: list[tuple[Message, Array]]) -> Message:
    said = []
    for name, table in tables:
        values = cosines(table)
        count = len(values)
        near = float(np.diagonal(values, 1).mean()) if count > 1 else 1.0
        far = float(np.diagonal(values, count // 2).mean())
        said.append(
            Message(
                ja=f"{name.ja}：隣どうしのコサインは平均{written(near)}、{count // 2}離れると{written(far)}。",
                en=f"{name.en}: the cosine of neighbours is {written(near)} on average, of places {count // 2} apart {written(far)}.",
            )
        )
    return Message(
        ja=f"モデル{read.model}の位置の表し方の図。" + "".join(one.ja for one in said),
        en=f"How the model {read.model} tells places apart. " + " ".join(one.en for one in said),
    )
