"""Pieces without offsets are laid over their text again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from transformers import BertJapaneseTokenizer

from engine.tokenization.alignment import AlignedTokenizer, align, fold, piece_letters
from engine.tokenization.loading import load_tokenizer
from tests.engine.tokenization.folders import write_japanese


@pytest.mark.parametrize(
    ("text", "tokens", "expected"),
    [
        ("Unaffable cats", ["un", "##aff", "##able", "cats"], ["Un", "aff", "able", "cats"]),
        ("２０２４年", ["20", "##24", "年"], ["２０", "２４", "年"]),
        ("ｶﾞｯｺｳへ", ["ガッ", "##コウ", "へ"], ["ｶﾞｯ", "ｺｳ", "へ"]),
        ("㈱山田", ["(", "株", ")", "山田"], ["㈱", "㈱", "㈱", "山田"]),
        ("Cafe\u0301 bar", ["cafe", "bar"], ["Cafe", "bar"]),
        ("the 🦊 runs", ["the", "[UNK]", "runs"], ["the", "🦊", "runs"]),
        ("髙橋が鷗を見た", ["[UNK]", "が", "[UNK]", "を", "見", "##た"], ["髙橋", "が", "鷗", "を", "見", "た"]),
        ("猫が猫を", ["[UNK]", "猫", "を"], ["猫が", "猫", "を"]),
        ("\u3099猫", ["[UNK]", "猫"], ["", "猫"]),
        ("終わり🦊", ["終わり", "[UNK]"], ["終わり", "🦊"]),
        ("I see", ["▁I", "▁see"], ["I", "see"]),
        ("lower", ["low@@", "er</w>"], ["low", "er"]),
        ("abc", ["x", "abc"], ["", "abc"]),
        ("", [], []),
    ],
)
def test_each_token_is_placed_on_its_letters(text: str, tokens: list[str], expected: list[str]) -> None:
    assert [text[start:end] for start, end in align(text, tokens, unknown="[UNK]")] == expected


@pytest.mark.parametrize(("text", "letters"), [("ＡｂＣ", "abc"), ("が", "か"), ("É", "e"), (" \u3000\n", ""), ("㈱", "(株)")])
def test_folding_leaves_letters_alone(text: str, letters: str) -> None:
    assert fold(text) == letters


@pytest.mark.parametrize(
    ("token", "letters"), [("##ing", "ing"), ("##", "##"), ("▁The", "the"), ("e</w>", "e"), ("un@@", "un"), ("@", "@")]
)
def test_the_marks_of_vocabularies_are_no_letters(token: str, letters: str) -> None:
    assert piece_letters(token) == letters


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[AlignedTokenizer, object]:
    folder = write_japanese(tmp_path_factory.mktemp("japanese"), word_tokenizer_type="mecab")
    slow = BertJapaneseTokenizer.from_pretrained(folder)
    return AlignedTokenizer(slow, japanese_words=True), load_tokenizer(folder, max_length=64)


@given(text=st.text(st.sampled_from("山田京都大学を卒業した。ｶﾞＡa１ （）e\u0301か\u3099"), max_size=30))
@settings(max_examples=150, deadline=None)
def test_a_slow_tokenizer_gets_the_offsets_that_a_fast_one_has(both: tuple[AlignedTokenizer, object], text: str) -> None:
    slow, fast = (tokenizer.pieces([text])[0] for tokenizer in both)  # type: ignore[attr-defined]  # both are tokenizers

    assert slow.ids == fast.ids
    if "[UNK]" not in fast.tokens:
        assert slow.offsets == fast.offsets


def test_a_slow_tokenizers_template_is_learned(both: tuple[AlignedTokenizer, object]) -> None:
    slow, _ = both
    backend = slow.backend

    row = slow.assemble([7, 8], [9])

    assert row.ids == (backend.cls_token_id, 7, 8, backend.sep_token_id, 9, backend.sep_token_id)
    assert row.type_ids == (0, 0, 0, 0, 1, 1)


def test_a_slow_tokenizers_words_go_on_at_its_marks(tmp_path: Path) -> None:
    slow = AlignedTokenizer(BertJapaneseTokenizer.from_pretrained(write_japanese(tmp_path)))

    [pieces] = slow.pieces(["hello cat 京都"])

    assert pieces.tokens == ("hello", "c", "##a", "##t", "京都")
    assert pieces.words == (0, 1, 1, 1, 2)
