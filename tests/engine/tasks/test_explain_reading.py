"""How texts are cut into windows to read and parts to show."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from engine.contract import ExplainAttentionRequest, ExplainedTask
from engine.errors import BadInputError
from engine.tasks.explain_reading import TOKENS_READ, TOKENS_SHOWN, Reading, read, within
from engine.tasks.ner import word_units
from tests.engine.tasks.known_models import knowing_tagger, random_tagger
from tests.engine.tasks.tiny_models import answering_model, judging_model


def cut(pieces: int, *, window: int, first: int | None = None, task: ExplainedTask = "sentiment", question: str = "猫") -> Reading:
    """A text of so many pieces, beside a first one of `first` pieces."""
    model = {"sentiment": judging_model, "ner": random_tagger, "ask": answering_model}[task](window=window)
    text = "猫" * pieces
    request = ExplainAttentionRequest(text=text if first is None else question * first, task=task)
    return read(request, None if first is None else text, "ja", model)


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.integers(1, 700),
    window=st.integers(16, 512),
    first=st.none() | st.integers(1, 120),
    task=st.sampled_from(["sentiment", "ner", "ask"]),
)
def test_every_part_lies_within_a_window_and_all_pieces_in_a_part(pieces: int, window: int, first: int | None, task: ExplainedTask) -> None:
    try:
        reading = cut(pieces, window=window, first=(first or 1) if task == "ask" else first, task=task)
    except BadInputError as error:
        assert error.code in ("text_too_long", "question_too_long")  # noqa: PT017 - both outcomes are right, for other sizes
        return
    shown = min(TOKENS_SHOWN, window)
    assert all(reading.windows_with([number]) for number in range(len(reading.parts)))
    assert reading.parts[0].start == reading.windows[0].start == 0
    assert reading.parts[-1].stop == reading.windows[-1].stop == pieces
    assert all(one.stop >= other.start and one.start < other.start for one, other in pairwise(reading.parts))
    assert all(len(row) <= window for row in reading.inputs)
    specials = 2 if len(reading.sides) == 1 else 3
    assert all(0 < len(part) + reading.beside + specials <= shown for part in reading.parts)


def test_a_model_that_could_read_more_is_read_in_windows_whose_maps_have_room() -> None:
    for task, first in (("sentiment", None), ("sentiment", 10), ("ask", 10)):
        reading = cut(2_000, window=4_096, first=first, task=task)  # type: ignore[arg-type]  # two of the tasks
        assert max(map(len, reading.inputs)) == TOKENS_READ
        assert reading.windows[-1].stop == 2_000


def test_a_short_text_is_one_part_of_one_window() -> None:
    reading = cut(38, window=512)
    assert (reading.windows, reading.parts) == ((range(38),), (range(38),))


@pytest.mark.parametrize(("first", "task", "size"), [(None, "sentiment", 38), (None, "ner", 38), (10, "sentiment", 27), (10, "ask", 27)])
def test_parts_are_as_large_as_can_be_shown_though_the_text_is_read_in_many_windows(
    first: int | None, task: ExplainedTask, size: int
) -> None:
    reading = cut(600, window=128, first=first, task=task)
    assert len(reading.windows) > 3
    assert {len(part) for part in reading.parts[:-1]} == {size}


def test_a_word_is_found_at_its_places_in_the_input_of_a_window() -> None:
    model = judging_model(window=32)
    reading = read(ExplainAttentionRequest(text="猫" * 40 + "東京" + "猫" * 5), None, "ja", model)
    for number, window in enumerate(reading.windows):
        wanted = [40 - window.start + 1] if within(range(40, 41), window) else []
        assert reading.places_of("東京", number) == wanted


def test_in_a_pair_a_word_is_found_in_both_texts() -> None:
    reading = read(ExplainAttentionRequest(text="猫と犬"), "the 猫", "ja", judging_model())
    row = reading.inputs[0]
    assert reading.places_of("猫", 0) == [row.first.start, row.second.start + 1]


@pytest.mark.parametrize("second", [None, "cat Mat"])
def test_a_model_that_reads_case_from_token_types_is_given_it(second: str | None) -> None:
    model = knowing_tagger({}, upper_case={"B-PER": 1.0})
    reading = read(ExplainAttentionRequest(text="Cat sits", task="ner"), second, "en", model)
    assert reading.inputs[0].type_ids == ((0, 1, 0, 0) if second is None else (0, 1, 0, 0, 0, 1, 0))


@pytest.mark.parametrize("word", ["猫", "Tokyo Tower"])
def test_the_places_of_a_word_in_a_window_are_those_of_its_pieces_there(word: str) -> None:
    text = f"{word} の話。" * 90
    reading = read(ExplainAttentionRequest(text=text, task="ner"), None, "ja", random_tagger(window=64))
    [side] = reading.sides
    assert len(reading.windows) > 2
    for number, window in enumerate(reading.windows):
        shift = reading.inputs[number].first.start - window.start
        assert reading.places_of(word, number) == [piece + shift for piece in side.pieces_of(word) if piece in window] != []
        assert side.units_from(window) == [unit for unit in word_units(side.pieces) if unit.start in window]


def test_a_long_text_is_searched_once_however_many_windows_read_it() -> None:
    [side] = cut(700, window=64, task="ner").sides
    assert side.pieces_of("猫") is side.pieces_of("猫")
    assert side.units is side.units
