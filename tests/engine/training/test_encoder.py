"""Masking takes whole words at the stated rates; the encoder's two-goal training lowers its loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig

from engine.training.batches import BatchStream
from engine.training.encoder import BilingualEncoder, SentenceTargets, mask_words, run_trainer, sentences

SPECIAL = [0, 1, 2, 3, 4]


def test_masking_takes_whole_words_at_the_rates_of_bert() -> None:
    generator = np.random.default_rng(0)
    blocks = generator.integers(5, 200, size=(400, 64)).astype(np.int32)
    blocks[:, 0] = 2
    continues = np.zeros(200, dtype=np.bool_)
    continues[100:] = True
    masked, labels = (t.numpy() for t in mask_words(blocks, continues=continues, special=SPECIAL, mask_id=4, generator=generator))
    chosen = labels != -100
    assert not chosen[:, 0].any()
    assert 0.12 < chosen[:, 1:].mean() < 0.18
    assert np.array_equal(labels[chosen], blocks[chosen])
    together = continues[blocks[:, 2:]]  # a continuing piece shares the fate of the piece before it
    assert np.array_equal(chosen[:, 2:][together], chosen[:, 1:-1][together])
    assert 0.77 < (masked[chosen] == 4).mean() < 0.83
    assert np.array_equal(masked[~chosen], blocks[~chosen])
    assert 0.07 < (masked[chosen] == blocks[chosen]).mean() < 0.13


def test_sentences_are_cut_at_japanese_full_stops_within_the_length_limits() -> None:
    lines = iter(["吾輩は猫である。名前はまだ無い。", "短い。", "どこで生れたかとんと見当がつかぬ。"])
    assert sentences(lines, limit=2) == ["吾輩は猫である。", "名前はまだ無い。"]


def test_training_lowers_the_distance_to_the_teachers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    model = BilingualEncoder(config)
    generator = np.random.default_rng(0)
    unit = np.eye(512, dtype=np.float16)
    ids = [[2, int(piece), 3] for piece in generator.integers(5, 60, size=64)]
    anchors = np.stack([np.eye(32, dtype=np.float16)[row[1] % 8] for row in ids])
    targets = SentenceTargets(ids=ids, anchors=anchors, has_anchor=np.ones(64, dtype=np.bool_), muse=unit[[row[1] % 8 for row in ids]])
    batch = targets.batch(list(range(64)))
    with torch.no_grad():
        before = float(model(**batch)["loss"])
    stream = BatchStream([3] * 64, lambda rows, _: targets.batch(rows), budget=96, seed=0)
    run_trainer(model, stream, folder=tmp_path, steps=30, learning_rate=5e-3)
    with torch.no_grad():
        after = float(model.eval()(**batch)["loss"])
    assert after < before / 2
