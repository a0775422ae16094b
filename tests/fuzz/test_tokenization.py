"""Whatever a text holds, the bundled tokenizers cut it into pieces whose spans are places of the text, in its order."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import Pieces, TextTokenizer, windows
from tests.fuzz.inputs import LONG, TEXTS, fuzzed

MODELS = Path(__file__).parents[2] / "models"
FOLDERS = sorted({path.parent for path in MODELS.rglob("vocab.txt")})


@cache
def bundled() -> TextTokenizer:
    return load_tokenizer(FOLDERS[0], max_length=512)


def is_consistent(pieces: Pieces, text: str) -> None:
    """Spans lie in the text and go on in it, nothing is cut out of the middle of another piece, and words count up."""
    assert pieces.text == text
    assert len(pieces.ids) == len(pieces.tokens) == len(pieces.offsets) == len(pieces.words)
    place = (0, 0)
    for start, end in pieces.offsets:
        assert 0 <= start <= end <= len(text)
        assert (start, end) >= place
        assert end >= place[1]
        place = (start, end)
    assert all(before <= after <= before + 1 for before, after in zip(pieces.words, pieces.words[1:], strict=False))


@given(st.lists(TEXTS, min_size=1, max_size=3))
@fuzzed(of=3)
def test_every_piece_is_a_place_of_the_text(texts: list[str]) -> None:
    for pieces, text in zip(bundled().pieces(texts), texts, strict=True):
        is_consistent(pieces, text)


@given(TEXTS, TEXTS)
@fuzzed()
def test_what_a_model_is_given_holds_every_piece_once(first: str, second: str) -> None:
    tokenizer = bundled()
    one, other = tokenizer.pieces([first, second])
    single, pair = tokenizer.assemble(one.ids), tokenizer.assemble(one.ids, other.ids)
    assert tuple(single.ids[i] for i in single.first) == one.ids
    assert (tuple(pair.ids[i] for i in pair.first), tuple(pair.ids[i] for i in pair.second)) == (one.ids, other.ids)
    assert len(pair.ids) == len(pair.type_ids) == len(one.ids) + len(other.ids) + tokenizer.special_count(pair=True)


@given(st.integers(0, 3_000), st.integers(1, 600), st.integers(0, 600))
@fuzzed()
def test_windows_hold_every_piece(count: int, size: int, overlap: int) -> None:
    if overlap >= size:
        with pytest.raises(ValueError, match="overlap"):
            list(windows(count, size=size, overlap=overlap))
        return
    found = list(windows(count, size=size, overlap=overlap))
    assert {piece for window in found for piece in window} == set(range(count))
    assert all(len(window) <= size for window in found)


@pytest.mark.parametrize("sign", ["a", "猫", "㈱", "\x00", "\u0301", "\u200b", "\ud800", "か\u3099", "👨\u200d", " ", "[MASK]", "-"])
def test_a_very_long_text_of_one_sign_is_cut_like_any(sign: str) -> None:
    text = sign * (LONG // len(sign))
    [pieces] = bundled().pieces([text])
    is_consistent(pieces, text)


def test_there_is_one_bundled_vocabulary() -> None:
    assert len({(folder / "vocab.txt").read_bytes() for folder in FOLDERS}) == 1
