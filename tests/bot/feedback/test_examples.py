"""What people think of answers becomes files that the reader of examples takes; where they disagree, the majority decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InputError
from bot.feedback.answered import Answered
from bot.feedback.examples import Examples, Include, examples_of
from bot.feedback.files import BOM, check_suffix, marked_up, to_label_path, write_examples, write_to_label
from bot.feedback.press import Choice
from bot.feedback.store import FILE_NAME, FeedbackStore
from bot.feedback.taking import take
from engine.contract import Task
from engine.errors import BadInputError
from engine.examples.reading import read_examples
from engine.examples.rows import AskRow, ExampleTask, NerRow, SentimentRow, SimilarRow
from tests.bot.feedback.answers import ask, ner, press, sentiment, similar

Said = tuple[str, Choice, str]  # person, thumb, correction
GOOD: Said = ("hanako", "good", "")
BAD: Said = ("hanako", "bad", "")


def right(text: str, person: str = "hanako") -> Said:
    return (person, "correct", text)


def examples(tmp_path: Path, said: list[tuple[Answered, list[Said]]], *, include: Include = "all") -> Examples:
    store = FeedbackStore(tmp_path / FILE_NAME)
    for number, (answered, presses) in enumerate(said):
        for person, choice, correction in presses:
            take(store, press(choice, correction, answer=f"a{number}", person=person), answered)
    task = said[0][0].task
    return examples_of(task, store.kept(task), include=include)


@pytest.mark.parametrize(
    ("answered", "said", "row"),
    [
        (sentiment("神"), GOOD, {"text": "神", "label": "neutral", "lang": "ja"}),
        (sentiment("LGTM", language="en"), right("positive"), {"text": "LGTM", "label": "positive", "lang": "en"}),
        (
            ner("山田は[東京]にいる。"),
            GOOD,
            {"text": "山田は[東京]にいる。", "entities": [{"start": 4, "end": 6, "label": "LOC"}], "lang": "ja"},
        ),
        (
            ask("誰？", "山田です。", "山田"),
            GOOD,
            {"question": "誰？", "context": "山田です。", "answers": [{"text": "山田", "start": 0}], "lang": "ja"},
        ),
        (ask("誰？", "山田です。", None), GOOD, {"question": "誰？", "context": "山田です。", "answers": [], "lang": "ja"}),
        (ask("誰？", "山田です。", "です"), right("答えなし"), {"question": "誰？", "context": "山田です。", "answers": [], "lang": "ja"}),
        (
            ask("誰？", "山田です。", None),
            right("山田"),
            {"question": "誰？", "context": "山田です。", "answers": [{"text": "山田", "start": 0}], "lang": "ja"},
        ),
        (similar("猫", "a cat", cosine=0.9), GOOD, {"a": "猫", "b": "a cat", "score": 4.5, "lang": "mixed"}),
        (similar("猫", "a cat", cosine=-0.2), GOOD, {"a": "猫", "b": "a cat", "score": 0.0, "lang": "mixed"}),
        (similar("猫", "a cat", cosine=0.1), right("5"), {"a": "猫", "b": "a cat", "score": 5.0, "lang": "mixed"}),
    ],
)
def test_a_thumb_gives_the_models_answer_and_a_correction_the_right_one(
    tmp_path: Path, answered: Answered, said: Said, row: dict[str, Any]
) -> None:
    found = examples(tmp_path, [(answered, [said])])
    assert found.rows == (row,)
    assert (found.good, found.corrected, found.ties) == ((1, 0, 0) if said is GOOD else (0, 1, 0))


def test_a_comparison_of_several_texts_gives_every_pair(tmp_path: Path) -> None:
    found = examples(tmp_path, [(similar("a", "b", "c", cosine=0.5), [GOOD])])
    assert [(row["a"], row["b"], row["score"]) for row in found.rows] == [("a", "b", 2.5), ("a", "c", 2.5), ("b", "c", 2.5)]


@pytest.mark.parametrize(
    ("said", "label", "ties", "to_label"),
    [
        ([GOOD, right("negative", "taro"), right("negative", "jiro")], "negative", 0, 0),
        ([GOOD, ("taro", "good", ""), right("negative", "jiro")], "neutral", 0, 0),
        ([GOOD, right("negative", "taro")], None, 1, 0),
        ([GOOD, ("taro", "bad", "")], None, 1, 0),
        ([BAD, right("positive", "taro")], "positive", 0, 0),
        ([BAD, ("taro", "bad", "")], None, 0, 1),
        ([right("positive"), right("negative", "taro"), right("neutral", "jiro")], None, 1, 0),
    ],
)
def test_of_people_who_disagree_the_majority_decides_and_ties_are_left_out(
    tmp_path: Path, said: list[Said], label: str | None, ties: int, to_label: int
) -> None:
    found = examples(tmp_path, [(sentiment(), said)])
    assert [row["label"] for row in found.rows] == ([label] if label else [])
    assert (found.ties, len(found.to_label)) == (ties, to_label)


def test_one_person_has_one_voice_for_a_text_however_often_it_was_asked(tmp_path: Path) -> None:
    asked_twice = [(sentiment(), [GOOD]), (sentiment(), [right("negative")]), (sentiment(), [right("positive", "taro")])]
    assert examples(tmp_path, asked_twice).ties == 1
    assert [row["label"] for row in examples(tmp_path, [*asked_twice, (sentiment(), [right("positive")])]).rows] == ["positive"]


def test_scores_that_are_near_agree_and_their_mean_is_taken(tmp_path: Path) -> None:
    said = [right("4"), right("4.4", "taro"), right("1", "jiro")]
    assert [row["score"] for row in examples(tmp_path, [(similar(), said)]).rows] == [4.2]


@pytest.mark.parametrize(("include", "labels"), [("all", ["neutral", "negative"]), ("good", ["neutral"]), ("corrected", ["negative"])])
def test_only_what_is_wanted_is_included(tmp_path: Path, include: Include, labels: list[str]) -> None:
    said = [(sentiment("一"), [GOOD]), (sentiment("二"), [right("negative")])]
    assert [row["label"] for row in examples(tmp_path, said, include=include).rows] == labels


# --- Files: what is written is what the reader of examples reads ------------------------------------------------------


def read_header(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8-sig").splitlines()[0].split(",")


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_the_files_are_read_as_they_were_meant(tmp_path: Path, suffix: str) -> None:
    def read(said: list[tuple[Answered, list[Said]]]) -> tuple[Any, ...]:
        folder = tmp_path / str(said[0][0].task)
        folder.mkdir()
        task = said[0][0].task
        write_examples(folder / f"out{suffix}", task, examples(folder, said).rows)
        return read_examples(folder / f"out{suffix}", ExampleTask(str(task))).rows

    text = '「神」, "LGTM"\n二行目'
    assert read([(sentiment(text), [GOOD])]) == (SentimentRow(text=text, label="neutral", lang="ja"),)
    marked, plain = read([(ner(r"[注] 山田は[東京]に\いる。"), [GOOD]), (ner("何も[ない]。", found=""), [GOOD])])
    assert isinstance(marked, NerRow)
    assert (marked.text, [marked.text[e.start : e.end] for e in marked.entities]) == (r"[注] 山田は[東京]に\いる。", ["東京"])
    assert plain == NerRow(text="何も[ない]。", entities=(), lang="ja")
    found, none = read([(ask(context="月、月曜。", found="月曜"), [GOOD]), (ask("x?", found=None), [GOOD])])
    assert isinstance(found, AskRow)
    assert [(answer.text, answer.start) for answer in found.answers] == [("月曜", 2)]
    assert isinstance(none, AskRow)
    assert none.answers == ()
    assert read([(similar("a", "b", cosine=0.9), [GOOD])]) == (SimilarRow(a="a", b="b", score=4.5, lang="mixed"),)


@pytest.mark.parametrize(
    ("answered", "filled", "right_"),
    [
        (sentiment("神"), {"?": "positive"}, lambda row: row.label == "positive"),
        (ner("東京です。"), {"LOC?": "ORG"}, lambda row: [entity.label for entity in row.entities] == ["ORG"]),
        (ner("何もない。", found=""), {"[?](?)": ""}, lambda row: row.entities == ()),
        (ask(context="月曜です。", found="です"), {",?,": ",月曜,"}, lambda row: row.answers[0].start == 0),
        (ask(context="いつ? 月曜です。", found="です"), {",?,": ",月曜,"}, lambda row: row.answers[0].start == 4),
        (ask(context="いつ？ 月曜です。", found="です"), {",?,": ",月曜,"}, lambda row: row.answers[0].start == 4),
        (similar("a", "b", "c"), {"?": "2"}, lambda row: row.score == 2),
    ],
)
def test_what_has_no_correction_is_filled_in_by_hand_and_not_read_before(
    tmp_path: Path, answered: Answered, filled: dict[str, str], right_: Any
) -> None:
    found = examples(tmp_path, [(answered, [BAD])])
    assert found.rows == ()
    path = to_label_path(tmp_path / "more.jsonl")
    write_to_label(path, answered.task, found.to_label)
    written = path.read_text(encoding="utf-8")
    assert (path.name, written.startswith(BOM), "model_said" in written) == ("more.to-label.csv", True, True)
    task = ExampleTask(str(answered.task))
    with pytest.raises(BadInputError):
        read_examples(path, task)
    for sign, label in filled.items():
        written = written.replace(sign, label)
    path.write_text(written, encoding="utf-8")
    rows = read_examples(path, task).rows
    assert len(rows) == len(found.to_label)
    assert all(right_(row) for row in rows)


@pytest.mark.parametrize("answered", [sentiment("神"), ner("東京です。"), ask(context="月曜です。", found="です"), similar("a", "b")])
def test_the_columns_to_fill_in_stand_as_in_the_examples_so_that_rows_can_be_moved_there(tmp_path: Path, answered: Answered) -> None:
    found = examples(tmp_path, [(answered, [BAD])])
    write_to_label(tmp_path / "more.csv", answered.task, found.to_label)
    write_examples(tmp_path / "x.csv", answered.task, found.to_label)
    to_label, plain = (read_header(tmp_path / name) for name in ("more.csv", "x.csv"))
    assert to_label == [*plain, "model_said"]


def test_a_table_for_spreadsheets_says_that_it_is_utf_8(tmp_path: Path) -> None:
    write_examples(tmp_path / "x.csv", Task.SENTIMENT, examples(tmp_path, [(sentiment("神"), [GOOD])]).rows)
    assert (tmp_path / "x.csv").read_bytes() == "\ufefftext,label,lang\r\n神,neutral,ja\r\n".encode()


@pytest.mark.parametrize("text", ["=1+1", "+1 です", "-5 度だった", "@channel 神", "'=1+1", "\t=x", "'神'"])
def test_no_text_of_a_chat_is_a_formula_to_a_spreadsheet_and_each_is_read_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    write_examples(path, Task.SENTIMENT, examples(tmp_path, [(sentiment(text), [GOOD])]).rows)
    cell = path.read_text(encoding="utf-8-sig").split("\n")[1]
    assert cell.lstrip('"')[0] not in "=+-@\t"
    assert read_examples(path, ExampleTask.SENTIMENT).rows == (SentimentRow(text=text, label="neutral", lang="ja"),)


def test_lines_are_json_with_its_letters_as_they_are(tmp_path: Path) -> None:
    write_examples(tmp_path / "x.jsonl", Task.SENTIMENT, examples(tmp_path, [(sentiment("神"), [GOOD])]).rows)
    line = (tmp_path / "x.jsonl").read_text(encoding="utf-8")
    assert "神" in line
    assert json.loads(line) == {"text": "神", "label": "neutral", "lang": "ja"}


def test_signs_of_the_markup_are_kept_apart_from_it() -> None:
    entities = [{"start": 0, "end": 3, "label": "ORG"}]
    assert marked_up("a]b [c]\\", entities) == r"[a\]b](ORG) \[c\]\\"
    assert marked_up("東京都と［東京］（LOC）", entities) == r"[東京都](ORG)と\［東京\］（LOC）"


@pytest.mark.parametrize("name", ["x.xlsx", "x"])
def test_another_kind_of_file_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"\.jsonl or \.csv"):
        check_suffix(Path(name))


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_examples(tmp_path / "missing" / "x.jsonl", Task.SENTIMENT, ())
