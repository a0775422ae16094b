"""Reading files of examples: the same rows from every format and encoding, and notes on what is worth saying."""

import codecs
import gzip
import hashlib
import json
from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.examples.reading import read_examples
from engine.examples.rows import (
    AskRow,
    ExampleTask,
    GoldAnswer,
    GoldEntity,
    NerRow,
    RetrievalRow,
    Row,
    SentimentRow,
    SimilarRow,
)
from tests.engine.examples.writing import json_lines, read

JAPANESE = SentimentRow(text="神対応、ありがとう！", label="positive")
ENGLISH = SentimentRow(text='It broke, "again".\nSigh.', label="negative")
TABLE = 'text,label\n神対応、ありがとう！,positive\n"It broke, ""again"".\nSigh.",negative\n'
LINES = json_lines({"text": JAPANESE.text, "label": "positive"}, "", {"text": ENGLISH.text, "label": "Negative"})
LIST = json.dumps([{"text": JAPANESE.text, "label": "positive"}, {"text": ENGLISH.text, "label": "negative"}], indent=1)


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("rows.csv", TABLE, (2, 3)),
        ("rows.CSV", TABLE, (2, 3)),
        ("rows.csv", TABLE.replace(",positive", ";positive").replace(",negative", ";negative").replace("text,", "text;"), (2, 3)),
        ("rows.csv", "\n" + TABLE.replace("\n", "\r\n").replace(".\r\nSigh", ".\nSigh") + ",\r\n\r\n", (3, 4)),
        ("rows.tsv", 'text\tlabel\n神対応、ありがとう！\tpositive\n"It broke, ""again"".\nSigh."\tnegative\n', (2, 3)),
        ("rows.jsonl", LINES, (1, 3)),
        ("rows.json", LIST, (2, 6)),
        ("rows.json", LINES, (1, 3)),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_holds_the_same_rows(tmp_path: Path, name: str, content: str, lines: tuple[int, ...], packed: bool) -> None:
    raw = content.encode()
    path, written = (tmp_path / f"{name}.gz", gzip.compress(raw)) if packed else (tmp_path / name, raw)
    examples = read(path, written, "sentiment")
    assert examples.rows == (JAPANESE, ENGLISH)
    assert examples.lines == lines
    assert examples.path == path
    assert examples.sha256 == hashlib.sha256(written).hexdigest()
    assert examples.notes == ()


@pytest.mark.parametrize(
    "raw",
    [
        TABLE.encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.encode("cp932"),
    ],
)
def test_what_excel_saves_is_read_whatever_its_encoding(tmp_path: Path, raw: bytes) -> None:
    assert read(tmp_path / "rows.csv", raw, "sentiment").rows == (JAPANESE, ENGLISH)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("text,label\nMünchen war schön.,positive\n".encode("latin-1"), 2),
        ("text,label\nok,positive\nとても満足しています。,positive\n".encode("euc-jp"), 3),
        (TABLE.encode() + b"\xff,positive\n", 5),
        (TABLE.encode("utf-16-le"), 2),
        ("text,label\nfine,positive\n".encode("utf-16-le"), 1),
        (TABLE.encode("utf-8-sig") + b"\xff", 5),
        (codecs.BOM_UTF16_LE + TABLE.encode("utf-16-le")[:-1], 4),
    ],
)
def test_an_unclear_encoding_is_refused_rather_than_guessed(tmp_path: Path, raw: bytes, line: int) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.csv", raw, "sentiment")
    assert caught.value.code == "unreadable_encoding"
    assert f"line {line}" in caught.value.message.en
    assert "UTF-8 で保存" in caught.value.message.ja


@pytest.mark.parametrize(
    ("task", "table", "row"),
    [
        ("sentiment", "本文,ラベル,言語\n楽しかった。,ポジティブ,ja\n", SentimentRow(text="楽しかった。", label="positive", lang="ja")),
        ("sentiment", "Sentence,Sentiment\nMeh.,NEUTRAL\n", SentimentRow(text="Meh.", label="neutral")),
        ("sentiment", "ＴＥＸＴ , Label\n悪い店,悪い\n", SentimentRow(text="悪い店", label="negative")),
        (
            "ask",
            "質問,本文,回答\nどこ？,京都へ行った。,京都\n",
            AskRow(question="どこ？", context="京都へ行った。", answers=(GoldAnswer(text="京都", start=0),)),
        ),
        (
            "ask",
            "Question,Context,Answer,Answer Start\nWho?,Ann and Ann.,Ann,8\n",
            AskRow(question="Who?", context="Ann and Ann.", answers=(GoldAnswer(text="Ann", start=8),)),
        ),
        ("ask", "question,context,answer\nWhen?,In Kyoto.,\n", AskRow(question="When?", context="In Kyoto.", answers=())),
        ("similar", "文１,文２,類似度\n猫,犬,2.5\n", SimilarRow(a="猫", b="犬", score=2.5)),
        ("similar", "文１,文２,類似度\n猫,犬,２．５\n", SimilarRow(a="猫", b="犬", score=2.5)),
        ("similar", "sentence1,sentence2,is_duplicate\ncat,a cat,1\n", SimilarRow(a="cat", b="a cat", paraphrase=1)),
        ("similar", "text_a,text_b,score,paraphrase\ncat,dog,,0\n", SimilarRow(a="cat", b="dog", paraphrase=0)),
        ("retrieval", "英語,日本語\nIt rains.,雨だ。\n", RetrievalRow(en="It rains.", ja="雨だ。")),
        ("ner", "text\n[京都](地名)だ\n", NerRow(text="京都だ", entities=(GoldEntity(start=0, end=2, label="LOC"),))),
        ("ner", 'text,label\n京都だ,"[[0,2,""LOC""]]"\n', NerRow(text="京都だ", entities=(GoldEntity(start=0, end=2, label="LOC"),))),
    ],
)
def test_columns_go_by_their_common_names_in_both_languages(tmp_path: Path, task: str, table: str, row: Row) -> None:
    examples = read(tmp_path / "rows.csv", table, task)
    assert examples.rows == (row,)
    assert examples.notes == ()


def test_of_two_columns_that_fit_our_own_name_counts_and_the_other_is_told(tmp_path: Path) -> None:
    examples = read(tmp_path / "rows.csv", "コメント,text,label,id\nmemo,最高,肯定,7\n", "sentiment")
    assert examples.rows == (SentimentRow(text="最高", label="positive"),)
    assert [note.en for note in examples.notes] == ["columns that were not used: コメント, id."]


def test_duplicates_and_contradictions_are_told_but_kept(tmp_path: Path) -> None:
    examples = read(tmp_path / "rows.csv", "text,label\n最高,肯定\nfine,neutral\n最高,肯定\n最高,否定\n", "sentiment")
    assert len(examples.rows) == 4
    said = [(note.ja, note.en) for note in examples.notes]
    assert said == [
        ("前の行とまったく同じ行が 1 件あります（4 行目）。", "1 row exactly as an earlier row: line 4."),
        (
            "前の行と文が同じで正解が違う行が 1 件あります（5 行目）。",
            "1 row with the text of an earlier row and another right answer: line 5.",
        ),
    ]


def test_an_answer_in_several_places_is_taken_at_the_first_and_told(tmp_path: Path) -> None:
    examples = read(tmp_path / "rows.csv", "question,context,answer\n誰？,田中と田中,田中\nWho?,Ann,Ann\n", "ask")
    assert [row.answers[0].start for row in examples.rows if isinstance(row, AskRow)] == [0, 0]
    assert [("2 行目" in note.ja, "line 2" in note.en) for note in examples.notes] == [(True, True)]


@pytest.mark.parametrize(
    "answers",
    [
        [{"text": "京都", "start": 0}],
        [{"text": "京都", "answer_start": 0}],
        [{"text": "京都"}],
        ["京都"],
        "京都",
        {"text": ["京都"], "answer_start": [0]},
    ],
)
def test_answers_are_read_in_every_form_of_squad(tmp_path: Path, answers: object) -> None:
    row = {"question": "どこ？", "context": "京都へ行った。", "answers": answers}
    assert read(tmp_path / "rows.jsonl", json_lines(row), "ask").rows == (
        AskRow(question="どこ？", context="京都へ行った。", answers=(GoldAnswer(text="京都", start=0),)),
    )


@pytest.mark.parametrize("context", ["疑問文は?で終わる。", "A question ends with ?"])
def test_a_question_mark_whose_place_is_given_is_an_answer(tmp_path: Path, context: str) -> None:
    start = context.index("?")
    row = {"question": "x", "context": context, "answers": [{"text": "?", "start": start}]}
    [read_row] = read(tmp_path / "rows.jsonl", json_lines(row), "ask").rows
    assert isinstance(read_row, AskRow)
    assert read_row.answers == (GoldAnswer(text="?", start=start),)


HALF = "\\ud83d"  # as JSON has half of an emoji: JavaScript cuts texts so


@pytest.mark.parametrize(
    ("task", "line", "row"),
    [
        ("sentiment", f'{{"text": "最高{HALF}", "label": "positive"}}', SentimentRow(text="最高\ufffd", label="positive")),
        ("sentiment", f'{{"text": "good {HALF}", "label": "positive"}}', SentimentRow(text="good \ufffd", label="positive")),
        (
            "ner",
            f'{{"text": "{HALF}京都", "entities": [[1, 3, "LOC"]]}}',
            NerRow(text="\ufffd京都", entities=(GoldEntity(start=1, end=3, label="LOC"),)),
        ),
        (
            "ask",
            f'{{"question": "{HALF}?", "context": "{HALF}Noon{HALF}", "answers": "Noon{HALF}"}}',
            AskRow(question="\ufffd?", context="\ufffdNoon\ufffd", answers=(GoldAnswer(text="Noon\ufffd", start=1),)),
        ),
        ("similar", f'{{"a": "猫{HALF}", "b": "{HALF}cat", "score": 1}}', SimilarRow(a="猫\ufffd", b="\ufffdcat", score=1.0)),
        ("retrieval", f'{{"en": "cat{HALF}", "ja": "猫{HALF}"}}', RetrievalRow(en="cat\ufffd", ja="猫\ufffd")),
    ],
)
def test_half_an_emoji_is_read_as_one_sign_in_its_place(tmp_path: Path, task: str, line: str, row: Row) -> None:
    assert read(tmp_path / "rows.jsonl", line, task).rows == (row,)


def test_half_an_emoji_in_the_name_of_a_column_can_be_told(tmp_path: Path) -> None:
    line = f'{{"text": "最高", "label": "positive", "メモ{HALF}": 1}}'
    [note] = read(tmp_path / "rows.jsonl", line, "sentiment").notes
    assert "メモ\ufffd" in note.ja.encode().decode()
    assert "メモ\ufffd" in note.en.encode().decode()


def test_a_table_of_ten_thousand_rows_is_read_in_full(tmp_path: Path) -> None:
    rows = "".join(f'"{i}番目の文、です。",{("ポジティブ", "ネガティブ", "中立")[i % 3]}\n' for i in range(10_000))
    examples = read(tmp_path / "many.csv", ("本文,ラベル\n" + rows).encode("cp932"), "sentiment")
    assert len(examples.rows) == 10_000
    assert examples.lines[-1] == 10_001
    assert examples.rows[-1] == SentimentRow(text="9999番目の文、です。", label="positive")


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("rows.txt", "x", "unknown_format", ".csv"),
        ("rows.conll", "x", "unknown_format", ".csv"),
        ("rows.xlsx", "x", "unknown_format", "CSV として保存"),
        ("rows.csv", "本文,感情,感情\n最高,肯定,否定\n", "doubled_column", "列「感情」が 2 つ"),
        ("rows.csv", "", "no_rows", "1 行以上"),
        ("rows.csv", "text,label\n", "no_rows", "1 行以上"),
        ("rows.jsonl", "\n", "no_rows", "1 行以上"),
        ("rows.json", "[]", "no_rows", "1 行以上"),
        ("rows.jsonl.gz", gzip.compress(LINES.encode() * 50)[:-20], "unreadable_file", "（gzip のファイルとして壊れています）"),
        ("rows.csv", "text,class2\n最高,肯定\n", "missing_column", "text, class2"),
        ("rows.jsonl", json_lines({"text": "x"}, {"text": "y", "kind": 1}), "missing_column", "text, kind"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_would_do(
    tmp_path: Path, name: str, content: str | bytes, code: str, said: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / name, content, "sentiment")
    assert caught.value.code == code
    assert said in caught.value.message.ja
    assert name in caught.value.message.en


def test_a_missing_column_is_named_with_those_found_and_needed(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.csv", "sentence1,sentence3,score\na,b,1\n", "similar")
    assert caught.value.message.en == "rows.csv: no column b; found: sentence1, sentence3, score; needed: a, b, score/paraphrase."
    assert "列「b」がありません" in caught.value.message.ja


@pytest.mark.parametrize(
    ("task", "table", "needed"),
    [
        ("sentiment", "コメント欄,評価\n最高,肯定\n", ["text（文）", "label（ラベル）"]),
        ("similar", "甲,乙\n猫,犬\n", ["a（文1）", "b（文2）", "score（類似度）か paraphrase（言い換え）"]),
        ("ask", "問,答\n誰？,田中\n", ["question（質問）", "context（文脈）", "answers（回答）"]),
        ("ner", "メモ\n東京\n", ["text（文）", "entities（固有名）"]),
        ("retrieval", "訳\n雨\n", ["en（英語）", "ja（日本語）"]),
    ],
)
def test_a_missing_column_may_be_called_by_a_japanese_name_which_is_told(tmp_path: Path, task: str, table: str, needed: list[str]) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.csv", table, task)
    assert caught.value.code == "missing_column"
    for name in needed:
        assert name in caught.value.message.ja
        column = name.split("（")[0]
        assert column in caught.value.message.en


@pytest.mark.parametrize(("table", "told"), [("最高,肯定\nだめ,否定\n", True), ("本文,評価\n最高,肯定\n", False)])
def test_a_table_without_a_header_is_told_that_it_needs_one(tmp_path: Path, table: str, told: bool) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.csv", table, "sentiment")
    assert ("1 行目には列の名前" in caught.value.message.ja) == told
    assert ("first row of a table must name its columns" in caught.value.message.en) == told


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.jsonl") as caught:
        read_examples(tmp_path / "nowhere.jsonl", ExampleTask.ASK)
    assert caught.value.code == "unreadable_file"
    assert "nowhere.jsonl を読めません（ファイルかフォルダがありません）。" in caught.value.message.ja
    assert "nowhere.jsonl: No such file or directory;" in caught.value.message.en


def test_a_packed_file_that_would_fill_the_memory_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.jsonl.gz", gzip.compress(b" " * 2**26), "sentiment")
    assert caught.value.code == "unreadable_file"
    assert "16 MiB を超える" in caught.value.message.ja
    assert "larger than 16 MiB" in caught.value.message.en


def test_a_packed_file_of_many_rows_that_are_alike_is_read(tmp_path: Path) -> None:
    assert len(read(tmp_path / "rows.jsonl.gz", gzip.compress(LINES.encode() * 5_000), "sentiment").rows) >= 5_000


@pytest.mark.parametrize("delimiter", ["csv", "tsv"])
def test_a_cell_may_be_as_long_as_a_book(tmp_path: Path, delimiter: str) -> None:
    sign = "," if delimiter == "csv" else "\t"
    [row] = read(tmp_path / f"rows.{delimiter}", f"text{sign}label\n{'猫' * 200_000}{sign}肯定\n", "sentiment").rows
    assert row == SentimentRow(text="猫" * 200_000, label="positive")


def test_signs_that_only_look_like_line_breaks_do_not_move_the_header(tmp_path: Path) -> None:
    examples = read(tmp_path / "rows.csv", "\x0b\u2028\x0c\ntext,label\n最高,肯定\n最低,否定\n", "sentiment")
    assert [row.label for row in examples.rows if isinstance(row, SentimentRow)] == ["positive", "negative"]


@pytest.mark.parametrize("empty", [",,,\n", " , ,\n\n", '"",""\n', '"\n",\n'])
@pytest.mark.parametrize(("name", "sign"), [("rows.csv", ","), ("rows.csv", ";"), ("rows.tsv", "\t")])
def test_the_first_row_with_a_filled_cell_names_the_columns(tmp_path: Path, empty: str, name: str, sign: str) -> None:
    examples = read(tmp_path / name, empty.replace(",", sign) + f"text{sign}label\n最高{sign}肯定\n", "sentiment")
    assert examples.rows == (SentimentRow(text="最高", label="positive"),)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('text,label\nfine,positive\n"Hello,positive\nWorld",negative\n', True),
        ('label;text\nnegative;bad\npositive;"Hello\nnegative;World"\n', True),
        ('text,label\nfine,positive\n"Hello, positively\nlovely, World",negative\n', False),
        ('text,label\nfine,positive\n"Hello positive\nWorld",negative\n', False),
    ],
)
def test_quotes_that_seem_to_join_rows_are_told(tmp_path: Path, table: str, told: bool) -> None:
    examples = read(tmp_path / "rows.csv", table, "sentiment")
    assert len(examples.rows) == 2
    assert [("（3 行目）" in note.ja, "seems to hold another row: line 3." in note.en) for note in examples.notes] == [(True, True)] * told


@pytest.mark.parametrize("text", ["[資料](https://example.com)を見る", r"\[東京](LOC)", "[1] (LOC)"])
def test_brackets_that_are_no_mark_may_stand_beside_no_entities(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "rows.csv", f"text,entities\n{text},\n", "ner").rows == (NerRow(text=text, entities=()),)


def test_marks_are_plain_text_where_the_cell_says_that_there_are_no_entities(tmp_path: Path) -> None:
    assert read(tmp_path / "rows.csv", "text,entities\n[東京](LOC)だ,[]\n", "ner").rows == (NerRow(text="[東京](LOC)だ", entities=()),)
