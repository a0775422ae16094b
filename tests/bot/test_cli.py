"""The console command: what it takes, where its output goes, how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.exit_codes import CANNOT_ANSWER, INTERRUPTED, OK, WRONG_USAGE

Captured = pytest.CaptureFixture[str]
OPTION = re.compile(r"--[a-z-]+")
YOMITE = [sys.executable, "-m", "bot"]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("YOMITE_", "LC_", "LANG"))]:
        monkeypatch.delenv(name)


def test_help_lists_every_command_in_the_language_of_the_machine(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["--help"]) == OK
    english = capsys.readouterr().out
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert main(["--help"]) == OK
    japanese = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name in english
        assert command.summary.en in english
        assert command.summary.ja in japanese
    assert "evaluate" in english


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_of_a_command_lists_its_options(command: Command[Any, Any], capsys: Captured) -> None:
    assert main([command.name, "--help"]) == OK
    out = capsys.readouterr().out
    assert all(f"--{option.name}" in out for option in command.options)
    assert "--json" in out


@pytest.mark.parametrize(
    "words", [["status"], ["cancel"], ["models"], ["sentiment", "good"], ["embed", "good", "--json"]], ids=lambda words: words[0]
)
@pytest.mark.parametrize(("lang", "said"), [("ja", "Redis を使えません（"), ("en", "Redis cannot be used (")])
def test_where_redis_is_away_that_is_said_in_words(
    words: list[str], lang: str, said: str, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(words) == WRONG_USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        (["sentimnt", "猫"], "yomite sentiment のことですか", "Did you mean yomite sentiment?"),
        (["doctr"], "yomite doctor のことですか", "Did you mean yomite doctor?"),
        (["猫猫猫"], "fill-mask, embed, models, status, cancel, help, train,", "forget, feedback"),
        (["models", "puul"], "yomite models pull のことですか", "Did you mean yomite models pull?"),
        (["models", "猫"], "使えるもの：list, pull, verify", "There are: list, pull, verify"),
        (["sentiment", "猫", "--langg", "ja"], "--lang のことですか", "Did you mean --lang?"),
        (["ner", "--outpt", "x"], "--json", "--json"),
        (["sentiment", "猫", "--lang"], "--lang の値がありません", "--lang needs a value"),
        (["sentiment", "猫", "--lang", "fr"], "使える値：ja, en, mixed", "Allowed: ja, en, mixed"),
        (["explain-attention", "猫", "--layer", "五"], "0 以上の整数", "a whole number from 0"),
        (["ask", "誰？", "--context-file", "missing.txt"], "missing.txt がありません", "There is no file missing.txt"),
        (["ner", "--file", "missing.csv"], "missing.csv がありません", "There is no file missing.csv"),
        (["--nonsense"], "yomite --help", "yomite --help"),
        (["ner", "--json=yes"], "--json に値は付けられません", "--json takes no value"),
        (["ner", "--file"], "--file の値がありません", "--file needs a value"),
        (["run", "--nonsense"], "--nonsense というオプションはありません", "There is no option --nonsense."),
        (["run", "fast"], "「fast」が余分です。\n使い方：yomite run --help", "'fast' is too much here.\nUsage: yomite run --help"),
        (["jobs", "list", "--wating"], "--waiting のことですか？", "Did you mean --waiting?"),
        (["jobs", "retyr"], "yomite jobs retry のことですか？", "Did you mean yomite jobs retry?"),
        (["feedback", "x"], "使えるもの：export, status, forget", "There are: export, status, forget"),
        (["feedback", "forget", "--before"], "--before の値がありません", "--before needs a value"),
        (["forget"], "誰のものを消すか、書いてください：slack:U0123ABCD", "Say whom to forget: slack:U0123ABCD"),
    ],
)
def test_wrong_usage_is_explained_on_stderr(words: list[str], ja: str, en: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for speech, said in (("ja", ja), ("en", en)):
        monkeypatch.setenv("YOMITE_LANG", speech)
        assert main(words) == WRONG_USAGE
        captured = capsys.readouterr()
        assert captured.out == ""
        assert said in captured.err
        assert "Traceback" not in captured.err


@pytest.mark.parametrize("words", [[], ["sentiment"], ["forget"], ["jobs"], ["jobs", "retry"], ["feedback", "export"]], ids=" ".join)
def test_a_help_in_japanese_says_nothing_in_english(words: list[str], capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOMITE_LANG", "ja")
    assert main([*words, "--help"]) == OK
    out = capsys.readouterr().out
    assert out.startswith(f"使い方: {' '.join(['yomite', *words])} ")
    assert "\nオプション:\n" in out
    assert re.findall(r"Usage|Arguments|Options|OPTIONS|Commands|COMMAND|ARGS|Show|required|default|list\[str", out) == []


@pytest.mark.parametrize(("lang", "said"), [("ja", "使い方: yomite worker"), ("en", "usage: yomite worker")])
def test_the_help_of_the_worker_needs_no_redis(lang: str, said: str, environment: dict[str, str], tmp_path: Path) -> None:
    done = _run(["worker", "--help"], {**environment, "YOMITE_LANG": lang, "YOMITE_STATE_DIR": str(tmp_path)}, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (OK, "")
    assert said in done.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_wrong_option_is_answered_with_exactly_those_of_the_help(command: Command[Any, Any], capsys: Captured) -> None:
    main([command.name, "--help"])
    offered = set(OPTION.findall(capsys.readouterr().out.split("Options:")[1]))
    main([command.name, "--zzz"])
    told = set(OPTION.findall(capsys.readouterr().err.split("There are: ")[1].split(". ")[0]))
    assert told == offered


@pytest.mark.parametrize(("language", "said"), [("ja_JP.UTF-8", "使える値：bundled, hub"), ("C", "Allowed: bundled, hub")])
def test_a_bad_setting_is_named(language: str, said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", language)
    monkeypatch.setenv("YOMITE_PROFILE", "huge")
    assert main(["models"]) == WRONG_USAGE
    error = capsys.readouterr().err
    assert "YOMITE_PROFILE" in error
    assert said in error


@pytest.mark.parametrize("name", ["help", "/help", "使い方"])
def test_a_command_has_several_names(name: str, capsys: Captured) -> None:
    assert main([name, "similar", "--json"][:2]) == OK
    assert "--pooling" in capsys.readouterr().out


def test_a_sentence_is_read_by_a_process_of_its_own(environment: dict[str, str], tmp_path: Path) -> None:
    done = _run(["sentiment", "この映画は本当に素晴らしかった！", "--json"], environment, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (OK, "")
    assert json.loads(done.stdout)["label"] in ("positive", "neutral", "negative")


def test_a_bar_moves_on_the_terminal_while_the_rows_go_to_a_pipe(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text\n" + "良い映画\n" * 30, encoding="utf-8")
    ours, theirs = pty.openpty()
    with (tmp_path / "out.jsonl").open("wb") as out:
        process = subprocess.Popen(
            [*YOMITE, "sentiment", "--file", "rows.csv", "--jsonl"], stdout=out, stderr=theirs, env=environment, cwd=tmp_path
        )
    os.close(theirs)
    bar = _all_of(ours)
    os.close(ours)
    assert process.wait() == OK
    rows = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["row"] for row in rows] == list(range(1, 31))
    assert "30/30" in bar


def test_a_missing_model_is_a_failure_of_the_engine(environment: dict[str, str], tmp_path: Path) -> None:
    done = _run(["sentiment", "良い", "--json"], {**environment, "YOMITE_MODELS_DIR": str(tmp_path / "nowhere")}, cwd=tmp_path)
    assert done.returncode == CANNOT_ANSWER
    assert json.loads(done.stdout)["failure"] is True
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate_passes_its_arguments_and_exit_code_on(environment: dict[str, str], tmp_path: Path) -> None:
    done = _run(["evaluate", "nonsense", "--data", "x"], environment, cwd=tmp_path)
    assert done.returncode == WRONG_USAGE
    assert "nonsense" in done.stderr


def test_ctrl_c_ends_without_a_traceback(environment: dict[str, str], tmp_path: Path) -> None:
    # A shell that runs the tests in the background lets them ignore Ctrl-C, and so what they start.
    with subprocess.Popen(
        [*YOMITE, "tokens", "猫"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        _wait_for_child(process.pid)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert (out, error) == (b"", b"")


@pytest.mark.parametrize("words", [["help"], ["sentiment", "--file", "rows.csv", "--jsonl"]], ids=" ".join)
def test_a_reader_that_leaves_early_is_no_traceback(words: list[str], environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text\n" + "良い映画\n" * 60, encoding="utf-8")  # more than a pipe's buffer of Python's holds
    with subprocess.Popen([*YOMITE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=tmp_path) as process:
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("no pipe")
        process.stdout.close()
        assert process.stderr.read() == b""


def _run(words: list[str], environment: dict[str, str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*YOMITE, *words], capture_output=True, text=True, env=environment, cwd=cwd, check=False, stdin=subprocess.DEVNULL
    )


def _all_of(terminal: int) -> str:
    data = b""
    while True:
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:  # the other side is closed
            return data.decode()
        if not chunk:
            return data.decode()
        data += chunk


def _wait_for_child(pid: int) -> None:
    """Wait until a process has started its worker."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + 60
    while not children.read_text().strip():
        if time.monotonic() > deadline:
            raise TimeoutError("no worker was started")
        time.sleep(0.02)
