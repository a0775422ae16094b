"""Tables of positions, read off models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertModel, RobertaModel

from engine.attention.positions import positions_of
from engine.contract import Task
from engine.models.loaded import LoadedModel
from tests.engine.models.entries import load
from tests.engine.tasks.tiny_models import judging_model, tiny_tokenizer
from tests.support.checkpoints import make, tiny_config, write_roberta


def test_the_table_is_the_models_own_up_to_its_window() -> None:
    model = judging_model(window=48)
    found = positions_of(model)
    assert found.learned is not None
    assert np.array_equal(found.learned, model.model.bert.embeddings.position_embeddings.weight[:48].detach().numpy())
    assert found.sinusoidal.shape == (48, 32)


def test_the_waves_are_those_of_the_paper() -> None:
    waves = positions_of(judging_model(window=16)).sinusoidal
    assert waves[0] == pytest.approx([0.0, 1.0] * 16)
    assert waves[3, 4] == pytest.approx(np.sin(3 / 10_000 ** (4 / 32)), abs=1e-6)
    assert waves[3, 5] == pytest.approx(np.cos(3 / 10_000 ** (4 / 32)), abs=1e-6)


def test_rows_that_a_roberta_never_uses_are_left_out(tmp_path: Path) -> None:
    model = load(Task.EXPLAIN_ATTENTION, write_roberta(tmp_path))
    assert isinstance(model.model, RobertaModel)
    found = positions_of(model)
    table = model.model.embeddings.position_embeddings.weight
    assert found.learned is not None
    assert np.array_equal(found.learned, table[2 : 2 + model.window].numpy())
    assert len(found.learned) == len(found.sinusoidal) == model.window == 64


def test_a_model_without_a_table_has_only_the_waves() -> None:
    bert = make(BertModel, tiny_config())
    bert.embeddings.position_embeddings = torch.nn.Identity()
    found = positions_of(LoadedModel(name="tiny/rotary", model=bert, tokenizer=tiny_tokenizer(), window=64))
    assert found.learned is None
    assert found.sinusoidal.shape == (64, 32)
