"""Tests of loading: each kind of checkpoint, the adapters of the pack, and what is refused."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    PreTrainedModel,
    RobertaConfig,
)
from transformers.utils import logging as transformers_logging

from engine.contract import Task
from engine.errors import ModelError
from engine.models.dense import read_dense
from engine.models.loading import load_model, position_limit
from engine.models.memory import ran_out_of_memory
from engine.tasks.pooling import text_vectors
from tests.engine.models.entries import CPU, load, logits, row
from tests.support.checkpoints import (
    CONLL_TAGS,
    ENTITY_TAGS,
    SENTIMENTS,
    ask_for_too_much,
    tiny_config,
    write_distilbert,
    write_english,
    write_japanese,
    write_malicious_bin,
    write_old_bin,
    write_roberta,
)

TEXTS = ["i love this service .", "この映画は本当に素晴らしかった。"]


def refusal(action: Callable[[], object]) -> ModelError:
    with pytest.raises(ModelError) as caught:
        action()
    assert caught.value.message.ja != caught.value.message.en
    return caught.value


# --- kinds of checkpoints ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "kind", "labels", "shape"),
    [
        (Task.SENTIMENT, BertForSequenceClassification, SENTIMENTS, (3,)),
        (Task.NER, BertForTokenClassification, CONLL_TAGS, (7, 9)),
        (Task.FILL_MASK, BertForMaskedLM, (), (7, tiny_config().vocab_size)),
    ],
)
def test_an_english_checkpoint_loads_with_the_head_of_its_task(
    tmp_path: Path, task: Task, kind: type[PreTrainedModel], labels: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    loaded = load(task, write_english(tmp_path / "model", kind, labels=labels))
    assert type(loaded.model) is kind
    assert logits(loaded, TEXTS[0]).shape == shape
    assert not loaded.model.training
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())


@pytest.mark.parametrize("characters", [False, True], ids=["MeCab and WordPiece", "MeCab and characters"])
@pytest.mark.parametrize(
    ("task", "kind", "labels"),
    [
        (Task.SENTIMENT, BertForSequenceClassification, SENTIMENTS),
        (Task.NER, BertForTokenClassification, ENTITY_TAGS),
        (Task.ASK, BertForQuestionAnswering, ()),
        (Task.FILL_MASK, BertForMaskedLM, ()),
        (Task.EMBED, BertModel, ()),
    ],
)
def test_a_japanese_checkpoint_loads_with_words_cut_by_mecab(
    tmp_path: Path, characters: bool, task: Task, kind: type[PreTrainedModel], labels: tuple[str, ...]
) -> None:
    loaded = load(task, write_japanese(tmp_path / "model", kind, labels=labels, characters=characters))
    [pieces] = loaded.tokenizer.pieces([TEXTS[1]])
    assert ("映画" in pieces.tokens) is not characters
    assert [TEXTS[1][start:end] for start, end in pieces.offsets][:2] == ["この", "映画"] or characters
    [(_, output)] = loaded.forward_batches([loaded.tokenizer.assemble(pieces.ids)])
    assert torch.isfinite(output[0]).all()


def test_a_distilbert_without_token_types_answers(tmp_path: Path) -> None:
    loaded = load(Task.SENTIMENT, write_distilbert(tmp_path / "model"), labels={"POSITIVE": "positive", "NEGATIVE": "negative"})
    assert logits(loaded, TEXTS[0]).shape == (2,)
    assert loaded.labels == {"POSITIVE": "positive", "NEGATIVE": "negative"}
    assert loaded.model.config.id2label[1] == "POSITIVE"


def test_a_roberta_keeps_the_places_behind_its_padding_id_free(tmp_path: Path) -> None:
    loaded = load(Task.FILL_MASK, write_roberta(tmp_path / "model"), window=512)
    assert loaded.window == 64
    [pieces] = loaded.tokenizer.pieces(["a" * 200])
    assert logits(loaded, "a" * (64 - loaded.tokenizer.special_count())).shape[0] == 64
    assert len(pieces) == 200


def test_the_window_is_never_larger_than_the_models_positions(tmp_path: Path) -> None:
    folder = write_english(tmp_path / "model", BertForMaskedLM)
    assert load(Task.FILL_MASK, folder, window=8_192).window == 512
    assert load(Task.FILL_MASK, folder, window=40).window == 40
    assert position_limit(RobertaConfig(max_position_embeddings=514, pad_token_id=1)) == 512


def test_attention_is_explained_with_maps_on_classifiers_and_on_bare_encoders(tmp_path: Path) -> None:
    classifier = load(Task.EXPLAIN_ATTENTION, write_english(tmp_path / "a", BertForSequenceClassification, labels=SENTIMENTS))
    encoder = load(Task.EXPLAIN_ATTENTION, write_english(tmp_path / "b", BertForMaskedLM))
    assert logits(classifier, TEXTS[0]).shape == (3,)
    for loaded in (classifier, encoder):
        [pieces] = loaded.tokenizer.pieces([TEXTS[0]])
        [(_, output)] = loaded.forward_batches([loaded.tokenizer.assemble(pieces.ids)], output_attentions=True)
        assert [layer.shape for layer in output.attentions] == [(1, 4, 7, 7)] * 2


def test_tokens_are_cut_without_any_weights(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path / "model", BertForMaskedLM)
    (folder / "model.safetensors").unlink()
    loaded = load(Task.TOKENS, folder)
    assert loaded.device.type == "meta"
    assert loaded.tokenizer.pieces([TEXTS[1]])[0].tokens[1] == "映画"


def test_old_checkpoints_with_gamma_and_beta_give_the_numbers_of_todays_names(tmp_path: Path) -> None:
    old = load(Task.SENTIMENT, write_old_bin(tmp_path / "old"))
    new = load(Task.SENTIMENT, write_english(tmp_path / "new", BertForSequenceClassification, labels=SENTIMENTS))
    assert not (tmp_path / "old" / "model.safetensors").exists()
    torch.testing.assert_close(logits(old, TEXTS[0]), logits(new, TEXTS[0]))


def test_old_checkpoints_bring_their_own_layer_norms(tmp_path: Path) -> None:
    path = write_old_bin(tmp_path / "old") / "pytorch_model.bin"
    weights = torch.load(path, weights_only=True)
    weights["bert.embeddings.LayerNorm.gamma"] = torch.full((32,), 3.0)
    torch.save(weights, path)
    model = load(Task.SENTIMENT, tmp_path / "old").model
    assert model.get_submodule("bert.embeddings.LayerNorm").weight.tolist() == [3.0] * 32


def test_half_precision_weights_answer_in_single_precision_on_a_cpu(tmp_path: Path) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=SENTIMENTS)
    weights = {name: tensor.half() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert {parameter.dtype for parameter in load(Task.SENTIMENT, folder).model.parameters()} == {torch.float32}
    assert load_model(row(Task.SENTIMENT, folder), device=CPU, dtype=torch.bfloat16).model.dtype is torch.bfloat16


def test_two_models_can_be_loaded_at_once(tmp_path: Path) -> None:
    folders = [write_english(tmp_path / str(i), BertForSequenceClassification, labels=SENTIMENTS) for i in range(4)]
    expected = logits(load(Task.SENTIMENT, folders[0]), TEXTS[0])
    found: list[torch.Tensor] = []
    threads = [threading.Thread(target=lambda f=folder: found.append(logits(load(Task.SENTIMENT, f), TEXTS[0]))) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for each in found:
        torch.testing.assert_close(each, expected)


def test_loading_is_silent_and_leaves_the_librarys_settings_as_they_were(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write_english(tmp_path / "model", BertForMaskedLM)
    capfd.readouterr()  # what writing the checkpoint said
    before = (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled())
    load(Task.EMBED, folder)  # without its head: something to report
    assert capfd.readouterr() == ("", "")
    assert (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()) == before


# --- the pack ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "name", "kind", "labels"),
    [
        (Task.SENTIMENT, "sentiment", BertForSequenceClassification, SENTIMENTS),
        (Task.NER, "ner", BertForTokenClassification, ENTITY_TAGS),
        (Task.ASK, "ask", BertForQuestionAnswering, ()),
        (Task.SIMILAR, "similar", BertModel, ()),
    ],
)
def test_a_merged_adapter_gives_the_numbers_of_peft_unmerged(
    tiny_pack: Path, task: Task, name: str, kind: type[PreTrainedModel], labels: tuple[str, ...]
) -> None:
    loaded = load(task, tiny_pack / "encoder", adapter=tiny_pack / name, tokenizer="bilingual")
    base = kind.from_pretrained(tiny_pack / "encoder", config=tiny_config(labels=labels), dtype=torch.float32)
    plain = PeftModel.from_pretrained(base, str(tiny_pack / name)).eval()
    for text in TEXTS:
        [pieces] = loaded.tokenizer.pieces([text])
        inputs = loaded.tokenizer.assemble(pieces.ids)
        [(_, output)] = loaded.forward_batches([inputs])
        with torch.inference_mode():
            expected = plain(input_ids=torch.tensor([inputs.ids]), token_type_ids=torch.tensor([inputs.type_ids]))
        torch.testing.assert_close(output[0], expected[0], rtol=1e-4, atol=1e-4)


def test_an_adapter_brings_the_layer_over_its_vectors_and_lies_in_one_with_them(tiny_pack: Path, tmp_path: Path) -> None:
    laid_over = load(Task.EMBED, tiny_pack / "encoder", adapter=tiny_pack / "similar", tokenizer="bilingual")
    shutil.copytree(tiny_pack / "similar", tmp_path / "similar")
    (tmp_path / "similar" / "modules.json").unlink()
    bare = load(Task.EMBED, tiny_pack / "encoder", adapter=tmp_path / "similar", tokenizer="bilingual")
    [with_layer], [without] = (text_vectors(["猫が鳴く。"], loaded) for loaded in (laid_over, bare))
    assert with_layer is not None
    assert without is not None
    wanted = read_dense(tiny_pack / "similar" / "2_Dense").weight.numpy() @ without
    np.testing.assert_allclose(with_layer, wanted / np.linalg.norm(wanted), atol=1e-5)
    assert not np.allclose(with_layer, without, atol=1e-2)


def test_an_adapter_brings_its_labels(tiny_pack: Path) -> None:
    loaded = load(Task.NER, tiny_pack / "encoder", adapter=tiny_pack / "ner", tokenizer="bilingual", case_types=True)
    assert tuple(loaded.model.config.id2label.values()) == ENTITY_TAGS
    assert loaded.case_types


def test_an_adapter_without_its_head_is_refused(tiny_pack: Path, tmp_path: Path) -> None:
    for file in (tiny_pack / "sentiment").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, "modules_to_save": None}))
    weights = {name: t for name, t in load_file(tmp_path / "adapter_model.safetensors").items() if "classifier" not in name}
    save_file(weights, tmp_path / "adapter_model.safetensors")
    error = refusal(lambda: load(Task.SENTIMENT, tiny_pack / "encoder", adapter=tmp_path, tokenizer="bilingual"))
    assert (error.code, "classifier" in error.message.en) == ("head_missing", True)


def test_an_adapter_that_is_not_there_is_refused_by_name(tiny_pack: Path) -> None:
    error = refusal(lambda: load(Task.NER, tiny_pack / "encoder", adapter=tiny_pack / "none", tokenizer="bilingual"))
    assert error.code == "adapter_not_found"
    assert "none" in error.message.ja


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [Task.SENTIMENT, Task.NER, Task.ASK])
def test_a_checkpoint_without_the_tasks_head_is_refused_and_not_answered_from_random_weights(tmp_path: Path, task: Task) -> None:
    error = refusal(lambda: load(task, write_english(tmp_path / "model", BertForMaskedLM)))
    assert error.code == "head_missing"
    assert str(task) in error.message.ja
    assert str(task) in error.message.en


def test_a_classifier_without_its_pooler_is_refused(tmp_path: Path) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=SENTIMENTS)
    weights = {name: tensor for name, tensor in load_file(folder / "model.safetensors").items() if "pooler" not in name}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "pooler" in refusal(lambda: load(Task.SENTIMENT, folder)).message.en


def test_an_encoder_without_a_pooler_still_makes_vectors(tmp_path: Path) -> None:
    assert type(load(Task.SIMILAR, write_english(tmp_path / "model", BertForMaskedLM)).model) is BertModel


def test_a_program_in_a_bin_file_is_refused_and_never_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write_malicious_bin(tmp_path / "model")
    capfd.readouterr()
    error = refusal(lambda: load(Task.SENTIMENT, folder))
    assert error.code == "unsafe_checkpoint"
    assert "safetensors" in error.message.ja
    assert "never run" not in capfd.readouterr().out


@pytest.mark.parametrize("content", [b"", b"no weights at all"], ids=["empty", "text"])
def test_damaged_weights_are_refused_as_such(tmp_path: Path, content: bytes) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=SENTIMENTS)
    (folder / "model.safetensors").write_bytes(content)
    assert refusal(lambda: load(Task.SENTIMENT, folder)).code == "model_unreadable"


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=SENTIMENTS)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 128}))
    assert refusal(lambda: load(Task.SENTIMENT, folder)).code == "model_unreadable"


def test_a_model_that_memory_has_no_room_for_is_not_told_as_damaged(tmp_path: Path) -> None:
    folder = write_english(tmp_path / "model", BertForSequenceClassification, labels=SENTIMENTS)
    ask_for_too_much(folder)
    with pytest.raises(RuntimeError) as caught:
        load(Task.SENTIMENT, folder)
    assert ran_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "config", ["{}", "not json", '{"model_type": "sorcery"}', '{"model_type": "bert", "hidden_size": "wide"}'], ids=str
)
def test_a_config_that_cannot_be_read_is_refused_by_file(tmp_path: Path, config: str) -> None:
    folder = write_english(tmp_path / "model", BertForMaskedLM)
    (folder / "config.json").write_text(config)
    error = refusal(lambda: load(Task.EMBED, folder))
    assert error.code in ("config_unreadable", "tokenizer_damaged")
    assert "model" in error.message.en
