"""Replies are drawn with colours where there are some, with marks where there are none, in columns that line up."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.language import Speech
from bot.platforms.terminal.draw import draw
from bot.reply import Attachment, Block, Cell, Highlight, Matrix, Paragraph, Picture, Reply, Span, Table, cells, columns
from engine.contract import Image, Message
from tests.bot.explaining import PAGE

NAMES = Highlight(text="山田太郎は[bold]東京に", spans=(Span(start=0, end=4, tone="PER", label="PER"), Span(start=11, end=13, tone="LOC")))


def test_spans_are_coloured_on_a_terminal() -> None:
    drawn = _draw(NAMES, colours=True)
    assert "\x1b[" in drawn
    assert "山田太郎" in drawn
    assert "[山田太郎" not in drawn


def test_spans_stand_in_brackets_without_colours_and_no_markup_is_read() -> None:
    assert "[山田太郎|PER]は[bold][東京]に" in _draw(NAMES, colours=False)


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    drawn = _draw(NAMES, colours=True)
    assert "[山田太郎|PER]" in drawn
    assert "\x1b[3" not in drawn
    assert "\x1b[4" not in drawn


def test_full_width_columns_line_up() -> None:
    table = Table(columns=columns("名前", "n"), rows=(cells("山田太郎", "|"), cells("Tim", "|"), cells(Cell(text="ｶﾅ", tone="PER"), "|")))
    rows = [line for line in _draw(table, colours=False).splitlines() if "|" in line]
    assert len({cell_len(row[: row.index("|")]) for row in rows}) == 1


def test_a_matrix_has_its_numbers_and_shades() -> None:
    matrix = Matrix(row_labels=("1", "2"), column_labels=("1", "2"), values=((1.0, -0.25), (-0.25, 1.0)))
    assert "-0.250" in _draw(matrix, colours=False)
    assert "\x1b[" in _draw(matrix, colours=True)


def test_a_long_line_is_not_folded_into_a_file() -> None:
    text = "とても長い文章。" * 100
    assert text in _draw(Paragraph(text=text), colours=False)


def test_a_picture_is_named_by_its_file() -> None:
    image = Image(name="map.png", media_type="image/png", width_px=1, height_px=1, alt=Message(ja="図", en="map"), data=b"")
    out = io.StringIO()
    reply = Reply(title="t", brief="t", blocks=(Picture(image=image, alt="図"),), notes=("注意",), source="モデル")
    draw(reply, Console(file=out, width=20), speech="ja", files=(Path("a/very/long/folder/name/map.png"),))
    assert "a/very/long/folder/name/map.png\n図\n※ 注意\nモデル" in out.getvalue()


@pytest.mark.parametrize(("speech", "said"), [("ja", f"ページ: b.html\n{PAGE.title.ja}"), ("en", f"page: b.html\n{PAGE.title.en}")])
def test_a_page_is_named_by_its_file(speech: Speech, said: str) -> None:
    out = io.StringIO()
    page = Attachment(file=PAGE, title=PAGE.title.in_language(speech))
    draw(Reply(title="t", brief="t", blocks=(page,)), Console(file=out, width=80), speech=speech, files=(Path("b.html"),))
    assert said in out.getvalue()


@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize(
    ("text", "shown"), [("山田\x1b[2J\x1b]0;題\x07太郎", "山田[2J]0;題太郎"), ("Tim\x9b31m\u202e Cook\ud800", "Tim31m Cook\ufffd")]
)
def test_no_text_steers_the_terminal_or_turns_a_line(colours: bool, text: str, shown: str) -> None:
    table = Table(columns=columns(text), rows=(cells(text),), title=text)
    for block in (
        Paragraph(text=text),
        Highlight(text=text, spans=()),
        table,
        Matrix(row_labels=(text,), column_labels=("1",), values=((1.0,),)),
    ):
        drawn = _draw(block, colours=colours)
        assert shown in drawn
        assert not {"\x07", "\x9b", "\u202e", "\ud800"} & set(drawn)
        assert "\x1b[2J" not in drawn
        assert "\x1b]" not in drawn


def _draw(block: Block, *, colours: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=colours, color_system="truecolor" if colours else None, width=80, markup=False)
    draw(Reply(title="題", brief="題", blocks=(block,)), console, speech="ja")
    return out.getvalue()
