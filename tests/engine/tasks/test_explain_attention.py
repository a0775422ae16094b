"""Explaining a text: maps, prediction, parts of long texts, words, comparisons, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from engine import progress
from engine.contract import AttentionView, ExplainAttentionRequest, ExplainAttentionResult, Failure, outcome_from_json, to_json
from engine.drawing import Undrawn, drawn
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tasks.explain_attention import run
from engine.tasks.explain_reading import TOKENS_SHOWN
from tests.engine.tasks.explaining import answer, explain, refused, weights_of
from tests.engine.tasks.known_models import random_judge, random_tagger
from tests.engine.tasks.tiny_models import answering_model, filling_model, judging_model, sentencepiece_model

JAPANESE = "この映画は本当に素晴らしかった！"


# --- one text ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [JAPANESE, "I love this film!", "猫 cat", "㈱", "🍣👨‍👩‍👧 cat"])
def test_each_row_of_each_map_sums_to_one(text: str) -> None:
    result = explain(ExplainAttentionRequest(text=text), judging_model())
    weights = weights_of(result)
    assert weights.shape == (2, 4, len(result.tokens), len(result.tokens))
    assert weights.sum(axis=-1) == pytest.approx(1.0, abs=5e-3)


@pytest.mark.parametrize("text", [JAPANESE, "I love this film!", "猫 cat", "猫", "🍣"])
def test_rollout_and_relevance_are_shares_and_attributions_sum_to_the_change(text: str) -> None:
    model = judging_model()
    result = explain(ExplainAttentionRequest(text=text), model)
    assert len(result.scores) == len(result.tokens)
    assert sum(score.rollout or 0 for score in result.scores) == pytest.approx(1.0)
    assert sum(score.relevance or 0 for score in result.scores) == pytest.approx(1.0)
    assert all((score.rollout or 0) >= 0 and (score.relevance or 0) >= 0 for score in result.scores)
    assert result.completeness_error is not None
    change = sum(score.attribution or 0 for score in result.scores) - result.completeness_error
    row = model.tokenizer.assemble(model.tokenizer.pieces([text])[0].ids)
    blank = [5 if place in row.first else id_ for place, id_ in enumerate(row.ids)]  # 5 is [MASK]
    with torch.no_grad():
        logits = model.model(input_ids=torch.tensor([row.ids, blank])).logits
    best = int(logits[0].argmax())
    assert change == pytest.approx(float(logits[0, best] - logits[1, best]), abs=1e-3)


def test_the_maps_and_the_prediction_are_those_of_the_model_itself() -> None:
    model = judging_model()
    result = explain(ExplainAttentionRequest(text="I love this film!"), model)
    model.model.set_attn_implementation("eager")
    with torch.inference_mode():
        output = model.model(**model.tokenizer.backend("I love this film!", return_tensors="pt"), output_attentions=True)
    assert weights_of(result) == pytest.approx(torch.cat(output.attentions).numpy(), abs=1e-3)
    best = int(output.logits.argmax())
    assert result.prediction is not None
    assert result.prediction.label == ("negative", "neutral", "positive")[best]
    assert result.prediction.probability == pytest.approx(float(output.logits.softmax(-1).max()), abs=1e-5)


def test_a_request_is_answered_alone_as_among_others() -> None:
    requests = [ExplainAttentionRequest(text=text) for text in (JAPANESE, "猫", "I love this film")]
    together = run(requests, ["ja", "ja", "en"], judging_model())
    for request, outcome, language in zip(requests, together, ["ja", "ja", "en"], strict=True):
        assert isinstance(outcome, Undrawn)
        assert outcome.result == explain(request, judging_model(), language=language)  # type: ignore[arg-type]  # two of the languages


def test_one_bad_request_spoils_no_other() -> None:
    requests = [ExplainAttentionRequest(text=""), ExplainAttentionRequest(text="猫")]
    assert [type(outcome) for outcome in run(requests, ["ja", "ja"], judging_model())] == [Failure, Undrawn]


def test_a_model_that_predicts_nothing_about_a_text_shows_its_attention_and_says_so() -> None:
    result = explain(ExplainAttentionRequest(text="猫"), filling_model())
    assert result.prediction is None
    assert result.completeness_error is None
    assert result.faithfulness == ()
    assert {(score.relevance, score.attribution) for score in result.scores} == {(None, None)}
    assert sum(score.rollout or 0 for score in result.scores) == pytest.approx(1.0)
    assert [head.kind for head in result.telling] == ["focused", "separator"]
    assert weights_of(result).shape[:2] == (2, 4)
    [note] = result.notes
    assert "判定をしない" in note.ja
    assert "predicts nothing" in note.en
    assert outcome_from_json(to_json(result)) == result


def test_a_label_is_given_in_the_contracts_words() -> None:
    model = judging_model()
    own = explain(ExplainAttentionRequest(text="猫"), model).prediction
    assert own is not None
    named = explain(ExplainAttentionRequest(text="猫"), replace(model, labels={own.label: "MINE"})).prediction
    assert named == replace(own, label="MINE")


def test_outputs_that_stand_for_one_label_count_together() -> None:
    stars = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
    model = random_judge(labels=stars)
    result = explain(ExplainAttentionRequest(text=JAPANESE), model)
    row = model.tokenizer.assemble(model.tokenizer.pieces([JAPANESE])[0].ids)
    with torch.no_grad():
        odds = model.model(input_ids=torch.tensor([row.ids])).logits[0].softmax(-1).tolist()
    shares = {"negative": odds[0] + odds[1], "neutral": odds[2], "positive": odds[3] + odds[4]}
    assert result.prediction is not None
    assert result.prediction.label == max(shares, key=shares.__getitem__)
    assert result.prediction.probability == pytest.approx(max(shares.values()), abs=1e-5)


def test_a_shared_models_attention_and_weights_stay_as_they_were() -> None:
    model = judging_model()
    model.model.requires_grad_(False)
    model.model.set_attn_implementation("sdpa")
    before = {name: tensor.clone() for name, tensor in model.model.state_dict().items()}
    explain(ExplainAttentionRequest(text=JAPANESE), model)
    assert model.model.config._attn_implementation == "sdpa"
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.model.state_dict().items())


def test_progress_only_grows_up_to_the_end() -> None:
    heard: list[float] = []
    with progress.heard_by(heard.append):
        run([ExplainAttentionRequest(text=JAPANESE), ExplainAttentionRequest(text="猫")], ["ja", "ja"], judging_model())
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
    assert sum(share < 0.5 for share in heard) > 3


# --- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", get_args(AttentionView))
def test_every_view_is_drawn_with_a_page_to_look_through(view: AttentionView) -> None:
    second = "The cat sits on the mat." if view == "compare" else None
    outcome = answer(ExplainAttentionRequest(text=JAPANESE, view=view, second=second), judging_model())
    assert isinstance(outcome, Undrawn)
    assert isinstance(outcome.result, ExplainAttentionResult)
    assert (outcome.result.images, outcome.result.files) == ((), ())
    result = drawn(outcome)
    assert isinstance(result, ExplainAttentionResult)
    assert all(image.data.startswith(b"\x89PNG") for image in result.images)
    assert [file.media_type for file in result.files] == ["text/html"]
    assert replace(result, images=(), files=()) == outcome.result
    assert outcome_from_json(to_json(result)) == result


@pytest.mark.parametrize("view", ["map", "layers", "rollout", "tokens"])
def test_of_512_tokens_the_part_that_matters_most_is_drawn_at_a_readable_size(view: AttentionView) -> None:
    model = judging_model(window=512)
    text = "猫" * 510  # with [CLS] and [SEP], 512 tokens
    [pieces] = model.tokenizer.pieces([text])
    assert len(pieces) == 510
    result = drawn(answer(ExplainAttentionRequest(text=text, view=view), model))
    assert isinstance(result, ExplainAttentionResult)
    assert result.attention.shape[2:] == (TOKENS_SHOWN, TOKENS_SHOWN)
    assert any("most relevant part" in note.en and "最も関わる部分" in note.ja for note in result.notes)
    assert all(image.width_px == 1_000 and image.height_px <= 4_000 for image in result.images)
    assert [len(effects) for effects in (result.faithfulness, result.scores)] == [3, TOKENS_SHOWN]


@pytest.mark.parametrize(
    ("request_", "layer", "head"),
    [
        (ExplainAttentionRequest(text="猫"), 1, None),
        (ExplainAttentionRequest(text="猫", layer=0, head=3), 0, 3),
        (ExplainAttentionRequest(text="猫", view="heads", layer=0, head=3), 0, None),
        (ExplainAttentionRequest(text="猫", view="layers", layer=0), None, None),
        (ExplainAttentionRequest(text="猫", view="tokens"), None, None),
        (ExplainAttentionRequest(text="猫", view="tokens", word="猫", head=1), 1, 1),
        (ExplainAttentionRequest(text="猫", view="compare", second="犬"), 1, None),
    ],
)
def test_layer_and_head_are_those_that_the_picture_shows(request_: ExplainAttentionRequest, layer: int | None, head: int | None) -> None:
    result = explain(request_, judging_model())
    assert (result.layer, result.head) == (layer, head)


# --- long texts ----------------------------------------------------------------------------------------------------


def test_every_part_of_a_long_text_can_be_explained() -> None:
    text = JAPANESE * 1_250
    model = filling_model(window=128)  # it predicts nothing, which is quicker
    first = explain(ExplainAttentionRequest(text=text, window=0), model)
    last = explain(ExplainAttentionRequest(text=text, window=first.windows - 1), model)
    assert len(text) == 20_000
    assert first.tokens[0].start == 0
    assert last.tokens[-1].end == 20_000
    assert len(first.tokens) == TOKENS_SHOWN
    assert (first.window, last.window) == (0, first.windows - 1)


def test_a_text_that_is_too_long_to_show_says_which_characters_are_shown() -> None:
    text = "猫が鳴く。" * 20
    result = explain(ExplainAttentionRequest(text=text, window=1), judging_model())
    [note] = result.notes
    start, end = result.tokens[0].start + 1, result.tokens[-1].end
    assert f"区間 1（0〜{result.windows - 1} のうち、{start}〜{end} 文字目）だけ" in note.ja
    assert f"only window 1 (of 0–{result.windows - 1}, characters {start} to {end})" in note.en


def test_the_part_that_matters_most_is_shown_unless_another_is_asked_for() -> None:
    model = judging_model()
    text = "猫が鳴く。" * 20
    chosen = explain(ExplainAttentionRequest(text=text), model)
    parts = [explain(ExplainAttentionRequest(text=text, window=number), model) for number in range(chosen.windows)]
    heights = [sum(abs(score.attribution or 0) for score in part.scores) for part in parts]
    assert chosen.window == int(np.argmax(heights))
    assert chosen.scores == parts[chosen.window].scores
    assert "判定に最も関わる部分" in chosen.notes[0].ja
    assert "most relevant part" in chosen.notes[0].en


def test_what_is_shown_was_read_with_the_text_around_it() -> None:
    """Rows of a part sum to less than 1: the rest goes to tokens that are not shown."""
    result = explain(ExplainAttentionRequest(text="猫が鳴く。" * 20, window=0), judging_model())
    sums = weights_of(result).sum(axis=-1)
    assert sums.max() < 0.999
    assert sums.min() > 0


def test_of_a_text_longer_than_the_models_window_the_most_decided_window_is_explained() -> None:
    model = judging_model(window=100)
    text = "猫が鳴く。" * 30 + "I love this film! " * 20
    result = explain(ExplainAttentionRequest(text=text), model)
    by_window = {explain(ExplainAttentionRequest(text=text, window=n), model).prediction for n in range(result.windows)}
    assert result.prediction is not None
    assert result.prediction.probability == pytest.approx(max(found.probability for found in by_window if found))
    read, shown = result.notes
    assert "最もはっきりした" in read.ja
    assert "most decided" in read.en
    assert f"of 0–{result.windows - 1}" in shown.en


def test_neighbouring_parts_leave_nothing_out() -> None:
    text = "猫が鳴く" * 40
    model = filling_model(window=32)
    parts = [explain(ExplainAttentionRequest(text=text, window=n), model) for n in range(3)]
    assert all(one.tokens[-1].end > other.tokens[0].start for one, other in pairwise(parts))


# --- pairs ---------------------------------------------------------------------------------------------------------


def test_a_pair_is_read_at_once() -> None:
    model = judging_model()
    result = explain(ExplainAttentionRequest(text="猫が鳴く", second="the cat sits"), model)
    assert [token.text for token in result.tokens] == ["[CLS]", "猫", "が", "鳴く", "[SEP]", "the", "cat", "sits", "[SEP]"]
    assert result.second_from == 5
    assert [(token.start, token.end) for token in result.tokens] == [
        *((0, 0), (0, 1), (1, 2), (2, 4), (4, 4)),
        *((0, 3), (4, 7), (8, 12), (12, 12)),
    ]
    ids = model.tokenizer.backend("猫が鳴く", "the cat sits", return_tensors="pt", return_token_type_ids=True)
    model.model.set_attn_implementation("eager")
    with torch.inference_mode():
        output = model.model(**ids, output_attentions=True)
    assert weights_of(result) == pytest.approx(torch.cat(output.attentions).numpy(), abs=1e-3)


def test_beside_a_long_second_text_a_short_first_one_is_shown_whole() -> None:
    result = explain(ExplainAttentionRequest(text="猫が鳴く", second="the cat sits on the mat " * 30, window=2), judging_model())
    assert result.second_from == 5
    assert len(result.tokens) == TOKENS_SHOWN
    assert result.windows > 5
    assert "2 つ目の文章" in result.notes[0].ja


@pytest.mark.parametrize(("second", "room"), [("the cat", TOKENS_SHOWN - 3 - 2), ("the cat " * 40, (TOKENS_SHOWN - 3) // 2)])
def test_of_a_long_first_text_what_matters_most_is_shown(second: str, room: int) -> None:
    result = explain(ExplainAttentionRequest(text="猫が鳴く。" * 20, second=second), judging_model())
    first = result.tokens[1 : (result.second_from or 0) - 1]
    assert len(first) == room
    assert len(result.tokens) <= TOKENS_SHOWN
    assert f"1 つ目の文章は、判定に最も関わる {first[0].start + 1}〜{first[-1].end} 文字目" in result.notes[-1].ja
    assert f"characters {first[0].start + 1} to {first[-1].end}" in result.notes[-1].en


# --- words ---------------------------------------------------------------------------------------------------------


def test_pieces_are_joined_to_words() -> None:
    model = judging_model()
    request = ExplainAttentionRequest(text="東京都 playings", view="tokens")
    pieces, words = explain(request, model), explain(replace(request, joined=True), model)
    assert [token.text for token in pieces.tokens] == ["[CLS]", "東京", "都", "play", "##ing", "##s", "[SEP]"]
    assert [token.text for token in words.tokens] == ["[CLS]", "東京", "都", "playings", "[SEP]"]
    assert (words.tokens[3].start, words.tokens[3].end) == (4, 12)
    before, after = weights_of(pieces), weights_of(words)
    assert after[:, :, 0, 3] == pytest.approx(before[:, :, 0, 3:6].sum(axis=-1), abs=2e-3)
    assert after[:, :, 3, 0] == pytest.approx(before[:, :, 3:6, 0].mean(axis=-1), abs=2e-3)
    assert after.sum(axis=-1) == pytest.approx(1.0, abs=5e-3)
    assert words.scores[3].attribution == pytest.approx(sum(score.attribution or 0 for score in pieces.scores[3:6]))


def test_mecabs_words_join_the_pieces_of_a_tokenizer_that_cuts_none() -> None:
    result = explain(ExplainAttentionRequest(text="日本の首都", joined=True), sentencepiece_model())
    assert "".join(token.text for token in result.tokens if not token.special) == "日本の首都"
    assert {"日本", "首都"} & {token.text for token in result.tokens}


def test_special_tokens_can_be_folded_away() -> None:
    request = ExplainAttentionRequest(text="猫が鳴く", second="犬")
    whole, folded = explain(request, judging_model()), explain(replace(request, special=False), judging_model())
    kept = [number for number, token in enumerate(whole.tokens) if not token.special]
    assert folded.tokens == tuple(whole.tokens[number] for number in kept)
    assert folded.second_from == 3
    assert weights_of(folded) == pytest.approx(weights_of(whole)[:, :, kept][:, :, :, kept])
    assert weights_of(folded).sum(axis=-1).max() < 1


def test_a_word_cut_by_the_edge_of_a_part_is_left_out_when_words_are_joined() -> None:
    text = "playings " * 40
    parts = [explain(ExplainAttentionRequest(text=text, joined=True, window=n), filling_model()) for n in range(2)]
    for part in parts:
        assert {token.text for token in part.tokens if not token.special} == {"playings"}


@pytest.mark.parametrize("head", [None, 2])
def test_a_words_links_are_the_rows_and_columns_of_its_pieces(head: int | None) -> None:
    result = explain(ExplainAttentionRequest(text="the playings cat", word="PLAYINGS", head=head, layer=0), judging_model())
    shown = weights_of(result)[0]
    matrix = shown.mean(axis=0) if head is None else shown[head]
    assert [link.token for link in result.links] == list(range(len(result.tokens)))
    assert [link.looks_at for link in result.links] == pytest.approx(matrix[2:5].mean(axis=0), abs=2e-3)
    assert [link.looked_by for link in result.links] == pytest.approx(matrix[:, 2:5].sum(axis=1), abs=2e-3)
    assert [link.token for link in result.links if link.own] == [2, 3, 4]


def test_a_words_links_are_the_row_and_column_of_its_pieces_joined() -> None:
    result = explain(ExplainAttentionRequest(text="the playings cat", word="playings", joined=True), judging_model())
    matrix = weights_of(result)[-1].mean(axis=0)
    assert [link.looks_at for link in result.links] == pytest.approx(matrix[2], abs=2e-3)
    assert [link.looked_by for link in result.links] == pytest.approx(matrix[:, 2], abs=2e-3)
    assert [link.token for link in result.links if link.own] == [2]


def test_all_places_of_a_word_count() -> None:
    result = explain(ExplainAttentionRequest(text="猫と猫", word="猫"), judging_model())
    matrix = weights_of(result)[-1].mean(axis=0)
    assert [link.looks_at for link in result.links] == pytest.approx(matrix[[1, 3]].mean(axis=0), abs=2e-3)
    assert [link.token for link in result.links if link.own] == [1, 3]


def test_without_a_word_there_are_no_links() -> None:
    assert explain(ExplainAttentionRequest(text="猫と犬"), judging_model()).links == ()


def test_the_part_of_a_long_text_that_has_the_word_is_shown() -> None:
    text = "猫が鳴く。" * 30 + "東京です。" + "猫が鳴く。" * 30
    result = explain(ExplainAttentionRequest(text=text, word="東京"), judging_model(window=100))
    assert "東京" in {token.text for token in result.tokens}
    assert result.links
    assert not any("最も関わる部分" in note.ja or "most relevant" in note.en for note in result.notes)  # it is shown for its word


@pytest.mark.parametrize("before", ["猫", "鳴"])
def test_a_word_at_the_edge_of_two_parts_is_shown_whole(before: str) -> None:
    """The first part holds its first pieces and, for some of these texts, matters more."""
    for number, after in ((36, "犬"), (36, "が"), (37, "猫")):
        request = ExplainAttentionRequest(text=before * number + "playings" + after * 60, word="playings", joined=True)
        assert "playings" in {token.text for token in explain(request, judging_model()).tokens}


@pytest.mark.parametrize("number", [0, 12, 36, 58])
def test_of_a_long_first_text_the_word_is_shown(number: int) -> None:
    text = "猫" * number + "東京" + "猫" * (58 - number)
    result = explain(ExplainAttentionRequest(text=text, second="犬が鳴く" * 12, word="東京"), judging_model())
    [own] = [link.token for link in result.links if link.own]
    assert result.tokens[own].text == "東京"
    assert "最も関わる" not in result.notes[-1].ja
    assert f"characters {result.tokens[1].start + 1} to" in result.notes[-1].en


# --- comparing -----------------------------------------------------------------------------------------------------


def test_two_texts_are_compared_in_one_model() -> None:
    request = ExplainAttentionRequest(text="猫が鳴く", second="the cat", view="compare")
    result = explain(request, judging_model())
    assert result == replace(explain(ExplainAttentionRequest(text="猫が鳴く"), judging_model()), view="compare")


def test_a_word_need_not_stand_in_the_text_that_is_compared() -> None:
    request = ExplainAttentionRequest(text="猫が鳴く", second="the cat", view="compare", word="猫")
    assert explain(request, judging_model()).links


def test_the_part_that_is_asked_for_is_one_of_the_first_text() -> None:
    result = explain(ExplainAttentionRequest(text="猫" * 60, second="犬", view="compare", window=1), judging_model())
    assert (result.window, result.windows) == (1, 2)


def test_one_text_is_compared_in_two_models() -> None:
    other = replace(filling_model(), name="tiny/other")
    asked: list[str | None] = []

    def give(request: ExplainAttentionRequest, language: str) -> LoadedModel:
        asked.append(request.other_model)
        assert language == "ja"
        return other

    request = ExplainAttentionRequest(text="猫が鳴く", view="compare", other_model="tiny/other")
    outcome = answer(request, judging_model(), other=give)
    assert isinstance(outcome, Undrawn)
    assert asked == ["tiny/other"]
    result = drawn(outcome)
    assert isinstance(result, ExplainAttentionResult)
    assert result.model == "tiny/sentiment"
    assert "tiny/other" in result.images[0].alt.en
    assert any("比べる相手" in note.ja and "predicts nothing" in note.en for note in result.notes)


def test_another_model_shows_the_same_part_of_a_long_text() -> None:
    other = replace(filling_model(window=64), name="tiny/other")
    request = ExplainAttentionRequest(text="猫が鳴く。" * 40, view="compare", other_model="tiny/other", window=3)
    result = explain(request, judging_model(), other=lambda *_: other)
    note = next(note.en for note in result.notes if "The other reading" in note.en and "window" in note.en)
    start = int(note.split("characters ")[-1].split(" to ")[0])
    assert abs(start - result.tokens[0].start) < TOKENS_SHOWN / 2
    assert not any("most relevant" in note.en or "最も関わる部分" in note.ja for note in result.notes)


def test_a_model_that_cannot_be_had_is_that_requests_failure() -> None:
    def give(request: ExplainAttentionRequest, language: str) -> LoadedModel:
        raise ModelError("model_not_found", ja=f"{request.other_model} がありません。{language}", en="no such model")

    request = ExplainAttentionRequest(text="猫", view="compare", other_model="no/model")
    assert refused(request, judging_model(), other=give).code == "model_not_found"


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "code", "allowed"),
    [
        (ExplainAttentionRequest(text="猫", layer=2), "layer_out_of_range", "0–1"),
        (ExplainAttentionRequest(text="猫", layer=-1), "layer_out_of_range", "0–1"),
        (ExplainAttentionRequest(text="猫", head=4), "head_out_of_range", "0–3"),
        (ExplainAttentionRequest(text="猫", window=1), "window_out_of_range", "0"),
        (ExplainAttentionRequest(text="猫" * 60, window=-1), "window_out_of_range", "0–1"),
        (ExplainAttentionRequest(text="猫", second="犬" * 70, window=9), "window_out_of_range", "0–2"),
    ],
)
def test_a_choice_out_of_range_is_told_what_is_in_range(request_: ExplainAttentionRequest, code: str, allowed: str) -> None:
    failure = refused(request_, judging_model())
    assert failure.code == code
    assert failure.details["allowed"] == allowed
    assert allowed in failure.message.en
    assert allowed.replace("–", "〜") in failure.message.ja


@pytest.mark.parametrize(
    ("request_", "code", "named"),
    [
        (ExplainAttentionRequest(text=" 　"), "empty_text", ""),
        (ExplainAttentionRequest(text="猫", second=""), "empty_text", ""),
        (ExplainAttentionRequest(text="何？", task="ask"), "second_missing", ""),
        (ExplainAttentionRequest(text="猫", view="compare"), "nothing_to_compare", ""),
        (ExplainAttentionRequest(text="何？", second="猫", task="ask", view="compare"), "nothing_to_compare", ""),
        (ExplainAttentionRequest(text="猫", second="犬", view="compare", other_model="a/b"), "compare_one_thing", "a/b"),
        (ExplainAttentionRequest(text="猫", other_model="a/b"), "compare_needs_view", "a/b"),
        (ExplainAttentionRequest(text="猫", view="heads", other_model="a/b"), "compare_needs_view", "heads"),
        (ExplainAttentionRequest(text="猫が鳴く", word="犬"), "word_not_found", "犬"),
        (ExplainAttentionRequest(text="the cat", word="dog", second="猫"), "word_not_found", "dog"),
        (ExplainAttentionRequest(text="猫が鳴く。" * 30 + "犬", word="犬", window=0), "word_not_found", "0"),
        (ExplainAttentionRequest(text="猫" * 500, second="犬"), "text_too_long", "500"),
    ],
)
def test_what_cannot_be_is_refused_in_both_languages(request_: ExplainAttentionRequest, code: str, named: str) -> None:
    failure = refused(request_, judging_model())
    assert failure.code == code
    assert named in failure.message.ja
    assert named in failure.message.en
    assert failure.message.ja != failure.message.en


def test_a_model_is_not_compared_with_itself() -> None:
    request = ExplainAttentionRequest(text="猫", view="compare", other_model="sentiment")
    failure = refused(request, judging_model(), other=lambda *_: judging_model())
    assert failure.code == "same_model"
    assert failure.details["model"] == "tiny/sentiment"


def test_a_question_and_its_context_are_compared_in_another_model() -> None:
    other = replace(answering_model(), name="tiny/other")
    request = ExplainAttentionRequest(text="何？", second="猫が鳴く", task="ask", view="compare", other_model="tiny/other")
    result = explain(request, answering_model(), other=lambda *_: other)
    assert result.second_from == 4
    assert result.prediction is not None


@settings(max_examples=15, deadline=None)
@given(text=st.text(max_size=30), second=st.none() | st.text(max_size=10), joined=st.booleans(), special=st.booleans())
def test_any_text_is_explained_or_refused(text: str, second: str | None, joined: bool, special: bool) -> None:
    outcome = answer(ExplainAttentionRequest(text=text, second=second, joined=joined, special=special, view="tokens"), judging_model())
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
        return
    result = outcome.result
    assert isinstance(result, ExplainAttentionResult)
    assert outcome_from_json(to_json(result)) == result
    for number, token in enumerate(result.tokens):
        own = text if result.second_from is None or number < result.second_from else second or ""
        assert 0 <= token.start <= token.end <= len(own)
    assert np.isfinite(weights_of(result)).all()


@settings(max_examples=10, deadline=None)
@given(text=st.text(max_size=20))
def test_any_text_is_explained_as_entities_or_refused(text: str) -> None:
    outcome = answer(ExplainAttentionRequest(text=text, task="ner"), random_tagger())
    assert isinstance(outcome, Undrawn) or outcome.code == "empty_text"
