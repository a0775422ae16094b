"""Attention maps as they are read off a model, and what each weight adds to a score."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from engine.attention.maps import attention_maps, computing_attention
from engine.errors import ModelError
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput
from tests.engine.tasks.known_models import two_label_judge
from tests.engine.tasks.tiny_models import answering_model, filling_model, judging_model, sentencepiece_model


def row_of(model: LoadedModel, text: str = "猫が鳴く") -> ModelInput:
    return model.tokenizer.assemble(model.tokenizer.pieces([text])[0].ids)


def positive(output: object) -> torch.Tensor:
    logits: torch.Tensor = output.logits  # type: ignore[attr-defined]  # of a classifier
    return logits[:, -1]


@pytest.mark.parametrize("kind", [judging_model, answering_model, filling_model, two_label_judge, sentencepiece_model])
def test_each_row_of_each_map_sums_to_one(kind: Callable[[], LoadedModel]) -> None:
    model = kind()
    row = row_of(model)
    maps = attention_maps(row, model)
    assert len(maps.layers) == model.model.config.num_hidden_layers
    for layer in maps.layers:
        assert layer.shape == (4, len(row), len(row))
        assert layer.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)
    assert maps.relevant is None


@pytest.mark.parametrize("before", ["sdpa", "eager"])
def test_a_model_computes_attention_afterwards_as_before(before: str) -> None:
    model = judging_model()
    model.model.set_attn_implementation(before)
    attention_maps(row_of(model), model, positive)
    assert model.model.config._attn_implementation == before


def test_a_model_computes_attention_as_before_after_an_error_too() -> None:
    model = judging_model()
    model.model.set_attn_implementation("sdpa")

    def fails(_: object) -> torch.Tensor:
        assert model.model.config._attn_implementation == "eager"
        raise RuntimeError("no score")

    with pytest.raises(RuntimeError, match="no score"):
        attention_maps(row_of(model), model, fails)
    assert model.model.config._attn_implementation == "sdpa"


def test_a_model_computes_attention_as_before_when_time_runs_out_while_it_is_switched(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judging_model()
    model.model.set_attn_implementation("sdpa")
    switch = type(model.model).set_attn_implementation

    def interrupted(self: torch.nn.Module, kind: str) -> None:
        switch(self, kind)
        if kind == "eager":
            raise TimeoutError

    monkeypatch.setattr(type(model.model), "set_attn_implementation", interrupted)
    with pytest.raises(TimeoutError):
        attention_maps(row_of(model), model)
    assert model.model.config._attn_implementation == "sdpa"


def test_a_model_that_has_only_eager_attention_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judging_model()
    model.model.set_attn_implementation("eager")
    monkeypatch.setattr(type(model.model), "_supports_sdpa", False)
    with computing_attention(model, "sdpa"):
        assert model.model.config._attn_implementation == "eager"


def test_nothing_is_left_on_the_weights() -> None:
    model = judging_model()
    model.model.requires_grad_(False)
    maps = attention_maps(row_of(model), model, positive)
    assert maps.relevant is not None
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.model.parameters())
    assert torch.is_grad_enabled()


def test_what_a_weight_adds_is_the_weight_times_the_slope_of_the_score() -> None:
    """Against a difference quotient: the last layer's attention is nudged at one place."""
    model = judging_model()
    row, nudge = row_of(model), 1e-3
    maps = attention_maps(row, model, positive)
    assert maps.relevant is not None
    found = maps.relevant[-1][0]
    place = int(found.argmax())
    heads = [_slope(model, row, head, place, nudge) * maps.layers[-1][head, 0, place] for head in range(4)]
    assert found[place] == pytest.approx(np.maximum(heads, 0).mean(), rel=0.02)
    assert found[place] > 0.01


def _slope(model: LoadedModel, row: ModelInput, head: int, place: int, nudge: float) -> float:
    """How the score changes when the first token looks a little more at `place`, in one head of the last layer."""
    attention = model.model.bert.encoder.layer[-1].attention.self
    width = attention.attention_head_size

    def shifted(by: float) -> float:
        def hook(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            value = module.value(inputs[0])[0, place, head * width : (head + 1) * width]
            changed = output[0].clone()
            changed[0, 0, head * width : (head + 1) * width] += by * value
            return (changed, *output[1:])

        handle = attention.register_forward_hook(hook)
        try:
            with torch.no_grad():
                return float(positive(model.model(**model.tensors([row]))))
        finally:
            handle.remove()

    return (shifted(nudge) - shifted(-nudge)) / (2 * nudge)


def test_a_model_without_layers_has_no_maps() -> None:
    judge = judging_model()
    config = BertConfig(vocab_size=judge.model.config.vocab_size, hidden_size=8, num_hidden_layers=0, num_attention_heads=1)
    model = LoadedModel(name="tiny/flat", model=BertForSequenceClassification(config).eval(), tokenizer=judge.tokenizer, window=64)
    with pytest.raises(ModelError) as caught:
        attention_maps(judge.tokenizer.assemble([5, 6]), model)
    assert caught.value.code == "no_attention_maps"
