"""The font of all drawings, and texts made fit to be drawn with it."""

from __future__ import annotations

import functools
import importlib.util
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags

# The geta mark: what Japanese printers set where a type is missing.
STAND_IN = "\u3013"
_ELLIPSIS = "…"
# Signs without a glyph that have a like one: the space of SentencePiece, the space of byte-level vocabularies, the stroke of ½, and so on.
_LIKE = {"\u2581": "_", "\u0120": "_", "\u201e": '"', "\u2011": "-", "\u2044": "/", "\u2039": "<", "\u203a": ">", "\u201a": ","}
_LIKE |= {"≤": "≦", "≥": "≧", "⋅": "·", "∗": "*", "⋯": "…", "Đ": "D", "ı": "i"}


def japanese_font(size_pt: float) -> FontProperties:
    """IPAexGothic at `size_pt` points; matplotlib's global settings stay as they are."""
    return FontProperties(fname=str(_font_file()), size=size_pt)


def drawable(text: str, *, max_columns: int | None = None) -> str:
    """`text` on one line, in characters that the font has, at most `max_columns` half-width columns wide.

    What the font lacks is replaced by what is like it (ğ by g), or by 〓 (emoji, Thai, ...); control characters and other invisible
    ones by a space or nothing.
    """
    shown = _replace(unicodedata.normalize("NFC", text))
    return shown if max_columns is None else _shorten(shown, max_columns)


def display_columns(text: str) -> int:
    """The width of `text` in half-width columns."""
    return sum(_char_columns(char) for char in text)


@functools.cache
def _font_file() -> Path:
    # Found, not imported: importing the package changes the settings of matplotlib for the whole process.
    spec = importlib.util.find_spec("matplotlib_fontja")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib-fontja is not installed; it brings the Japanese font of the drawings")
    return Path(spec.origin).parent / "fonts" / "ipaexg.ttf"


@functools.cache
def glyphs() -> frozenset[int]:
    """The code points that the font can draw."""
    return frozenset(FT2Font(str(_font_file())).get_charmap())


def text_width(text: str, size_pt: float) -> float:
    """How wide one line of drawable `text` is, in points."""
    advances = _advances()
    return size_pt * sum(advances.get(char, 1.0) for char in text)


def shortened(text: str, size_pt: float, width_pt: float) -> str:
    """Drawable `text`, cut with … where it is wider than `width_pt` points."""
    if text_width(text, size_pt) <= width_pt:
        return text
    kept, width = 0, text_width(_ELLIPSIS, size_pt)
    while width + text_width(text[kept], size_pt) <= width_pt:
        width += text_width(text[kept], size_pt)
        kept += 1
    return text[:kept].rstrip() + _ELLIPSIS


@functools.cache
def _advances() -> Mapping[str, float]:
    """How far the pen moves for each character, in ems."""
    # A font object of its own: matplotlib's are used by the thread that made them only.
    font = FT2Font(str(_font_file()))
    advance = {code: font.load_glyph(glyph, flags=LoadFlags.NO_SCALE).horiAdvance for code, glyph in font.get_charmap().items()}
    return {chr(code): units / font.units_per_EM for code, units in advance.items()}


def _replace(text: str) -> str:
    out: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if char.isspace():
            out.append(" ")
        elif category in ("Cc", "Cf") or _selects_variant(char):
            continue
        elif ord(char) in glyphs():
            out.append(char)
        elif not (category.startswith("M") or category == "Sk") or not out:
            out.append(_LIKE.get(char) or _without_accents(char) or STAND_IN)
    return "".join(out).strip()


def _without_accents(char: str) -> str:
    """The letters that are left of a character without its accents; "" where the font lacks one of them."""
    letters = [part for part in unicodedata.normalize("NFKD", char) if not unicodedata.category(part).startswith("M")]
    return "".join(letters) if all(ord(letter) in glyphs() for letter in letters) else ""


def _selects_variant(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0000" <= char <= "\U000e01ef"


def _shorten(text: str, max_columns: int) -> str:
    if display_columns(text) <= max_columns:
        return text
    kept, width = [], _char_columns(_ELLIPSIS)
    for char in text:
        width += _char_columns(char)
        if width > max_columns:
            break
        kept.append(char)
    return "".join(kept).rstrip() + _ELLIPSIS


def _char_columns(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WFA" else 1
