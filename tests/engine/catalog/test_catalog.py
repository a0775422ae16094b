"""Tests of the catalog: every row that is shipped, a user's own rows, and which row a Request gets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.catalog import Catalog
from engine.catalog.catalog import PROFILES
from engine.catalog.reading import TOKENIZERS
from engine.contract import Language, Task
from engine.errors import CatalogError
from engine.tokenization.families import TOKENIZER_KINDS

ROW = """
[[models]]
task = "sentiment"
languages = ["ja"]
folder = "own"
licence = "MIT"
window = 64
"""
HUB_ROW = ROW.replace('folder = "own"', 'model = "owner/model"\nrevision = "main"')


def write(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        Catalog.load(user_file=path)
    return caught.value


# --- what is shipped -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("language", ["ja", "en", "mixed"])
@pytest.mark.parametrize("task", list(Task))
def test_each_profile_has_a_model_for_each_task_and_language(profile: str, task: Task, language: Language) -> None:
    entry = Catalog.load(profile=profile).entry(task, language)
    assert entry.task == task
    assert entry.licence


@pytest.mark.parametrize(
    ("task", "language", "model"),
    [
        (Task.FILL_MASK, "ja", "tohoku-nlp/bert-base-japanese-whole-word-masking"),
        (Task.FILL_MASK, "ja", "tohoku-nlp/bert-base-japanese-v3"),
        (Task.EMBED, "ja", "tohoku-nlp/bert-base-japanese-v3"),
        (Task.EXPLAIN_ATTENTION, "ja", "tohoku-nlp/bert-base-japanese-whole-word-masking"),
        (Task.SENTIMENT, "en", "distilbert-base-uncased-finetuned-sst-2-english"),
        (Task.NER, "en", "dbmdz/bert-large-cased-finetuned-conll03-english"),
        (Task.ASK, "en", "bert-large-uncased-whole-word-masking-finetuned-squad"),
        (Task.FILL_MASK, "en", "bert-base-uncased"),
        (Task.SIMILAR, "en", "paraphrase-MiniLM-L6-v2"),
        (Task.ASK, "ja", "SkelterLabsInc/bert-base-japanese-jaquad"),
    ],
)
def test_well_known_models_have_rows_and_go_by_their_short_names_too(task: Task, language: Language, model: str) -> None:
    entry = Catalog.load(profile="hub").entry(task, language, model)
    assert str(entry.model).endswith(model)
    assert entry.licence != "unknown"


def test_bundled_rows_lie_below_the_models_folder_and_count_as_pinned(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=tmp_path)
    for task in Task:
        entry = catalog.entry(task, "ja")
        assert isinstance(entry.model, Path)
        assert entry.model == tmp_path / "encoder"
        assert entry.pinned
    assert {entry.name for entry in catalog.entries} == {f"yomite/{name}" for name in ("sentiment", "ner", "ask", "similar", "encoder")}


def test_a_branch_is_no_pin_and_a_commit_is(tmp_path: Path) -> None:
    branch = Catalog.load(user_file=write(tmp_path, HUB_ROW)).entry(Task.SENTIMENT, "ja")
    commit = Catalog.load(user_file=write(tmp_path, HUB_ROW.replace('"main"', f'"{"a1" * 20}"'))).entry(Task.SENTIMENT, "ja")
    assert (branch.pinned, commit.pinned) == (False, True)


def test_the_catalog_allows_the_tokenizer_kinds_that_there_are() -> None:
    assert sorted(TOKENIZERS) == sorted(TOKENIZER_KINDS)


def test_reading_the_catalog_loads_no_torch() -> None:
    code = "import sys; from engine.catalog import Catalog; Catalog.load(profile='hub'); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout.strip() == "False"


# --- a user's own file ---------------------------------------------------------------------------------------------


def test_a_users_row_replaces_its_own_task_and_language_only(tmp_path: Path) -> None:
    catalog = Catalog.load(user_file=write(tmp_path, ROW))
    assert catalog.entry(Task.SENTIMENT, "ja").model == tmp_path / "own"
    assert catalog.entry(Task.SENTIMENT, "en").model != tmp_path / "own"
    assert catalog.entry(Task.NER, "ja").model != tmp_path / "own"


def test_a_users_folder_is_relative_to_the_file_or_absolute(tmp_path: Path) -> None:
    absolute = tmp_path / "elsewhere"
    relative = Catalog.load(user_file=write(tmp_path, ROW.replace("own", "deep/own"))).entry(Task.SENTIMENT, "ja")
    named = Catalog.load(user_file=write(tmp_path, ROW.replace("own", str(absolute)))).entry(Task.SENTIMENT, "ja")
    assert relative.model == tmp_path / "deep" / "own"
    assert named.model == absolute


@pytest.mark.parametrize(
    ("text", "key", "value", "allowed"),
    [
        (ROW.replace('"sentiment"', '"moods"'), "models[0].task", "'moods'", "sentiment, ner"),
        (ROW.replace('["ja"]', '["fr"]'), "models[0].languages", "['fr']", "ja, en, mixed"),
        (ROW.replace('["ja"]', "[]"), "models[0].languages", "[]", "ja, en, mixed"),
        (ROW.replace("64", "5"), "models[0].window", "5", "16 to 8192"),
        (ROW.replace("64", "true"), "models[0].window", "True", "16 to 8192"),
        (ROW.replace('"MIT"', '" "'), "models[0].licence", "' '", "a text"),
        (ROW.replace('licence = "MIT"\n', ""), "models[0].licence", "missing", "a text"),
        (ROW.replace("window", "windows"), "models[0].windows", "64", "window"),
        (ROW + 'tokenizer = "guess"\n', "models[0].tokenizer", "'guess'", "auto, bilingual"),
        (ROW + 'labels = { LABEL_0 = "good" }\n', "models[0].labels", "'good'", "positive, neutral, negative"),
        (ROW.replace("sentiment", "embed") + 'labels = { A = "positive" }\n', "models[0].labels", "positive", "no labels"),
        (ROW + 'case_types = "yes"\n', "models[0].case_types", "'yes'", "true, false"),
        (ROW + 'no_answer_threshold = "0"\n', "models[0].no_answer_threshold", "'0'", "a number"),
        (ROW + 'revision = "main"\n', "models[0].revision", "'main'", "none for a folder"),
        (ROW + 'model = "a/b"\n', "models[0].model", "'a/b'", "not both"),
        (HUB_ROW.replace('revision = "main"\n', ""), "models[0].revision", "missing", "a commit"),
        (HUB_ROW.replace("owner/model", "../secret"), "models[0].model", "'../secret'", "Hugging Face id"),
        ("[[bundled]]\n", "bundled", "[{}]", "[[models]]"),
        ('models = "x"\n', "models", "'x'", "[[models]]"),
        (ROW + ROW.replace("64", "0"), "models[1].window", "0", "16 to 8192"),
    ],
)
def test_a_wrong_value_is_refused_with_file_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, key: str, value: str, allowed: str
) -> None:
    path = write(tmp_path, text)
    error = refusal(path)
    assert error.code == "catalog_invalid"
    for message in (error.message.en, error.message.ja):
        assert message.startswith(f"{path}: {key} ")
        assert allowed in message
    assert value in error.message.en


@pytest.mark.parametrize("content", [b"[[models]\n", '[[models]]\ntask = "感情"'.encode("shift_jis")], ids=["not TOML", "not UTF-8"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    assert refusal(path).code == "catalog_unreadable"
    assert refusal(path).message.ja.startswith(str(path))


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    assert str(tmp_path / "none.toml") in refusal(tmp_path / "none.toml").message.en


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(CatalogError, match="bundled, hub"):
        Catalog.load(profile="large")


# --- a model that a Request names ----------------------------------------------------------------------------------


def test_a_named_folder_is_read_as_it_is(tmp_path: Path) -> None:
    assert Catalog.load().entry(Task.NER, "en", str(tmp_path)).model == tmp_path


def test_a_named_hub_model_without_a_row_is_taken_from_its_main_branch() -> None:
    entry = Catalog.load().entry(Task.NER, "ja", "somebody/some-model")
    assert (entry.model, entry.revision, entry.pinned) == ("somebody/some-model", None, False)


def test_rows_of_the_other_profile_can_be_named() -> None:
    entry = Catalog.load(profile="bundled").entry(Task.NER, "en", "dbmdz/bert-large-cased-finetuned-conll03-english")
    assert entry.pinned


def test_a_bundled_model_goes_by_its_name_and_by_its_folder(tmp_path: Path) -> None:
    catalog = Catalog.load(models_dir=tmp_path)
    row = catalog.entry(Task.NER, "ja")
    assert row.adapter == tmp_path / "ner"
    assert catalog.entry(Task.NER, "en", row.name) == row
    assert catalog.entry(Task.NER, "en", str(tmp_path / "ner")) == row
    assert Catalog.load().entry(Task.NER, "ja", "yomite/ner").task is Task.NER


def test_a_model_asked_for_a_task_that_it_has_no_row_for_keeps_its_revision() -> None:
    entry = Catalog.load(profile="hub").entry(Task.TOKENS, "en", "dbmdz/bert-large-cased-finetuned-conll03-english")
    assert (entry.task, entry.revision) == (Task.TOKENS, "4c53496")


def test_a_named_adapter_brings_the_model_below_it(tmp_path: Path) -> None:
    (tmp_path / "encoder").mkdir()
    (tmp_path / "mine").mkdir()
    config = tmp_path / "mine" / "adapter_config.json"
    config.write_text('{"base_model_name_or_path": "../encoder"}')
    entry = Catalog.load().entry(Task.SENTIMENT, "ja", str(tmp_path / "mine"))
    assert (entry.model, entry.adapter) == (tmp_path / "encoder", tmp_path / "mine")
    config.write_text('{"base_model_name_or_path": "owner/base"}')
    assert Catalog.load().entry(Task.SENTIMENT, "ja", str(tmp_path / "mine")).model == "owner/base"


@pytest.mark.parametrize("content", ["{}", "[]", "not json", '{"base_model_name_or_path": "../../etc/none"}'])
def test_an_adapter_that_does_not_say_whose_it_is_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "adapter_config.json").write_text(content)
    with pytest.raises(CatalogError, match="base_model_name_or_path") as caught:
        Catalog.load().entry(Task.SENTIMENT, "ja", str(tmp_path))
    assert "base_model_name_or_path" in caught.value.message.ja


@pytest.mark.parametrize("model", ["no/such/folder", "../x", "", "日本語 モデル", "-rf"])
def test_a_name_that_is_neither_folder_nor_hub_id_is_refused(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # beside it lies nothing
    with pytest.raises(CatalogError) as caught:
        Catalog.load().entry(Task.NER, "ja", model)
    assert caught.value.code == "no_such_model"
    assert "Hugging Face" in caught.value.message.ja
    assert "Hugging Face" in caught.value.message.en


def test_rows_that_differ_in_what_a_task_reads_are_not_taken_for_one_another(tmp_path: Path) -> None:
    keys = set()
    for extra in (
        "",
        "case_types = true\n",
        "no_answer = false\n",
        "no_answer_threshold = 2.5\n",
        'tokenizer = "fast"\n',
        'labels = { A = "positive" }\n',
    ):
        entry = Catalog.load(user_file=write(tmp_path, ROW + extra)).entry(Task.SENTIMENT, "ja")
        keys |= {entry.key, entry.model_key}
    assert len(keys) == 6


def test_similarity_and_embedding_are_answered_by_one_loaded_model_but_stay_two_tasks() -> None:
    catalog = Catalog.load()
    similar, embed = catalog.entry(Task.SIMILAR, "ja"), catalog.entry(Task.EMBED, "ja")
    assert similar.model_key == embed.model_key
    assert similar.key != embed.key
