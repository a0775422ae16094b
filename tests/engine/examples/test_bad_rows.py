"""Rows that are wrong: all are told at once, by line, with what would be right, in both languages."""

from pathlib import Path

import pytest

from engine.errors import BadInputError
from tests.engine.examples.writing import json_lines, read

GOOD = {
    "sentiment": {"text": "最高", "label": "positive"},
    "ner": {"text": "京都", "entities": []},
    "ask": {"question": "?", "context": "東京 and ２０１７年", "answers": []},
    "similar": {"a": "x", "b": "y", "score": 1},
    "retrieval": {"en": "x", "ja": "x"},
}
DEEP = "[" * 100_000 + "]" * 100_000
LONG_NUMBER = "1" * 5_000


def error_of(path: Path, content: str, task: str) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        read(path, content, task)
    assert caught.value.code == "bad_rows"
    return caught.value


@pytest.mark.parametrize(
    ("task", "row", "ja", "en"),
    [
        ("sentiment", {"text": "x", "label": "posi"}, "positive のことですか", "did you mean positive?"),
        ("sentiment", {"text": "x", "label": "ポジテイブ"}, "positive のことですか", "did you mean positive?"),
        ("sentiment", {"text": "x", "label": "zzz"}, "positive・neutral・negative", "write positive, neutral or negative"),
        ("sentiment", {"text": "x", "label": 1}, "推測しません", "not guessed"),
        ("sentiment", {"text": "x", "label": "-1"}, "推測しません", "not guessed"),
        ("sentiment", {"text": " \u3000", "label": "positive"}, "列「text」が空", "text is empty"),
        ("sentiment", {"text": 7, "label": "positive"}, "文字列ではありません", "text is no text"),
        ("sentiment", {"text": "x"}, "列「label」が空", "label is empty"),
        ("sentiment", {"text": "x", "label": "positive", "lang": "zh"}, "ja・en・mixed", "ja, en or mixed"),
        ("sentiment", "{not json", "JSON", "no JSON"),
        pytest.param("sentiment", f'{{"text": {DEEP}}}', "入れ子が深すぎます", "nested too deeply", id="nested"),
        pytest.param("sentiment", f'{{"text": {LONG_NUMBER}}}', "JSON", "no JSON", id="a number of 5,000 digits"),
        ("sentiment", [1], "オブジェクト", "object"),
        ("ner", {"text": "京都", "entities": [{"start": 0, "end": 3, "label": "LOC"}]}, "文は 2 文字", "not inside the text of 2"),
        ("ner", {"text": "京都", "entities": [{"start": 0, "end": 2, "label": "CITY"}]}, "PER・ORG・LOC・MISC", "PER, ORG, LOC or MISC"),
        ("ner", {"text": "京都", "entities": [{"start": 0, "end": 2, "label": "LOK"}]}, "LOC のことですか", "did you mean LOC?"),
        ("ner", {"text": "京都市だ", "entities": [[0, 2, "LOC"], [1, 3, "ORG"]]}, "重なっています", "overlap"),
        ("ner", {"text": "京都", "entities": [{"start": "0", "end": 2, "label": "LOC"}]}, "整数", "whole numbers"),
        pytest.param("ner", {"text": "京都", "entities": DEEP}, "読めません", "cannot read the entities", id="nested entities"),
        ("ner", {"text": "京都", "entities": {"LOC": 1}}, "読めません", "cannot read the entities"),
        ("ask", {"question": "?", "context": "東京", "answers": ["大阪"]}, "文脈にありません", "not in the context"),
        ("ask", {"question": "?", "context": "２０１７年", "answers": ["2017年"]}, "「２０１７年」と書かれています", "as '２０１７年'"),
        ("ask", {"question": "?", "context": "In New\nYork.", "answers": ["new york"]}, "「New York」", "as 'New York'"),
        ("ask", {"question": "?", "context": "東京", "answers": [{"text": "京", "start": 0}]}, "1 文字目", "not stand at 0 but at 1"),
        ("ask", {"question": "?", "context": "東京", "answers": "京", "start": "x"}, "整数ではありません", "no whole number"),
        ("ask", {"question": "?", "context": "東京"}, "列「answers」", "no column answers"),
        (
            "ask",
            {"question": "?", "context": "いつ? 月曜。", "answers": "?"},
            "「?」のまま書き込まれていません",
            "still ? and not filled in yet",
        ),
        ("ask", {"question": "?", "context": "When? Noon.", "answers": [{"text": "?"}]}, "書き込まれていません", "not filled in yet"),
        ("ask", {"question": "?", "context": "いつ？ 月曜。", "answers": "？"}, "「？」のまま", "still ？ and"),
        ("ask", {"question": "?", "context": "東京", "answers": " ? "}, "「?」のまま", "still ? and"),
        ("ask", {"question": "?", "context": "東京", "answers": 3}, "読めません", "cannot read the answer"),
        ("similar", {"a": "x", "b": "y", "score": "高い"}, "数ではありません", "no number"),
        ("similar", {"a": "x", "b": "y", "score": True}, "数ではありません", "no number"),
        ("similar", {"a": "x", "b": "y", "score": "nan"}, "数ではありません", "no number"),
        pytest.param(
            "similar", f'{{"a": "x", "b": "y", "score": {10**400}}}', "数ではありません", "no number", id="a number beyond all floats"
        ),
        ("similar", {"a": "x", "b": "y"}, "列「score」が空", "score is empty"),
        ("similar", {"a": "x", "b": "y", "paraphrase": 2}, "0（言い換えでない）", "paraphrase is 2"),
        ("retrieval", {"en": "x"}, "列「ja」が空", "ja is empty"),
    ],
)
def test_a_bad_row_says_its_line_and_what_would_be_right(tmp_path: Path, task: str, row: object, ja: str, en: str) -> None:
    message = error_of(tmp_path / "rows.jsonl", json_lines(GOOD[task], row), task).message
    assert "2 行目：" in message.ja
    assert ja in message.ja
    assert "line 2: " in message.en
    assert en in message.en


@pytest.mark.parametrize(
    ("row", "ja", "en"),
    [
        ("最高、です,肯定,extra", "列が 3 個ありますが、見出しは 2 個です", "3 columns, but the header has 2"),
        ("最高", "列が 1 個しかなく、見出しの 2 個に足りません", "only 1 column, but the header has 2; add the cells that are missing"),
        ('"最高"です,肯定', "セルの途中で引用符が閉じています", "one closes before the cell's end"),
        ('"閉じない,肯定', "閉じる引用符がありません", "the closing one is missing"),
    ],
)
def test_a_bad_row_of_a_table_is_told_with_the_others(tmp_path: Path, row: str, ja: str, en: str) -> None:
    error = error_of(tmp_path / "rows.csv", f'text,label\n"二行の\n文",肯定\nx,posi\n{row}\n', "sentiment")
    assert error.details == {"file": "rows.csv", "rows": "2", "lines": "4,5"}
    assert ja in error.message.ja
    assert en in error.message.en


@pytest.mark.parametrize(
    ("task", "table", "ja", "en"),
    [
        ("sentiment", "本文,感情\n最高,\n", "列「感情」が空です", "感情 is empty"),
        ("similar", "文1,文2,類似度\n猫,犬,高い\n", "列「類似度」の「高い」が数ではありません", "類似度 '高い' is no number"),
        ("similar", "文1,文2,類似度\n猫,犬,1_5\n", "「1_5」が数ではありません", "'1_5' is no number"),
        ("similar", "文1,文2,類似度\n猫,犬,\n", "列「類似度」が空です", "類似度 is empty"),
        ("similar", "文1,文2,類似度,言い換え\n猫,犬,,\n", "列「類似度」と「言い換え」のどちらか一方", "either 類似度 or 言い換え"),
        ("similar", "文1,文2,言い換え\n猫,犬,2\n", "列「言い換え」が 2 です", "言い換え is 2"),
    ],
)
def test_a_column_is_told_by_its_name_in_the_file(tmp_path: Path, task: str, table: str, ja: str, en: str) -> None:
    message = error_of(tmp_path / "rows.csv", table, task).message
    assert ja in message.ja
    assert en in message.en


def test_a_file_that_grades_its_pairs_in_two_ways_is_refused_at_the_first_of_the_other_kind(tmp_path: Path) -> None:
    table = "文1,文2,類似度,言い換え\n猫,犬,1,\n猫,虎,2,\n猫,獅子,,1\n鳥,鷹,3,\n鳥,鳩,,0\n"
    error = error_of(tmp_path / "rows.csv", table, "similar")
    assert error.details["lines"] == "4"
    assert "4 行目：ここまでの行は列「類似度」に、この行は列「言い換え」に" in error.message.ja
    assert "line 4: the rows before have a number in 類似度, this one in 言い換え" in error.message.en
    lines = json_lines({"a": "x", "b": "y", "paraphrase": 1}, {"a": "x", "b": "z", "score": 4})
    assert "in paraphrase, this one in score" in error_of(tmp_path / "rows.jsonl", lines, "similar").message.en


@pytest.mark.parametrize("cell", ["", " ", None])
@pytest.mark.parametrize("mark", ["[東京](LOC)", "［東京］（地名）", "[Tokyo](person)"])
def test_a_mark_in_the_text_beside_no_entities_is_not_taken_for_plain_text(tmp_path: Path, mark: str, cell: str | None) -> None:
    error = error_of(tmp_path / "rows.jsonl", json_lines(GOOD["ner"], {"text": f"昨日 {mark} に行く", "entities": cell}), "ner")
    assert error.details["lines"] == "2"
    assert f"文に印「{mark}」がありますが、列「entities」が空です" in error.message.ja
    assert f"the text holds the mark {mark!r}, but entities is empty" in error.message.en


def test_such_a_row_of_a_table_is_told_by_its_line_and_its_column(tmp_path: Path) -> None:
    error = error_of(tmp_path / "rows.csv", "文,固有名\n東京だ,[]\n[東京](LOC)だ,\n", "ner")
    assert error.details["lines"] == "3"
    assert "列「固有名」が空です" in error.message.ja


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_that_join_rows_of_a_table_of_tabs_are_told(tmp_path: Path, end: str) -> None:
    table = end.join(["text\tlabel", "fine\tneutral", '"Hello\tpositive', 'World"\tnegative', ""])
    error = error_of(tmp_path / "rows.tsv", table, "sentiment")
    assert error.details["lines"] == "3"
    assert "タブと改行の両方" in error.message.ja
    assert "a cell holds both a tab and a line break: 'Hello positive World'" in error.message.en


def test_a_header_with_wrong_quotes_is_told_alone(tmp_path: Path) -> None:
    error = error_of(tmp_path / "rows.csv", '"text"x,label\n最高,肯定\n最低,否定\n', "sentiment")
    assert error.details["lines"] == "1"


def test_twenty_bad_rows_are_told_in_full_and_the_others_counted(tmp_path: Path) -> None:
    table = "text,label\n" + "".join(f"文{i},0\n" for i in range(30)) + "文,肯定\n"
    message = error_of(tmp_path / "rows.csv", table, "sentiment").message
    assert message.ja.count("行目：") == message.en.count("\n  line ") == 20
    assert message.ja.endswith("ほか 10 件")
    assert message.en.endswith("and 10 more")
    assert "30 件" in message.ja
    assert "30 rows" in message.en


def test_a_list_that_breaks_off_is_told_by_its_line(tmp_path: Path) -> None:
    assert "line 3: no JSON" in error_of(tmp_path / "rows.json", '[\n{"text": "x", "label": "positive"}\n', "sentiment").message.en


@pytest.mark.parametrize(
    ("value", "ja", "en"),
    [
        pytest.param(DEEP, "（入れ子が深すぎます", "it is nested too deeply", id="nested"),
        pytest.param(LONG_NUMBER, "（Exceeds the limit", "Exceeds the limit", id="a number of 5,000 digits"),
    ],
)
def test_a_value_of_a_list_that_no_reader_can_take_is_told_by_its_line(tmp_path: Path, value: str, ja: str, en: str) -> None:
    message = error_of(tmp_path / "rows.json", f'[{{"text": "x", "label": "positive"}},\n{value}]', "sentiment").message
    assert f"行目：JSON として読めません{ja}" in message.ja
    assert f": no JSON: {en}" in message.en
