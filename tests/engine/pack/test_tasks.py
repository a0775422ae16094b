"""Training examples carry the right labels, and a trained adapter gives the same outputs when loaded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import BertConfig, BertForMaskedLM, BertForTokenClassification

from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.ask import CROP_PIECES, Example, crop
from engine.pack.batches import BatchStream
from engine.pack.ner import LABELS, piece_labels
from engine.pack.ragged import pad_rows
from engine.pack.running import Run
from engine.tokenization.bilingual import SPECIAL_TOKENS, bilingual_tokenizer
from engine.tokenization.pieces import TextTokenizer, case_types


@pytest.fixture
def tokenizer(tmp_path: Path) -> TextTokenizer:
    pieces = [*SPECIAL_TOKENS, "tim", "cook", "は", "京都", "##大学", "大学", "に", "行っ", "た", "。", "went", "to"]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    return TextTokenizer(bilingual_tokenizer(tmp_path / "vocab.txt"))


def test_entity_labels_fall_on_the_pieces_of_each_entity(tokenizer: TextTokenizer) -> None:
    text = "Tim Cookは京都大学に行った。"
    entities = [{"start": 0, "end": 8, "label": "PER"}, {"start": 9, "end": 13, "label": "ORG"}, {"start": 14, "end": 16, "label": None}]
    (pieces,) = tokenizer.pieces([text])
    labels = [LABELS[i] for i in piece_labels(pieces, entities)]
    assert list(zip(pieces.tokens, labels, strict=True))[:5] == [
        ("tim", "B-PER"),
        ("cook", "I-PER"),
        ("は", "O"),
        ("京都", "B-ORG"),
        ("大学", "I-ORG"),
    ]
    assert set(labels[5:]) == {"O"}


def test_case_types_mark_words_that_begin_in_upper_case(tokenizer: TextTokenizer) -> None:
    (pieces,) = tokenizer.pieces(["Tim went to 京都大学 COOK"])
    assert case_types(pieces) == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(("first", "last", "count"), [(0, 3, 400), (396, 399, 400), (200, 205, 400), (5, 9, 20), (0, 250, 400)])
def test_a_crop_holds_the_answer_or_says_that_it_does_not(first: int, last: int, count: int) -> None:
    generator = np.random.default_rng(0)
    example = Example(question=np.array([1], dtype=np.uint16), context=np.arange(count, dtype=np.uint16), first=first, last=last)
    for _ in range(200):
        part, start, end = crop(example, generator)
        assert len(part) <= CROP_PIECES
        if start >= 0:
            assert part[start] == first
            assert part[end] == min(last, part[-1])
        else:
            assert not set(range(first, last + 1)) <= set(part.tolist())


def test_an_adapter_learns_and_answers_the_same_when_loaded_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = tmp_path / "encoder"
    config = BertConfig(vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertForMaskedLM(config).save_pretrained(encoder)
    rows = [[2, *np.random.default_rng(i).integers(5, 40, size=6).tolist(), 3] for i in range(64)]

    def build(batch: list[int], _: np.random.Generator, *, width: int) -> dict[str, torch.Tensor]:
        ids = pad_rows([rows[i] for i in batch], width=width)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": (ids > 20).long()}

    stream = BatchStream([8] * 64, build, budget=128, seed=0)
    model = encoder_with_head(BertForTokenClassification, encoder, labels=("O", "B-PER"))
    run = Run(folder=tmp_path / "run", steps=60, learning_rate=1e-2)
    adapted = train_adapter(model, stream, run=run, heads=["classifier"], rank=4).eval()
    batch = build(list(range(64)), np.random.default_rng(), width=8)
    with torch.no_grad():
        logits = adapted(**batch).logits
    assert (logits.argmax(-1) == batch["labels"]).float().mean() > 0.9
    save_adapter(adapted, tmp_path / "ner")  # which rounds the weights to fp16
    with torch.no_grad():
        logits = adapted.get_base_model()(**batch).logits  # in fp32: the trainer wraps only the outer forward in bf16
    fresh = encoder_with_head(BertForTokenClassification, encoder, labels=("O", "B-PER"))
    loaded = PeftModel.from_pretrained(fresh, str(tmp_path / "ner")).eval()
    with torch.no_grad():
        again = loaded(**batch).logits
    assert (logits - again).abs().max() < 1e-2
