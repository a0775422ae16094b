"""The similarity adapter: batches of pairs of like length, and vectors from which what all texts share is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.contract import Task
from engine.models.loading import load_model
from engine.pack.layer import learn_layer, train_layer
from engine.pack.ragged import Arrays, Ragged, save_arrays
from engine.pack.running import Run
from engine.pack.similar import CENTRED, GOLD_REPEATS, train_similar, with_silver
from tests.engine.models.entries import CPU, row
from tests.engine.pack.small import write_encoder, write_pairs


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    return write_encoder(tmp_path / "encoder")


def test_pairs_that_models_graded_stand_before_those_of_people_which_are_read_more_often(tmp_path: Path) -> None:
    texts = write_pairs(tmp_path / "pairs.npz")
    save_arrays(tmp_path / "silver.npz", {"first": Ragged.of([[2, 9, 3]]), "second": Ragged.of([[2, 7, 8, 3]]), "grades": np.array([1.5])})
    first, second, grades = with_silver(texts, Arrays(tmp_path / "silver.npz"))
    assert (first[0].tolist(), second[0].tolist(), float(grades[0])) == ([2, 9, 3], [2, 7, 8, 3], 1.5)
    assert len(first) == len(second) == len(grades) == 1 + GOLD_REPEATS * 40 + 40
    assert first[1].tolist() == first[41].tolist() == texts.ragged("first")[0].tolist()
    assert np.isnan(grades[-40:]).all()
    assert not np.isnan(grades[:-40]).any()
    assert second[len(second) - 1].tolist() == texts.ragged("second")[79].tolist()


def mean_vector(adapter: Path, encoder: Path, texts: Arrays) -> torch.Tensor:
    """Of all sides, as the engine pools them. *Shape:* (width,)."""
    loaded = load_model(row(Task.SIMILAR, encoder, adapter=adapter, tokenizer="bilingual"), device=CPU)
    vectors = []
    for name in ("first", "second"):
        side = texts.ragged(name)
        for i in range(len(side)):
            with torch.inference_mode():
                vectors.append(loaded.model(input_ids=torch.tensor([side[i].tolist()])).last_hidden_state[0].mean(0))
    return torch.stack(vectors).mean(0)


def test_training_takes_a_part_of_the_mean_off_the_vectors_that_the_engine_gives(tmp_path: Path, encoder: Path) -> None:
    texts = write_pairs(tmp_path / "pairs.npz")
    # So slow a rate that training itself moves nothing.
    train_similar(texts, encoder=encoder, out=tmp_path / "once", run=Run(folder=tmp_path / "run-1", steps=1, learning_rate=1e-9, tokens=64))
    again = Run(folder=tmp_path / "run-2", steps=1, learning_rate=1e-9, tokens=64)
    (tmp_path / "twice").mkdir()
    for path in (tmp_path / "once").iterdir():
        (tmp_path / "twice" / path.name).write_bytes(path.read_bytes())
    train_similar(texts, encoder=encoder, out=tmp_path / "twice", run=again, go_on=True)
    once, twice = (mean_vector(tmp_path / name, encoder, texts) for name in ("once", "twice"))
    torch.testing.assert_close(twice, (1 - CENTRED) * once, atol=5e-3, rtol=0.02)  # the adapter is written in fp16
    assert once.norm() > 0.05


def test_under_the_layer_translations_are_nearest_where_a_direction_of_language_kept_them_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    meaning = torch.randn(300, 16, generator=generator)
    apart, noise = torch.randn(16, generator=generator), torch.randn(16, generator=generator)
    first = meaning + apart + torch.randn(300, 1, generator=generator) * noise
    second = meaning - apart + torch.randn(300, 1, generator=generator) * noise

    def found(weight: torch.Tensor) -> float:
        a, b = (torch.nn.functional.normalize(side @ weight.T, dim=-1) for side in (first, second))
        return float(((a @ b.T).argmax(1) == torch.arange(len(a))).float().mean())

    learnt, held = (learn_layer(first[:200], second[:200], nearness=nearness).weight for nearness in (0.03, 1e4))
    assert found(learnt) > found(torch.eye(16)) + 0.3
    assert torch.allclose(held, torch.eye(16), atol=0.01)


def test_the_engine_reads_the_layer_that_was_learnt_over_the_adapter(tmp_path: Path, encoder: Path) -> None:
    texts = write_pairs(tmp_path / "pairs.npz")
    out = tmp_path / "similar"
    train_similar(texts, encoder=encoder, out=out, run=Run(folder=tmp_path / "run", steps=1, learning_rate=1e-9, tokens=64))
    assert load_model(row(Task.SIMILAR, encoder, adapter=out, tokenizer="bilingual"), device=CPU).dense is None
    train_layer(texts, encoder=encoder, out=out)
    loaded = load_model(row(Task.SIMILAR, encoder, adapter=out, tokenizer="bilingual"), device=CPU)
    assert loaded.dense is not None
    assert loaded.dense.weight.shape == (32, 32)
    assert not torch.allclose(loaded.dense.weight, torch.eye(32), atol=0.01)
