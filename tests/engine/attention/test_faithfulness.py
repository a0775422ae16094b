"""What becomes of a prediction when tokens are masked."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.attention.attribution import with_blanks
from engine.attention.faithfulness import RANDOM_DRAWS, greatest, masked_count, masking_effects
from engine.attention.target import Target
from engine.contract import Prediction
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput
from tests.engine.tasks.tiny_models import judging_model

TEXT = "この映画は本当に素晴らしかった。i love this film"


def row_of(model: LoadedModel, text: str = TEXT) -> ModelInput:
    return model.tokenizer.assemble(model.tokenizer.pieces([text])[0].ids)


def probability(output: object) -> np.ndarray:
    logits: torch.Tensor = output.logits  # type: ignore[attr-defined]  # of a classifier
    return torch.softmax(logits.double(), dim=-1)[:, 2].cpu().numpy()


def target(model: LoadedModel, row: ModelInput) -> Target:
    with torch.no_grad():
        now = float(probability(model.model(**model.tensors([row])))[0])
    return Target(
        prediction=Prediction(label="positive", probability=now),
        places=(0,),
        score=lambda output: output.logits[:, 2],
        probability=probability,
    )


def by_hand(model: LoadedModel, row: ModelInput, places: list[int]) -> float:
    ids = list(row.ids)
    for place in places:
        ids[place] = model.tokenizer.backend.mask_token_id
    with torch.no_grad():
        output = model.model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([row.type_ids]))
    return float(torch.softmax(output.logits.double(), dim=-1)[0, 2])


@pytest.mark.parametrize(("tokens", "masked"), [(1, 1), (4, 1), (7, 1), (8, 2), (10, 2), (100, 20), (510, 102)])
def test_a_fifth_of_the_tokens_is_masked_and_at_least_one(tokens: int, masked: int) -> None:
    assert masked_count(tokens) == masked


def test_the_greatest_are_taken_and_of_like_ones_the_first() -> None:
    assert greatest(np.array([9.0, 1.0, 3.0, 3.0, 3.0, 9.0]), [1, 2, 3, 4], 2) == [2, 3]
    assert greatest(np.array([-5.0, -1.0, -2.0]), [0, 1, 2], 1) == [1]


def test_the_numbers_are_those_of_reading_again_by_hand() -> None:
    model = judging_model()
    row = row_of(model)
    count = masked_count(len(row.first))
    numbers = np.random.default_rng(5)
    attended, attributed = numbers.random(len(row)), numbers.normal(size=len(row))
    aimed = target(model, row)
    effects = masking_effects(row, model, aimed, attended=attended, attributed=attributed)
    assert [(effect.by, effect.masked) for effect in effects] == [("attention", count), ("attribution", count), ("random", count)]
    inside = list(row.first)
    for effect, values in zip(effects, (attended, attributed), strict=False):
        places = sorted(inside, key=lambda place: values[place])[-count:]
        assert effect.probability == pytest.approx(by_hand(model, row, places), abs=1e-5)
        assert effect.change == pytest.approx(effect.probability - aimed.prediction.probability, abs=1e-9)
    draws = np.random.default_rng(0)
    wanted = [by_hand(model, row, draws.choice(inside, size=count, replace=False).tolist()) for _ in range(RANDOM_DRAWS)]
    assert effects[2].probability == pytest.approx(np.mean(wanted), abs=1e-5)
    assert np.std(wanted) > 1e-4


def test_special_tokens_are_never_masked_however_much_they_are_looked_at() -> None:
    model = judging_model()
    row = row_of(model, "猫")
    high = np.array([9.0, 0.0, 9.0])
    effects = masking_effects(row, model, target(model, row), attended=high, attributed=high)
    assert {effect.masked for effect in effects} == {1}
    for effect in effects:
        assert effect.probability == pytest.approx(by_hand(model, row, [1]), abs=1e-5)


def test_both_texts_of_a_pair_are_masked() -> None:
    model = judging_model()
    first, second = model.tokenizer.pieces(["猫", "犬"])
    row = model.tokenizer.assemble(first.ids, second.ids)
    values = np.zeros(len(row))
    values[row.second.start] = 1.0
    effects = masking_effects(row, model, target(model, row), attended=values, attributed=values)
    assert effects[0].probability == pytest.approx(by_hand(model, row, [row.second.start]), abs=1e-5)
    assert with_blanks(row, [row.second.start], model).ids[row.second.start] == model.tokenizer.backend.mask_token_id


def test_the_same_text_gets_the_same_numbers_each_time() -> None:
    model = judging_model()
    row = row_of(model)
    values = np.arange(len(row), dtype=float)
    first, second = (masking_effects(row, model, target(model, row), attended=values, attributed=values) for _ in range(2))
    assert first == second
