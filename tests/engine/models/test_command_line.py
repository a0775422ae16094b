"""Tests of how `yomite models …` is called: help in the person's language, and no torch where nothing is computed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.models.__main__ import BAD_INPUT, OK, RUNNERS, main
from engine.models.command_line import HELP


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize("command", HELP)
def test_each_command_says_what_it_does_in_the_person_s_language(command: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, f"--lang={lang}", "--help"])
    assert ended.value.code == 0
    said = "".join(capsys.readouterr().out.split())
    assert "".join(HELP[command].in_language(lang).split()) in said


@pytest.mark.parametrize(
    ("lang", "said"),
    [("ja", "、ワーカー 3 個のうち 2 個に読み込み済み\n"), ("en", ", loaded by 2 of 3 workers\n")],
)
def test_the_list_says_how_many_workers_have_loaded_a_model(
    tiny_pack: Path, lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["--workers=3", "--loaded=yomite/ner=2", "--loaded=team=a=1"]
    assert main(["list", *told, f"--models-dir={tiny_pack}", f"--lang={lang}"]) == OK
    lines = capsys.readouterr().out.splitlines(keepends=True)
    assert [line.partition("yomite/")[2][:3] for line in lines if line.endswith(said)] == ["ner"]


def test_the_list_says_nothing_of_workers_where_none_tells(tiny_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json", f"--models-dir={tiny_pack}"]) == OK
    assert {(row["loaded"], row["workers"]) for row in json.loads(capsys.readouterr().out)} == {(None, None)}


@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        (
            ["use", "x", "--for", "summary"],
            "--for に「summary」は使えません。使える値：sentiment,",
            "--for cannot be 'summary'. Allowed: sentiment,",
        ),
        (["reset", "--al"], "--all のことですか？", "Did you mean --all?"),
        (["pull", "--from", "x", "--to", "y"], "いっしょに使えません", "cannot be used together"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_wrong_option_is_explained_in_the_person_s_language(
    words: list[str], ja: str, en: str, lang: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--lang", lang])
    assert ended.value.code == BAD_INPUT
    said = capsys.readouterr().err
    assert (ja if lang == "ja" else en) in said
    assert f"yomite models {words[0]} --help" in said


def test_without_a_command_all_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == BAD_INPUT
    out = capsys.readouterr().out
    assert [name for name in (*RUNNERS, "use", "reset") if f"yomite models {name}" not in out] == []


def test_lists_pulls_and_checks_load_no_torch() -> None:
    code = "import sys; from engine.models.__main__ import main; main(['list', '--json']); main(['verify', '--json']); print('torch' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.splitlines()[-1] == "False"
