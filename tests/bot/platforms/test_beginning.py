"""What is cut off anyway is not drawn first, and what fits is left as it is."""

from __future__ import annotations

import pytest

from bot.platforms.beginning import beginning_of
from bot.reply import Attachment, Block, Highlight, Matrix, Paragraph, Picture, Span, Table, cells, columns
from engine.contract import File, Image, Message

MOST = 100
LABELS = tuple(map(str, range(1_000)))


@pytest.mark.parametrize(
    "block",
    [
        Paragraph(text="短い文"),
        Highlight(text="猫がいる", spans=(Span(start=0, end=1, tone="answer"),)),
        Table(columns=columns("語", "word"), rows=(cells("猫", "cat"), cells("犬", "dog"))),
        Matrix(row_labels=("1", "2"), column_labels=("1", "2"), values=((1.0, 0.5), (0.5, 1.0))),
        Picture(
            image=Image(name="m.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="m"), data=b"p"), alt="図"
        ),
        Attachment(file=File(name="m.html", media_type="text/html", title=Message(ja="頁", en="m"), data=b"p"), title="頁"),
    ],
    ids=lambda block: type(block).__name__,
)
def test_what_is_not_larger_is_the_block_itself(block: Block) -> None:
    assert beginning_of(block, most=MOST) is block


@pytest.mark.parametrize("letter", ["猫", "a"])
def test_a_long_text_is_cut(letter: str) -> None:
    assert beginning_of(Paragraph(text=letter * 5_000), most=MOST) == Paragraph(text=letter * MOST)


def test_of_a_long_highlight_the_spans_stay_whose_words_do() -> None:
    spans = tuple(Span(start=at, end=at + 3, tone="even") for at in (0, 98, 200))
    assert beginning_of(Highlight(text="猫" * 5_000, spans=spans), most=MOST) == Highlight(text="猫" * MOST, spans=spans[:1])


@pytest.mark.parametrize("text", ["語", "word", ""])
def test_of_many_rows_no_more_stay_than_fill_a_message(text: str) -> None:
    shown = beginning_of(Table(columns=columns(""), rows=tuple(cells(text) for _ in range(5_000))), most=MOST)
    assert isinstance(shown, Table)
    assert 0 < len(shown.rows) <= MOST
    assert sum(1 + len(row[0].text) for row in shown.rows) >= MOST


@pytest.mark.parametrize("letter", ["猫", "a"])
def test_a_long_cell_is_cut_and_those_beside_it_stay(letter: str) -> None:
    shown = beginning_of(Table(columns=columns("", ""), rows=(cells("90%", letter * 5_000),)), most=MOST)
    assert shown == Table(columns=columns("", ""), rows=(cells("90%", letter * MOST),))


def test_of_a_large_matrix_the_first_rows_stay() -> None:
    values = tuple(tuple(0.5 for _ in LABELS[:20]) for _ in LABELS)
    shown = beginning_of(Matrix(row_labels=LABELS, column_labels=LABELS[:20], values=values), most=MOST)
    assert shown == Matrix(row_labels=LABELS[:5], column_labels=LABELS[:20], values=values[:5])
