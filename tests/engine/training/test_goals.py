"""Batches ask for what is right, at the right places, whatever the tokenizer and however long the text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.examples.rows import AskRow, GoldAnswer, GoldEntity, NerRow, SentimentRow
from engine.models.loaded import LoadedModel
from engine.reference.masking import NOT_ASKED
from engine.tasks.entity_tags import read_tags
from engine.training.ask import ask_goal
from engine.training.goal import wanted_loss
from engine.training.ner import ner_goal, tag_of
from engine.training.order import LikeLengths
from engine.training.sentiment import class_weights, sentiment_goal
from engine.training.similar import cosent
from engine.training.words import perplexity, words_goal
from tests.engine.tasks.known_models import random_judge, random_tagger
from tests.engine.tasks.tiny_models import answering_model, filling_model, sentencepiece_model


def test_the_loss_of_several_right_outputs_is_that_of_their_summed_probability() -> None:
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    odds = logits.softmax(-1)[0]
    assert wanted_loss(logits, torch.tensor([[True, False, True]])).item() == pytest.approx(-(odds[0] + odds[2]).log().item())


def test_rare_labels_count_for_more_and_all_labels_alike_in_sum() -> None:
    assert class_weights(["positive"] * 6 + ["negative"] * 2) == {"positive": pytest.approx(4 / 6), "negative": 2.0}


def test_weighted_rows_count_for_so_much() -> None:
    loaded = random_judge()
    rows = [SentimentRow(text="i love this film", label="positive")] * 3 + [SentimentRow(text="猫が鳴く", label="negative")]
    balanced, plain = sentiment_goal(rows, loaded, balanced=True), sentiment_goal(rows, loaded, balanced=False)
    places = [(0, row) for row in range(4)]
    with torch.no_grad():
        single = [plain.loss(loaded.model, plain.batch([place])).item() for place in places]
        unweighted = plain.loss(loaded.model, plain.batch(places)).item()
        weighted = balanced.loss(loaded.model, balanced.batch(places)).item()
    assert unweighted == pytest.approx(sum(single) / 4, rel=1e-4)
    assert weighted == pytest.approx((3 * single[0] * (4 / 6) + single[3] * 2.0) / 4, rel=1e-4)


def asked_tags(loaded: LoadedModel, row: NerRow) -> list[tuple[str, str]]:
    """(the piece, its tag) of every place that is asked for, window by window."""
    goal = ner_goal([row], loaded)
    labels, backend = loaded.model.config.id2label or {}, loaded.tokenizer.backend
    found = []
    for made, wanted in zip(goal.inputs, goal.wanted, strict=True):
        for place, columns in sorted(wanted.items()):
            found.append((str(backend.convert_ids_to_tokens([made.ids[place]])[0]), labels[columns[0]]))
    return found


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("山田太郎は東京です", 0, 4, [("山田", "B-PER"), ("太郎", "I-PER"), ("は", "O"), ("東京", "O"), ("です", "O")]),
        ("the cat sits", 4, 7, [("the", "O"), ("cat", "B-PER"), ("sits"[:1], "O")]),
    ],
    ids=["ja", "en"],
)
def test_each_word_is_asked_for_by_its_first_piece(text: str, start: int, end: int, expected: list[tuple[str, str]]) -> None:
    row = NerRow(text=text, entities=(GoldEntity(start=start, end=end, label="PER"),))
    found = asked_tags(random_tagger(), row)
    assert [tag for _, tag in found] == [tag for _, tag in expected]
    assert [piece[0] for piece, _ in found] == [piece[0] for piece, _ in expected]


@pytest.mark.parametrize("name", ["山田太郎", "the cat"], ids=["ja", "en"])
def test_nothing_of_a_long_text_is_lost_or_asked_for_twice(name: str) -> None:
    filler = "猫が鳴く。" if name == "山田太郎" else "the film . "
    text = filler * 30 + name + filler * 30
    row = NerRow(text=text, entities=(GoldEntity(start=len(filler) * 30, end=len(filler) * 30 + len(name), label="PER"),))
    whole, parts = asked_tags(random_tagger(), row), asked_tags(random_tagger(window=24), row)
    assert whole == parts
    assert [tag for _, tag in whole if tag != "O"] == ["B-PER", "I-PER"]


def test_tags_follow_the_models_own_scheme() -> None:
    bilou = read_tags(dict(enumerate(("O", "B-ORG", "I-ORG", "L-ORG", "U-ORG"))), {})
    said = [
        tag_of("ORG", bilou, first=first, last=last).position
        for first, last in ((True, True), (True, False), (False, False), (False, True))
    ]
    assert said == ["U", "B", "I", "L"]
    inner_only = read_tags({0: "O", 1: "I-ORG"}, {})
    assert tag_of("ORG", inner_only, first=True, last=False).position == "X"


@pytest.mark.parametrize(
    ("question", "context", "answer"),
    [
        ("映画は何ですか", "猫が鳴く。" * 40 + "映画は東京です" + "猫が鳴く。" * 40, "東京"),
        ("what is it", "the cat . " * 40 + "it is paris " + "the cat . " * 40, "paris"),
    ],
    ids=["ja", "en"],
)
def test_the_answer_is_asked_for_in_the_windows_that_hold_it_and_silence_in_the_others(question: str, context: str, answer: str) -> None:
    loaded = answering_model(window=64)
    row = AskRow(question=question, context=context, answers=(GoldAnswer(text=answer, start=context.index(answer)),))
    goal = ask_goal([row], loaded)
    held = [(made, span) for made, span in zip(goal.inputs, goal.spans, strict=True) if span != (0, 0)]
    assert 1 <= len(held) < len(goal.inputs)
    backend = loaded.tokenizer.backend
    for made, (first, last) in held:
        assert backend.decode(made.ids[first : last + 1]).replace(" ", "") == answer
    silent = [weight for span, weight in zip(goal.spans, goal.weights, strict=True) if span == (0, 0)]
    assert sum(silent) == pytest.approx(1.0)


def test_a_question_without_an_answer_asks_for_silence() -> None:
    goal = ask_goal([AskRow(question="what", context="the cat sits", answers=())], answering_model())
    assert (goal.spans, goal.weights) == (((0, 0),), (1.0,))


def test_cosent_is_small_only_where_nearer_pairs_have_larger_cosines() -> None:
    grades = torch.tensor([5.0, 3.0, 0.0])
    right, wrong = cosent(torch.tensor([0.9, 0.5, 0.1]), grades), cosent(torch.tensor([0.1, 0.5, 0.9]), grades)
    assert right < 0.01
    assert wrong > 10


@pytest.mark.parametrize("loaded", [filling_model(), sentencepiece_model()], ids=["wordpiece", "sentencepiece"])
def test_all_pieces_of_a_chosen_word_are_hidden_together(loaded: LoadedModel) -> None:
    lines = ["the playing playings of this unable film", "東京都の山田太郎は映画です"] * 4
    goal = words_goal(lines, loaded, seed=1)
    unknown = loaded.tokenizer.backend.unk_token_id  # never asked for
    hidden = 0
    for epoch in range(20):
        batch = goal.batch([(epoch, row) for row in range(len(goal.inputs))])
        for row, going_on in enumerate(goal.continues):
            asked = (batch["asked"][row] != NOT_ASKED).tolist()
            hidden += sum(asked)
            for place, inside in enumerate(going_on):
                known = unknown not in goal.inputs[row].ids[place - 1 : place + 1]
                assert not (inside and known) or asked[place] == asked[place - 1]
            assert [int(i) for i, on in zip(batch["asked"][row], asked, strict=True) if on] == [
                i for i, on in zip(goal.inputs[row].ids, asked, strict=False) if on
            ]
    total = 20 * sum(goal.lengths)
    assert 0.09 < hidden / total < 0.2


def test_masks_depend_on_seed_epoch_and_row_alone() -> None:
    goal = words_goal([f"the cat sits on the mat {number}" for number in range(40)], filling_model(window=32), seed=1)
    alone, together = goal.batch([(3, 2)]), goal.batch([(3, 1), (3, 2)])
    length = len(goal.inputs[2])
    assert torch.equal(alone["input_ids"][0, :length], together["input_ids"][1, :length])
    assert not torch.equal(alone["asked"][0], goal.batch([(4, 2)])["asked"][0])


def test_perplexity_reads_only_hidden_places_and_is_what_the_whole_output_says() -> None:
    loaded = filling_model()
    goal = words_goal(["the cat sits on the mat", "映画は本当に素晴らしかった"] * 6, loaded, seed=0)
    batch = goal.batch([(0, row) for row in range(len(goal.inputs))])
    with torch.no_grad():
        logits = loaded.model(**{name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}).logits
    places = batch["asked"] != NOT_ASKED
    expected = torch.nn.functional.cross_entropy(logits[places], batch["asked"][places]).exp().item()
    assert perplexity(goal, loaded.model) == pytest.approx(expected, rel=1e-4)


def test_an_epoch_has_every_row_once_like_lengths_together_and_its_own_order() -> None:
    lengths = np.random.default_rng(0).integers(4, 200, size=203).tolist()
    sampler = LikeLengths(lengths, batch=8, seed=1)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert sorted(row for _, row in first) == list(range(203)) == sorted(row for _, row in second)
    assert [row for _, row in first] != [row for _, row in second]
    batches = [first[i : i + 8] for i in range(0, 203, 8)]
    padded = sum(len(batch) * max(lengths[row] for _, row in batch) for batch in batches)
    assert padded < 1.25 * sum(lengths)


def test_a_smaller_window_is_minded() -> None:
    loaded = replace(random_judge(), window=16)
    goal = sentiment_goal([SentimentRow(text="the cat " * 40, label="positive")], loaded, balanced=False)
    assert (goal.lengths, goal.cut) == ([16], 1)
