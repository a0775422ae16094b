"""`python -m engine.evaluation` from the options to the exit code, on a tiny pack made on the spot."""

import errno
import gzip
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from engine.catalog.chosen import write_chosen
from engine.contract import NerResult, Request, Task
from engine.engine import Engine
from engine.evaluation.__main__ import main
from engine.evaluation.command import chosen_rows
from engine.evaluation.exit_codes import BAD_INPUT, CANNOT_ANSWER, OK
from engine.evaluation.options import parser
from engine.examples.rows import Row, SentimentRow
from engine.examples.splitting import held_out
from engine.training.card import Card, Data
from engine.training.plan import Plan
from tests.support.checkpoints import write_pack
from tests.support.trained import write_trained

ROWS: dict[str, list[dict[str, object]]] = {
    "sentiment": [
        {"lang": "ja", "text": "この映画は本当に素晴らしかった！", "label": "positive"},
        {"lang": "ja", "text": "二度と買いません。", "label": "negative"},
        {"text": "The service was terrible.", "label": "negative"},
    ],
    "ner": [
        {"lang": "ja", "text": "山田太郎は京都大学を卒業した。", "entities": [{"start": 0, "end": 4, "label": "PER", "type": "人名"}]},
        {"lang": "en", "text": "Tim Cook is the CEO of Apple.", "entities": [{"start": 0, "end": 8, "label": "PER", "type": "person"}]},
    ],
    "ask": [
        {
            "lang": "ja",
            "question": "どこを卒業した？",
            "context": "山田太郎は京都大学を卒業した。",
            "answers": [{"text": "京都大学", "start": 5}],
        },
        {"lang": "en", "question": "Who is the CEO?", "context": "Tim Cook is the CEO.", "answers": [{"text": "Tim Cook", "start": 0}]},
    ],
    "similar": [
        {"lang": "ja", "a": "猫が好きです。", "b": "猫が大好きです。", "score": 4.5},
        {"lang": "en", "a": "A cat sits.", "b": "A dog plays in the park.", "score": 1.0},
        {"lang": "en", "a": "It rains.", "b": "It rains.", "score": 5.0},
    ],
    "retrieval": [{"en": "I like cats.", "ja": "猫が好きです。"}, {"en": "It rains.", "ja": "雨が降る。"}],
}
METRICS = {
    "sentiment": {"accuracy", "macro_f1"},
    "ner": {"f1", "precision", "recall"},
    "ask": {"exact_match", "f1", "answered"},
    "similar": {"spearman", "pearson"},
    "retrieval": {"ja_to_en", "en_to_ja"},
}

Command = Callable[..., int]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(tmp_path_factory.mktemp("pack"))


@pytest.fixture
def command(pack: Path) -> Command:
    def run(*arguments: str | Path) -> int:
        return main([*map(str, arguments), "--models-dir", str(pack), "--device", "cpu"])

    return run


@pytest.fixture
def data(tmp_path: Path) -> Callable[[str], Path]:
    def write(task: str) -> Path:
        path = tmp_path / f"{task}-dev.jsonl.gz"
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS[task])
        path.write_bytes(gzip.compress(lines.encode()))
        return path

    return write


@pytest.mark.parametrize("task", ROWS)
def test_json_prints_one_object_with_the_metrics(
    task: str, command: Command, data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(task, "--data", data(task), "--json") == OK
    printed = json.loads(capsys.readouterr().out)
    assert printed["metrics"].keys() == METRICS[task]
    assert all(-1 <= value <= 1 for value in printed["metrics"].values())
    assert (printed["task"], printed["rows"], printed["failures"]) == (task, len(ROWS[task]), {})
    assert printed["data"] == f"{task}-dev.jsonl.gz"


def test_without_json_a_table_shows_the_metrics(command: Command, data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sentiment", "--data", data("sentiment"), "--limit", "2") == OK
    printed = capsys.readouterr().out
    assert "macro_f1" in printed
    assert "2 rows" in printed


def test_a_file_is_called_as_it_is_also_with_signs_of_markup_in_its_name(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x[red].csv"
    path.write_text("text,label\nGreat!,positive\n", encoding="utf-8")
    assert command("sentiment", "--data", path) == OK
    assert "x[red].csv" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_bad_input(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ner", "--data", tmp_path / "nowhere.jsonl") == BAD_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    assert "nowhere.jsonl" in said.err
    assert "指定してください" in said.err


def test_a_model_that_is_not_there_is_told_once(
    command: Command, data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("sentiment", "--data", data("sentiment"), "--model", tmp_path / "no-such-model", "--json") == CANNOT_ANSWER
    said = capsys.readouterr()
    assert said.out == ""
    assert "no-such-model" in said.err


def test_a_model_that_memory_has_no_room_for_is_told(
    command: Command, data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trained(tmp_path / "large", too_large=True)
    assert command("sentiment", "--data", data("sentiment"), "--model", folder) == CANNOT_ANSWER
    said = capsys.readouterr().err
    assert "Memory does not suffice." in said
    assert "メモリが足りません。" in said


@pytest.mark.parametrize(
    ("wrong", "ja", "en"),
    [
        (
            ["translate", "--data", "x"],
            "TASK に「translate」は使えません。使える値：sentiment,",
            "TASK cannot be 'translate'. Allowed: sentiment,",
        ),
        (["ner"], "--data を指定してください。", "--data must be given."),
        (["ner", "--data", "x", "--limit", "0"], "--limit に「0」は使えません。使える値：1 以上の整数", "Allowed: a whole number from 1"),
        (["ner", "--data", "x", "--precision", "bf8"], "使える値：auto, fp32, bf16", "Allowed: auto, fp32, bf16"),
    ],
)
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_wrong_options_are_bad_input(
    wrong: list[str], ja: str, en: str, lang: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        command(*wrong, "--lang", lang)
    assert caught.value.code == BAD_INPUT
    said = capsys.readouterr().err
    assert (ja if lang == "ja" else en) in said
    assert "yomite evaluate --help" in said


def test_held_out_keeps_the_tenth_that_the_bundled_models_never_learn_from() -> None:
    rows: list[Row] = [SentimentRow(text=f"文{i}。", label="neutral") for i in range(200)]
    kept = chosen_rows(rows, only_held_out=True, limit=None)
    assert 0 < len(kept) < 60
    assert kept == [index for index in range(200) if held_out(f"文{index}。")]
    assert chosen_rows(rows, only_held_out=True, limit=3) == kept[:3]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_held_out_is_not_offered_to_those_with_data_of_their_own(lang: str) -> None:
    assert "held-out" not in parser(lang).format_help()


def test_held_out_is_for_sentiment_data_only(command: Command, data: Callable[[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ner", "--data", data("ner"), "--held-out") == BAD_INPUT
    assert "--held-out" in capsys.readouterr().err


# --- What else it gives --------------------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "口コミ.csv"
    path.write_bytes("本文,ラベル,メモ\n最高の映画,ポジティブ,1\n悪い映画,ネガティブ,2\n普通の映画,中立,3\n".encode("cp932"))
    return path


KEYS = [
    "task", "data", "sha256", "model", "rows", "failures", "metrics", "intervals", "per_class", "averages", "confusion", "calibration",
    "comparison", "notes",
]  # fmt: skip


def test_the_json_has_stable_keys_and_rows_where_they_are_wanted(command: Command, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sentiment", "--data", table, "--json", "--rows") == OK
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == [*KEYS, "outcomes"]
    assert [(one["line"], one["gold"]) for one in printed["outcomes"]] == [(2, "positive"), (3, "negative"), (4, "neutral")]
    assert [one["label"] for one in printed["per_class"]] == ["positive", "neutral", "negative"]
    assert sum(sum(counts) for counts in printed["confusion"]["counts"]) == 3
    low, high = printed["intervals"]["accuracy"]
    assert 0 <= low <= printed["metrics"]["accuracy"] <= high <= 1
    assert printed["notes"] == [{"ja": "使わなかった列：メモ。", "en": "columns that were not used: メモ."}]


def test_two_models_are_compared_on_the_same_rows(command: Command, pack: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sentiment", "--data", table, "--against", pack / "sentiment", "--json") == OK
    comparison = json.loads(capsys.readouterr().out)["comparison"]
    assert list(comparison) == ["against", "metrics", "failures", "differences", "only_first", "only_other", "said"]
    assert [(one["measure"], one["change"], one["p"], one["test"]) for one in comparison["differences"]] == [
        ("accuracy", 0.0, 1.0, "mcnemar"),
        ("macro_f1", 0.0, 1.0, "bootstrap"),
    ]
    assert "同じ値" in comparison["said"]["ja"]


def card(*data: tuple[str, Path], patience: int | None = 3) -> str:
    """The model card of a training with these files: first that which was learnt from, then the dev rows."""
    made = Card(
        title="x", what="x", languages=("ja",), base="x", licence="MIT", split="x", command="x", steps=1, best_step=1, before=None, after={"f1": 1.0},
        measured_on="x", plan=Plan(patience=patience),
        data=[Data(name=name, rows=3, sha256=hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in data],
    )  # fmt: skip
    return made.text()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    path = tmp_path / "other.csv"
    path.write_text("text,label\nfine,neutral\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("option", ["--model", "--against"])
def test_a_model_that_was_trained_with_the_very_file_is_told(
    option: str, command: Command, pack: Path, table: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(pack, tmp_path / "pack") / "sentiment"
    assert command("sentiment", "--data", table, option, folder) == OK
    assert "was trained with" not in capsys.readouterr().err
    for files in ([table], [table, other], [table, table]):
        (folder / "README.md").write_text(card(*((path.name, path) for path in files)), encoding="utf-8")
        assert command("sentiment", "--data", table, option, folder) == OK
        assert "sentiment was trained with 口コミ.csv" in capsys.readouterr().err


@pytest.mark.parametrize(("patience", "told"), [(3, 1), (None, 0)])
def test_a_model_whose_state_was_chosen_on_the_very_file_is_told(
    patience: int | None, told: int, command: Command, table: Path, other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trained(tmp_path / "team-model")
    (folder / "README.md").write_text(card(("other.csv", other), ("口コミ.csv", table), patience=patience), encoding="utf-8")
    assert command("sentiment", "--data", table, "--model", folder) == OK
    said = capsys.readouterr().err
    assert said.count("team-model is the state of its training that did best on 口コミ.csv") == told
    assert said.count("team-model は 口コミ.csv での成績を見て") == told
    assert "was trained with" not in said


@pytest.mark.parametrize("named", [[], ["--model", "team-model"]])
def test_a_model_that_answers_by_choice_is_told_too(
    named: list[str], command: Command, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_trained(tmp_path / "team-model")
    (folder / "README.md").write_text(card(("口コミ.csv", table)), encoding="utf-8")
    write_chosen(tmp_path / "chosen.json", {Task.SENTIMENT: folder})
    assert command("sentiment", "--data", table, "--chosen", tmp_path / "chosen.json", *named) == OK
    assert capsys.readouterr().err.count("team-model was trained with 口コミ.csv") == 1
    assert command("sentiment", "--data", table) == OK
    assert "was trained with" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lang", "said", "noted", "not_noted"),
    [("ja", "混同行列", "使わなかった列", "not used"), ("en", "Confusion matrix", "not used", "使わなかった列")],
)
def test_it_speaks_the_language_that_was_asked_for(
    lang: str, said: str, noted: str, not_noted: str, command: Command, pack: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("sentiment", "--data", table, "--lang", lang, "--against", pack / "sentiment") == OK
    printed = capsys.readouterr()
    assert said in printed.out
    assert noted in printed.err
    assert not_noted not in printed.err


def test_a_page_and_a_picture_are_written(command: Command, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sentiment", "--data", table, "--page", tmp_path / "p.html", "--picture", tmp_path / "p.png") == OK
    written = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert '<html lang="ja">' in written  # as the rows are
    assert "最高の映画" in written
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_is_in_the_language_that_was_asked_for(command: Command, table: Path, tmp_path: Path) -> None:
    assert command("sentiment", "--data", table, "--page", tmp_path / "p.html", "--lang", "en") == OK
    assert '<html lang="en">' in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_or_written_is_told(
    command: Command, data: Callable[[str], Path], table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("similar", "--data", data("similar"), "--picture", tmp_path / "p.png") == BAD_INPUT
    assert "混同行列はありません" in capsys.readouterr().err
    assert command("sentiment", "--data", table, "--page", tmp_path / "nowhere" / "p.html") == BAD_INPUT
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--page", "--picture"])
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_measured(
    option: str, command: Command, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (tmp_path / "missing" / "x", tmp_path):
        assert command("sentiment", "--data", table, "--model", "no/such-model", option, place) == BAD_INPUT
        assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--page", "--picture"])
def test_a_place_that_cannot_even_be_looked_at_is_told_before_anything_is_measured(
    option: str, command: Command, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    places = {
        tmp_path / ("長い" * 200): ("名前が長すぎます", "File name too long"),
        tmp_path / ("x" * 300) / "x": ("名前が長すぎます", "File name too long"),
        tmp_path / "loop": ("シンボリックリンク", "symbolic links"),
        table / "x": ("フォルダではありません", "Not a directory"),
    }
    for place, (ja, en) in places.items():
        for lang, why in (("ja", ja), ("en", en)):
            assert command("sentiment", "--data", table, "--model", "no/such-model", option, place, "--lang", lang) == BAD_INPUT
            assert why in capsys.readouterr().err


@pytest.mark.parametrize("form", [["--json"], ["--lang", "en"]])
def test_a_disk_that_fills_up_by_the_end_loses_no_evaluation(
    form: list[str], command: Command, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert command("sentiment", "--data", table, "--page", tmp_path / "p.html", *form) == BAD_INPUT
    printed = capsys.readouterr()
    assert "macro_f1" in printed.out
    assert f"cannot write {tmp_path / 'p.html'}: No space left on device" in printed.err


def test_where_no_entity_is_marked_or_found_the_result_is_told_and_then_that_there_is_no_picture(
    data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_: Engine, requests: Sequence[Request]) -> list[NerResult]:
        return [NerResult(language="ja", model="m", entities=()) for _ in requests]

    monkeypatch.setattr(Engine, "run", nothing)
    path = tmp_path / "x.csv"
    path.write_text("text\n東京に行った。\n", encoding="utf-8")
    assert main(["ner", "--data", str(path), "--picture", str(tmp_path / "p.png"), "--page", str(tmp_path / "p.html")]) == BAD_INPUT
    printed = capsys.readouterr()
    assert "precision" in printed.out
    assert "モデルが見つけた固有名もないので、混同行列はありません" in printed.err
    assert "no entity is marked and none was found" in printed.err
    assert (tmp_path / "p.html").exists()


@pytest.mark.parametrize("limit", [1, 2])
def test_a_picture_of_questions_that_all_have_an_answer_is_refused_before_anything_is_measured(
    limit: int, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.csv"
    path.write_text("question,context,answer\n誰？,田中です。,田中\nいつ？,田中です。,\n", encoding="utf-8")
    asked = ["ask", "--data", path, "--limit", str(limit), "--picture", tmp_path / "p.png"]
    if limit == 2:
        assert command(*asked) == OK
        assert (tmp_path / "p.png").exists()
        return
    assert command(*asked, "--model", "no/such-model") == BAD_INPUT
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "どの行にも答えがあるので、混同行列はありません" in printed.err
    assert "every row has an answer, so there is no confusion matrix" in printed.err


def test_half_an_emoji_loses_no_evaluation(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["最高だ\\ud83d", *(f"good \\ud83d {number}" for number in range(30))]
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f'{{"text": "{text}", "label": "positive", "id\\ud83d": 1}}\n' for text in texts), encoding="utf-8")
    assert command("sentiment", "--data", path, "--page", tmp_path / "p.html", "--json", "--rows") == OK
    assert json.loads(capsys.readouterr().out)["rows"] == 31
    assert "good \ufffd" in (tmp_path / "p.html").read_text(encoding="utf-8")
    assert command("sentiment", "--data", path, "--held-out", "--limit", "1") == OK


def test_a_picture_of_what_has_no_labels_is_refused_before_anything_is_measured(
    command: Command, data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for task in ("similar", "retrieval"):
        assert command(task, "--data", data(task), "--model", "no/such-model", "--picture", tmp_path / "p.png") == BAD_INPUT
        assert "sentiment, ner, ask" in capsys.readouterr().err


def test_rows_without_any_entity_are_told(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text\n東京に行った。\n", encoding="utf-8")
    assert command("ner", "--data", path) == OK
    assert "どの行にも固有名の印がありません" in capsys.readouterr().err
    path.write_text("text\n[東京](LOC)に行った。\n", encoding="utf-8")
    assert command("ner", "--data", path) == OK
    assert "どの行にも" not in capsys.readouterr().err


def test_bad_rows_are_listed_and_nothing_is_measured(command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("text,label\n最高,posi\nfine,1\n", encoding="utf-8")
    assert command("sentiment", "--data", path, "--lang", "ja") == BAD_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    assert "2 行目" in said.err
    assert "3 行目" in said.err
    assert "line 2" not in said.err


def test_a_table_shows_a_model_that_is_not_there_in_one_language(command: Command, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("sentiment", "--data", table, "--against", "no such model", "--lang", "en") == CANNOT_ANSWER
    assert "There is no model" in capsys.readouterr().err
