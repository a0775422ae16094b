"""Tests of what a trained model's folder says of itself, and of the folders that were chosen to answer."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from engine.catalog import Catalog
from engine.catalog.chosen import chosen_state, read_chosen, write_chosen
from engine.catalog.described import FILE, read_description
from engine.contract import Task
from engine.errors import CatalogError
from tests.support.trained import write_trained


def test_a_described_folder_is_taken_by_its_path_with_all_that_it_says(tmp_path: Path) -> None:
    folder = write_trained(tmp_path / "うちのモデル", window=48, licence="CC-BY-SA-4.0")
    entry = Catalog.load().entry(Task.SENTIMENT, "ja", str(folder))
    assert (entry.name, entry.window, entry.tokenizer, entry.licence) == ("うちのモデル", 48, "bilingual", "CC-BY-SA-4.0")
    assert entry.model == folder


def test_a_folder_that_says_nothing_of_itself_has_no_description(tmp_path: Path) -> None:
    assert read_description(tmp_path) is None


@pytest.mark.parametrize("body", ["{", "{}", '{"task": "dance"}', "\ufffd"])
def test_a_damaged_description_is_an_error_that_names_the_file(tmp_path: Path, body: str) -> None:
    (tmp_path / FILE).write_text(body, encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        read_description(tmp_path)
    assert caught.value.code == "description_unreadable"
    assert str(tmp_path / FILE) in caught.value.message.ja
    assert str(tmp_path / FILE) in caught.value.message.en


def test_a_description_of_another_version_is_refused(tmp_path: Path) -> None:
    folder = write_trained(tmp_path / "model")
    said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    (folder / FILE).write_text(json.dumps(said | {"version": 99}), encoding="utf-8")
    with pytest.raises(CatalogError, match="version 99"):
        read_description(folder)


def test_other_weights_in_the_same_folder_are_another_model(tmp_path: Path) -> None:
    first = Catalog.load().entry(Task.SENTIMENT, "ja", str(write_trained(tmp_path / "model", seed=1)))
    second = Catalog.load().entry(Task.SENTIMENT, "ja", str(write_trained(tmp_path / "model", seed=2)))
    again = Catalog.load().entry(Task.SENTIMENT, "ja", str(write_trained(tmp_path / "model", seed=1)))
    assert first.model_key != second.model_key
    assert first.model_key == again.model_key


def test_chosen_folders_come_before_the_rows_of_profile_and_own_catalog(tmp_path: Path) -> None:
    folder, chosen = write_trained(tmp_path / "ours"), tmp_path / "chosen.json"
    own = tmp_path / "own.toml"
    own.write_text('[[models]]\ntask = "sentiment"\nlanguages = ["ja"]\nfolder = "x"\nlicence = "MIT"\nwindow = 64\n', encoding="utf-8")
    write_chosen(chosen, {Task.SENTIMENT: folder})
    catalog = Catalog.load(user_file=own, chosen=chosen)
    for language in ("ja", "en", "mixed"):
        assert catalog.entry(Task.SENTIMENT, language).model == folder
    assert catalog.entry(Task.NER, "ja").name == "yomite/ner"
    assert catalog.entry(Task.SENTIMENT, "ja", "ours").model == folder


def test_choices_are_read_as_they_were_written_and_none_is_none(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "chosen.json"
    assert read_chosen(path) == {}
    write_chosen(path, {Task.NER: tmp_path / "a", Task.ASK: tmp_path / "日本語"})
    assert read_chosen(path) == {Task.NER: tmp_path / "a", Task.ASK: tmp_path / "日本語"}
    assert [each.name for each in path.parent.iterdir()] == ["chosen.json"]


def test_a_damaged_file_of_choices_says_how_to_write_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "chosen.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(CatalogError) as caught:
        Catalog.load(chosen=path)
    assert "models reset --all" in caught.value.message.ja
    assert "models reset --all" in caught.value.message.en


def test_choices_that_cannot_be_written_say_where_they_could_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError) as caught:
        write_chosen(tmp_path / "file" / "chosen.json", {})
    assert caught.value.code == "chosen_unwritable"
    assert "YOMITE_STATE_DIR" in caught.value.message.ja
    assert "YOMITE_STATE_DIR" in caught.value.message.en


def test_a_chosen_folder_that_is_gone_keeps_its_row_and_harms_no_other(tmp_path: Path) -> None:
    folder, chosen = write_trained(tmp_path / "ours"), tmp_path / "chosen.json"
    write_chosen(chosen, {Task.SENTIMENT: folder})
    shutil.rmtree(folder)
    catalog = Catalog.load(chosen=chosen)
    assert catalog.entry(Task.SENTIMENT, "ja").name == "ours"
    assert catalog.entry(Task.NER, "ja").name == "yomite/ner"


def test_the_state_of_choices_changes_with_choices_and_with_chosen_folders(tmp_path: Path) -> None:
    folder, chosen = write_trained(tmp_path / "ours", seed=1), tmp_path / "chosen.json"
    states = [chosen_state(chosen)]
    write_chosen(chosen, {Task.SENTIMENT: folder})
    states.append(chosen_state(chosen))
    assert chosen_state(chosen) == states[-1]
    write_trained(folder, seed=2)
    states.append(chosen_state(chosen))
    write_chosen(chosen, {})
    states.append(chosen_state(chosen))
    assert all(before != after for before, after in pairwise(states))


def test_a_name_of_the_catalog_is_chosen_with_the_languages_of_its_rows(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.json"
    write_chosen(chosen, {Task.NER: "jurabi/bert-ner-japanese"})
    catalog = Catalog.load(chosen=chosen)
    assert catalog.entry(Task.NER, "ja").name == "jurabi/bert-ner-japanese"
    assert catalog.entry(Task.NER, "en").name == "yomite/ner"
    assert catalog.entry(Task.ASK, "ja").name == "yomite/ask"


def test_a_chosen_name_that_no_row_has_any_more_leaves_the_catalog_as_it_is(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen.json"
    write_chosen(chosen, {Task.NER: "owner/gone"})
    assert Catalog.load(chosen=chosen).entry(Task.NER, "ja").name == "yomite/ner"
