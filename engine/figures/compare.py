"""Two readings side by side: one text in two models, or two texts in one model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.attention.explained import Explained
from engine.contract import Message
from engine.figures.attention import WEIGHT, draw_beside, map_of, map_scale, segments, token_labels
from engine.figures.bars import draw_bars
from engine.figures.colours import FAINT, Array, Scale, written
from engine.figures.matrix import draw_matrix, draw_scale
from engine.figures.mattering import MEASURES, Measure, measured, scale_of
from engine.figures.shading import draw_shaded
from engine.figures.sheet import Sheet
from engine.figures.words import heading, link, listed, name, of_model, of_window, quoted, shown, sides, strongest_links, strongest_tokens

# So many tokens of both readings fit on one page.
_ONE_PAGE = 56


def compare_sheets(read: Explained, other: Explained, *, layer: int, head: int | None, japanese: bool) -> list[tuple[Sheet, Message]]:
    """The pages that compare `read` with `other`, and their alternative texts."""
    same = [token.text for token in read.tokens] == [token.text for token in other.tokens]
    pages = (_beside if same else _stacked)(read, other, layer, head, japanese=japanese)
    letters = "AB" if len(pages) == 2 else ["AB"]
    return [(page, _alt(read, other, layer, head, of=of, same=same)) for page, of in zip(pages, letters, strict=True)]


def place_in(read: Explained, layer: int, head: int | None) -> tuple[int, int | None]:
    """Layer and head within a model that may have fewer of them."""
    layers, heads = read.maps.shape[:2]
    return min(layer, layers - 1), None if head is None else min(head, heads - 1)


def _beside(read: Explained, other: Explained, layer: int, head: int | None, *, japanese: bool) -> list[Sheet]:
    """One page for readings of the same tokens: what moved, both maps side by side, and what mattered in each."""
    sheet, maps = Sheet(japanese=japanese), _maps(read, other, layer, head)
    heading(sheet, _title(read, other), reads=[read, other])
    _draw_moved(sheet, read, maps[1] - maps[0])
    scale = _common_scale(read, other, maps)
    sheet.space(6)
    places = [shown(one, *place_in(one, layer, head)).words() for one in (read, other)]
    for letter, place in zip("AB", places, strict=True):
        sheet.paragraph(Message(ja=f"{letter}：{place.ja}", en=f"{letter}: {place.en}"))
    sheet.space(4)
    draw_beside(sheet, read, maps, [scale, scale], [Message(ja="A", en="A"), Message(ja="B", en="B")])
    draw_scale(sheet, scale, WEIGHT)
    _draw_line(sheet, "A", read, other)
    _draw_line(sheet, "B", other, read)
    return [sheet]


def _stacked(read: Explained, other: Explained, layer: int, head: int | None, *, japanese: bool) -> list[Sheet]:
    """One or two pages for readings of different tokens, one below the other."""
    maps, sheet, title = _maps(read, other, layer, head), Sheet(japanese=japanese), _title(read, other)
    scale, pages = _common_scale(read, other, maps), [sheet]
    heading(sheet, title, reads=[read, other])
    for letter, one, values in zip("AB", (read, other), maps, strict=True):
        if letter == "B" and len(read.tokens) + len(other.tokens) > _ONE_PAGE:
            sheet = Sheet(japanese=japanese)
            heading(sheet, title, reads=[read, other])
            pages.append(sheet)
        _draw_reading(sheet, letter, one, values, scale, place=place_in(one, layer, head), beside=other if letter == "A" else read)
    return pages


def _maps(read: Explained, other: Explained, layer: int, head: int | None) -> list[Array]:
    return [map_of(one, *place_in(one, layer, head)) for one in (read, other)]


def _common_scale(read: Explained, other: Explained, maps: list[Array]) -> Scale:
    """The wider scale of the two; it says so where the other one's numbers go beyond it."""
    first, second = (map_scale(values, one.tokens) for values, one in zip(maps, (read, other), strict=True))
    high = max(first.high, second.high)
    return Scale(high=high, more=any(float(np.nan_to_num(values).max()) > high * 1.001 for values in maps))


def _title(read: Explained, other: Explained) -> Message:
    if read.model == other.model:
        return Message(ja="ひとつのモデルで読んだ2つの文章", en="Two texts in one model")
    return Message(ja="2つのモデルで読んだ同じ文章", en="The same text in two models")


def _draw_reading(
    sheet: Sheet, letter: str, read: Explained, matrix: Array, scale: Scale, *, place: tuple[int, int | None], beside: Explained
) -> None:
    words, labels = shown(read, *place).words(), token_labels(read.tokens)
    sheet.space(6)
    sheet.paragraph(Message(ja=f"{letter}：{read.model}・{words.ja}", en=f"{letter}: {read.model}, {words.en}"), size=12)
    _draw_line(sheet, letter, read, beside)
    rows = float(np.clip(300.0 / len(labels), 10.5, 24.0))
    draw_matrix(sheet, matrix, scale=scale, rows=labels, columns=labels, segments=segments(read), row_pt=rows, digits=False)
    draw_scale(sheet, scale, WEIGHT)


def _best_measure(read: Explained) -> tuple[Measure, list[float]] | None:
    """The attribution, else relevance, else rollout."""
    for measure in reversed(MEASURES):
        values = measured(read, measure.kind)
        if values is not None:
            return measure, values
    return None


def _draw_line(sheet: Sheet, letter: str, read: Explained, beside: Explained) -> None:
    """The text shaded by what mattered, on a scale that `beside` shares where it has the same measure."""
    found, other = _best_measure(read), _best_measure(beside)
    if found is None:
        return
    measure, values = found
    signed = measure.kind == "attribution"
    scales = [scale_of(values, read, signed=signed)]
    if other is not None and other[0] == measure:
        scales.append(scale_of(other[1], beside, signed=signed))
    scale = max(scales, key=lambda one: one.high)
    title = measure.title
    sheet.paragraph(Message(ja=f"{letter}：{title.ja}", en=f"{letter}: {title.en}"), colour=FAINT)
    sheet.space(2)
    draw_shaded(sheet, read.tokens, values, scale, second_from=read.second_from, sides=sides(read))
    draw_scale(sheet, replace(scale, more=max(values) > scale.high * 1.001), measure.scale)
    sheet.space(4)


def _draw_moved(sheet: Sheet, read: Explained, difference: Array) -> None:
    """Which tokens get more of the attention from B than from A, in words and as bars."""
    moved = received(difference)
    top = [index for index in np.argsort(-np.abs(moved), kind="stable")[:8].tolist() if abs(moved[index]) > 0]
    if not top:
        sheet.paragraph(Message(ja="2つの注意に違いはありません。", en="The two maps do not differ."))
        return
    title = Message(
        ja="Bで増えた（+）、減った（−）注意の量（平均）", en="Attention received, on average: more (+) or less (−) in B than in A"
    )
    draw_bars(sheet, [(name(read.tokens[index]), float(moved[index])) for index in top], title=title, sign=True)
    row, column = np.unravel_index(int(np.abs(difference).argmax()), difference.shape)
    label, change = link(read.tokens[int(row)], read.tokens[int(column)]), written(float(difference[row, column]), sign=True)
    sheet.paragraph(Message(ja=f"最も変わったつながり：{label}（{change}）", en=f"The link that differs most: {label} ({change})"))


def received(matrix: Array) -> Array:
    """How much attention each token gets, on average over the rows. *Shape:* (tokens, tokens) → (tokens,)."""
    mean: Array = np.nan_to_num(np.asarray(matrix, dtype=np.float64)).mean(axis=0)
    return mean


def _alt(read: Explained, other: Explained, layer: int, head: int | None, *, of: str, same: bool) -> Message:
    """What a page shows, `of` both maps or of one that has the page for itself."""
    title, models, found = _title(read, other), [], []
    for letter, one in zip("AB", (read, other), strict=True):
        matrix, model, window = map_of(one, *place_in(one, layer, head)), of_model(one), of_window(one)
        models.append(
            Message(
                ja=f"{letter}は{model.ja}" + (f"、{window.ja}" if window else ""),
                en=f"{letter}: {model.en}" + (f", {window.en}" if window else ""),
            )
        )
        for row, column in strongest_links(matrix, one.tokens, most=1) if letter in of else ():
            first, second = quoted(one.tokens[row]), quoted(one.tokens[column])
            found.append(
                Message(
                    ja=f"{letter}では{first.ja}が{second.ja}を最も強く見ている。", en=f"In {letter}, {first.en} looks most at {second.en}. "
                )
            )
    moved = _moved_words(read, other, layer, head) if same else Message(ja="", en="")
    maps = Message(ja="の注意を並べた図。", en=": two attention maps. ")
    if of != "AB":
        maps = Message(ja=f"のうち、{of}の注意の図。", en=f": the attention map of {of}. ")
    said_en = f"{title.en}{maps.en}" + ". ".join(one.en for one in models) + ". " + "".join(one.en for one in found) + moved.en
    return Message(
        ja=f"{title.ja}{maps.ja}" + "。".join(one.ja for one in models) + "。" + "".join(one.ja for one in found) + moved.ja,
        en=said_en.strip(),
    )


def _moved_words(read: Explained, other: Explained, layer: int, head: int | None) -> Message:
    moved = received(map_of(other, *place_in(other, layer, head)) - map_of(read, *place_in(read, layer, head))).tolist()
    said = listed(strongest_tokens(moved, read.tokens, most=3), moved, read.tokens, sign=True)
    return Message(ja=f"Bで注意の量が変わったトークン：{said.ja}。", en=f"Attention received, B against A: {said.en}.")
