"""Tests how one vector is made of many."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.models.loaded import LoadedModel
from engine.tasks.pooling import OVERLAP_PIECES, pool, text_vectors
from engine.tokenization.pieces import windows
from tests.engine.tasks.known_models import random_encoder

TEXTS = ["猫がマットの上に座っている。", "the cat sits on the mat.", "東京"]


def hidden_states(model: LoadedModel, ids: tuple[int, ...]) -> torch.Tensor:
    """One input, alone in its batch. *Shape:* (pieces, width)."""
    row = model.tokenizer.assemble(ids)
    with torch.inference_mode():
        output = model.model(input_ids=torch.tensor([row.ids]), token_type_ids=torch.tensor([row.type_ids]))
    return output.last_hidden_state[0]


def one_by_hand(model: LoadedModel, text: str, how: str) -> np.ndarray:
    states = hidden_states(model, model.tokenizer.pieces([text])[0].ids)
    vector = {"mean": states.mean(dim=0), "max": states.max(dim=0).values, "cls": states[0]}[how].numpy()
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("how", ["mean", "max", "cls"])
def test_padding_plays_no_part_in_a_vector(how: str) -> None:
    model = random_encoder()
    for text, vector in zip(TEXTS, text_vectors(TEXTS, model, pooling=how), strict=True):
        assert vector == pytest.approx(one_by_hand(model, text, how), abs=1e-5)


def test_without_a_wish_texts_are_pooled_as_the_model_was_made() -> None:
    [as_made] = text_vectors(["東京です"], random_encoder(pooling="cls"))
    assert as_made == pytest.approx(one_by_hand(random_encoder(), "東京です", "cls"), abs=1e-5)


def test_the_vector_of_a_long_text_is_the_mean_of_its_windows_by_their_length() -> None:
    model = random_encoder(window=42)
    text = "この映画は本当に素晴らしかった。the cat sits on the mat. " * 5
    ids = model.tokenizer.pieces([text])[0].ids
    parts = [ids[part.start : part.stop] for part in windows(len(ids), size=40, overlap=OVERLAP_PIECES)]
    summed = sum(hidden_states(model, part).mean(dim=0).numpy() * (len(part) + 2) for part in parts)
    assert len(parts) > 2
    assert text_vectors([text], model)[0] == pytest.approx(summed / np.linalg.norm(summed), abs=1e-5)


def test_the_end_of_a_long_text_counts() -> None:
    model = random_encoder(window=42)
    first, second = text_vectors(["猫が" * 200 + "鳴く", "猫が" * 200 + "東京"], model)
    assert first is not None
    assert not np.array_equal(first, second)


def test_a_text_without_any_piece_has_no_vector() -> None:
    assert text_vectors(["\u200b", "猫"], random_encoder())[0] is None


def test_equal_texts_have_one_vector() -> None:
    first, _, third = text_vectors(["猫", "犬が鳴く", "猫"], random_encoder())
    assert first is third


def test_another_pooling_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"mean, max or cls, got 'last'"):
        pool(torch.ones(1, 2, 3), [2], how="last")
