"""Printed lines become paragraphs again; lists, headings and addresses stay lines."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.paragraphs import unwrapped


@pytest.mark.parametrize(
    ("page", "text"),
    [
        # A paragraph of full lines is one line.
        ("あ" * 30 + "\n" + "い" * 30 + "\nおわり。", "あ" * 30 + "い" * 30 + "おわり。"),
        ("one two three four five six seven\neight nine ten", "one two three four five six seven eight nine ten"),
        ("この文章には Transformer と BERT という語\nが出てくる。", "この文章には Transformer と BERT という語が出てくる。"),
        # A hyphen at the edge goes, one inside stays.
        (
            "a long line that ends with a hyphen-\nated word, a well-known one",
            "a long line that ends with a hyphenated word, a well-known one",
        ),
        # Short lines were never broken.
        ("山田太郎\n鈴木花子\n東京都", "山田太郎\n鈴木花子\n東京都"),
        ("Dear Tim,\nthank you.\nYours", "Dear Tim,\nthank you.\nYours"),
        # Blank lines, list items and indentation begin something new.
        ("あ" * 30 + "\n\n" + "い" * 30, "あ" * 30 + "\n\n" + "い" * 30),
        ("・" + "あ" * 30 + "\n・" + "い" * 30, "・" + "あ" * 30 + "\n・" + "い" * 30),
        ("１．" + "あ" * 30 + "\n２．" + "い" * 30, "１．" + "あ" * 30 + "\n２．" + "い" * 30),
        ("あ" * 30 + "\n　" + "い" * 29, "あ" * 30 + "\n　" + "い" * 29),
        ("the year is written at the edge as\n2019 and 3.5 times", "the year is written at the edge as 2019 and 3.5 times"),
        ("「" + "あ" * 30 + "。」\n" + "い" * 30 + "？\n", "「" + "あ" * 30 + "。」\n" + "い" * 30 + "？"),
        # Letters that the font set wide apart, signs that only fonts have.
        ("目 次 と 索 引", "目次と索引"),
        ("東京 大阪 京都", "東京 大阪 京都"),
        ("⼈⼯ eﬃcient ﬁle", "人工 efficient file"),
        ("a\x00b\x07", "ab"),
        ("", ""),
    ],
)
def test_a_page_is_unwrapped(page: str, text: str) -> None:
    assert unwrapped([page]) == text


def test_a_paragraph_goes_on_over_the_page() -> None:
    assert unwrapped(["あ" * 30, "い" * 10 + "。\nおわり"]) == "あ" * 30 + "い" * 10 + "。\nおわり"
    assert unwrapped(["a page that ends with a long sentence.", "", "3. Next"]) == "a page that ends with a long sentence.\n3. Next"


# A ligature becomes letters.
@given(st.lists(st.text(st.characters(exclude_characters="ﬀﬁﬂﬃﬄﬅﬆ"), max_size=200), max_size=3))
def test_no_letter_is_lost(pages: list[str]) -> None:
    def letters(text: str) -> str:
        return "".join(character for character in text if character.isascii() and character.isalnum())

    assert letters(unwrapped(pages)) == "".join(letters(page) for page in pages)
