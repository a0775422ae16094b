"""Weights in 8 bits are read back nearly as they were, into whatever model asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel

from engine.catalog import CatalogEntry
from engine.contract import Task
from engine.models.int8 import FILE, from_folder, quantised, read_int8, write_int8
from engine.models.loading import load_model
from engine.tokenization.bilingual import SPECIAL_TOKENS


@pytest.fixture
def written(tmp_path: Path) -> tuple[BertForMaskedLM, Path]:
    torch.manual_seed(0)
    config = BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    model = BertForMaskedLM(config).eval()
    model.config.architectures = ["BertForMaskedLM"]
    model.config.save_pretrained(tmp_path)
    write_int8(model, tmp_path)
    return model, tmp_path


def test_each_row_is_as_near_as_its_scale_allows() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(8, 64) * torch.logspace(-3, 1, 8)[:, None]
    out = quantised({"w": matrix, "b": torch.ones(3)})
    back = out["w"].float() * out["w.scale"][:, None]
    steps = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert (back - matrix).square().mean(dim=1).le(steps.squeeze().square() / 12 * 1.1).all()
    assert out["w"].dtype is torch.int8
    assert out["b"].dtype is torch.float16


def test_rows_of_zeros_stay_zeros() -> None:
    out = quantised({"w": torch.zeros(2, 4)})
    assert not (out["w"].float() * out["w.scale"][:, None]).any()


def test_an_outlier_is_cut_only_where_that_makes_the_row_better() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(4, 4_000)
    plain = (matrix / (scale := matrix.abs().amax(dim=1, keepdim=True) / 127)).round() * scale
    out = quantised({"w": matrix})
    back = out["w"].float() * out["w.scale"][:, None]
    assert ((back - matrix).square().sum(dim=1) <= (plain - matrix).square().sum(dim=1)).all()


def test_tied_weights_are_kept_once_and_tied_again(written: tuple[BertForMaskedLM, Path]) -> None:
    model, folder = written
    stored = load_file(folder / FILE)
    assert "cls.predictions.decoder.weight" not in stored
    read = from_folder(BertForMaskedLM, folder).eval()
    assert read.cls.predictions.decoder.weight is read.bert.embeddings.word_embeddings.weight
    ids = torch.arange(5, 25)[None]
    with torch.no_grad():
        difference = (read(ids).logits - model(ids).logits).abs().max()
    assert difference < 0.02


def test_a_body_and_other_heads_read_the_same_file(written: tuple[BertForMaskedLM, Path]) -> None:
    model, folder = written
    weight = model.bert.encoder.layer[1].output.dense.weight
    for kind in (BertModel, BertForSequenceClassification):
        body = from_folder(kind, folder).base_model
        assert (body.encoder.layer[1].output.dense.weight - weight).abs().max() < weight.abs().max() / 100


def test_other_folders_are_read_as_transformers_does(tmp_path: Path) -> None:
    config = BertConfig(vocab_size=30, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    model = BertModel(config)
    model.save_pretrained(tmp_path)
    assert read_int8(tmp_path) is None
    assert torch.equal(from_folder(BertModel, tmp_path).pooler.dense.weight, model.pooler.dense.weight)


def test_a_catalog_row_can_name_a_folder_of_8_bit_weights(written: tuple[BertForMaskedLM, Path]) -> None:
    model, folder = written
    pieces = [*SPECIAL_TOKENS, *(f"w{i}" for i in range(25))]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    entry = CatalogEntry(task=Task.FILL_MASK, languages=("en",), model=folder, licence="none", window=64, tokenizer="bilingual")
    loaded = load_model(entry, device=torch.device("cpu"))
    weight = model.bert.embeddings.word_embeddings.weight
    assert (loaded.model.get_input_embeddings().weight - weight).abs().max() < weight.abs().max() / 100
