"""The bundled pack's tokenizer: both languages' pieces, and where they stand in the text as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import TextTokenizer
from tests.engine.tokenization.folders import write_bilingual


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    return load_tokenizer(write_bilingual(tmp_path_factory.mktemp("bilingual")), max_length=64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello!", [("hello", "Hello"), ("!", "!")]),
        ("京都大学を卒業", [("京都", "京都"), ("大", "大"), ("##学", "学"), ("を", "を"), ("卒業", "卒業")]),
        ("２０年", [("2", "２"), ("##0", "０"), ("年", "年")]),
        ("ｶﾞ", [("ガ", "ｶﾞ")]),
        ("か\u3099", [("が", "か\u3099")]),
        ("e\u0301", [("e", "e\u0301")]),
        ("㈱", [("[UNK]", "㈱"), ("株", "㈱"), ("[UNK]", "㈱")]),
        ("a\r\nb", [("a", "a"), ("b", "b")]),
        ("猫[MASK]犬", [("猫", "猫"), ("[MASK]", "[MASK]"), ("犬", "犬")]),
        ("京\U000e0100都大学", [("京都", "京\U000e0100都"), ("大", "大"), ("##学", "学")]),
        ("2\ufe0f年", [("2", "2\ufe0f"), ("年", "年")]),
        ("hel\ufe00lo", [("hello", "hel\ufe00lo")]),
        ("👨\u200d👩猫", [("[UNK]", "👨\u200d👩"), ("猫", "猫")]),
    ],
)
def test_each_piece_knows_what_was_typed(tokenizer: TextTokenizer, text: str, expected: list[tuple[str, str]]) -> None:
    [pieces] = tokenizer.pieces([text])

    typed = [text[start:end] for start, end in pieces.offsets]
    found = list(zip(pieces.tokens, typed, strict=True))
    if text == "㈱":  # brackets are in some vocabularies
        assert set(typed) == {"㈱"}
        assert "株" in pieces.tokens
    else:
        assert found == expected


def test_twenty_thousand_characters_without_a_space_are_cut_to_the_end(tokenizer: TextTokenizer) -> None:
    text = "山田太郎は京都大学を卒業した" * 1_429

    [pieces] = tokenizer.pieces([text])

    assert "".join(text[start:end] for start, end in pieces.offsets) == text


@pytest.mark.parametrize("ending", ["\n", ""])
def test_the_last_piece_of_a_vocabulary_counts_whether_or_not_its_line_ends(tmp_path: Path, ending: str) -> None:
    folder = write_bilingual(tmp_path)
    path = folder / "vocab.txt"
    path.write_text(path.read_text(encoding="utf-8") + "zebra" + ending, encoding="utf-8")

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["zebra"])

    assert pieces.tokens == ("zebra",)


def test_case_and_accents_count_where_the_folder_says_so(tmp_path: Path) -> None:
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Tokyo", "tokyo", "café", "cafe", "AI", "が", "株", "ガ"]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")

    def cut(text: str, *, cased: bool) -> list[tuple[str, str]]:
        (tmp_path / "tokenizer_config.json").write_text(json.dumps({"yomite_tokenizer": "bilingual", "do_lower_case": not cased}))
        [found] = load_tokenizer(tmp_path, max_length=64).pieces([text])
        return [(piece, text[start:end]) for piece, (start, end) in zip(found.tokens, found.offsets, strict=True)]

    assert cut("Tokyo café", cased=True) == [("Tokyo", "Tokyo"), ("café", "café")]
    assert cut("Tokyo café", cased=False) == [("tokyo", "Tokyo"), ("cafe", "café")]
    assert cut("AIが", cased=True) == [("AI", "AI"), ("が", "が")]
    assert cut("ＡＩがｶﾞ", cased=True) == [("AI", "ＡＩ"), ("が", "が"), ("ガ", "ｶﾞ")]
