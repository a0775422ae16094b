"""One command from a shell, answered by a real worker: its texts, its output, its exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from bot.conversation import find_command
from bot.errors import CommandError
from bot.exit_codes import CANNOT_ANSWER, OK
from bot.platforms.terminal.call import Call, answer_call
from bot.settings import Settings
from engine.contract import Task
from workers.queue.local import LocalQueue

SETTINGS = Settings(timeout_s=120)
Captured = pytest.CaptureFixture[str]

ONE_OF_EACH: dict[Task, tuple[str, ...]] = {
    Task.SENTIMENT: ("この映画は本当に素晴らしかった！",),
    Task.NER: ("Tim Cook is the CEO.",),
    Task.ASK: ("誰が社長？", "山田は社長だ。鈴木は部長だ。"),
    Task.SIMILAR: ("猫がいる。", "The cat sits."),
    Task.EXPLAIN_ATTENTION: ("猫が好きです。",),
    Task.TOKENS: ("外国人参政権",),
    Task.FILL_MASK: ("Paris is ___.",),
    Task.EMBED: ("猫", "cat"),
}


@pytest.fixture(autouse=True)
def _in_a_folder_without_piped_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _pipe("", monkeypatch)


@pytest.mark.parametrize("task", Task)
def test_every_task_is_answered_as_one_json_object(task: Task, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(task, *ONE_OF_EACH[task], as_json=True), SETTINGS, lambda: queue) == OK
    data = json.loads(capsys.readouterr().out)
    assert data["task"] == task
    if task is Task.SENTIMENT:
        assert data["label"] in ("positive", "neutral", "negative")
    if task is Task.EXPLAIN_ATTENTION:
        assert Path(data["images"][0]["file"]).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("task", Task)
def test_every_task_is_answered_for_people(task: Task, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(task, *ONE_OF_EACH[task]), SETTINGS, lambda: queue) == OK
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) >= 2
    assert captured.err == ""


@pytest.mark.parametrize("text", ["猫\u202e\x9b31mがいる。", "A cat\x1b]0;x\x07 sits.\ud800"])
def test_json_holds_a_text_to_the_letter_and_steers_no_terminal(text: str, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(Task.FILL_MASK, f"{text} ___", as_json=True), SETTINGS, lambda: queue) == OK
    out = capsys.readouterr().out
    assert text in json.loads(out)["blanks"][0]["fillings"][0]["text"]
    assert not set(out) & set("\u202e\x9b\x1b\x07\ud800")


@pytest.mark.parametrize(("name", "key"), [("status", "queue"), ("cancel", "cancelled"), ("help", "commands"), ("models", "models")])
def test_what_is_answered_without_a_job_has_its_json_too(name: str, key: str, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(name, as_json=True), SETTINGS, lambda: queue) == OK
    assert key in json.loads(capsys.readouterr().out)


def test_the_models_are_listed(queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call("models", as_json=True), SETTINGS, lambda: queue) == OK
    assert {row["task"] for row in json.loads(capsys.readouterr().out)["models"]} == set(Task)


@pytest.mark.parametrize(("text", "said"), [("안녕하세요", "日本語"), ("안녕하세요", "English")])
def test_a_text_that_cannot_be_read_is_a_failure_on_both_channels(text: str, said: str, queue: LocalQueue, capsys: Captured) -> None:
    settings = Settings(lang="ja" if said == "日本語" else "en")
    assert answer_call(_call(Task.SENTIMENT, text, as_json=True), settings, lambda: queue) == CANNOT_ANSWER
    captured = capsys.readouterr()
    assert json.loads(captured.out)["failure"] is True
    assert said in captured.err


def test_piped_text_is_read_where_no_text_was_typed(queue: LocalQueue, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    _pipe("一行目。\n二行目。\n", monkeypatch)
    answer_call(_call(Task.TOKENS, as_json=True), SETTINGS, lambda: queue)
    assert _spanned(capsys) == len("一行目。\n二行目。")


def test_a_hyphen_stands_for_piped_text(queue: LocalQueue, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    _pipe("Tim is the CEO.\n", monkeypatch)
    assert answer_call(_call(Task.SIMILAR, "社長は誰？", "-", as_json=True), SETTINGS, lambda: queue) == OK
    assert len(json.loads(capsys.readouterr().out)["matrix"]) == 2


def test_a_question_takes_its_context_from_a_pipe(queue: LocalQueue, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    _pipe("Tim is the CEO.", monkeypatch)
    assert answer_call(_call(Task.ASK, "Who is the CEO?", as_json=True), SETTINGS, lambda: queue) == OK
    assert json.loads(capsys.readouterr().out)["task"] == "ask"


def test_a_question_takes_its_context_from_a_file(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    file = tmp_path / "文書.txt"
    file.write_bytes("山田は社長だ。".encode("cp932"))
    assert answer_call(_call(Task.ASK, "誰？", file=file, as_json=True), SETTINGS, lambda: queue) == OK
    captured = capsys.readouterr()
    assert all(candidate["sentence_end"] <= 7 for candidate in json.loads(captured.out)["candidates"])
    assert "Shift_JIS" in captured.err


def test_a_text_and_a_file_together_are_refused(tmp_path: Path, queue: LocalQueue) -> None:
    file = tmp_path / "a.txt"
    file.write_text("猫", encoding="utf-8")
    with pytest.raises(CommandError) as caught:
        answer_call(_call(Task.SENTIMENT, "犬", file=file), SETTINGS, lambda: queue)
    assert "ひとつ" in caught.value.message.ja
    assert "one of them" in caught.value.message.en


def test_no_text_at_all_is_wrong_usage_with_an_example_for_the_shell(queue: LocalQueue) -> None:
    with pytest.raises(CommandError) as caught:
        answer_call(_call(Task.SENTIMENT), SETTINGS, lambda: queue)
    assert '例：yomite sentiment "この映画は' in caught.value.message.ja
    assert 'Example: yomite sentiment "I love this."' in caught.value.message.en


def test_every_row_of_a_table_is_answered(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    file = _table(tmp_path, "良い", "", 'bad | "quoted"', *(f"row {i}" for i in range(40)))
    assert answer_call(_call(Task.SENTIMENT, file=file, as_json=True), SETTINGS, lambda: queue) == CANNOT_ANSWER
    rows = json.loads(capsys.readouterr().out)["results"]
    assert [row["row"] for row in rows] == list(range(1, 44))
    assert [row.get("code") for row in rows[:3]] == [None, "empty_text", None]
    assert rows[2]["text"] == 'bad | "quoted"'


def test_a_table_is_answered_for_people_as_a_table(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(Task.NER, file=_table(tmp_path, "東京", "Tim Cook")), SETTINGS, lambda: queue) == OK
    out = capsys.readouterr().out
    assert "2 行" in out
    assert "Tim Cook" in out


def test_a_table_becomes_json_lines(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    assert answer_call(_call(Task.EMBED, file=_table(tmp_path, "猫", "cat"), as_json_lines=True), SETTINGS, lambda: queue) == OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["row"], len(row["vectors"])) for row in rows] == [(1, 1), (2, 1)]


def test_the_rows_of_a_table_are_compared_with_each_other(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    call = _call(Task.SIMILAR, file=_table(tmp_path, "猫", "犬", "cat"), options={"query": "ねこ"}, as_json=True)
    assert answer_call(call, SETTINGS, lambda: queue) == OK
    assert len(json.loads(capsys.readouterr().out)["ranking"]) == 3


def test_the_rows_of_a_table_are_contexts_of_a_question(tmp_path: Path, queue: LocalQueue, capsys: Captured) -> None:
    call = _call(Task.ASK, "誰？", file=_table(tmp_path, "山田だ。", "Tim."), as_json=True)
    assert answer_call(call, SETTINGS, lambda: queue) == OK
    assert len(json.loads(capsys.readouterr().out)["results"]) == 2
    with pytest.raises(CommandError, match="no question"):
        answer_call(_call(Task.ASK, file=_table(tmp_path, "山田だ。")), SETTINGS, lambda: queue)


def test_attention_is_not_explained_for_tables(tmp_path: Path, queue: LocalQueue) -> None:
    with pytest.raises(CommandError) as caught:
        answer_call(_call(Task.EXPLAIN_ATTENTION, file=_table(tmp_path, "猫")), SETTINGS, lambda: queue)
    assert "表" in caught.value.message.ja


def _call(name: str, *words: str, options: dict[str, Any] | None = None, **rest: Any) -> Call:
    command, _ = find_command(f"/{name}")
    return Call(command=command, words=words, options=options or {}, **rest)


def _table(folder: Path, *texts: str) -> Path:
    path = folder / "rows.csv"
    cells = ['"' + text.replace('"', '""') + '"' for text in texts]
    path.write_text("\n".join(["text,n", *(f"{cell},1" for cell in cells)]), encoding="utf-8")
    return path


def _pipe(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def _spanned(capsys: Captured) -> int:
    """How far the tokens of a printed TokensResult reach."""
    return int(max(token["end"] for token in json.loads(capsys.readouterr().out)["tokens"]))
