"""Attention maps as they are read off a model."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import BertConfig, BertForSequenceClassification

from engine.attention.maps import attention_maps
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from tests.engine.tasks.tiny_models import answering_model, judging_model


def test_a_model_loaded_with_fused_attention_shows_its_maps_too() -> None:
    model = judging_model()
    model.model.set_attn_implementation("sdpa")
    row = model.tokenizer.assemble(model.tokenizer.pieces(["猫が鳴く"])[0].ids)
    [maps] = attention_maps([row], model)
    assert maps.weights.shape == (2, 4, len(row), len(row))
    assert maps.weights.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)
    assert maps.logits is not None
    assert maps.logits.shape == (3,)


def test_maps_leave_out_the_padding_of_the_batch() -> None:
    model = judging_model()
    rows = [model.tokenizer.assemble(pieces.ids) for pieces in model.tokenizer.pieces(["猫", "the cat sits on the mat", "東京"])]
    together = attention_maps(rows, model)
    for row, maps in zip(rows, together, strict=True):
        [alone] = attention_maps([row], model)
        assert np.allclose(maps.weights, alone.weights, atol=1e-5)
        assert maps.logits == pytest.approx(alone.logits, abs=1e-4)


def test_no_inputs_give_no_maps() -> None:
    assert attention_maps([], judging_model()) == []


def test_a_model_without_layers_has_no_maps() -> None:
    judge = judging_model()
    config = BertConfig(vocab_size=judge.model.config.vocab_size, hidden_size=8, num_hidden_layers=0, num_attention_heads=1)
    model = LoadedModel(name="tiny/flat", model=BertForSequenceClassification(config).eval(), tokenizer=judge.tokenizer, window=64)
    row = judge.tokenizer.assemble([5, 6])
    with pytest.raises(ModelError) as caught:
        attention_maps([row], model)
    assert caught.value.code == "no_attention_maps"


def test_a_question_answerer_judges_no_text() -> None:
    [maps] = attention_maps([judging_model().tokenizer.assemble([5, 6])], answering_model())
    assert maps.logits is None
