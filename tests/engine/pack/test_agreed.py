"""Sentiment of translations: Japanese learns the mean of what the adapter says of both sides, in place of what was carried over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract import Task
from engine.models.loading import load_model
from engine.pack.agreed import ENGLISH_SHARE, POWER, REPEATS, agreed_feelings, shares_of_labels
from engine.pack.build import PackBuild, Plan
from engine.pack.data import DataFolder
from engine.pack.ragged import Arrays, Ragged, save_arrays
from engine.pack.running import Run
from engine.pack.sentiment import LESS_CALM, train_sentiment, with_agreed
from tests.engine.models.entries import CPU, row
from tests.engine.pack.small import write_encoder, write_pairs

FIRST_CARRIED = 30


def write_feelings(path: Path) -> Arrays:
    """40 rows whose label can be told by their second piece; the last ten were carried over."""
    labels = np.arange(40, dtype=np.uint8) % 3
    ids = Ragged.of([[2, 7 + int(label), 10 + i % 5, 3] for i, label in enumerate(labels)])
    save_arrays(path, {"ids": ids, "labels": labels, "carried": np.arange(40) >= FIRST_CARRIED})
    return Arrays(path)


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder with a tiny encoder and a sentiment adapter that has learnt something."""
    out = tmp_path / "out"
    out.mkdir()
    run = Run(folder=tmp_path / "run", steps=60, learning_rate=0.02, tokens=256)
    train_sentiment(write_feelings(tmp_path / "feelings.npz"), encoder=write_encoder(out / "encoder"), out=out / "sentiment", run=run)
    return out


def test_targets_are_the_mean_of_what_the_engine_says_of_both_sides(tmp_path: Path, trained: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs.npz")
    found = agreed_feelings(pairs, encoder=trained / "encoder", sentiment=trained / "sentiment")
    english, japanese = ([pairs.ragged(side)[place] for place in range(40, 80)] for side in ("first", "second"))
    ids, targets = found["ids"], np.asarray(found["targets"])
    assert isinstance(ids, Ragged)
    assert [ids[place].tolist() for place in range(len(ids))] == [text.tolist() for text in japanese * REPEATS]
    loaded = load_model(row(Task.SENTIMENT, trained / "encoder", adapter=trained / "sentiment", tokenizer="bilingual"), device=CPU)
    of_english, of_japanese = shares_of_labels(loaded.model, english), shares_of_labels(loaded.model, japanese)
    assert np.abs(of_english - of_japanese).max() > 0.1
    mean = ENGLISH_SHARE * of_english + (1 - ENGLISH_SHARE) * of_japanese
    sure = mean**POWER / (mean**POWER).sum(1, keepdims=True)
    assert targets == pytest.approx(np.tile(sure, (REPEATS, 1)), abs=1e-3)
    assert targets.sum(1) == pytest.approx(1, abs=1e-4)


def test_what_translations_agree_on_takes_the_place_of_what_was_carried_over(tmp_path: Path) -> None:
    texts = write_feelings(tmp_path / "feelings.npz")
    save_arrays(tmp_path / "agreed.npz", {"ids": Ragged.of([[2, 9, 3]]), "targets": np.array([[0.1, 0.3, 0.6]], dtype=np.float32)})
    ids, targets = with_agreed(texts, Arrays(tmp_path / "agreed.npz"))
    assert len(ids) == len(targets) == FIRST_CARRIED + 1
    assert ids[FIRST_CARRIED].tolist() == [2, 9, 3]
    assert targets[FIRST_CARRIED].tolist() == pytest.approx([0.1, 0.3, 0.6])
    assert targets[1].tolist() == pytest.approx([0.025, 0.95, 0.025])
    alone, _ = with_agreed(texts, None)
    assert len(alone) == 40


def test_the_stage_trains_the_adapter_on_with_what_it_said(tmp_path: Path, trained: Path) -> None:
    work = tmp_path / "work"
    (work / "prepared").mkdir(parents=True)
    write_feelings(work / "prepared" / "feelings.npz")
    write_pairs(work / "prepared" / "pairs.npz")
    before = (trained / "sentiment" / "adapter_model.safetensors").read_bytes()
    PackBuild(data=DataFolder(tmp_path), work=work, out=trained, plan=Plan(agreed=3, tokens=256)).agreed_stage()
    assert len(Arrays(work / "prepared" / "agreed.npz").ragged("ids")) == 40 * REPEATS
    assert (trained / "sentiment" / "adapter_model.safetensors").read_bytes() != before


def test_what_was_agreed_on_makes_neutral_less_likely_afterwards(tmp_path: Path, trained: Path) -> None:
    texts = write_feelings(tmp_path / "feelings.npz")
    save_arrays(tmp_path / "agreed.npz", {"ids": Ragged.of([[2, 9, 3]]), "targets": np.array([[0.1, 0.3, 0.6]], dtype=np.float32)})
    biases = []
    for agreed in (None, Arrays(tmp_path / "agreed.npz")):
        run = Run(folder=tmp_path / f"run-{len(biases)}", steps=1, learning_rate=1e-9, tokens=256)
        train_sentiment(texts, encoder=trained / "encoder", out=trained / "sentiment", run=run, go_on=True, agreed=agreed)
        loaded = load_model(row(Task.SENTIMENT, trained / "encoder", adapter=trained / "sentiment", tokenizer="bilingual"), device=CPU)
        biases.append(loaded.model.classifier.bias.tolist())
    assert biases[1] == pytest.approx([biases[0][0], biases[0][1] - LESS_CALM, biases[0][2]], abs=1e-3)
