"""Pairs that nobody graded: which are chosen, and that both models grade them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForTokenClassification

from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.batches import Batch, BatchStream
from engine.pack.build import PackBuild, Plan
from engine.pack.data import DataFolder
from engine.pack.layer import train_layer
from engine.pack.ragged import Arrays, pad_rows
from engine.pack.running import Run
from engine.pack.silver import NEAREST, Texts, as_one_text, candidates, grade_pairs, shares, texts_of, train_cross_encoder
from engine.pack.similar import SETS, train_similar
from tests.engine.pack.small import write_encoder, write_pairs


def ids(*pieces: int) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    return np.array(pieces, dtype=np.uint16)


def a_run(folder: Path, *, steps: int, rate: float) -> Run:
    return Run(folder=folder, steps=steps, learning_rate=rate, tokens=256)


def write_answering(encoder: Path, out: Path) -> Path:
    """An adapter of another task, which has learnt nothing much."""

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        input_ids = pad_rows([[2, 7, 3]] * len(rows), width=width)
        return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "labels": input_ids % 2}

    model = encoder_with_head(BertForTokenClassification, encoder, labels=["a", "b"])
    run = a_run(out.parent / "run-answering", steps=5, rate=0.01)
    save_adapter(train_adapter(model, BatchStream([3] * 8, build, budget=32), run=run, heads=["classifier"]), out)
    return out


def test_a_pair_is_read_as_one_text_of_two_parts() -> None:
    batch = as_one_text([(ids(2, 7, 3), ids(2, 8, 9, 3)), (ids(2, 5, 3), ids(2, 6, 3))], width=8)
    assert batch["input_ids"].tolist() == [[2, 7, 3, 8, 9, 3, 0, 0], [2, 5, 3, 6, 3, 0, 0, 0]]
    assert batch["token_type_ids"].tolist() == [[0, 0, 0, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 0, 0, 0]]
    assert batch["attention_mask"].sum(1).tolist() == [6, 5]


def test_texts_of_some_sets_stand_once_and_their_pairs_keep_their_grades(tmp_path: Path) -> None:
    texts = write_pairs(tmp_path / "pairs.npz")
    found, pairs, grades = texts_of(texts, SETS[1:])
    assert len({row.tobytes() for row in found}) == len(found)
    assert len(pairs) == len(grades) == 30
    assert grades == pytest.approx(texts.array("grades")[10:40].tolist())
    assert found[pairs[4][1]].tolist() == texts.ragged("second")[14].tolist()


def test_candidates_are_mostly_neighbours_and_never_a_text_with_itself() -> None:
    angles = torch.linspace(0, 3, 200)
    texts = Texts([ids(2, n, 3) for n in range(200)], torch.stack([angles.cos(), angles.sin()], dim=1))
    near = list(candidates(texts, np.random.default_rng(0), near=3, far=0.0))
    assert all(a != b and abs(a - b) <= NEAREST for a, b in near)
    assert 400 < len(near) <= 600
    far = [pair for pair in candidates(texts, np.random.default_rng(0), near=1, far=0.5) if abs(pair[0] - pair[1]) > NEAREST]
    assert 50 < len(far) < 110


def test_both_models_grade_new_pairs_and_the_cross_encoder_has_learnt_from_people(tmp_path: Path) -> None:
    encoder, texts = write_encoder(tmp_path / "encoder"), write_pairs(tmp_path / "pairs.npz")
    similar, answering = tmp_path / "similar", write_answering(encoder, tmp_path / "ask")
    train_similar(texts, encoder=encoder, out=similar, run=a_run(tmp_path / "run-similar", steps=1, rate=1e-9))
    cross = train_cross_encoder(texts, encoder=encoder, answering=answering, run=a_run(tmp_path / "run", steps=200, rate=0.003))
    first, second, grades = texts.ragged("first"), texts.ragged("second"), texts.array("grades")[:40]
    learnt = shares(cross, [(first[i], second[i]) for i in range(40)])
    assert np.corrcoef(learnt, grades)[0, 1] > 0.8
    silver = grade_pairs(texts, cross, encoder=encoder, similar=similar)
    gold = {frozenset((first[i].tobytes(), second[i].tobytes())) for i in range(40)}
    a, b, given = silver["first"], silver["second"], np.asarray(silver["grades"])
    assert len(a) == len(b) == len(given) > 40
    assert not gold & {frozenset((a[i].tobytes(), b[i].tobytes())) for i in range(len(a))}
    assert given.min() >= 0
    assert given.max() <= 5
    assert np.allclose(given / 0.2, (given / 0.2).round(), atol=1e-3)


def test_the_stage_trains_similar_on_with_both_and_drops_the_layer_over_it(tmp_path: Path) -> None:
    out, work = tmp_path / "out", tmp_path / "work"
    out.mkdir()
    encoder, texts = write_encoder(out / "encoder"), write_pairs(tmp_path / "pairs.npz")
    write_answering(encoder, out / "ask")
    train_similar(texts, encoder=encoder, out=out / "similar", run=a_run(tmp_path / "run", steps=1, rate=1e-9))
    train_layer(texts, encoder=encoder, out=out / "similar")
    before = (out / "similar" / "adapter_model.safetensors").read_bytes()
    (work / "prepared").mkdir(parents=True)
    (tmp_path / "pairs.npz").rename(work / "prepared" / "pairs.npz")
    PackBuild(data=DataFolder(tmp_path), work=work, out=out, plan=Plan(silver=3, similar=3, tokens=256)).silver_stage()
    assert len(Arrays(work / "prepared" / "silver.npz").ragged("first")) > 40
    assert (out / "similar" / "adapter_model.safetensors").read_bytes() != before
    assert not (out / "similar" / "modules.json").exists()
