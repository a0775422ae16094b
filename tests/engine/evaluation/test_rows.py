"""Reading data sets: what is accepted, and what is said of a row that is not."""

import gzip
import json
from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.evaluation.rows import EvaluationTask, GoldEntity, NerRow, SentimentRow, SimilarRow, read_rows

POSITIVE = {"lang": "ja", "text": "とても満足しています。", "label": "positive", "source": "here"}


def written(folder: Path, *rows: object, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_plain_and_gzipped_files_read_alike(tmp_path: Path) -> None:
    plain = written(tmp_path, POSITIVE, "\n", POSITIVE)
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    row = SentimentRow(text="とても満足しています。", label="positive", lang="ja")
    assert read_rows(plain, EvaluationTask.SENTIMENT) == [row, row]
    assert read_rows(packed, EvaluationTask.SENTIMENT) == [row, row]


def test_an_entity_may_have_no_label(tmp_path: Path) -> None:
    data = {
        "text": "2019年に京都へ",
        "entities": [{"start": 0, "end": 5, "label": None, "type": "DATE"}, {"start": 6, "end": 8, "label": "LOC"}],
    }
    assert read_rows(written(tmp_path, data), EvaluationTask.NER) == [
        NerRow(text="2019年に京都へ", entities=(GoldEntity(start=0, end=5, label=None), GoldEntity(start=6, end=8, label="LOC")))
    ]


def test_a_pair_is_scored_or_a_paraphrase_or_not(tmp_path: Path) -> None:
    rows = read_rows(written(tmp_path, {"a": "x", "b": "y", "score": 4.2}, {"a": "x", "b": "y", "paraphrase": 1}), EvaluationTask.SIMILAR)
    assert [row.gold for row in rows if isinstance(row, SimilarRow)] == [4.2, 1.0]


@pytest.mark.parametrize(
    ("task", "row", "said"),
    [
        (EvaluationTask.SENTIMENT, POSITIVE | {"label": "happy"}, "happy"),
        (EvaluationTask.SENTIMENT, {"text": "x"}, "label"),
        (EvaluationTask.SENTIMENT, POSITIVE | {"lang": "zh"}, "zh"),
        (EvaluationTask.SENTIMENT, "{not json\n", "JSON"),
        (EvaluationTask.SENTIMENT, [1], "object"),
        (EvaluationTask.NER, {"text": "京都", "entities": [{"start": 0, "end": 3, "label": "LOC"}]}, "0..3"),
        (EvaluationTask.NER, {"text": "京都", "entities": [{"start": 0, "end": 2, "label": "CITY"}]}, "CITY"),
        (EvaluationTask.ASK, {"question": "?", "context": "x"}, "answers"),
        (EvaluationTask.SIMILAR, {"a": "x", "b": "y"}, "paraphrase"),
        (EvaluationTask.RETRIEVAL, {"en": "x"}, "ja"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, task: EvaluationTask, row: object, said: str) -> None:
    good: dict[EvaluationTask, object] = {
        EvaluationTask.SENTIMENT: POSITIVE,
        EvaluationTask.NER: {"text": "x", "entities": []},
        EvaluationTask.ASK: {"question": "?", "context": "x", "answers": []},
        EvaluationTask.SIMILAR: {"a": "x", "b": "y", "score": 1},
        EvaluationTask.RETRIEVAL: {"en": "x", "ja": "x"},
    }
    with pytest.raises(BadInputError) as caught:
        read_rows(written(tmp_path, good[task], row), task)
    assert caught.value.code == "bad_row"
    for message in (caught.value.message.ja, caught.value.message.en):
        assert "rows.jsonl:2" in message
        assert said in message


def test_bytes_that_are_no_utf8_are_named_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"text": "満足", "label": "positive"}\n'.encode("shift_jis"))
    with pytest.raises(BadInputError, match=r"rows\.jsonl:1"):
        read_rows(path, EvaluationTask.SENTIMENT)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"nowhere\.jsonl") as caught:
        read_rows(tmp_path / "nowhere.jsonl", EvaluationTask.ASK)
    assert caught.value.code == "unreadable_file"


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"en": "x", "ja": "x"}\n' * 100)[:-20])
    with pytest.raises(BadInputError, match=r"cut\.jsonl\.gz"):
        read_rows(path, EvaluationTask.RETRIEVAL)


def test_a_file_without_rows_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="holds no rows"):
        read_rows(written(tmp_path, "\n"), EvaluationTask.NER)
