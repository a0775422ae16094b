"""The sentences of the benchmarks are always the same ones, different from each other, in both languages and of all lengths."""

from __future__ import annotations

import pytest

from benchmarks.texts import ABOUT, made_sentences, mixed_requests
from engine.contract import Task, task_of


def test_the_sentences_are_always_the_same_and_of_both_languages() -> None:
    sentences = made_sentences(40)
    assert sentences == made_sentences(40)
    assert sum(sentence.isascii() for sentence in sentences) == 20
    assert len({len(sentence) for sentence in sentences}) > 10


@pytest.mark.parametrize("most_phrases", [1, 3, 14])
def test_no_sentence_comes_twice(most_phrases: int) -> None:
    sentences = made_sentences(2_000, most_phrases=most_phrases)
    assert len(set(sentences)) == len(sentences) == 2_000


@pytest.mark.parametrize(("language", "ascii_only"), [("en", True), ("ja", False)])
def test_one_language_can_be_had_alone(language: str, ascii_only: bool) -> None:
    assert {sentence.isascii() for sentence in made_sentences(20, languages=(language,))} == {ascii_only}


def test_requests_of_all_tasks_come_in_turn() -> None:
    requests = mixed_requests(made_sentences(16), tuple(ABOUT))
    assert [task_of(request) for request in requests] == [*Task, *Task]
