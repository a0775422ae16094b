"""Answers to questions: where they are found, when there is none, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from engine.contract import AskRequest, AskResult, Failure, Language
from engine.models.loaded import LoadedModel
from engine.tasks.ask import MAX_ANSWER_PIECES, run
from engine.tokenization.pieces import windows
from tests.engine.tasks.tiny_models import answering_model, pointing_model, tiny_tokenizer


def ask(question: str, context: str, model: LoadedModel, *, answers: int = 3, language: Language = "ja") -> AskResult:
    [outcome] = run([AskRequest(question=question, context=context, answers=answers)], [language], model)
    assert isinstance(outcome, AskResult)
    return outcome


@pytest.mark.parametrize(
    ("question", "context", "starts", "ends", "answer"),
    [
        ("日本の首都は何ですか", "日本の首都は東京です。", {"東京": 9}, {"東京": 9}, "東京"),
        ("the capital of france", "the capital of france is Paris.", {"paris": 9}, {"paris": 9}, "Paris"),
        ("いつ", "発表は２０年です。", {"2": 9}, {"年": 9}, "２０年"),
        ("何", "山田太郎は「映画 東京」が好き", {"映画": 9}, {"東京": 9}, "映画 東京"),
        ("what", "it plays the film.\r\nIt is on the mat", {"play": 9}, {"##s": 9}, "plays"),
        ("何", "㈱です", {"(": 9}, {")": 9}, "㈱"),
    ],
)
def test_the_answer_is_a_span_of_the_typed_text(
    question: str, context: str, starts: dict[str, float], ends: dict[str, float], answer: str
) -> None:
    result = ask(question, context, pointing_model(starts, ends))
    assert result.answer is not None
    assert result.answer.text == context[result.answer.start : result.answer.end] == answer
    assert result.answer == result.candidates[0]
    assert result.answer.score > 0.9


def test_the_words_of_the_question_are_never_the_answer() -> None:
    result = ask("東京 東京 東京", "首都は映画です", pointing_model({"東京": 9, "映画": 3}))
    assert result.answer is not None
    assert result.answer.text == "映画"


@pytest.mark.parametrize(("no_answer", "threshold", "found"), [(7, 0, False), (5, 0, True), (7, 2, True), (99, None, True), (5, -2, False)])
def test_no_answer_wins_by_more_than_the_models_threshold(no_answer: float, threshold: float | None, found: bool) -> None:
    model = pointing_model({"東京": 3}, no_answer=no_answer, no_answer_threshold=threshold)
    result = ask("何", "首都は東京です", model)
    assert (result.answer is not None) is found
    assert result.candidates[0].text == "東京"
    assert (result.no_answer_score == 0) is (threshold is None)


def test_scores_are_probabilities_over_all_spans_and_no_answer() -> None:
    result = ask("何", "東京", pointing_model({"東京": 1.5}, no_answer=2.0))
    assert result.candidates[0].score == pytest.approx(np.exp(3) / (np.exp(3) + np.exp(2)))
    assert result.no_answer_score == pytest.approx(np.exp(2) / (np.exp(3) + np.exp(2)))


def test_scores_count_each_span_once_however_many_windows_see_it() -> None:
    context = "猫が鳴く。" * 30 + "東京" + "猫が鳴く。" * 30
    wide, narrow = (ask("何", context, pointing_model({"東京": 9}, window=window)) for window in (512, 24))
    assert narrow.candidates[0].score == pytest.approx(wide.candidates[0].score, rel=0.1)
    assert 0.5 < narrow.candidates[0].score + narrow.no_answer_score <= 1.0


@pytest.mark.parametrize("before", range(60))
def test_an_answer_is_found_wherever_the_windows_part(before: int) -> None:
    start = "the " * before
    result = ask("何", start + "東京 の の 映画" + " the" * (60 - before), pointing_model({"東京": 6}, {"映画": 6}, window=24))
    assert result.answer is not None
    assert (result.answer.start, result.answer.text) == (len(start), "東京 の の 映画")
    assert all(candidate.score < 0.1 for candidate in result.candidates[1:])


def test_an_answer_never_begins_or_ends_inside_a_spaced_word() -> None:
    result = ask("what", "the cats play", pointing_model({"##s": 9}, {"cat": 5, "##s": 9}))
    assert result.candidates[0].text in ("cats", "the cats")
    assert not {"s", "cat"} & {candidate.text for candidate in result.candidates}


def test_windows_are_compared_by_their_own_scores() -> None:
    context = "映画" + "の" * 60 + "東京" + "の" * 60
    result = ask("何", context, pointing_model({"映画": 3, "東京": 4}, window=24), answers=2)
    assert [candidate.text for candidate in result.candidates] == ["東京", "映画"]


def test_candidates_do_not_overlap_and_come_best_first() -> None:
    result = ask("何", "東京と映画と猫です。", pointing_model({"東京": 5, "映画": 4, "猫": 3}), answers=3)
    assert [candidate.text for candidate in result.candidates][:1] == ["東京"]
    spans = sorted((candidate.start, candidate.end) for candidate in result.candidates)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    scores = [candidate.score for candidate in result.candidates]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(("between", "whole"), [(MAX_ANSWER_PIECES - 2, True), (MAX_ANSWER_PIECES - 1, False)])
def test_no_answer_is_longer_than_the_limit(between: int, whole: bool) -> None:
    context = "cat" + " the" * between + " paris"
    result = ask("何", context, pointing_model({"cat": 9}, {"paris": 9}))
    assert (result.candidates[0].text == context) is whole


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ("猫が鳴く。日本の首都は東京です。映画は素晴らしかった。", "日本の首都は東京です。"),
        ("The cat sits. The capital is 東京 in fact. I love this film.", "The capital is 東京 in fact."),
        ("東京", "東京"),
    ],
)
def test_the_sentence_around_an_answer_comes_with_it(context: str, sentence: str) -> None:
    result = ask("何", context, pointing_model({"東京": 9}))
    assert result.answer is not None
    assert context[result.answer.sentence_start : result.answer.sentence_end] == sentence


@pytest.mark.parametrize(
    ("question", "context", "answers", "code"),
    [
        ("", "東京です", 3, "empty_question"),
        (" 　", "東京です", 3, "empty_question"),
        ("何", "", 3, "empty_context"),
        ("何", "\u200b\n", 3, "empty_context"),
        ("何", "東京です", 0, "answers_out_of_range"),
        ("何", "東京です", 21, "answers_out_of_range"),
        ("the " * 500, "東京です", 3, "question_too_long"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_both_languages(question: str, context: str, answers: int, code: str) -> None:
    bad, good = run(
        [AskRequest(question=question, context=context, answers=answers), AskRequest(question="何", context="東京です")],
        ["ja", "ja"],
        pointing_model({"東京": 9}),
    )
    assert isinstance(bad, Failure)
    assert bad.code == code
    assert bad.message.ja
    assert bad.message.en
    assert isinstance(good, AskResult)


def test_a_question_that_is_too_long_is_told_the_limit() -> None:
    [outcome] = run([AskRequest(question="the " * 500, context="東京です")], ["ja"], pointing_model({}, window=103))
    assert isinstance(outcome, Failure)
    assert outcome.details == {"tokens": "500", "limit": "75"}
    assert "75" in outcome.message.ja
    assert "75" in outcome.message.en


def test_a_context_of_20000_characters_is_read_to_its_end() -> None:
    context = "この映画は本当に素晴らしかった。" * 1_249 + "日本の首都は東京です。"
    result = ask("日本の首都は何ですか", context, pointing_model({"東京": 9}))
    assert len(context) >= 19_990
    assert result.answer is not None
    assert context[result.answer.start : result.answer.end] == "東京"
    assert result.answer.start == context.index("東京")


def test_answers_together_are_the_answers_alone() -> None:
    model = answering_model(window=48)
    questions = [("何", "猫が鳴く。" * 20), ("when was it", "the film was in paris."), ("いつ", "東京"), ("何", "猫が鳴く。" * 20)]
    requests = [AskRequest(question=question, context=context) for question, context in questions]
    together = run(requests, ["ja"] * 4, model)
    for request, outcome in zip(requests, together, strict=True):
        alone = ask(request.question, request.context, model)
        assert isinstance(outcome, AskResult)
        assert [(c.start, c.end) for c in outcome.candidates] == [(c.start, c.end) for c in alone.candidates]
        assert [c.score for c in outcome.candidates] == pytest.approx([c.score for c in alone.candidates], abs=1e-4)


def test_the_best_answer_is_that_of_the_models_own_logits() -> None:
    model = answering_model()
    question, context = "いつ発表", "猫が鳴く。日本の首都は東京です。"
    encoded = tiny_tokenizer().backend(question, context, return_tensors="pt", return_token_type_ids=True)
    with torch.inference_mode():
        output = model.model(**encoded)
    places = [i for i, owner in enumerate(encoded.sequence_ids(0)) if owner == 1]
    sums = {
        (encoded.token_to_chars(a).start, encoded.token_to_chars(b).end): float(output.start_logits[0, a] + output.end_logits[0, b])
        for a in places
        for b in places
        if a <= b
    }
    result = ask(question, context, model)
    best = result.candidates[0]
    start, end = max(sums, key=lambda span: sums[span])
    assert start <= best.start < best.end <= end  # punctuation at the ends may have been trimmed
    assert context[start:end].strip("。、") == best.text.strip("。、")


def test_no_answer_is_as_sure_as_the_window_least_sure_of_it() -> None:
    model = answering_model(window=24, no_answer_threshold=0.0)
    context = "猫が鳴く。日本の首都は東京です。映画は素晴らしかった。" * 3
    question, pieces = tiny_tokenizer().pieces(["いつ", context])
    size = 24 - 3 - len(question)
    rows = [
        model.tokenizer.assemble(question.ids, pieces.ids[w.start : w.stop]) for w in windows(len(pieces), size=size, overlap=size // 2)
    ]
    result = ask("いつ", context, model, answers=1)
    nulls, sums = [], []
    for row in rows:
        with torch.inference_mode():
            output = model.model(input_ids=torch.tensor([row.ids]), token_type_ids=torch.tensor([row.type_ids]))
        starts, ends = output.start_logits[0], output.end_logits[0]
        nulls.append(float(starts[0] + ends[0]))
        sums += [float(starts[a] + ends[b]) for a in row.second for b in row.second if a <= b]
    best = min(nulls) - np.log(result.no_answer_score / result.candidates[0].score)
    assert len(set(nulls)) > 1
    assert min(abs(best - found) for found in sums) < 1e-3


@settings(max_examples=40, deadline=None)
@given(question=st.text(max_size=20), context=st.text(max_size=120))
def test_answers_to_any_text_are_spans_of_it(question: str, context: str) -> None:
    [outcome] = run([AskRequest(question=question, context=context, answers=5)], ["ja"], answering_model(window=64))
    if isinstance(outcome, Failure):
        assert outcome.code in ("empty_question", "empty_context", "question_too_long")
        return
    for candidate in outcome.candidates:
        assert candidate.text == context[candidate.start : candidate.end] != ""
        assert 0 <= candidate.sentence_start <= candidate.start < candidate.end <= candidate.sentence_end <= len(context)
    spans = sorted((candidate.start, candidate.end) for candidate in outcome.candidates)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert sum(candidate.score for candidate in outcome.candidates) + outcome.no_answer_score <= 1.0 + 1e-5
