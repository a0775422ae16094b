"""Whatever is in a Reply, every platform can draw it, and nothing in it steers a terminal, turns a line or pings anybody."""

from __future__ import annotations

import io
import json

from hypothesis import given, strategies as st
from rich.console import Console

from bot.conversation import failure_reply
from bot.platforms.discord.render import render
from bot.platforms.plain import plain_reply
from bot.platforms.slack.blocks import draw as draw_blocks
from bot.platforms.slack.thumbs import FormPlace, form
from bot.platforms.terminal.draw import draw as draw_terminal
from bot.platforms.web.protocol import answer
from bot.platforms.whole import whole_text
from bot.reply import Block, Highlight, Matrix, Paragraph, Reply, Span, Table, cells, columns
from engine.contract import AskRequest, Message
from tests.fakes.discord.checks import check_message
from tests.fakes.slack import pings
from tests.fakes.slack.records import Said
from tests.fuzz.inputs import CHARACTERS, TEXTS, fuzzed

# What must not reach a screen; rich and Discord's code blocks bring a zero-width space or an escape of their own.
FORBIDDEN = {"\x00", "\x07", "\x08", "\x7f", "\x9b", "\u202e", "\u2066", "\u2069", "\u200f", "\ufeff", "\ud800"}
LONGER = TEXTS | st.text(CHARACTERS, max_size=4_000)


@st.composite
def highlights(draw: st.DrawFn) -> Highlight:
    text = draw(LONGER)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return Highlight(text=text, spans=tuple(Span(start=start, end=end, tone="PER", label=draw(TEXTS)) for start, end in pairs))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows = draw(st.lists(st.tuples(LONGER, TEXTS), max_size=4))
    return Table(columns=columns(draw(TEXTS), draw(TEXTS)), rows=tuple(cells(*row) for row in rows), title=draw(TEXTS))


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    labels = tuple(draw(st.lists(TEXTS, min_size=1, max_size=4)))
    return Matrix(row_labels=labels, column_labels=labels, values=tuple(tuple(0.5 for _ in labels) for _ in labels))


BLOCKS: st.SearchStrategy[Block] = LONGER.map(lambda text: Paragraph(text=text)) | highlights() | tables() | matrices()
REPLIES = st.builds(
    lambda title, brief, blocks, notes, source: Reply(
        title=title, brief=brief, blocks=tuple(blocks), notes=tuple(notes), source=source, tone="PER"
    ),
    *(TEXTS, TEXTS, st.lists(BLOCKS, max_size=3), st.lists(TEXTS, max_size=3), TEXTS),
) | st.builds(lambda ja, en: failure_reply(Message(ja=ja, en=en), "ja"), LONGER, TEXTS)


def is_safe(shown: str) -> None:
    assert not FORBIDDEN & set(shown)
    shown.encode()


@given(REPLIES)
@fuzzed()
def test_slack_can_show_every_reply(reply: Reply) -> None:
    drawn = draw_blocks(plain_reply(reply), speech="ja")
    shown = json.dumps([drawn.text, drawn.blocks], ensure_ascii=False)
    is_safe(shown + drawn.whole)
    assert "\x1b" not in shown + drawn.whole
    assert pings(Said(channel="C", ts="1", user="U", text=drawn.text, blocks=drawn.blocks)) == []


@given(TEXTS, LONGER)
@fuzzed()
def test_slack_can_show_every_form(question: str, context: str) -> None:
    place = FormPlace(answer="a", speech="ja", response_url="")
    is_safe(json.dumps(form(AskRequest(question=question, context=context), place), ensure_ascii=False))


@given(REPLIES)
@fuzzed()
def test_discord_can_show_every_reply(reply: Reply) -> None:
    post = render(reply, speech="en")
    payload = {"embeds": [embed.to_dict() for embed in post.embeds], "attachments": [{"description": file.alt} for file in post.files]}
    check_message(payload, {i: (file.name, file.data) for i, file in enumerate(post.files)})
    is_safe(json.dumps(payload, ensure_ascii=False) + "".join(file.data.decode() for file in post.files))


@given(REPLIES)
@fuzzed()
def test_the_page_can_show_every_reply(reply: Reply) -> None:
    shown = json.loads(answer("message-1", reply, seconds=0.1))["reply"]
    is_safe(json.dumps(shown, ensure_ascii=False))
    for block in shown["blocks"]:
        for span in block.get("spans", ()):
            assert 0 <= span["start"] <= span["end"] <= len(block["text"])


@given(REPLIES, st.booleans())
@fuzzed()
def test_the_terminal_can_show_every_reply(reply: Reply, coloured: bool) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=coloured, color_system="truecolor" if coloured else None, width=80, markup=False)
    draw_terminal(reply, console, speech="en")
    is_safe(out.getvalue())
    if not coloured:
        assert "\x1b" not in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b]" not in out.getvalue()


@given(REPLIES)
@fuzzed()
def test_the_whole_answer_can_be_written_to_a_file(reply: Reply) -> None:
    is_safe(whole_text(plain_reply(reply), speech="ja"))
