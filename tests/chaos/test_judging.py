"""A planted loss, doubling or wrong answer is counted as such: a run that could not see one would prove nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.chaos.judging import Count, Shown, judge
from tests.chaos.questions import Question

ENGLISH = Question(
    number=1,
    platform="slack",
    way="mention",
    command="tokens",
    text="the cat zq00001 sits",
    speech="en",
    marker="zq00001",
    expected=("4 words, 9 tokens", "zq00001"),
)
JAPANESE = replace(
    ENGLISH,
    number=2,
    platform="discord",
    way="slash",
    text="山田太郎は zq00002 京都大学を卒業した",
    speech="ja",
    marker="zq00002",
    expected=("9 語、15 トークン", "zq00002"),
)
ASKED = {1: ENGLISH, 2: JAPANESE}
RIGHT = [
    Shown(question=1, text="4 words, 9 tokens (the model reads up to 256 at once)\nthe cat zq00001 sits"),
    Shown(question=2, text="9 語、15 トークン（モデルが一度に読むのは 256 まで）\n山田太郎は zq00002 京都大学を卒業した"),
]
APOLOGY = Shown(question=2, text="⚠️ いまは受け付けられません", trouble=True)


def judged(shown: list[Shown], *, acknowledged: set[int] | None = None) -> Count:
    return judge(ASKED, {1, 2} if acknowledged is None else acknowledged, shown)


def test_what_is_answered_once_is_clean() -> None:
    count = judged(RIGHT)
    assert count.is_clean
    assert count.line() == "asked 2, answered 2, apologised 0, lost 0, doubled 0, wrong 0"


def test_an_answer_that_never_came_is_lost() -> None:
    count = judged(RIGHT[1:])
    assert not count.is_clean
    assert count.line() == "asked 2, answered 1, apologised 0, lost 1, doubled 0, wrong 0"
    assert "the cat zq00001 sits" in count.details[0]


def test_a_question_that_the_platform_told_to_be_not_taken_does_not_count() -> None:
    assert judged(RIGHT[1:], acknowledged={2}).line() == "asked 1, answered 1, apologised 0, lost 0, doubled 0, wrong 0"


def test_an_answer_counts_also_where_its_acknowledgement_got_lost() -> None:
    assert judged([*RIGHT, RIGHT[0]], acknowledged={2}).line() == "asked 2, answered 1, apologised 0, lost 0, doubled 1, wrong 0"


@pytest.mark.parametrize("line", ["Reading…", "読んでいます… 40%"])
def test_a_line_that_says_wait_is_no_answer(line: str) -> None:
    count = judged([Shown(question=1, text=line), RIGHT[1]])
    assert (count.lost, count.waiting) == (1, 1)


@pytest.mark.parametrize("place", [1, None])
def test_an_answer_that_came_twice_is_doubled(place: int | None) -> None:
    count = judged([*RIGHT, replace(RIGHT[0], question=place)])
    assert count.line() == "asked 2, answered 1, apologised 0, lost 0, doubled 1, wrong 0"
    assert not count.is_clean


def test_one_apology_is_no_loss() -> None:
    count = judged([RIGHT[0], APOLOGY])
    assert count.is_clean
    assert count.line() == "asked 2, answered 1, apologised 1, lost 0, doubled 0, wrong 0"
    assert count.apologies == {APOLOGY.text: 1}


@pytest.mark.parametrize("shown", [[*RIGHT, APOLOGY], [RIGHT[0], APOLOGY, APOLOGY]])
def test_an_apology_beside_an_answer_or_another_apology_is_doubled(shown: list[Shown]) -> None:
    assert judged(shown).line() == "asked 2, answered 1, apologised 0, lost 0, doubled 1, wrong 0"


@pytest.mark.parametrize(
    "instead",
    [
        replace(RIGHT[1], question=1),  # somebody else's answer
        replace(RIGHT[0], text="5 words, 9 tokens\nthe cat zq00001 sits"),  # what the engine did not say
        replace(RIGHT[0], text=f"{RIGHT[0].text}\n{RIGHT[1].text}"),  # more than one's own
        replace(APOLOGY, question=1, trouble=False),  # neither an answer nor marked as trouble
    ],
)
def test_another_answer_than_the_right_one_is_wrong(instead: Shown) -> None:
    assert judged([instead, RIGHT[1]]).line() == "asked 2, answered 1, apologised 0, lost 0, doubled 0, wrong 1"


def test_what_stands_at_nobodys_place_is_wrong() -> None:
    count = judged([*RIGHT, replace(APOLOGY, question=None)])
    assert count.line() == "asked 2, answered 2, apologised 0, lost 0, doubled 0, wrong 1"
    assert not count.is_clean
