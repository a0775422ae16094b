"""Lines as they stand in a chat: what was written stays in them, and the ways that are measured are not learnt from."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract import Language
from engine.examples.rows import AskRow, GoldAnswer, NerRow, SentimentRow
from engine.pack.chat import ENDS, LEARNT, MEASURED, Ways, context_in_chat, in_chat, language_of

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
    assert not set(learnt.lines_before) & set(measured.lines_before)
    assert not set(learnt.lines_after) & set(measured.lines_after)


def test_the_same_rows_are_always_dressed_alike_and_keep_their_labels() -> None:
    rows = [SentimentRow(text=text, label="positive") for text in LINES.values()] * 5
    dressed = in_chat(rows)
    assert dressed == in_chat(rows)
    assert [row.label for row in dressed if isinstance(row, SentimentRow)] == ["positive"] * 10


QUESTIONS: dict[Language, AskRow] = {
    "en": AskRow(question="Who calls?", context="On Monday Anna calls Ben.", answers=(GoldAnswer(text="Anna", start=10),)),
    "ja": AskRow(question="誰が電話しますか。", context="月曜に杏奈が電話します。", answers=(GoldAnswer(text="杏奈", start=3),)),
}


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("ways", [LEARNT, MEASURED], ids=["learnt", "measured"])
def test_a_context_stands_as_a_line_or_among_lines_and_the_answer_where_it_says(ways: dict[Language, Ways], language: Language) -> None:
    row, generator = QUESTIONS[language], np.random.default_rng(0)
    dressed = [context_in_chat(row, ways, generator) for _ in range(300)]
    assert all(row.context.rstrip(ENDS) in each.context for each in dressed)
    assert all(each.context[answer.start :].startswith(answer.text) for each in dressed for answer in each.answers)
    assert {each.question for each in dressed} == {row.question}
    assert {each.context.count("\n") for each in dressed} >= {0, 1, 2}
    assert not any("{" in each.context for each in dressed)


def test_an_answer_that_ends_with_the_mark_that_gives_way_keeps_its_context() -> None:
    row = AskRow(question="What did he shout?", context="He shouted: Stop!", answers=(GoldAnswer(text="Stop!", start=12),))
    generator = np.random.default_rng(0)
    dressed = [context_in_chat(row, LEARNT, generator) for _ in range(200)]
    assert row in dressed
    assert all(each.context[answer.start :].startswith("Stop!") for each in dressed for answer in each.answers)


def test_an_open_question_stays_open_in_a_chat() -> None:
    row = AskRow(question="Who answers?", context="Anna calls.", answers=())
    [dressed] = in_chat([row])
    assert isinstance(dressed, AskRow)
    assert dressed.answers == ()
    assert in_chat([row]) == [dressed] != [row]


def test_names_are_not_measured_so() -> None:
    with pytest.raises(TypeError, match="NerRow"):
        in_chat([NerRow(text="Anna", entities=())])
