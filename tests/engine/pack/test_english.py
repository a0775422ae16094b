"""English that was cut into words and put into lower case is written as people write it."""

from __future__ import annotations

import pytest

from engine.pack.english import capitalised, natural

NAMES = {"japan": "Japan", "nancy": "Nancy"}


@pytest.mark.parametrize(
    ("tokenised", "written"),
    [
        ("he can 't go to japan , i think .", "He can't go to Japan, I think."),
        ("that 's nancy 's book . is it ?", "That's Nancy's book. Is it?"),
        ('he said , " i do n\'t know . "', 'He said, "I don\'t know."'),
        ("it costs $ 5 ( or more ) .", "It costs $5 (or more)."),
        ("", ""),
    ],
)
def test_marks_are_closed_up_and_capitals_come_back(tokenised: str, written: str) -> None:
    assert natural(tokenised, NAMES) == written


def test_names_are_what_is_nearly_always_written_with_a_capital_inside_sentences() -> None:
    texts = ["We like London and the march to London, in March.", "In London they march. The man in London is here, in London."]
    assert capitalised(texts) == {"london": "London"}
