"""Integrated gradients: what each token adds to a score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import progress
from engine.attention import attribution
from engine.attention.attribution import GREATEST_ERROR, attribute, with_blanks
from engine.contract import Task
from engine.models.loaded import LoadedModel
from engine.tokenization.pieces import ModelInput
from tests.engine.models.entries import load
from tests.engine.tasks.known_models import knowing_tagger, two_label_judge
from tests.engine.tasks.tiny_models import judging_model, maskless_model, sentencepiece_model
from tests.support.checkpoints import write_roberta


def row_of(model: LoadedModel, text: str = "この映画は本当に素晴らしかった") -> ModelInput:
    return model.tokenizer.assemble(model.tokenizer.pieces([text])[0].ids)


def first_label(output: object) -> torch.Tensor:
    logits: torch.Tensor = output.logits  # type: ignore[attr-defined]  # of a classifier
    return logits[:, 0]


@pytest.mark.parametrize("text", ["この映画は本当に素晴らしかった", "i love this film !", "猫 cat 🍣", "猫"])
@pytest.mark.parametrize("kind", [judging_model, two_label_judge])
def test_the_attributions_sum_to_the_change_of_the_score(kind: object, text: str) -> None:
    model: LoadedModel = kind()  # type: ignore[operator]  # one of two functions
    row = row_of(model, text)
    found = attribute(row, model, first_label)
    with torch.no_grad():
        text_score, blank_score = (
            float(first_label(model.model(**model.tensors([one])))) for one in (row, with_blanks(row, row.first, model))
        )
    change = text_score - blank_score
    assert found.values.shape == (len(row),)
    assert found.error == pytest.approx(found.values.sum() - change, abs=1e-4)
    assert abs(found.error) <= GREATEST_ERROR * max(abs(change), 0.1) or found.steps > attribution.MOST_STEPS - attribution.FIRST_STEPS


def test_special_tokens_get_nothing_and_others_something() -> None:
    model = judging_model()
    row = row_of(model)
    values = attribute(row, model, first_label).values
    assert values[0] == values[-1] == 0
    assert np.abs(values[row.first.start : row.first.stop]).min() > 0


def test_each_token_gets_what_it_adds_where_tokens_do_not_mix() -> None:
    """A tagger without layers: the score of one place hangs on the token there alone, by as much as is known."""
    model = knowing_tagger({"東京": {"B-LOC": 9.0}})
    row = row_of(model, "猫 東京 猫")
    place = row.first.start + 1

    def score(output: object) -> torch.Tensor:
        return output.logits[:, place, 5]  # type: ignore[attr-defined]  # B-LOC

    values = attribute(row, model, score).values
    assert values[place] == pytest.approx(9.0, abs=1e-3)
    assert np.delete(values, place) == pytest.approx(0.0)


def test_more_steps_are_taken_until_the_error_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judging_model()
    row = row_of(model)
    monkeypatch.setattr(attribution, "FIRST_STEPS", 1)
    monkeypatch.setattr(attribution, "MOST_STEPS", 1)
    rough = attribute(row, model, first_label)
    monkeypatch.setattr(attribution, "MOST_STEPS", 64)
    fine = attribute(row, model, first_label)
    assert rough.steps == 1
    assert fine.steps > 1
    assert abs(fine.error) < abs(rough.error)


@pytest.mark.parametrize("place", [0.1, 0.37, 0.9])
def test_a_score_that_changes_on_a_short_stretch_of_the_way_is_followed_there(place: float) -> None:
    model = judging_model()
    row = row_of(model)
    with torch.no_grad():
        blank, text = (float(first_label(model.model(**model.tensors([one])))) for one in (with_blanks(row, row.first, model), row))
    height, steepness = 12.0, 300.0

    def step(output: object) -> torch.Tensor:
        on_the_way = (first_label(output) - blank) / (text - blank)
        return height * torch.sigmoid(steepness * (on_the_way - place))

    found = attribute(row, model, step)
    assert found.values.sum() == pytest.approx(height, rel=2 * GREATEST_ERROR)
    assert attribution.FIRST_STEPS < found.steps < attribution.MOST_STEPS


def test_how_a_model_computes_attention_and_its_weights_stay_as_they_were() -> None:
    model = judging_model()
    model.model.set_attn_implementation("eager")
    model.model.requires_grad_(False)
    attribute(row_of(model), model, first_label)
    assert model.model.config._attn_implementation == "eager"
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in model.model.parameters())


def test_attributions_are_the_same_each_time_and_in_small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    model = judging_model()
    row = row_of(model)
    before = attribute(row, model, first_label).values
    assert np.array_equal(before, attribute(row, model, first_label).values)
    monkeypatch.setattr(attribution, "_TOKENS_PER_BATCH", len(row))
    assert attribute(row, model, first_label).values == pytest.approx(before, abs=1e-4)


def test_progress_is_told_between_readings_and_may_end_them() -> None:
    model = judging_model()
    heard: list[float] = []
    with progress.heard_by(heard.append):
        attribute(row_of(model), model, first_label)
    assert heard == sorted(heard)
    assert len(heard) > 2

    def stop(share: float) -> None:
        if share > 0.1:
            raise TimeoutError

    with progress.heard_by(stop), pytest.raises(TimeoutError):
        attribute(row_of(model), model, first_label)


@pytest.mark.parametrize(("kind", "blank"), [(judging_model, "[MASK]"), (maskless_model, "[UNK]"), (sentencepiece_model, "<mask>")])
def test_blanks_are_the_mask_token_or_what_comes_nearest(kind: object, blank: str) -> None:
    model: LoadedModel = kind()  # type: ignore[operator]  # one of three functions
    row = row_of(model, "the cat sits")
    places = [row.first.start, row.first.stop - 1]
    blanked = with_blanks(row, places, model)
    names = model.tokenizer.backend.convert_ids_to_tokens(list(blanked.ids))
    assert [place for place, name in enumerate(names) if name == blank] == places
    assert replace(blanked, ids=row.ids) == row


def test_a_roberta_is_read_at_the_same_positions_by_its_words_as_by_its_ids(tmp_path: Path) -> None:
    model = load(Task.EXPLAIN_ATTENTION, write_roberta(tmp_path))
    row = row_of(model, "cat 猫")

    def score(output: object) -> torch.Tensor:
        return output.last_hidden_state[:, 0, 0]  # type: ignore[attr-defined]  # of an encoder

    with torch.no_grad():
        texts = [float(score(model.model(**model.tensors([one])))) for one in (row, with_blanks(row, row.first, model))]
    found = attribute(row, model, score)
    assert found.values.sum() - found.error == pytest.approx(texts[0] - texts[1], abs=1e-5)
