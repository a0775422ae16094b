"""What has no shape is left out of every text of a Reply, and spans still mark their words; other texts are shown as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from bot.platforms.plain import json_escaped, plain, plain_reply
from bot.reply import Attachment, Column, Highlight, Matrix, Paragraph, Picture, Reply, Span, Table, cells
from engine.contract import File, Image, Message

ANY = st.text(st.characters(codec=None))
STEERING = "\x1b\x9b\x00\x7f\u202e\u202a\u2066\u2069\u200e\u200f\u061c\u200b\ufeff\U000e0041"


@pytest.mark.parametrize("sign", STEERING)
def test_what_only_steers_the_layout_is_left_out(sign: str) -> None:
    assert plain(f"猫{sign}cat") == "猫cat"


@pytest.mark.parametrize(
    "text",
    [
        "ふつうの文章です。\n二行目\tと「引用」。",
        "Plain text, with an e\u0301 and a tab\t.",
        "葛\U000e0100飾区の髙橋さん",  # a kanji in a chosen shape
        "👨\u200d👩\u200d👧 🏳\ufe0f",
        "か\u3099と ガ",
        "مرحبا שלום नमस्ते",
    ],
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"), ("猫\ud800", "猫\ufffd"), ("e" + "\u0301" * 50, "e" + "\u0301" * 4)]
)
def test_line_breaks_half_characters_and_towers_of_accents_are_made_ordinary(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(ANY)
def test_what_is_plain_stays_so_and_can_be_written_down(text: str) -> None:
    shown = plain(text)
    assert plain(shown) == shown
    assert shown.encode().decode() == shown


@given(st.lists(st.tuples(ANY, ANY), max_size=4), ANY)
@example([("\u202e前", "\u200b山田\x1b太郎")], "後")
def test_spans_mark_the_same_words_in_the_plain_text(marked: list[tuple[str, str]], rest: str) -> None:
    text, spans = "", []
    for before, words in marked:
        spans.append(Span(start=len(text + before), end=len(text + before + words), tone="PER", label="PER\u202e"))
        text += before + words
    [block] = plain_reply(Reply(title="t", brief="t", blocks=(Highlight(text=text + rest, spans=tuple(spans)),))).blocks
    assert isinstance(block, Highlight)
    assert [block.text[span.start : span.end] for span in block.spans] == [plain(words) for _, words in marked]
    assert {span.label for span in block.spans} <= {"PER"}


def test_no_text_of_a_reply_is_forgotten() -> None:
    said = f"猫{STEERING}\ud800"
    alt = Message(ja="図", en="map")
    blocks = (
        Paragraph(text=said),
        Highlight(text=said, spans=()),
        Table(columns=(Column(title=said),), rows=(cells(said),), title=said),
        Matrix(row_labels=(said,), column_labels=(said,), values=((1.0,),)),
        Picture(image=Image(name="a.png", media_type="image/png", width_px=1, height_px=1, alt=alt, data=b""), alt=said),
        Attachment(file=File(name="a.html", media_type="text/html", title=alt, data=b""), title=said),
    )
    reply = plain_reply(Reply(title=said, brief=said, blocks=blocks, notes=(said,), source=said))
    shown = repr(reply)
    assert shown.count("猫\ufffd") == 13
    assert not [sign for sign in (*STEERING, "\ud800") if sign in shown or repr(sign)[1:-1] in shown]


@given(st.recursive(ANY | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(ANY, inner), max_leaves=5))
@example({"text": STEERING + "\ud800"})
def test_escaped_json_says_the_same_and_steers_nothing(value: Any) -> None:
    written = json_escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(written) == value
    assert not set(written) & {*STEERING, "\ud800"}
    written.encode()
