"""Tests that entities are found whole, with their exact spans, in texts of any length."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from engine.contract import Failure, Language, NerRequest, NerResult
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tasks.ner import OVERLAP_SHARE, join_windows, run, word_units
from engine.tokenization.pieces import windows
from tests.engine.tasks.known_models import BIO_TAGS, knowing_tagger, random_tagger
from tests.engine.tasks.tiny_models import sentencepiece_model, tiny_tokenizer

NAMES = {
    "山田": {"B-PER": 5.0},
    "太郎": {"I-PER": 5.0},
    "paris": {"B-LOC": 5.0},
    "東京": {"B-LOC": 5.0},
    "、": {"I-LOC": 5.0},
    "都": {"I-LOC": 5.0},
    "株": {"B-ORG": 5.0},
}
FILLER = "この映画は本当に素晴らしかった。"


def find(text: str, model: LoadedModel, *, language: Language = "ja") -> NerResult:
    [outcome] = run([NerRequest(text=text)], [language], model)
    assert isinstance(outcome, NerResult)
    return outcome


def spans(result: NerResult) -> list[tuple[str, str]]:
    return [(entity.text, entity.label) for entity in result.entities]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("山田太郎は東京です。", [("山田太郎", "PER"), ("東京", "LOC")]),
        ("the capital is Paris, 山田太郎", [("Paris", "LOC"), ("山田太郎", "PER")]),
        ("山田\u3000太郎 ", [("山田\u3000太郎", "PER")]),
        ("㈱", [("㈱", "ORG")]),
        ("ＰＡＲＩＳ！", [("ＰＡＲＩＳ", "LOC")]),
        ("Paris\u0301 is", [("Paris\u0301", "LOC")]),
        ("「、東京、」", [("東京", "LOC")]),
        ("この映画は本当に", []),
        ("パリ", []),
    ],
)
def test_entities_have_their_label_and_exact_span(text: str, entities: list[tuple[str, str]]) -> None:
    result = find(text, knowing_tagger(NAMES))
    assert spans(result) == entities
    for entity in result.entities:
        assert text[entity.start : entity.end] == entity.text
        assert entity.score > 0.9


def test_an_english_word_is_judged_as_a_whole_by_its_first_piece() -> None:
    """Play ##ing: the second piece alone would not be in the entity."""
    result = find("the playing cat", knowing_tagger({"play": {"B-MISC": 5.0}}), language="en")
    assert spans(result) == [("playing", "MISC")]


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("#東京です", ["東京"]),
        ("＃東京 と ＠山田太郎", ["東京", "山田太郎"]),
        ("@Paris, #", ["Paris"]),
        ("@", []),
    ],
)
def test_a_name_is_marked_without_the_sign_that_mentions_it(text: str, entities: list[str]) -> None:
    """Tweets taught the bundled model to take the sign for an entity or a part of one."""
    mention = {"B-PER": 5.0}
    names = {**NAMES, "[UNK]": mention, "山田": {"B-PER": 5.0, "I-PER": 5.1}, "東京": {"B-LOC": 5.0, "I-PER": 5.1}}
    assert [name for name, _ in spans(find(text, knowing_tagger(names)))] == entities


@pytest.mark.parametrize(
    ("text", "entity"),
    [("the U.K. is", "U.K."), ("of the U.K.", "U.K."), ("Apple Inc.", "Apple Inc."), ("the cat.", "cat"), ("Paris.", "Paris")],
)
def test_the_full_stop_of_an_abbreviation_belongs_to_the_entity(text: str, entity: str) -> None:
    """The model marks letters, never the last full stop."""
    inside = {"I-LOC": 5.0}
    pieces = {"u": {"B-LOC": 5.0}, "k": inside, "cat": {"B-LOC": 5.0}, "a": {"B-LOC": 5.0}, "in": inside, "paris": {"B-LOC": 5.0}}
    pieces["."] = {"O": 1.0, "I-LOC": 0.9}
    found = spans(find(text, knowing_tagger(pieces), language="en"))
    assert [name for name, _ in found] == [entity]


def test_the_pieces_of_one_word_are_judged_together() -> None:
    pieces = tiny_tokenizer().pieces(["playing 1st 山田。"])[0]
    units = [[pieces.tokens[place] for place in unit] for unit in word_units(pieces)]
    assert units == [["play", "##ing"], ["1", "##s", "##t"], ["山田"], ["。"]]


def test_words_of_sentencepiece_models_do_not_swallow_punctuation() -> None:
    pieces = sentencepiece_model().tokenizer.pieces(["the cat. 東京です"])[0]
    for unit in word_units(pieces):
        text = "".join(pieces.text[slice(*pieces.offsets[place])] for place in unit)
        assert len(unit) == 1 or text.isalnum()


@pytest.mark.parametrize("shift", range(48))
def test_an_entity_at_a_seam_is_found_whole(shift: int) -> None:
    """Windows of 22 pieces: over all shifts the entity lies before, on and behind every seam."""
    text = "は" * shift + "山田太郎" + FILLER * 8
    assert spans(find(text, knowing_tagger(NAMES, window=24))) == [("山田太郎", "PER")]


def test_a_piece_is_judged_by_the_window_in_which_it_has_most_context() -> None:
    model = random_tagger(window=24)
    text = "山田太郎は東京の映画が本当に素晴らしかったです。the cat sits on the mat in Paris. " * 6
    pieces = model.tokenizer.pieces([text])[0]
    parts = list(windows(len(pieces), size=22, overlap=22 // OVERLAP_SHARE))
    tables = [window_probabilities(model, pieces.ids[part.start : part.stop]) for part in parts]

    def context(part: range, place: int) -> int:
        before = len(pieces) if part.start == 0 else place - part.start
        after = len(pieces) if part.stop == len(pieces) else part.stop - 1 - place
        return min(before, after)

    joined = join_windows(parts, tables)
    assert len(parts) > 5
    assert len(joined) == len(pieces)
    for place in range(len(pieces)):
        deepest = max(context(part, place) for part in parts if place in part)
        choices = [
            table[place - part.start]
            for part, table in zip(parts, tables, strict=True)
            if place in part and context(part, place) == deepest
        ]
        assert any(np.array_equal(joined[place], choice) for choice in choices)
    whole = model_entities_by_hand(model, text, joined)
    assert spans(find(text, model)) == whole


def window_probabilities(model: LoadedModel, ids: tuple[int, ...]) -> np.ndarray:
    """One window, alone in its batch."""
    row = model.tokenizer.assemble(ids)
    with torch.inference_mode():
        logits = model.model(input_ids=torch.tensor([row.ids]), token_type_ids=torch.tensor([row.type_ids])).logits
    return torch.softmax(logits, dim=-1)[0, row.first.start : row.first.stop].numpy()


def model_entities_by_hand(model: LoadedModel, text: str, joined: np.ndarray) -> list[tuple[str, str]]:
    """Viterbi written out over the words, and the spans of its entities."""
    pieces = model.tokenizer.pieces([text])[0]
    units = word_units(pieces)
    scores = np.log([joined[unit.start] for unit in units])
    allowed = [[not now.startswith("I-") or before[2:] == now[2:] for now in BIO_TAGS] for before in BIO_TAGS]
    step = np.where(allowed, 0.0, -1e9)
    best, back = scores[0] + step[0], []
    for row in scores[1:]:
        reached = best[:, None] + step
        back.append(reached.argmax(axis=0))
        best = reached.max(axis=0) + row
    path = [int(best.argmax())]
    for pointers in reversed(back):
        path.insert(0, int(pointers[path[0]]))
    found: list[list[int]] = []
    for place, tag in enumerate(path):
        if BIO_TAGS[tag].startswith("B-"):
            found.append([place, place])
        elif tag:
            found[-1][1] = place
    return [
        (text[pieces.offsets[units[first].start][0] : pieces.offsets[units[last].stop - 1][1]], BIO_TAGS[path[first]][2:])
        for first, last in found
    ]


def test_requests_in_one_batch_do_not_touch_each_other() -> None:
    model = random_tagger(window=24)
    texts = ["山田太郎は東京です。", FILLER * 5, "Paris", "the cat sits on the mat " * 9]
    together = run([NerRequest(text=text) for text in texts], ["ja"] * 4, model)
    for text, outcome in zip(texts, together, strict=True):
        assert isinstance(outcome, NerResult)
        assert spans(outcome) == spans(find(text, model))


def test_a_text_without_any_piece_is_that_requests_failure_only() -> None:
    first, second = run([NerRequest(text="\u200b"), NerRequest(text="山田太郎")], ["ja", "ja"], knowing_tagger(NAMES))
    assert isinstance(first, Failure)
    assert first.code == "empty_text"
    assert isinstance(second, NerResult)
    assert spans(second) == [("山田太郎", "PER")]


def test_upper_case_reaches_models_that_were_made_to_see_it() -> None:
    model = knowing_tagger({"cat": {"O": 1.0}}, upper_case={"B-PER": 9.0})
    assert spans(find("a cat sits on Cat", model, language="en")) == [("Cat", "PER")]


def test_labels_of_unknown_meaning_are_refused_with_the_names() -> None:
    with pytest.raises(ModelError) as caught:
        run([NerRequest(text="猫")], ["ja"], random_tagger(labels=("LABEL_0", "LABEL_1")))
    assert caught.value.code == "unknown_labels"
    assert "LABEL_1" in caught.value.message.ja
    assert "PER, ORG, LOC, MISC" in caught.value.message.en


def test_a_catalog_mapping_gives_labels_their_meaning() -> None:
    model = knowing_tagger({"山田": {"LABEL_1": 5.0}}, labels=("LABEL_0", "LABEL_1"), mapping={"LABEL_1": "PER"})
    assert spans(find("山田です", model)) == [("山田", "PER")]


def test_twenty_thousand_characters_are_read_to_the_end() -> None:
    text = (FILLER * 1_300)[:19_996] + "山田太郎"
    assert spans(find(text, knowing_tagger(NAMES, window=200))) == [("山田太郎", "PER")]


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(["山田", "太郎", "か\u3099", "ﾊﾟ", "㈱", "👩\u200d👧", "\r\n", " ", "Paris", "e\u0301", "\ud800", "2", "。"])
        ).map("".join),
    )
)
def test_spans_are_exact_in_order_and_apart_on_any_text(text: str) -> None:
    [outcome] = run([NerRequest(text=text)], ["ja"], random_tagger(window=8))
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
        return
    last_end = 0
    for entity in outcome.entities:
        assert last_end <= entity.start < entity.end <= len(text)
        assert entity.text == text[entity.start : entity.end] == entity.text.strip()
        assert 0.0 <= entity.score <= 1.0
        last_end = entity.end
