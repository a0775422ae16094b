"""Tests of sentence-transformers folders: the same vectors as that library gives, or a clear refusal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize
from torch.nn import Identity, Module, Tanh
from transformers import BertForMaskedLM

from engine.contract import Task
from engine.errors import ModelError
from engine.models.dense import read_dense, write_dense
from engine.models.sentence_folder import lower_cased, read_sentence_folder
from engine.tasks.pooling import text_vectors
from tests.engine.models.entries import load
from tests.support.checkpoints import write_english, write_sentence_transformer

TEXTS = ["The cat sits on the mat.", "Tim Cook is the CEO of Apple Inc .", "a", "ねこが まっと の うえ に います。"]


def write_with_dense(folder: Path, dense: Dense) -> Path:
    """A folder that the library itself saved: transformer, pooling, dense layer, normalisation."""
    plain = SentenceTransformer(str(write_sentence_transformer(folder / "plain", normalize=False)), device="cpu")
    SentenceTransformer(modules=[*plain, dense, Normalize()], device="cpu").save(str(folder / "dense"))
    return folder / "dense"


def theirs(folder: Path) -> np.ndarray:
    vectors = SentenceTransformer(str(folder), device="cpu").encode(TEXTS, show_progress_bar=False)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.mark.parametrize("mode", ["mean", "cls", "max"])
def test_a_folder_gives_the_vectors_of_its_own_library(tmp_path: Path, mode: str) -> None:
    folder = write_sentence_transformer(tmp_path / "model", mode=mode)
    loaded = load(Task.EMBED, folder, window=512)
    assert (loaded.pooling, loaded.normalize, loaded.window) == (mode, True, 64)
    np.testing.assert_allclose(text_vectors(TEXTS, loaded), theirs(folder), atol=1e-5)


def test_a_folder_that_todays_library_saved_gives_its_vectors(tmp_path: Path) -> None:
    SentenceTransformer(str(write_sentence_transformer(tmp_path / "old", mode="max", normalize=False)), device="cpu").save(
        str(tmp_path / "new")
    )
    loaded = load(Task.SIMILAR, tmp_path / "new", window=512)
    assert (loaded.pooling, loaded.normalize, loaded.window) == ("max", False, 64)
    np.testing.assert_allclose(text_vectors(TEXTS, loaded), theirs(tmp_path / "new"), atol=1e-5)


@pytest.mark.parametrize(("width", "bias", "activation"), [(24, True, Tanh()), (32, False, Identity()), (48, True, Identity())])
def test_a_dense_layer_over_the_pooled_vector_gives_the_vectors_of_its_own_library(
    tmp_path: Path, width: int, bias: bool, activation: Module
) -> None:
    folder = write_with_dense(tmp_path, Dense(32, width, bias=bias, activation_function=activation))
    loaded = load(Task.EMBED, folder)
    assert loaded.vector_width == width
    np.testing.assert_allclose(text_vectors(TEXTS, loaded), theirs(folder), atol=1e-5)


def test_a_dense_layer_in_the_old_form_gives_the_same_vectors(tmp_path: Path) -> None:
    folder = write_with_dense(tmp_path, Dense(32, 24))
    safe = folder / "2_Dense" / "model.safetensors"
    wanted = text_vectors(TEXTS, load(Task.EMBED, folder))
    torch.save(load_file(safe), folder / "2_Dense" / "pytorch_model.bin")
    safe.unlink()
    np.testing.assert_allclose(text_vectors(TEXTS, load(Task.EMBED, folder)), wanted, atol=1e-6)


def test_a_dense_layer_that_was_read_is_written_so_that_the_library_reads_it(tmp_path: Path) -> None:
    folder = write_with_dense(tmp_path, Dense(32, 24))
    wanted = theirs(folder)
    dense = read_dense(folder / "2_Dense")
    shutil.rmtree(folder / "2_Dense")
    write_dense(dense, folder / "2_Dense")
    np.testing.assert_allclose(theirs(folder), wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "named", "code"),
    [
        ({"activation_function": "torch.nn.modules.activation.GELU"}, "GELU", "unsupported_module"),
        ({"use_residual": True}, "use_residual", "unsupported_module"),
        ({"module_input_name": "token_embeddings"}, "sentence_embedding", "unsupported_module"),
        ({"in_features": 31}, "linear.weight", "model_unreadable"),
        ({"out_features": None}, "linear.weight", "model_unreadable"),
    ],
)
def test_a_dense_layer_that_computes_otherwise_is_refused_by_name(tmp_path: Path, change: dict[str, object], named: str, code: str) -> None:
    folder = write_with_dense(tmp_path, Dense(32, 24))
    path = folder / "2_Dense" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=named) as caught:
        load(Task.EMBED, folder)
    assert caught.value.code == code


def test_a_dense_layer_of_another_width_than_the_models_is_refused(tmp_path: Path) -> None:
    folder = write_with_dense(tmp_path, Dense(31, 24))
    with pytest.raises(ModelError, match="31") as caught:
        load(Task.EMBED, folder)
    assert caught.value.code == "model_unreadable"


def test_a_transformer_in_a_folder_of_its_own_is_found_there(tmp_path: Path) -> None:
    outer = write_sentence_transformer(tmp_path / "model", mode="cls")
    inner = outer / "0_Transformer"
    inner.mkdir()
    for file in [path for path in outer.iterdir() if path.is_file() and path.name != "modules.json"]:
        file.rename(inner / file.name)
    modules = json.loads((outer / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (outer / "modules.json").write_text(json.dumps(modules))
    np.testing.assert_allclose(text_vectors(TEXTS, load(Task.EMBED, outer)), theirs(outer), atol=1e-5)


def test_lower_case_is_read_off_the_folder(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "model")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": False}))
    as_typed = text_vectors(TEXTS, load(Task.EMBED, folder))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64, "do_lower_case": True}))
    loaded = load(Task.EMBED, folder)
    lowered = text_vectors(TEXTS, loaded)
    assert not np.allclose(lowered[0], as_typed[0], atol=1e-3)
    np.testing.assert_allclose(lowered, text_vectors([text.lower() for text in TEXTS], loaded), atol=1e-6)


def test_any_other_folder_gets_the_mean_normalised(tmp_path: Path) -> None:
    found = read_sentence_folder(write_english(tmp_path / "model", BertForMaskedLM))
    assert (found.pooling, found.normalize, found.max_length, found.transformer) == ("mean", True, None, tmp_path / "model")


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("modules.json", [{"type": "sentence_transformers.models.CNN", "path": "3_CNN"}], "CNN"),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, "cls \\+ mean"),
        ("1_Pooling/config.json", {"pooling_mode_weightedmean_tokens": True}, "weightedmean"),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "lasttoken"),
        ("config_sentence_transformers.json", {"prompts": {"query": "query: "}, "default_prompt_name": "query"}, "query"),
    ],
)
def test_what_would_give_other_vectors_is_refused_by_name(tmp_path: Path, file: str, content: object, named: str) -> None:
    folder = write_sentence_transformer(tmp_path / "model")
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=named) as caught:
        read_sentence_folder(folder)
    assert caught.value.code == "unsupported_module"


def test_prompts_that_are_not_put_before_every_text_do_no_harm(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "model")
    settings = {"prompts": {"query": "query: "}, "default_prompt_name": None}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    assert read_sentence_folder(folder).pooling == "mean"


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    folder = write_sentence_transformer(tmp_path / "model")
    (folder / "modules.json").write_text("[")
    with pytest.raises(ModelError, match=r"modules\.json"):
        read_sentence_folder(folder)


def test_lower_case_letters_know_where_they_came_from() -> None:
    found = lower_cased("aİÉ猫")
    assert found.text == "ai̇é猫"
    assert found.origins == (0, 1, 1, 2, 3)
