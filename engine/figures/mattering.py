"""What mattered to the prediction: the text shaded by each measure, rollout and relevance in full, and the check by masking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message
from engine.figures.attention import draw_beside, map_scale
from engine.figures.bars import draw_bars
from engine.figures.colours import BLUE, Scale, signed_scale, weight_scale, written
from engine.figures.matrix import draw_scale
from engine.figures.shading import draw_shaded
from engine.figures.sheet import INNER_PT, MARGIN_PT, Sheet
from engine.figures.words import counted, heading, listed, masked_words, name, sides, strongest_tokens, title_in_alt

Kind = Literal["rollout", "relevance", "attribution"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One way to say how much a token mattered: its name, and what its numbers mean."""

    kind: Kind
    title: Message
    meaning: Message
    scale: Message


MEASURES = (
    Measure(
        kind="rollout",
        title=Message(ja="注意のロールアウト", en="Attention rollout"),
        meaning=Message(
            ja="全層の注意を掛け合わせ、判定の場所まで届いた割合（Abnar & Zuidema 2020）",
            en="the attention of all layers multiplied: the share that reaches the place of the prediction (Abnar & Zuidema 2020)",
        ),
        scale=Message(ja="届いた割合", en="share that arrives"),
    ),
    Measure(
        kind="relevance",
        title=Message(ja="勾配で重みづけた関連度", en="Relevance"),
        meaning=Message(
            ja="判定を強める注意だけを数えたもの（Chefer ほか 2021）",
            en="only attention that strengthens the prediction is counted (Chefer et al. 2021)",
        ),
        scale=Message(ja="関連度", en="relevance"),
    ),
    Measure(
        kind="attribution",
        title=Message(ja="判定への寄与（積分勾配）", en="Attribution (integrated gradients)"),
        meaning=Message(
            ja="青は判定を強めたトークン、橙は弱めたトークン（Sundararajan ほか 2017）",
            en="blue adds to the predicted score, orange takes from it (Sundararajan et al. 2017)",
        ),
        scale=Message(ja="寄与（+は強める、−は弱める）", en="adds (+) or takes (−)"),
    ),
)


def measured(read: Explained, kind: Kind) -> list[float] | None:
    """One value a token; None: this measure is not defined for any."""
    values = [getattr(scores, kind) for scores in read.scores]
    if not values or all(value is None for value in values):
        return None
    return [0.0 if value is None else float(np.nan_to_num(value)) for value in values]


def scale_of(values: Sequence[float], read: Explained, *, signed: bool) -> Scale:
    """A scale on which the tokens of the text can be told apart."""
    numbers = np.array(values)
    text = np.array([not token.special for token in read.tokens])
    return signed_scale(numbers) if signed else weight_scale(numbers, counted=text)


def tokens_sheet(read: Explained, *, japanese: bool) -> tuple[Sheet, Message]:
    """The page of the text shaded by each measure, and its alternative text."""
    sheet = Sheet(japanese=japanese)
    title = Message(ja="どのトークンが判定に効いたか", en="Which tokens mattered to the prediction")
    heading(sheet, title, reads=[read])
    said = []
    for measure in MEASURES:
        values = measured(read, measure.kind)
        if values is not None:
            said.append(_draw_measure(sheet, read, measure, values))
    if not said:
        sheet.paragraph(
            Message(ja="このモデルからは、トークンごとの値を求められませんでした。", en="No value a token could be found for this model.")
        )
    _draw_checks(sheet, read)
    return sheet, _alt(read, said)


def _draw_measure(sheet: Sheet, read: Explained, measure: Measure, values: list[float]) -> Message:
    signed = measure.kind == "attribution"
    scale, top = scale_of(values, read, signed=signed), strongest_tokens(values, read.tokens, most=3)
    best = listed(top, values, read.tokens, sign=signed)
    sheet.paragraph(measure.title, size=12)
    sheet.paragraph(measure.meaning)
    sheet.space(4)
    draw_shaded(sheet, read.tokens, values, scale, second_from=read.second_from, sides=sides(read))
    draw_scale(sheet, scale, measure.scale)
    sheet.paragraph(Message(ja=f"上位：{best.ja}", en=f"Top: {best.en}"))
    sheet.space(12)
    return Message(
        ja=f"{measure.title.ja}の上位は{best.ja}。", en=f"Top by {measure.title.en[0].lower()}{measure.title.en[1:]}: {best.en}. "
    )


def _draw_checks(sheet: Sheet, read: Explained) -> None:
    """How honest all this is: what masking does to the prediction, and how far the attributions miss the score they explain."""
    if read.prediction is not None and read.faithfulness:
        before = Message(ja="そのまま", en="nothing hidden")
        entries = [(before, read.prediction.probability), *((masked_words(effect), effect.probability) for effect in read.faithfulness)]
        title = Message(
            ja="確かめ：トークンを隠すと、同じ判定の確率はどうなるか", en="Check: the probability of the same prediction with tokens hidden"
        )
        draw_bars(sheet, entries, title=title, longest=1.0, percent=True)
    if read.completeness_error is not None:
        error = written(read.completeness_error, sign=True)
        sheet.paragraph(
            Message(
                ja=f"寄与の合計と、説明すべき値の変化との差：{error}（0に近いほど正確）",
                en=f"Attributions miss the change of score they explain by {error} (0 is exact).",
            )
        )


def _alt(read: Explained, said: Sequence[Message]) -> Message:
    end = title_in_alt(read)
    return Message(
        ja=f"文章の{len(read.tokens)}トークンを、判定に効いた度合いで塗り分けた図。" + "".join(one.ja for one in said) + end.ja,
        en=f"The text as {counted(read.tokens)}, each shaded by how much it mattered. " + "".join(one.en for one in said) + end.en.strip(),
    )


def rollout_sheet(read: Explained, *, japanese: bool) -> tuple[Sheet, Message]:
    """The page of rollout and relevance: what reaches the prediction as bars, all of it as heatmaps; and its alternative text."""
    sheet = Sheet(japanese=japanese)
    title = Message(ja="全層を通して、何が何に届いたか", en="What reached what, through all layers")
    how = Message(
        ja="層の注意をすべて重ねた結果です。棒は判定の場所に届いた量、図は行のトークンが列のトークンから受け取った量です。",
        en="All layers taken together. Bars: what reaches the place of the prediction. Heatmaps: what the token of a row draws from that of a column.",
    )
    heading(sheet, title, reads=[read], how=how)
    drawn = [(measure, values) for measure in MEASURES[:2] if (values := measured(read, measure.kind)) is not None]
    said = [_draw_reached(sheet, read, drawn)] if drawn else []
    _draw_whole(sheet, read)
    return sheet, _rollout_alt(read, said)


def _draw_reached(sheet: Sheet, read: Explained, drawn: Sequence[tuple[Measure, list[float]]]) -> Message:
    """Bars of each measure side by side: the tokens that reach the prediction most, special ones among them."""
    best: list[Message] = []
    top, lowest = sheet.y, sheet.y
    width = (INNER_PT - 20) / 2 if len(drawn) == 2 else INNER_PT
    for place, (measure, values) in enumerate(drawn):
        order = sorted(range(len(values)), key=lambda index, of=values: -of[index])[:10]  # type: ignore[misc]  # mypy infers no type for the default
        sheet.y = top
        draw_bars(
            sheet,
            [(name(read.tokens[index]), values[index]) for index in order],
            title=measure.title,
            x=MARGIN_PT + place * (width + 20),
            width=width,
            colour=BLUE,
        )
        lowest = max(lowest, sheet.y)
        words = listed(strongest_tokens(values, read.tokens, most=3), values, read.tokens)
        best.append(
            Message(
                ja=f"{measure.title.ja}の上位は{words.ja}。", en=f"Top by {measure.title.en[0].lower()}{measure.title.en[1:]}: {words.en}. "
            )
        )
    sheet.y = lowest
    return Message(ja="".join(one.ja for one in best), en="".join(one.en for one in best))


def _draw_whole(sheet: Sheet, read: Explained) -> None:
    """Both matrices side by side, and what their colours mean."""
    found = [(measure, matrix) for measure, matrix in zip(MEASURES, (read.rollout, read.relevance), strict=False) if matrix is not None]
    scales = [map_scale(matrix, read.tokens) for _, matrix in found]
    sheet.space(8)
    titles = [measure.title for measure, _ in found]
    draw_beside(sheet, read, [matrix for _, matrix in found], scales, titles)
    for (measure, _), scale in zip(found, scales, strict=True):
        draw_scale(sheet, scale, measure.scale)
    for measure, _ in found:
        sheet.paragraph(Message(ja=f"{measure.title.ja}：{measure.meaning.ja}", en=f"{measure.title.en}: {measure.meaning.en}"))


def _rollout_alt(read: Explained, said: Sequence[Message]) -> Message:
    end = title_in_alt(read)
    return Message(
        ja=f"全層を通した注意のロールアウトと関連度の図（{len(read.tokens)}トークン）。" + "".join(one.ja for one in said) + end.ja,
        en=f"Attention rollout and relevance through all layers, {counted(read.tokens)}. "
        + "".join(one.en for one in said)
        + end.en.strip(),
    )
