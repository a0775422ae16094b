"""`yomite feedback` counts, writes and deletes what was kept, and says what it did in the language of the person."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from bot.cli import main
from bot.exit_codes import CANNOT_ANSWER, OK, WRONG_USAGE
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import take
from tests.bot.feedback.answers import press, sentiment

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("YOMITE_", "LC_", "LANG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("YOMITE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("YOMITE_FEEDBACK", "yes")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    """With one example that is right, one that is corrected, one wrong, and one tie."""
    store = FeedbackStore(tmp_path / "state" / FILE_NAME)
    take(store, press("good", answer="a"), sentiment("合っている"))
    take(store, press("correct", "positive", answer="b"), sentiment("神対応"))
    take(store, press("bad", answer="c", at=1_700_000_000), sentiment("草"))
    take(store, press("good", answer="d"), sentiment("詰んだ"))
    take(store, press("correct", "negative", answer="d", person="taro"), sentiment("詰んだ"))
    return store


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "ja",
            "feedback-sentiment.jsonl に 2 件を書き出しました（👍 1 件、訂正 1 件）。\n意見が分かれて決まらない 1 件は除きました。\n"
            "訂正のない 👎 1 件を feedback-sentiment.to-label.csv に書きました。表計算ソフトで「?」を正しい答えに置き換えてください。\n",
        ),
        (
            "en",
            "Wrote 2 examples to feedback-sentiment.jsonl (1 👍, 1 corrected).\nLeft out 1 on which people disagree evenly.\n"
            "Wrote 1 👎 without a correction to feedback-sentiment.to-label.csv. Replace each ? with what is right, in a spreadsheet.\n",
        ),
    ],
)
def test_export_writes_both_files_and_says_what_is_in_them(
    store: FeedbackStore, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lang: str, said: str
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["feedback", "export", "--task", "sentiment", "--to-label"]) == OK
    assert capsys.readouterr().out == said
    rows = [json.loads(line) for line in (tmp_path / "feedback-sentiment.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["text"], row["label"]) for row in rows] == [("合っている", "neutral"), ("神対応", "positive")]
    assert "草,?,ja,neutral" in (tmp_path / "feedback-sentiment.to-label.csv").read_text(encoding="utf-8")


def test_a_table_that_somebody_has_filled_in_is_not_overwritten(store: FeedbackStore, capsys: Captured, tmp_path: Path) -> None:
    words = ["feedback", "export", "--task", "sentiment", "--out", "x.csv", "--to-label"]
    assert main(words) == OK
    assert main(words) == OK  # nobody has touched it
    table = tmp_path / "x.to-label.csv"
    filled = table.read_text(encoding="utf-8").replace("?", "positive")
    table.write_text(filled, encoding="utf-8")
    (tmp_path / "x.csv").unlink()
    assert main(words) == WRONG_USAGE
    assert "is not overwritten" in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == filled
    assert not (tmp_path / "x.csv").exists()


def filled_in(name: str) -> str:
    """Two rows as somebody puts them under those of an export."""
    return (
        '{"text": "草", "label": "positive"}\n{"text": "lol", "label": "positive"}\n'
        if name == "x.jsonl"
        else "草,positive,ja\nlol,positive,en\n"
    )


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("ja", "2 行あり、失わないよう上書きしません。名前を変えるか、--out で別の名前を指定してください。"),
        (
            "en",
            "holds 2 rows that this export lacks and is not overwritten, so that nothing is lost; rename it, or name another with --out.",
        ),
    ],
)
def test_an_export_that_rows_were_put_under_is_not_overwritten(
    store: FeedbackStore, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, lang: str, said: str
) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    words = ["feedback", "export", "--task", "sentiment", "--out", name, "--to-label"]
    assert main(words) == OK
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(filled_in(name))
    before = (tmp_path / name).read_bytes()
    (tmp_path / "x.to-label.csv").unlink()
    assert main(words) == WRONG_USAGE
    assert said in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before
    assert not (tmp_path / "x.to-label.csv").exists()


def test_an_export_whose_labels_were_corrected_by_hand_is_not_overwritten(store: FeedbackStore, capsys: Captured, tmp_path: Path) -> None:
    assert main(["feedback", "export", "--task", "sentiment", "--out", "x.csv"]) == OK
    path = tmp_path / "x.csv"
    corrected = path.read_text(encoding="utf-8").replace("合っている,neutral", "合っている,positive")
    path.write_text(corrected, encoding="utf-8")
    assert main(["feedback", "export", "--task", "sentiment", "--out", "x.csv"]) == WRONG_USAGE
    assert "holds 1 row that this export lacks" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == corrected


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv"])
def test_an_export_that_holds_all_rows_of_the_last_one_takes_its_place(store: FeedbackStore, tmp_path: Path, name: str) -> None:
    words = ["feedback", "export", "--task", "sentiment", "--out", name]
    assert main(words) == OK
    take(store, press("good", answer="e"), sentiment("一行目\n=二行目, と"))
    assert main(words) == OK
    take(store, press("good", answer="f"), sentiment("Good job."))
    assert main(words) == OK
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert "二行目" in written
    assert "Good job." in written


def test_a_table_that_a_spreadsheet_has_only_saved_anew_is_overwritten(store: FeedbackStore, tmp_path: Path) -> None:
    words = ["feedback", "export", "--task", "sentiment", "--out", "x.csv"]
    assert main(words) == OK
    path = tmp_path / "x.csv"
    path.write_text("lang,label,text\n" + 'ja,neutral,"合っている"\nja,positive,神対応\n,,\n', encoding="utf-8")
    assert main(words) == OK
    assert "lang,label,text" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["メモ,感想\n月曜,良い\n".encode("cp932"), b"\xff\xfe\x00\x00", b'{"text": "a'])
def test_a_file_that_is_no_export_is_not_overwritten(store: FeedbackStore, capsys: Captured, tmp_path: Path, content: bytes) -> None:
    for name in ("x.csv", "x.jsonl"):
        (tmp_path / name).write_bytes(content)
        assert main(["feedback", "export", "--task", "sentiment", "--out", name]) == WRONG_USAGE
        assert "is not overwritten" in capsys.readouterr().err
        assert (tmp_path / name).read_bytes() == content


def test_without_being_asked_nothing_is_written_to_be_labelled(store: FeedbackStore, capsys: Captured, tmp_path: Path) -> None:
    assert main(["feedback", "export", "--task", "Sentiment", "--out", "x.csv", "--include", "corrected"]) == OK
    assert "--to-label writes them" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state", "x.csv"]
    assert (tmp_path / "x.csv").read_text(encoding="utf-8-sig").splitlines() == ["text,label,lang", "神対応,positive,ja"]


def test_where_there_is_nothing_that_is_said_and_no_file_is_made(capsys: Captured, tmp_path: Path) -> None:
    assert main(["feedback", "export", "--task", "ner"]) == CANNOT_ANSWER
    assert "no examples of ner" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [("ja", "sentiment：👍 2 件、👎 3 件（うち訂正あり 2 件）\n"), ("en", "sentiment: 2 👍, 3 👎 (2 of them corrected)\n")],
)
def test_status_counts(store: FeedbackStore, capsys: Captured, monkeypatch: pytest.MonkeyPatch, lang: str, said: str) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["feedback", "status"]) == OK
    assert capsys.readouterr().out == said


@pytest.mark.parametrize(("lang", "said"), [("ja", "YOMITE_FEEDBACK=yes を設定する"), ("en", "Set YOMITE_FEEDBACK=yes")])
def test_status_says_that_feedback_is_off(capsys: Captured, monkeypatch: pytest.MonkeyPatch, lang: str, said: str) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    monkeypatch.delenv("YOMITE_FEEDBACK")
    assert main(["feedback", "status"]) == OK
    assert said in capsys.readouterr().out


def test_forget_deletes_what_is_older_or_everything(store: FeedbackStore, capsys: Captured) -> None:
    assert main(["feedback", "forget", "--before", "2024-01-01"]) == OK
    assert capsys.readouterr().out == "Deleted feedback: 1\n"
    assert main(["feedback", "forget", "--all"]) == OK
    assert capsys.readouterr().out == "Deleted feedback: 4\n"
    assert store.counts() == []


@pytest.mark.parametrize(
    ("words", "ja", "en"),
    [
        ([], "export、status、forget", "export, status or forget"),
        (["export"], "--task がありません", "--task is missing"),
        (["export", "--task", "tokens"], "「tokens」は使えません", "--task cannot be 'tokens'"),
        (["export", "--task", "ner", "--include", "most"], "「most」は使えません", "Allowed: all, good, corrected"),
        (["export", "--task", "ner", "--out", "x.xlsx"], ".jsonl か .csv", ".jsonl or .csv"),
        (["forget"], "--all", "--all"),
        (["forget", "--all", "--before", "2024-01-01"], "どちらかひとつ", "Give one of"),
        (["forget", "--before", "yesterday"], "「yesterday」は日付として読めません", "2026-01-31"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(
    words: list[str], ja: str, en: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lang, said in (("ja", ja), ("en", en)):
        monkeypatch.setenv("YOMITE_LANG", lang)
        assert main(["feedback", *words]) == WRONG_USAGE
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "said"), [("ja", "学習"), ("en", "yomite train")])
def test_its_help_is_in_the_language_of_the_person(capsys: Captured, monkeypatch: pytest.MonkeyPatch, lang: str, said: str) -> None:
    monkeypatch.setenv("YOMITE_LANG", lang)
    assert main(["feedback", "--help"]) == OK
    assert said in capsys.readouterr().out
    assert main(["--help"]) == OK
    assert "feedback" in capsys.readouterr().out
