"""Tests of sentence-transformers folders: the same vectors as that library gives, or a clear refusal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from transformers import BertForMaskedLM

from engine.contract import Task
from engine.errors import ModelError
from engine.models.sentence_folder import lower_cased, read_sentence_folder
from engine.tasks.pooling import text_vectors
from tests.engine.models.entries import load
from tests.support.checkpoints import write_english, write_sentence_transformer

TEXTS = ["The cat sits on the mat.", "Tim Cook is the CEO of Apple Inc .", "a", "ねこが まっと の うえ に います。"]


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
        ("modules.json", [{"type": "sentence_transformers.models.Dense", "path": "3_Dense"}], "Dense"),
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
