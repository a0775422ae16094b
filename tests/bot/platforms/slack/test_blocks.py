"""Replies become Block Kit within Slack's limits, in both languages, and nothing of them is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bot.language import Speech
from bot.platforms.slack.blocks import Drawn, draw
from bot.reply import Block, Highlight, Matrix, Paragraph, Reply, Span, Table, cells, columns
from tests.fakes.slack import Said, pings, shown_text
from tests.fakes.slack.checks import check_message


def said(drawn: Drawn) -> Said:
    """The message as Slack shows it; Slack takes it."""
    check_message({"text": drawn.text, "blocks": drawn.blocks})
    return Said(channel="C", ts="1", user="U", text=drawn.text, blocks=drawn.blocks)


def shown(*blocks: Block, speech: Speech = "ja", **more: Any) -> str:
    return shown_text(said(draw(Reply(title="題", brief="題", blocks=blocks, **more), speech=speech)))


@pytest.mark.parametrize(("speech", "note"), [("ja", "※ 2窓で読みました"), ("en", "Note: 2窓で読みました")])
def test_a_reply_has_its_title_text_notes_and_source(speech: Speech, note: str) -> None:
    reply = Reply(
        title="ポジティブ 90%",
        brief="ポジティブ & <3",
        tone="positive",
        blocks=(Paragraph(text="一行目\n二行目"),),
        notes=("2窓で読みました",),
        source="モデル：m",
    )
    drawn = draw(reply, speech=speech)
    assert [block["type"] for block in drawn.blocks] == ["header", "rich_text", "context"]
    assert shown_text(said(drawn)).split("\n") == ["🟢 ポジティブ 90%", "一行目", "二行目", note, "モデル：m"]
    assert (drawn.text, drawn.whole) == ("ポジティブ &amp; &lt;3", "")


def test_spans_are_bold_and_followed_by_their_labels() -> None:
    text = "山田太郎はトヨタに入社"
    spans = (Span(start=0, end=4, tone="PER", label="PER"), Span(start=5, end=8, tone="ORG", label="ORG"))
    drawn = draw(Reply(title="t", brief="t", blocks=(Highlight(text=text, spans=spans),)), speech="ja")
    [section] = drawn.blocks[1]["elements"]
    assert [(part["text"], part.get("style")) for part in section["elements"]] == [
        ("山田太郎", {"bold": True}),
        ("PER", {"code": True}),
        ("は", None),
        ("トヨタ", {"bold": True}),
        ("ORG", {"code": True}),
        ("に入社", None),
    ]


def test_words_side_by_side_look_different() -> None:
    spans = (Span(start=0, end=1, tone="even"), Span(start=1, end=2, tone="odd"))
    drawn = draw(Reply(title="t", brief="t", blocks=(Highlight(text="外国", spans=spans),)), speech="ja")
    first, second = drawn.blocks[1]["elements"][0]["elements"]
    assert first["style"] != second["style"]


def test_tables_stand_in_columns_although_japanese_letters_are_wide() -> None:
    table = Table(columns=columns("名前", "score", right=(1,)), rows=(cells("山田", "90%"), cells("Tim", "5%")), title="固有名")
    assert shown(table).split("\n")[1:] == ["固有名名前  score", "山田    90%", "Tim      5%"]


def test_long_cells_go_on_below() -> None:
    table = Table(columns=columns("", ""), rows=(cells("a", "とても長い文章" * 20),))
    lines = shown(table).split("\n")[1:]
    assert len(lines) > 3
    assert "".join(line.removeprefix("a").strip() for line in lines) == "とても長い文章" * 20


def test_a_wide_matrix_is_shown_in_parts() -> None:
    labels = tuple(str(i) for i in range(1, 31))
    matrix = Matrix(row_labels=labels, column_labels=labels, values=tuple(tuple(i * j / 900 for i in range(30)) for j in range(30)))
    text = shown(matrix)
    assert text.count("0.934") == 1
    assert max(map(len, text.split("\n"))) <= 80


@pytest.mark.parametrize(
    "blocks",
    [
        (Paragraph(text="長い。" * 8_000),),
        (Highlight(text="あ" * 30_000, spans=(Span(start=29_000, end=29_500, tone="answer"),)),),
        (Table(columns=columns("語", "数"), rows=tuple(cells(f"語{i}", str(i)) for i in range(3_000))),),
        tuple(Paragraph(text=f"段落 {i}") for i in range(200)),
    ],
    ids=["a paragraph", "a highlight", "a table", "many paragraphs"],
)
@pytest.mark.parametrize(("speech", "hint"), [("ja", "添付のテキストファイル"), ("en", "attached text file")])
def test_what_does_not_fit_is_whole_in_a_file_and_the_message_says_so(blocks: tuple[Block, ...], speech: Speech, hint: str) -> None:
    drawn = draw(Reply(title="題", brief="題", blocks=blocks, notes=("注",), source="源"), speech=speech)
    assert hint in shown_text(said(drawn))
    assert "源" in shown_text(said(drawn))
    for block in blocks:
        if isinstance(block, Table):
            assert all(f"語{i}" in drawn.whole for i in range(3_000))
        elif isinstance(block, Paragraph):
            assert block.text in drawn.whole
        elif isinstance(block, Highlight):
            assert drawn.whole.count("あ") == 30_000


@pytest.mark.parametrize("length", [150, 151, 2_900, 5_000])
def test_long_titles_are_not_lost(length: int) -> None:
    drawn = draw(Reply(title="題" * length, brief="b"), speech="ja")
    assert "題" * length in shown_text(said(drawn)) + drawn.whole


def test_very_many_notes_are_whole_in_the_file() -> None:
    drawn = draw(Reply(title="題", brief="題", notes=tuple(f"注意 {i}" for i in range(300))), speech="ja")
    said(drawn)
    assert "注意 299" in drawn.whole


_TEXT = st.text(alphabet="あ山a <>!@#&*_`~|\n\u200b\x00(・_)hereCchannl", max_size=60)


@settings(max_examples=60)
@given(_TEXT, _TEXT, _TEXT, st.sampled_from(["ja", "en"]))
def test_any_text_is_taken_by_slack_and_pings_nobody(title: str, text: str, cell: str, speech: Speech) -> None:
    reply = Reply(
        title=title or "t",
        brief=text,
        blocks=(
            Paragraph(text=text),
            Highlight(text=text, spans=(Span(start=0, end=len(text) // 2, tone="PER", label="PER"),)),
            Table(columns=columns("", cell), rows=(cells(cell, text),), title=title),
        ),
        notes=(text,),
        source=cell,
    )
    message = said(draw(reply, speech=speech))
    assert pings(message) == []
    assert "<!" not in json.dumps(message.blocks)
    assert "<@" not in json.dumps(message.blocks)
