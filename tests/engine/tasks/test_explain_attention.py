"""Attention maps, predictions and pictures of a classifier."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Failure, outcome_from_json, to_json
from engine.models.loaded import LoadedModel
from engine.tasks.explain_attention import TOKENS_SHOWN, run
from tests.engine.tasks.tiny_models import filling_model, judging_model

JAPANESE = "この映画は本当に素晴らしかった！"


def explain(request: ExplainAttentionRequest, *, model: LoadedModel | None = None) -> ExplainAttentionResult:
    [outcome] = run([request], ["ja"], model or judging_model())
    assert isinstance(outcome, ExplainAttentionResult)
    return outcome


def weights_of(result: ExplainAttentionResult) -> NDArray[np.float16]:
    return np.frombuffer(result.attention.data, dtype="<f2").reshape(result.attention.shape)


@pytest.mark.parametrize("text", [JAPANESE, "I love this film!", "猫 cat", "㈱"])
def test_each_row_of_each_map_sums_to_one(text: str) -> None:
    result = explain(ExplainAttentionRequest(text=text))
    weights = weights_of(result)
    assert weights.shape == (2, 4, len(result.tokens), len(result.tokens))
    assert weights.astype(np.float32).sum(axis=-1) == pytest.approx(1.0, abs=5e-3)


def test_the_maps_are_those_of_the_model_itself() -> None:
    model = judging_model()
    result = explain(ExplainAttentionRequest(text="I love this film!"), model=model)
    model.model.set_attn_implementation("eager")
    with torch.inference_mode():
        output = model.model(**model.tokenizer.backend("I love this film!", return_tensors="pt"), output_attentions=True)
    assert weights_of(result) == pytest.approx(torch.cat(output.attentions).numpy(), abs=1e-3)
    best = int(output.logits.argmax())
    assert result.prediction is not None
    assert result.prediction.label == ("negative", "neutral", "positive")[best]
    assert result.prediction.probability == pytest.approx(float(output.logits.softmax(-1).max()), abs=1e-5)


def test_texts_of_unlike_length_do_not_disturb_each_other() -> None:
    requests = [ExplainAttentionRequest(text=text) for text in (JAPANESE, "猫", "I love this film")]
    together = run(requests, ["ja", "ja", "en"], judging_model())
    for request, outcome in zip(requests, together, strict=True):
        assert isinstance(outcome, ExplainAttentionResult)
        assert weights_of(outcome) == pytest.approx(weights_of(explain(request)), abs=2e-3)


def test_without_a_choice_the_last_layer_is_drawn_over_all_heads() -> None:
    result = explain(ExplainAttentionRequest(text=JAPANESE))
    assert (result.layer, result.head) == (1, None)
    [image] = result.images
    assert "層1" in image.alt.ja
    assert "mean of 4 heads" in image.alt.en


def test_the_chosen_layer_and_head_are_drawn() -> None:
    result = explain(ExplainAttentionRequest(text=JAPANESE, layer=0, head=3))
    assert (result.layer, result.head) == (0, 3)
    assert "layer 0" in result.images[0].alt.en
    assert "head 3" in result.images[0].alt.en
    assert result.images[0].data != explain(ExplainAttentionRequest(text=JAPANESE, layer=0, head=2)).images[0].data


def test_the_alternative_text_names_who_looks_most_at_whom() -> None:
    result = explain(ExplainAttentionRequest(text="cat sits", layer=0, head=0))
    shown = weights_of(result)[0, 0]
    first, second = ("cat", "sits") if shown[1, 2] > shown[2, 1] else ("sits", "cat")
    assert f'"{first}" looks most at "{second}"' in result.images[0].alt.en
    assert f"「{first}」が「{second}」を最も強く見ている" in result.images[0].alt.ja


@pytest.mark.parametrize(
    ("request_", "code", "allowed"),
    [
        (ExplainAttentionRequest(text="猫", layer=2), "layer_out_of_range", "0–1"),
        (ExplainAttentionRequest(text="猫", layer=-1), "layer_out_of_range", "0–1"),
        (ExplainAttentionRequest(text="猫", head=4), "head_out_of_range", "0–3"),
        (ExplainAttentionRequest(text="猫", window=1), "window_out_of_range", "0"),
        (ExplainAttentionRequest(text="猫" * 100, window=-1), "window_out_of_range", "0–1"),
    ],
)
def test_a_choice_out_of_range_is_told_what_is_in_range(request_: ExplainAttentionRequest, code: str, allowed: str) -> None:
    [outcome] = run([request_], ["ja"], judging_model())
    assert isinstance(outcome, Failure)
    assert outcome.code == code
    assert outcome.details["allowed"] == allowed
    assert allowed in outcome.message.en
    assert allowed.replace("–", "〜") in outcome.message.ja


def test_one_bad_request_spoils_no_other() -> None:
    requests = [ExplainAttentionRequest(text=""), ExplainAttentionRequest(text="猫")]
    assert [type(outcome) for outcome in run(requests, ["ja", "ja"], judging_model())] == [Failure, ExplainAttentionResult]


def test_every_part_of_a_long_text_can_be_explained() -> None:
    text = JAPANESE * 1_250
    first = explain(ExplainAttentionRequest(text=text))
    last = explain(ExplainAttentionRequest(text=text, window=first.windows - 1))
    assert len(text) == 20_000
    assert first.tokens[0].start == 0
    assert last.tokens[-1].end == 20_000
    assert len(first.tokens) == TOKENS_SHOWN
    assert str(first.tokens[-1].end) in first.notes[0].ja
    assert str(first.tokens[-1].end) in first.notes[0].en


def test_neighbouring_windows_leave_nothing_out() -> None:
    text = "猫が鳴く" * 40
    windows = [explain(ExplainAttentionRequest(text=text, window=i), model=judging_model(window=32)) for i in range(3)]
    assert all(one.tokens[-1].end > other.tokens[0].start for one, other in pairwise(windows))


def test_a_result_survives_its_json_form() -> None:
    result = explain(ExplainAttentionRequest(text="猫"))
    assert outcome_from_json(to_json(result)) == result


def test_a_model_that_predicts_nothing_about_a_text_shows_its_attention_and_says_so() -> None:
    result = explain(ExplainAttentionRequest(text="猫"), model=filling_model())
    assert result.prediction is None
    assert weights_of(result).shape[:2] == (2, 4)
    [note] = result.notes
    assert "判定をしない" in note.ja
    assert "predicts nothing" in note.en
    assert outcome_from_json(to_json(result)) == result


def test_a_label_is_given_in_the_contracts_words() -> None:
    model = judging_model()
    own = explain(ExplainAttentionRequest(text="猫"), model=model).prediction
    named = explain(ExplainAttentionRequest(text="猫"), model=replace(model, labels={own.label: "MINE"} if own else {})).prediction
    assert own is not None
    assert named == replace(own, label="MINE")


@settings(max_examples=10, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_explained_or_refused(text: str) -> None:
    [outcome] = run([ExplainAttentionRequest(text=text)], ["ja"], judging_model())
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
    else:
        assert all(0 <= token.start <= token.end <= len(text) for token in outcome.tokens)
        assert outcome.images[0].data.startswith(b"\x89PNG")
