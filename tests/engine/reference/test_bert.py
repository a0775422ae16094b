"""The oracle: what /explain-attention shows is what the written-out BERT computes from the same weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedModel,
    RobertaConfig,
    RobertaModel,
)

from engine.attention.explained import Explained
from engine.attention.maps import attention_maps
from engine.catalog import Catalog
from engine.contract import ExplainAttentionRequest, ExplainAttentionResult, Image, Language, Task
from engine.drawing import Undrawn
from engine.figures.explanation import pictures
from engine.models.loaded import LoadedModel
from engine.models.loading import load_model
from engine.reference.bert import recompute_attention, reference_bert
from engine.tasks import explain_attention, explain_reading
from engine.tasks.explain_reading import TOKENS_SHOWN
from engine.tokenization.pieces import ModelInput
from tests.engine.models.entries import CPU, load
from tests.support.checkpoints import SENTIMENTS, make, tiny_config, write_english, write_japanese, write_pack

LIMIT = 1e-5
# The reference computes in fp64, the engine in fp32, whose rounding adds up over the layers: in the first nine 3e-6 was seen at the most, in
# a sharp head of the twelfth 2.4e-5.
FIRST_LAYERS, LIMIT_BEYOND = 9, 5e-5
# The greatest rounding error of float16 for a share of 0..1: half a step of 2^-11.
HALF_PRECISION = 2**-12
TEXTS: list[tuple[str, Language]] = [
    ("この映画は本当に素晴らしかった！", "ja"),
    ("山田太郎は京都大学を卒業した。", "ja"),
    ("I love this service.", "en"),
    ("猫", "ja"),
    ("Tim Cookは東京でApple Inc.のCEOです。", "mixed"),
]


@pytest.fixture(scope="module", params=["MeCab BERT", "MeCab BERT of characters", "English BERT", "tiny pack", "bundled"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A model as the engine loads it to explain its attention; adapters are merged."""
    folder = tmp_path_factory.mktemp("model")
    match request.param:
        case "MeCab BERT":
            write_japanese(folder, BertForSequenceClassification, labels=SENTIMENTS)
        case "MeCab BERT of characters":
            write_japanese(folder, BertForMaskedLM, characters=True)
        case "English BERT":
            write_english(folder, BertForSequenceClassification, labels=SENTIMENTS)
        case "tiny pack":
            return _of_catalog(Catalog.load(models_dir=write_pack(folder)), "mixed")
        case _:
            catalog = Catalog.load()
            assert catalog.entry(Task.EXPLAIN_ATTENTION, "ja") == catalog.entry(Task.EXPLAIN_ATTENTION, "en")  # one model for both
            return _of_catalog(catalog, "ja")
    return load(Task.EXPLAIN_ATTENTION, folder)


def _of_catalog(catalog: Catalog, language: Language) -> LoadedModel:
    entry = catalog.entry(Task.EXPLAIN_ATTENTION, language)
    assert entry.adapter is not None
    return load_model(entry, device=CPU)


def row_of(text: str, model: LoadedModel, second: str | None = None) -> ModelInput:
    first, *rest = model.tokenizer.pieces([text] if second is None else [text, second])
    return model.tokenizer.assemble(first.ids, rest[0].ids if rest else None)


def recomputed(rows: Sequence[ModelInput], model: LoadedModel) -> list[NDArray[np.float32]]:
    """By the reference, all rows in one padded batch. *Shape:* (layers, heads, tokens, tokens) a row."""
    longest = max(map(len, rows))
    ids = torch.tensor([[*row.ids, *([model.tokenizer.pad_id] * (longest - len(row)))] for row in rows])
    types = torch.tensor([[*row.type_ids, *([0] * (longest - len(row)))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    layers = torch.stack(recompute_attention(model.model, ids, mask, types)).numpy()
    return [layers[:, number, :, : len(row), : len(row)] for number, row in enumerate(rows)]


def difference(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    assert first.shape == second.shape
    return float(np.abs(first - second).max())


def same(maps: NDArray[np.floating], wanted: NDArray[np.floating]) -> bool:
    """Whether maps are the same but for rounding. *Shape:* (layers, heads, tokens, tokens) twice."""
    first = difference(maps[:FIRST_LAYERS], wanted[:FIRST_LAYERS]) <= LIMIT
    return first and (len(maps) <= FIRST_LAYERS or difference(maps[FIRST_LAYERS:], wanted[FIRST_LAYERS:]) <= LIMIT_BEYOND)


def test_every_layers_maps_are_those_of_the_reference(model: LoadedModel) -> None:
    for text, _ in TEXTS:
        row = row_of(text, model)
        maps = np.stack(attention_maps(row, model).layers)
        [wanted] = recomputed([row], model)
        config = model.model.config
        assert wanted.shape == (config.num_hidden_layers, config.num_attention_heads, len(row), len(row))
        assert maps.dtype == np.float32
        assert same(maps, wanted)


def test_the_maps_of_a_pair_are_those_of_the_reference_in_a_padded_batch(model: LoadedModel) -> None:
    rows = [row_of(text, model) for text, _ in TEXTS]
    rows.append(row_of("誰が鳴く", model, "The cat sits on the mat; 猫が鳴く。"))
    assert len({len(row) for row in rows}) > 3
    assert any(rows[-1].type_ids)
    for row, wanted in zip(rows, recomputed(rows, model), strict=True):
        assert same(np.stack(attention_maps(row, model).layers), wanted)


def test_the_maps_of_a_text_that_fills_the_window_are_those_of_the_reference(model: LoadedModel) -> None:
    [pieces] = model.tokenizer.pieces(["猫が鳴く。 The cat sits on the mat. " * 100])
    row = model.tokenizer.assemble(pieces.ids[: model.window - model.tokenizer.special_count()])
    assert len(row) == model.window
    [wanted] = recomputed([row], model)
    assert same(np.stack(attention_maps(row, model).layers), wanted)


@pytest.mark.parametrize("second", [None, "The cat sits on the mat."])
def test_what_is_drawn_and_answered_are_the_maps_of_the_reference(
    model: LoadedModel, second: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Explained] = []

    def looked_at(read: Explained, **options: Any) -> tuple[Image, ...]:
        given.append(read)
        return pictures(read, **options)

    monkeypatch.setattr(explain_attention, "pictures", looked_at)
    rows = {text: row_of(text, model, second) for text, _ in TEXTS}
    texts = [(text, language) for text, language in TEXTS if len(rows[text]) <= TOKENS_SHOWN]
    assert len(texts) >= 3
    requests = [ExplainAttentionRequest(text=text, second=second) for text, _ in texts]
    outcomes = explain_attention.run(requests, [language for _, language in texts], model)
    for (text, _), outcome in zip(texts, outcomes, strict=True):
        assert isinstance(outcome, Undrawn)
        result = outcome.draw()
        assert isinstance(result, ExplainAttentionResult)
        row = rows[text]
        [wanted] = recomputed([row], model)
        assert (result.second_from is not None) == bool(row.second)
        assert same(given[-1].maps, wanted)
        answered = np.frombuffer(result.attention.data, dtype="<f2").reshape(result.attention.shape)
        assert difference(answered, wanted) <= LIMIT + HALF_PRECISION


def test_a_part_of_a_long_text_is_cut_out_of_the_maps_of_the_reference(model: LoadedModel) -> None:
    text = "猫が鳴く。 The cat sits on the mat. " * 100
    [outcome] = explain_attention.run([ExplainAttentionRequest(text=text)], ["mixed"], model)
    assert isinstance(outcome, Undrawn)
    result = outcome.result
    assert isinstance(result, ExplainAttentionResult)
    reading = explain_reading.read(ExplainAttentionRequest(text=text), None, "mixed", model)
    part = reading.parts[result.window]
    answered = np.frombuffer(result.attention.data, dtype="<f2").reshape(result.attention.shape)
    differences = []
    for window in reading.windows_with([result.window]):
        [wanted] = recomputed([reading.inputs[window]], model)
        start = 1 + part.start - reading.windows[window].start
        places = [0, *range(start, start + len(part)), len(reading.inputs[window]) - 1]
        differences.append(difference(answered, wanted[:, :, places][:, :, :, places]))
    assert min(differences) <= LIMIT + HALF_PRECISION


def test_the_hidden_states_too_are_those_of_the_weights_as_they_are_now() -> None:
    bert = make(BertModel, tiny_config())
    ids = torch.tensor([[2, 5, 6, 7, 3], [2, 8, 9, 3, 0]])
    mask = (ids != 0).long()
    types = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 0, 0]])
    for _ in range(2):
        hidden, _ = reference_bert(bert)(ids, mask.bool(), types)
        wanted = bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
        assert float((hidden - wanted)[mask.bool()].abs().max().detach()) <= LIMIT
        with torch.no_grad():
            bert.encoder.layer[0].attention.self.query.weight += 0.1


@pytest.mark.parametrize("kind", [BertForMaskedLM, BertForQuestionAnswering, BertForTokenClassification, BertModel])
@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_a_bert_with_any_head_and_activation_is_written_out(kind: type[PreTrainedModel], activation: str) -> None:
    model = make(kind, tiny_config(hidden_act=activation, attn_implementation="eager"))
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    wanted = model(input_ids=ids, output_attentions=True).attentions
    found = recompute_attention(model, ids)
    assert float((torch.stack(found) - torch.stack(wanted)).abs().max().detach()) <= LIMIT


def test_half_precision_weights_are_read_in_full_precision() -> None:
    model = make(BertModel, tiny_config()).half()
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    first, *_ = recompute_attention(model, ids)
    assert first.dtype == torch.float32
    assert next(model.parameters()).dtype == torch.float16
    assert torch.equal(first, recompute_attention(model.float(), ids)[0])


def test_the_model_itself_stays_as_it_was() -> None:
    model = make(BertModel, tiny_config())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.random.get_rng_state()
    recompute_attention(model, torch.tensor([[2, 5, 3]]))
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert torch.equal(state, torch.random.get_rng_state())


def test_what_is_no_plain_bert_is_refused() -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    with pytest.raises(ValueError, match="'roberta'"):
        reference_bert(RobertaModel(RobertaConfig(vocab_size=9, **sizes)))
    with pytest.raises(ValueError, match="relu, gelu, gelu_new, got 'silu'"):
        reference_bert(make(BertModel, tiny_config(hidden_act="silu")))


def test_an_adapter_that_is_not_merged_is_refused_and_counts_once_it_is(tmp_path: Path) -> None:
    ids = torch.tensor([[2, 5, 6, 7, 3]])
    plain = recompute_attention(make(BertModel, tiny_config()), ids)
    adapted = get_peft_model(make(BertModel, tiny_config()), LoraConfig(r=2, target_modules=["query"], init_lora_weights=False))
    with pytest.raises(RuntimeError, match="base_layer"):
        recompute_attention(adapted.get_base_model(), ids)
    merged = adapted.merge_and_unload()
    merged.set_attn_implementation("eager")
    found = torch.stack(recompute_attention(merged, ids))
    assert float((found - torch.stack(merged(input_ids=ids, output_attentions=True).attentions)).abs().max().detach()) <= LIMIT
    assert float((found - torch.stack(plain)).abs().max()) > 0.01
