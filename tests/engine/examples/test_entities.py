"""Entities marked in brackets, by spans and by a tag a token."""

from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.examples.entities import read_marked
from engine.examples.problems import RowProblem
from engine.examples.rows import GoldEntity, NerRow
from tests.engine.examples.writing import json_lines, read

Span = tuple[int, int, str | None]


def spans(entities: tuple[GoldEntity, ...]) -> list[Span]:
    return [(entity.start, entity.end, entity.label) for entity in entities]


@pytest.mark.parametrize(
    ("marked", "text", "expected"),
    [
        ("[東京](LOC)で[田中](PER)に会った", "東京で田中に会った", [(0, 2, "LOC"), (3, 5, "PER")]),
        ("[Tim Cook](person) runs [Apple](org).", "Tim Cook runs Apple.", [(0, 8, "PER"), (14, 19, "ORG")]),
        (r"注\[1\]は[京都大学](組織名)(京大)", "注[1]は京都大学(京大)", [(5, 9, "ORG")]),
        (r"C:\new [A\]B](MISC)", r"C:\new A]B", [(7, 10, "MISC")]),
        (r"\\[京都](LOC)", "\\京都", [(1, 3, "LOC")]),
        ("[5月](DATE)", "5月", [(0, 2, None)]),
        ("［東京］（LOC）で［田中］（人名）に会った", "東京で田中に会った", [(0, 2, "LOC"), (3, 5, "PER")]),
        ("[東京]（ＬＯＣ）の会社", "東京の会社", [(0, 2, "LOC")]),
        ("［注］（下記）と［A［東京］（LOC）", "［注］（下記）と［A東京", [(10, 12, "LOC")]),
        (r"\［東京\］（LOC）と［A\］］（LOC）", "［東京］（LOC）とA］", [(10, 12, "LOC")]),
        ("a] plain (b)", "a] plain (b)", []),
        ("名前はない", "名前はない", []),
    ],
)
def test_brackets_mark_entities_in_the_text(marked: str, text: str, expected: list[Span]) -> None:
    found, entities = read_marked(marked)
    assert (found, spans(entities)) == (text, expected)


@pytest.mark.parametrize("marked", ["[東京", "[東京]で", "[[東京](LOC)](LOC)", "[](LOC)", "東京](LOC)", "[東京] (LOC)"])
def test_brackets_that_are_no_mark_are_refused(marked: str) -> None:
    with pytest.raises(RowProblem, match="plain bracket") as caught:
        read_marked(marked)
    assert "[東京](LOC) のように" in caught.value.message.ja


@pytest.mark.parametrize(
    "row",
    [
        {"text": "東京で会う", "entities": [{"start": 0, "end": 2, "label": "LOC", "type": "地名"}]},
        {"text": "東京で会う", "label": [[0, 2, "LOC"]]},
        {"id": 1, "text": "東京で会う", "entities": [{"id": 5, "label": "Location", "start_offset": 0, "end_offset": 2}], "relations": []},
    ],
)
def test_spans_are_read_as_annotation_tools_write_them(tmp_path: Path, row: dict[str, object]) -> None:
    expected = NerRow(text="東京で会う", entities=(GoldEntity(start=0, end=2, label="LOC"),))
    assert read(tmp_path / "rows.jsonl", json_lines(row), "ner").rows == (expected,)


def test_an_entity_may_have_no_label(tmp_path: Path) -> None:
    row = {"text": "2019年に", "entities": [{"start": 0, "end": 5, "label": None, "type": "DATE"}]}
    assert read(tmp_path / "rows.jsonl", json_lines(row), "ner").rows == (
        NerRow(text="2019年に", entities=(GoldEntity(start=0, end=5, label=None),)),
    )


CONLL = """# sent_id = 1
山田\tB-PER
太郎\tI-PER
は\tO
2019\tB-DATE
年\tI-DATE
、\tO
Apple\tB-ORG
に\tO

-DOCSTART- -X- O O

Tim NNP B-NP B-PER
Cook NNP I-NP I-PER
likes VBZ B-VP O
# CD B-NP O
Kyoto NNP B-NP B-LOC
Osaka NNP B-NP B-LOC
"""


def test_tokens_with_tags_are_joined_as_their_language_is_written(tmp_path: Path) -> None:
    examples = read(tmp_path / "rows.conll", CONLL, "ner")
    japanese, english = (row for row in examples.rows if isinstance(row, NerRow))
    assert japanese.text == "山田太郎は2019年、Appleに"
    assert spans(japanese.entities) == [(0, 4, "PER"), (5, 10, None), (11, 16, "ORG")]
    assert english.text == "Tim Cook likes # Kyoto Osaka"
    assert spans(english.entities) == [(0, 8, "PER"), (17, 22, "LOC"), (23, 28, "LOC")]
    assert examples.lines == (2, 13)
    assert examples.notes == ()


@pytest.mark.parametrize(
    ("text", "start", "end", "off"),
    [
        ("I live in Paris now", 10, 15, False),
        ("I live in Paris now", 10, 14, True),
        ("I live in Paris now", 11, 15, True),
        ("I live in Paris now", 9, 15, True),
        ("I live in Paris now", 10, 16, True),
        ("2020年", 0, 3, True),
        ("Appleと山田さん", 0, 5, False),
        ("東京に行く", 0, 2, False),
    ],
)
def test_a_span_that_is_off_by_one_is_told_where_words_show_it(tmp_path: Path, text: str, start: int, end: int, off: bool) -> None:
    first = {"text": "Ann", "entities": [[0, 3, "PER"]]}
    examples = read(tmp_path / "rows.jsonl", json_lines(first, {"text": text, "entities": [[start, end, "LOC"]]}), "ner")
    told = [("2 行目" in note.ja, "line 2" in note.en, "counted from 0" in note.en) for note in examples.notes]
    assert told == ([(True, True, True)] if off else [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("太郎\tI-PER", "I-PER follows no B-PER"),
        ("京都\tI-LOC", "I-LOC follows no B-LOC"),
        ("京都\tLOC", "tags such as O, B-PER, I-PER"),
        ("京都", "tags such as O, B-PER, I-PER"),
        ("京都\tB-CITY", "unknown entity label"),
    ],
)
def test_a_tag_that_makes_no_sense_is_told_by_its_own_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(tmp_path / "rows.conll", f"彼\tB-PER\nは\tO\n{line}\n\n彼\tO\n", "ner")
    assert caught.value.code == "bad_rows"
    assert caught.value.details["lines"] == "3"
    assert said in caught.value.message.en
