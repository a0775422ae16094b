"""Statements of what people are: each group is told by the same frames, in the language's own letters."""

from __future__ import annotations

from engine.pack.people import IS_EN, IS_JA, WHO_EN, WHO_JA, statements


def test_every_group_is_told_of_as_often_as_any_other() -> None:
    found = statements()
    assert len(found) == len(set(found)) == len(IS_EN) * (len(WHO_EN) + 1) + len(IS_JA) * len(WHO_JA)
    assert {
        sum(text.endswith(f" {what}.") and text.split(f" {what}.")[0].split()[-1] in ("is", "am") for text in found) for what in IS_EN
    } == {13}
    assert {sum(text.endswith(f"は{what}。") for text in found) for what in IS_JA} == {13}


def test_statements_begin_with_a_capital_and_end_as_sentences_do() -> None:
    english = [text for text in statements() if text.isascii()]
    assert all(text[0].isupper() and text.endswith(".") for text in english)
    assert "I am left-handed." in english
    assert "彼女は左利きです。" in statements()
