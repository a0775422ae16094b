"""Running text whose tokens are shaded by a number each; it wraps like text and is never cut."""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract import Message, Token
from engine.figures.colours import FAINT, HAIR, POINTER, Scale, ink_on
from engine.figures.font import text_width
from engine.figures.sheet import MARGIN_PT, WIDTH_PT, Sheet
from engine.figures.words import name

_SIZE_PT = 12.0
_SPECIAL_PT = 9.0
_LINE_PT = 23.0
_BOX_PT = 19.0
_PAD_PT = 2.5
# Between two pieces of one word, and between two words of Latin letters.
_SEAM_PT = 1.0
_SPACE_PT = 5.0


def draw_shaded(
    sheet: Sheet,
    tokens: Sequence[Token],
    values: Sequence[float],
    scale: Scale,
    *,
    second_from: int | None = None,
    sides: tuple[Message, Message] | None = None,
    framed: frozenset[int] = frozenset(),
) -> None:
    """Write the tokens in lines below what is there, each on the colour of its value; those of `framed` get a frame.

    Of a pair, each text begins on a line of its own, under its name in `sides`.
    """
    parts = [tuple(range(len(tokens)))]
    if second_from is not None and 0 < second_from < len(tokens):
        parts = [tuple(range(second_from)), tuple(range(second_from, len(tokens)))]
    for number, part in enumerate(parts):
        if sides is not None and len(parts) == 2:
            sheet.text(MARGIN_PT, sheet.y + 10, sides[number], colour=FAINT)
            sheet.y += 13
        _draw_part(sheet, tokens, values, scale, part, framed)
    sheet.space(2)


def _draw_part(
    sheet: Sheet, tokens: Sequence[Token], values: Sequence[float], scale: Scale, part: Sequence[int], framed: frozenset[int]
) -> None:
    x = MARGIN_PT
    for index in part:
        token = tokens[index]
        size = _SPECIAL_PT if token.special else _SIZE_PT
        x += _gap(tokens, index) if x > MARGIN_PT else 0.0
        for piece in _pieces(written_form(token), size):
            width = text_width(piece, size) * 1.01 + 2 * _PAD_PT
            if x > MARGIN_PT and x + width > WIDTH_PT - MARGIN_PT:
                x = MARGIN_PT
                sheet.y += _LINE_PT
            colour = scale.colour(values[index])
            edge = POINTER if index in framed else HAIR
            sheet.box(x, sheet.y, width, _BOX_PT, fill=colour, edge=edge, thickness=1.8 if index in framed else 0.5)
            sheet.middle(x + _PAD_PT, sheet.y + _BOX_PT / 2, piece, size=size, colour=_letters(token, colour))
            x += width
    sheet.y += _LINE_PT


def written_form(token: Token) -> str:
    """A token as it stands in running text: without the marks that say whether it goes on a word."""
    text = token.text if token.special else token.text.removeprefix("##").lstrip("\u2581\u0120") or token.text
    return name(Token(text=text, id=token.id, start=token.start, end=token.end, special=token.special))


def _letters(token: Token, colour: tuple[float, float, float]) -> tuple[float, float, float]:
    letters = ink_on(colour)
    return FAINT if token.special and letters != (1.0, 1.0, 1.0) and min(colour) > 0.85 else letters


def _gap(tokens: Sequence[Token], index: int) -> float:
    """A space where there is one in the text: the tokens' places say so."""
    before, token = tokens[index - 1], tokens[index]
    return _SPACE_PT if before.special or token.special or token.start > before.end else _SEAM_PT


def _pieces(text: str, size: float) -> list[str]:
    """The token in pieces of at most a line each."""
    room, pieces = WIDTH_PT - 2 * MARGIN_PT - 2 * _PAD_PT - 4, [""]
    for char in text:
        if pieces[-1] and text_width(pieces[-1] + char, size) * 1.01 > room:
            pieces.append("")
        pieces[-1] += char
    return pieces
