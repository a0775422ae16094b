"""Tests how English words are told from names, and English from its neighbours."""

from __future__ import annotations

import pytest

from engine.latin import foreign_language, word_count


@pytest.mark.parametrize("name", ["iPhone", "The Lord of the Rings", "Microsoft Office", "AT&T", "Harry Potter and the Goblet of Fire"])
def test_names_are_no_evidence_of_english(name: str) -> None:
    assert word_count(name, names=False) == (0, 0)


@pytest.mark.parametrize(
    ("text", "words", "grammar"), [("battery", 1, 0), ("so disappointed", 2, 1), ("THIS IS GREAT", 3, 2), ("It's fine", 2, 1)]
)
def test_words_and_grammar_are_counted(text: str, words: int, grammar: int) -> None:
    assert word_count(text, names=False) == (words, grammar)


def test_units_after_numbers_are_no_words() -> None:
    assert word_count("172cm 60kg") == (0, 0)


def test_a_foreign_phrase_in_english_is_english() -> None:
    assert foreign_language("She has that je ne sais quoi, as you would say") is None


def test_a_foreign_sentence_is_recognised_in_decomposed_letters() -> None:
    found = foreign_language("Il est tre\u0300s content de sa voiture")
    assert found is not None
    assert found[0] == "fr"
