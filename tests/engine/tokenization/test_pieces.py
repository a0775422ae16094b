"""Texts become pieces, pieces become model inputs and windows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.tokenization.loading import load_tokenizer
from engine.tokenization.pieces import TextTokenizer, case_types, japanese_pieces_as_words, windows
from tests.engine.tokenization.folders import FAMILIES, write_bilingual


@pytest.fixture(scope="module")
def bilingual(tmp_path_factory: pytest.TempPathFactory) -> TextTokenizer:
    return load_tokenizer(write_bilingual(tmp_path_factory.mktemp("bilingual")), max_length=64)


def test_no_texts_give_no_pieces(bilingual: TextTokenizer) -> None:
    assert bilingual.pieces([]) == []


@pytest.mark.parametrize("text", ["", "   ", "\r\n\0"])
def test_a_text_without_letters_has_no_pieces(bilingual: TextTokenizer, text: str) -> None:
    assert len(bilingual.pieces([text])[0]) == 0


@pytest.mark.parametrize(("text", "rest"), [("\ud800猫", "猫"), ("cat\udfff!", "cat!")])
def test_a_lone_surrogate_takes_one_character_of_the_text(bilingual: TextTokenizer, text: str, rest: str) -> None:
    [pieces] = bilingual.pieces([text])

    assert "".join(text[start:end] for start, end in pieces.offsets) == rest


def test_two_texts_are_assembled_with_types_and_places(bilingual: TextTokenizer) -> None:
    first, second = bilingual.pieces(["猫", "a cat"])

    row = bilingual.assemble(first.ids, second.ids)

    backend = bilingual.backend
    assert row.ids == (backend.cls_token_id, *first.ids, backend.sep_token_id, *second.ids, backend.sep_token_id)
    assert row.type_ids == (0,) * (len(first) + 2) + (1,) * (len(second) + 1)
    assert [row.ids[place] for place in row.first] == list(first.ids)
    assert [row.ids[place] for place in row.second] == list(second.ids)
    assert len(row) - len(first) - len(second) == bilingual.special_count(pair=True) == 3


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("second", [None, "犬です。"])
def test_assembled_rows_are_those_of_the_tokenizer_itself(family: str, second: str | None, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(FAMILIES[family](tmp_path), max_length=64)
    first, *rest = tokenizer.pieces(["a cat"] if second is None else ["a cat", second])

    row = tokenizer.assemble(first.ids, rest[0].ids if rest else None)

    encoding = tokenizer.backend("a cat", second, return_token_type_ids=True)
    assert list(row.ids) == encoding["input_ids"]
    assert list(row.type_ids) == encoding["token_type_ids"]


def test_many_threads_get_what_one_gets(bilingual: TextTokenizer) -> None:
    texts = ["山田太郎は京都大学を卒業した。", "The cat sits.", "㈱トヨタ自動車に入社"] * 20
    expected = bilingual.pieces(texts)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(bilingual.pieces, [texts] * 8))

    assert results == [expected] * 8


def test_windows_cover_all_pieces_and_share_the_overlap() -> None:
    assert [(w.start, w.stop) for w in windows(10, size=4, overlap=1)] == [(0, 4), (3, 7), (6, 10)]
    assert [(w.start, w.stop) for w in windows(0, size=4, overlap=1)] == [(0, 0)]


def test_an_overlap_as_wide_as_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"overlap must be 0\.\.3"):
        list(windows(10, size=4, overlap=4))


def test_words_with_a_capital_are_seen_though_the_vocabulary_has_none(bilingual: TextTokenizer) -> None:
    [pieces] = bilingual.pieces(["Apple apple 猫"])

    capitals = {pieces.text[start:end] for (start, end), kind in zip(pieces.offsets, case_types(pieces), strict=True) if kind}
    assert "".join(sorted(capitals)) == "Aelp"


@pytest.mark.parametrize(
    ("text", "offsets", "words", "expected"),
    [
        ("the cat", [(0, 2), (2, 3), (4, 7)], [0, 0, 1], (0, 0, 1)),
        ("猫が好き", [(0, 0), (0, 1), (1, 2), (2, 4)], [0, 0, 0, 0], (0, 0, 1, 2)),
        ("猫catです", [(0, 1), (1, 3), (3, 4), (4, 6)], [0, 0, 0, 0], (0, 1, 1, 2)),
        ("髙い", [(0, 1), (0, 1), (0, 1), (1, 2)], [0, 0, 0, 0], (0, 0, 0, 1)),
    ],
)
def test_japanese_pieces_are_words_where_the_tokenizer_knows_none(
    text: str, offsets: list[tuple[int, int]], words: list[int], expected: tuple[int, ...]
) -> None:
    assert japanese_pieces_as_words(text, offsets, words) == expected
