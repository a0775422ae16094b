"""Corrections are read as people write them, and what is none is refused in their language."""

from __future__ import annotations

import json

import pytest

from bot.feedback.answered import Answered
from bot.feedback.correction import asked_for, pairs_of, read_correction
from bot.feedback.errors import FeedbackError
from bot.feedback.press import Opinion
from bot.feedback.wording import asks, chosen_of, example_of_correction, options_of, said_of
from tests.bot.feedback.answers import ask, ner, sentiment, similar


@pytest.mark.parametrize(
    ("answered", "said", "right"),
    [
        (sentiment(), "negative", "negative"),
        (sentiment(), " Ｎegative ", "negative"),
        (sentiment(), "ポジティブ", "positive"),
        (sentiment(), "否定", "negative"),
        (ask(), "月曜", {"text": "月曜", "start": 3}),
        (ask(), "room  b", {"text": "Room B", "start": 8}),
        (ask(context="A\nline break", found=None), "a line", {"text": "A\nline", "start": 0}),
        (ask(context="会議はなしです。", found=None), "なし", None),
        (ask(context="先週は問題なし。", found=None), "なし", None),
        (ask(context="None of them came.", found=None), "none", None),
        (ask(context="会議はなしです。", found=None), "なしです", {"text": "なしです", "start": 3}),
        (ask(context="なし", found=None), "なし", {"text": "なし", "start": 0}),
        (ask(context=" None\n", found=None), "none", {"text": "None", "start": 1}),
        (ask(), "答えなし", None),
        (ask(), "No answer", None),
        (ask(), "", None),
        (similar(), "0", 0.0),
        (similar(), "３", 3.0),
        (similar(), "4.5", 4.5),
    ],
)
def test_a_correction_is_read(answered: Answered, said: str, right: object) -> None:
    assert json.loads(read_correction(answered, said)) == right


@pytest.mark.parametrize(
    ("answered", "said", "ja", "en"),
    [
        (sentiment(), "まあまあ", "「まあまあ」は感情の名前ではありません", "positive, neutral or negative"),
        (ask(), "火曜", "「火曜」は文脈の中にありません", "does not stand in the context"),
        (similar(), "6", "0（無関係）から 5（同じ意味）", "from 0 (unrelated) to 5"),
        (similar(), "-1", "「-1」は使えません", "'-1' is no score"),
        (similar(), "nan", "「nan」は使えません", "'nan' is no score"),
        (similar("a", "b", "c"), "3", "書き出したファイル", "the exported file"),
        (ner(), "LOC", "書き出したファイル", "the exported file"),
    ],
)
def test_what_is_none_is_refused_with_what_would_be_right(answered: Answered, said: str, ja: str, en: str) -> None:
    with pytest.raises(FeedbackError) as caught:
        read_correction(answered, said)
    assert ja in caught.value.message.ja
    assert en in caught.value.message.en


def test_several_texts_are_several_pairs_and_a_query_is_one_with_each() -> None:
    assert pairs_of(similar("a", "b", "c", cosine=0.5)) == [("a", "b", 0.5), ("a", "c", 0.5), ("b", "c", 0.5)]
    assert pairs_of(similar("a", "b", query="q")) == [("q", "a", 0.8), ("q", "b", 0.8)]
    assert [asked_for(similar("a", "b")), asked_for(similar("a", query="q")), asked_for(similar("a", "b", "c"))] == ["score", "score", None]


@pytest.mark.parametrize(
    ("answered", "typed", "ja", "en"),
    [
        (sentiment(), "negative", "「ネガティブ」を記録しました", "“negative” is noted"),
        (ask(), "月曜", "「月曜」を記録しました", "“月曜” is noted"),
        (ask(), "なし", "文中に答えはない", "the text has no answer"),
        (similar(), "2", "「2」を記録しました", "“2” is noted"),
    ],
)
def test_people_are_told_what_was_noted_and_how_to_take_it_back(answered: Answered, typed: str, ja: str, en: str) -> None:
    opinion = Opinion(answered=answered, verdict="bad", correction=read_correction(answered, typed))
    told = said_of(opinion)
    assert ja in told.ja
    assert en in told.en
    assert "取り消して削除します" in told.ja
    assert "takes it back" in told.en
    assert read_correction(answered, chosen_of(opinion) or "") == opinion.correction


@pytest.mark.parametrize("answered", [sentiment(), ask(), similar()])
def test_what_people_may_choose_is_what_can_be_read(answered: Answered) -> None:
    opinion = Opinion(answered=answered, verdict="bad")
    asked = asks(opinion)
    assert asked is not None
    assert all(read_correction(answered, value) for value, _ in options_of(asked))
    assert example_of_correction(opinion) is not None


def test_of_names_people_are_told_where_to_correct_them() -> None:
    opinion = Opinion(answered=ner(), verdict="bad")
    assert (asks(opinion), example_of_correction(opinion)) == (None, None)
    assert "--to-label" in said_of(opinion).ja
    assert "--to-label" in said_of(opinion).en
