"""Tests of `yomite models use` and `reset`: what can answer is chosen, anything else is refused and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.chosen import read_chosen, write_chosen
from engine.contract import Task
from engine.models.choosing import BAD_INPUT, CANNOT_ANSWER, OK, main
from tests.support.trained import write_trained


@pytest.fixture
def chosen(tmp_path: Path) -> Path:
    return tmp_path / "chosen.json"


def call(chosen: Path, *words: object, lang: str = "en") -> int:
    return main([*map(str, words), f"--chosen={chosen}", "--device=cpu", f"--lang={lang}"])


@pytest.mark.parametrize(
    ("lang", "said"), [("ja", "これからは ours が sentiment、explain_attention に答えます"), ("en", "From now on ours answers")]
)
def test_a_folder_is_chosen_for_all_that_it_answers(
    tmp_path: Path, chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trained(tmp_path / "ours")
    assert call(chosen, "use", folder, lang=lang) == OK
    assert read_chosen(chosen) == {Task.SENTIMENT: folder, Task.EXPLAIN_ATTENTION: folder}
    assert said in capsys.readouterr().out


def test_a_folder_is_chosen_for_one_task_where_that_is_said(tmp_path: Path, chosen: Path) -> None:
    folder = write_trained(tmp_path / "ours")
    assert call(chosen, "use", folder, "--for", "sentiment") == OK
    assert read_chosen(chosen) == {Task.SENTIMENT: folder}


@pytest.mark.parametrize(("lang", "said"), [("ja", "学習されていません"), ("en", "was not trained for ner")])
def test_a_model_is_not_chosen_for_what_it_never_learnt(
    tmp_path: Path, chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(chosen, "use", write_trained(tmp_path / "ours"), "--for", "ner", lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert not chosen.exists()


@pytest.mark.parametrize(("lang", "said"), [("ja", "yomite.json がありません"), ("en", "There is no yomite.json")])
def test_a_folder_without_a_description_is_refused(
    tmp_path: Path, chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(chosen, "use", tmp_path, lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_a_model_that_cannot_be_loaded_is_never_chosen(tmp_path: Path, chosen: Path) -> None:
    folder = write_trained(tmp_path / "ours")
    (folder / "model.safetensors").write_bytes(b"damaged")
    assert call(chosen, "use", folder) == CANNOT_ANSWER
    assert not chosen.exists()


@pytest.mark.parametrize(("lang", "said"), [("ja", "メモリが足りません。"), ("en", "Memory does not suffice.")])
def test_a_model_that_memory_has_no_room_for_is_never_chosen(
    tmp_path: Path, chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trained(tmp_path / "ours", too_large=True)
    assert call(chosen, "use", folder, lang=lang) == CANNOT_ANSWER
    assert said in capsys.readouterr().err
    assert not chosen.exists()


def test_reset_takes_back_what_came_together(tmp_path: Path, chosen: Path) -> None:
    ours, others = write_trained(tmp_path / "ours"), tmp_path / "others"
    write_chosen(chosen, {Task.NER: others})
    assert call(chosen, "use", ours) == OK
    assert call(chosen, "reset", "sentiment") == OK
    assert read_chosen(chosen) == {Task.NER: others}


def test_reset_of_everything_also_mends_a_damaged_file(chosen: Path) -> None:
    chosen.write_text("{", encoding="utf-8")
    assert call(chosen, "reset", "--all") == OK
    assert read_chosen(chosen) == {}


@pytest.mark.parametrize(("lang", "said"), [("ja", "何を元に戻すか"), ("en", "Say what is to go back")])
def test_reset_of_nothing_asks_what(chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(chosen, "reset", lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err


def test_reset_of_what_was_not_chosen_says_what_was(tmp_path: Path, chosen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_chosen(chosen, {Task.NER: tmp_path})
    assert call(chosen, "reset", "ask") == BAD_INPUT
    assert "Chosen: ner" in capsys.readouterr().err
    assert read_chosen(chosen) == {Task.NER: tmp_path}


def test_a_model_of_the_catalog_is_not_chosen_for_what_no_row_gives_it(chosen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(chosen, "use", "bert-ner-japanese", "--for", "sentiment") == BAD_INPUT
    assert "Allowed for --for: ner" in capsys.readouterr().err
    assert not chosen.exists()


@pytest.mark.parametrize(("lang", "said"), [("ja", "モデル「owner/nothing」はありません"), ("en", "no model 'owner/nothing'")])
def test_a_name_that_the_catalog_does_not_have_is_quoted(chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(chosen, "use", "owner/nothing", lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "said"), [("ja", "がありません。`yomite train`"), ("en", "There is no folder")])
def test_a_folder_that_is_not_there_is_quoted(
    tmp_path: Path, chosen: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(chosen, "use", tmp_path / "nowhere", lang=lang) == BAD_INPUT
    err = capsys.readouterr().err
    assert said in err
    assert "nowhere" in err


@pytest.mark.parametrize("words", [("use", "ours"), ("reset", "--all")], ids=["use", "reset"])
@pytest.mark.parametrize(
    ("lang", "said"), [("ja", "に書き込めません（名前が長すぎます）"), ("en", "cannot be written (File name too long)")]
)
def test_choices_that_cannot_be_written_are_told(
    words: tuple[str, str], lang: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = write_trained(tmp_path / "ours")
    chosen = tmp_path / f"{'c' * 250}.json"  # may be read, but what is written beside it first has too long a name
    assert call(chosen, words[0], ours if words[1] == "ours" else words[1], lang=lang) == CANNOT_ANSWER
    err = capsys.readouterr().err
    assert said in err
    assert "YOMITE_STATE_DIR" in err


@pytest.mark.parametrize(("lang", "said"), [("ja", "を読めません（名前が長すぎます）"), ("en", "cannot be read (File name too long)")])
def test_a_folder_that_may_not_even_be_looked_at_is_told(
    lang: str, said: str, tmp_path: Path, chosen: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(chosen, "use", tmp_path / ("x" * 300), lang=lang) == BAD_INPUT
    assert said in capsys.readouterr().err
