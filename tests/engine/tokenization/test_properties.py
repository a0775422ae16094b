"""Whatever Unicode a person types, every family of tokenizers cuts it, and its spans are places in what was typed."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings, strategies as st
from transformers import BertJapaneseTokenizer

from engine.tokenization.alignment import AlignedTokenizer, fold, piece_letters
from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import Pieces, TextTokenizer
from tests.engine.tokenization.folders import FAMILIES, write_japanese

# What people type and tokenizers stumble over, beside any character at all.
_TRICKY = (
    *(
        "山田",
        "京都大学",
        "トヨタ",
        "です。",
        "ｶﾞ",
        "ﾊﾟ",
        "か\u3099",
        "は\u309a",
        "\u3099",
        "２０２４",
        "㈱",
        "髙",
        "葛\U000e0100",
        "각",
        "\u1100\u1161",
    ),
    *("½", "ﬁ", "Ⅳ", "e\u0301", "İ", "Σ", "ß", "\u00a8", "\ufdfa", "…", "hello", "'", "``", "_", "👨\u200d👩\u200d👧", "🏳\ufe0f"),
    *("[MASK]", "<mask>", "[CLS]", "▁", "##", "Ġ"),
    *(" ", "  ", "\u3000", "\r\n", "\n", "\t", "\0", "\x1c", "\x85", "\u2028", "\ufeff", "\u200b", "\ud800", "\udfff", "\ufffd"),
)
# Letters that Python's Unicode tables do not know yet may be known to the tokenizer: nothing can be said of them.
_ANY = st.characters().filter(lambda char: unicodedata.category(char) != "Cn")
TEXTS = st.lists(st.sampled_from(_TRICKY) | _ANY, max_size=24).map("".join)


@cache
def tokenizer_of(family: str) -> TextTokenizer:
    with TemporaryDirectory() as folder:
        if family == "slow":
            write_japanese(Path(folder), word_tokenizer_type="mecab")
            return AlignedTokenizer(BertJapaneseTokenizer.from_pretrained(folder))
        return load_tokenizer(FAMILIES[family](Path(folder)), max_length=64)


@pytest.mark.parametrize("family", [*FAMILIES, "slow"])
@given(text=TEXTS)
@example(text="㈱山田ｶﾞｯｺｳ２０２４か\u3099\r\n\ud800\0e\u0301👨\u200d👩")
@settings(max_examples=60, deadline=None)
def test_every_piece_stands_in_the_text_in_reading_order_and_holds_its_letters(family: str, text: str) -> None:
    if family == "slow":
        text = text.replace("\0", "")  # transformers' own MeCab tokenizer stops there; ours does not
    [pieces] = tokenizer_of(family).pieces([text])

    assert pieces.text == text
    assert len(pieces.ids) == len(pieces.tokens) == len(pieces.offsets) == len(pieces.words)
    before = (0, 0)
    for index, (start, end) in enumerate(pieces.offsets):
        assert 0 <= start <= end <= len(text)
        assert start >= before[0]
        assert end >= before[1]
        before = (start, end)
        holds_its_letters(pieces, index, tokenizer_of(family))
    steps = [after - word for word, after in zip((0, *pieces.words), pieces.words, strict=False)]
    assert all(step >= 0 for step in steps)


def holds_its_letters(pieces: Pieces, index: int, tokenizer: TextTokenizer) -> None:
    token, (start, end) = pieces.tokens[index], pieces.offsets[index]
    if token == tokenizer.backend.unk_token or token in tokenizer.backend.all_special_tokens or token.startswith("<0x"):
        return
    if "Ġ" in tokenizer.backend.get_vocab():  # byte-level: bytes, not letters
        return
    base = start
    while base > 0 and unicodedata.category(pieces.text[base])[0] in "MZC":  # an accent stands for the letter it is on
        base -= 1
    assert piece_letters(token) in fold(pieces.text[base:end])
    assert fold(pieces.text[start + 1 : max(start, end - 1)]) in fold(token)
