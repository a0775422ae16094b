"""Lines as they stand in a chat: what was written stays in them, and the ways that are measured are not learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Language
from engine.examples.rows import NerRow, SentimentRow
from engine.pack.chat import ENDS, LEARNT, MEASURED, Ways, in_chat, language_of

LINES: dict[Language, str] = {"en": "I love this film.", "ja": "この映画は本当に良い。"}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("ways", [LEARNT, MEASURED], ids=["learnt", "measured"])
def test_a_dressed_line_holds_what_was_written_and_no_open_place(ways: dict[Language, Ways], language: Language) -> None:
    line, generator = LINES[language], np.random.default_rng(0)
    dressed = [ways[language].dress(line, generator) for _ in range(300)]
    assert all(line.rstrip(ENDS) in each for each in dressed)
    assert not any("{" in each for each in dressed)
    assert len(set(dressed)) > 40
    assert {language_of(each) for each in dressed} == {language}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_measured_has_other_names_and_words_than_what_is_learnt(language: Language) -> None:
    learnt, measured = LEARNT[language], MEASURED[language]
    assert not set(learnt.names) & set(measured.names)
    shared = {form for form in measured.before if form in learnt.before}
    assert shared <= {"@{name} "}  # the name is another one
    assert not set(learnt.around) & set(measured.around)


def test_the_same_rows_are_always_dressed_alike_and_keep_their_labels() -> None:
    rows = [SentimentRow(text=text, label="positive") for text in LINES.values()] * 5
    dressed = in_chat(rows)
    assert dressed == in_chat(rows)
    assert [row.label for row in dressed if isinstance(row, SentimentRow)] == ["positive"] * 10


def test_only_feelings_are_measured_so() -> None:
    with pytest.raises(TypeError, match="NerRow"):
        in_chat([NerRow(text="Anna", entities=())])
