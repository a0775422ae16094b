"""Replies as Discord shows them: within its limits, nothing left out silently, nothing misread as markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from bot.language import Speech
from bot.platforms.discord.escape import escaped, fenced
from bot.platforms.discord.render import COLOURS, Post, render
from bot.platforms.plain import plain
from bot.reply import Attachment, Block, Cell, Column, Highlight, Matrix, Paragraph, Picture, Reply, Span, Table, cells, columns
from engine.contract import File, Image, Message
from tests.fakes.discord.checks import check_message


def reply_of(*blocks: Block, **more: Any) -> Reply:
    return Reply(**{"title": "a title", "brief": "b", "blocks": blocks, **more})


def picture(name: str = "attention.png", data: bytes = b"png", alt: str = "a map") -> Picture:
    return Picture(image=Image(name=name, media_type="image/png", width_px=1, height_px=1, alt=Message(ja=alt, en=alt), data=data), alt=alt)


def page(name: str = "attention.html", data: bytes = b"<p>", title: str = "a page") -> Attachment:
    return Attachment(file=File(name=name, media_type="text/html", title=Message(ja=title, en=title), data=data), title=title)


def description_of(*blocks: Block, speech: Speech = "en", **more: Any) -> str:
    return render(reply_of(*blocks, **more), speech=speech).embeds[0].description or ""


def is_taken(post: Post) -> None:
    """Raises where Discord would refuse the post."""
    payload = {"embeds": [embed.to_dict() for embed in post.embeds], "attachments": [{"description": file.alt} for file in post.files]}
    check_message(payload, {i: (file.name, file.data) for i, file in enumerate(post.files)})


def whole_of(post: Post) -> str:
    return next(file.data.decode() for file in post.files if file.name == "answer.txt")


@pytest.mark.parametrize(
    ("speech", "block", "shown"),
    [
        ("en", Paragraph(text="one\ntwo"), "one\ntwo"),
        (
            "en",
            Highlight(text="Tim Cook leads Apple.", spans=(Span(start=0, end=8, tone="PER", label="PER"),)),
            "**Tim Cook**`PER` leads Apple.",
        ),
        (
            "ja",
            Highlight(
                text="山田太郎は京都に",
                spans=(Span(start=0, end=4, tone="PER", label="PER"), Span(start=5, end=7, tone="LOC", label="LOC")),
            ),
            "**山田太郎**`PER`は**京都**`LOC`に",
        ),
        (
            "ja",
            Highlight(text="外国人参政権", spans=(Span(start=0, end=3, tone="even"), Span(start=3, end=6, tone="odd"))),
            "**外国人**__参政権__",
        ),
        ("en", Highlight(text="a\nb", spans=(Span(start=0, end=3, tone="answer"),)), "**a**\n**b**"),
        (
            "ja",
            Table(columns=columns("語", "確率", right=(1,)), rows=(cells("ポジティブ", "9.0%"), cells("neutral", "10.0%")), title="表"),
            "**表**\n```\n語           確率\nポジティブ   9.0%\nneutral     10.0%\n```",
        ),
        (
            "en",
            Matrix(row_labels=("1", "2"), column_labels=("1", "2"), values=((1, 0.5), (0.5, -1))),
            "```\n       1       2\n1  1.000   0.500\n2  0.500  -1.000\n```",
        ),
    ],
)
def test_blocks_are_drawn_as_markup(speech: Speech, block: Block, shown: str) -> None:
    assert description_of(block, speech=speech) == shown


@pytest.mark.parametrize(("speech", "shown"), [("ja", "※ 推定です。"), ("en", "Note: 推定です。")])
def test_notes_and_the_source_are_there(speech: Speech, shown: str) -> None:
    [embed] = render(reply_of(Paragraph(text="x"), notes=("推定です。",), source="model: m_1"), speech=speech).embeds
    assert embed.description == f"x\n\n{shown}"
    assert embed.footer.text == "model: m_1"


@pytest.mark.parametrize("tone", COLOURS)
def test_a_tone_has_its_colour(tone: Any) -> None:
    [embed] = render(reply_of(tone=tone), speech="en").embeds
    assert embed.colour is not None
    assert embed.colour.value == COLOURS[tone]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** _it_ ~~no~~ `code` ||what||", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \`code\` \|\|what\|\|"),
        ("@everyone <@123> <#1> <:a:1> <t:1>", r"\@everyone \<\@123> \<#1> \<:a:1> \<t:1>"),
        ("[here](https://x.y)", r"\[here\](https\://x.y)"),
        ("# 見出し\n> 引用\n- a\n1. b\n-# c", "\\# 見出し\n\\> 引用\n\\- a\n1\\. b\n\\-# c"),
        ("a\\*b", r"a\\\*b"),
        ("a\u202eb\u200bc\u2066d\x1be\ufefff", "abcdef"),
        ("👨‍👩‍👧 が来た", "👨‍👩‍👧 が来た"),
        ("H" + "\u0301" * 40 + "i", "H" + "\u0301" * 4 + "i"),
        ("行\r\n行\u2028行", "行\n行\n行"),
    ],
)
def test_peoples_texts_are_shown_as_they_were_typed(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text(alphabet="`*_~|<>@#:/[]()-+1. \n猫a\\", max_size=40))
def test_no_markup_of_a_text_is_left(text: str) -> None:
    bare = re.sub(r"\\[\W_]", "x", escaped(text))
    assert not re.search(r"[*_~`|<@\[\]\\]|://|^\s*([>#+-]|\d+\.\s)", bare, re.MULTILINE)


@given(st.text(alphabet="`猫a\n", max_size=30))
def test_nothing_ends_a_code_block_early(text: str) -> None:
    block = fenced(text)
    assert block.count("```") == 2
    assert block.removeprefix("```\n").removesuffix("\n```").replace("\u200b", "") == plain(text)


def test_a_text_that_is_full_of_markup_fits_all_the_same() -> None:
    post = render(reply_of(Paragraph(text="*" * 4_000), title="_" * 250), speech="en")
    is_taken(post)
    assert "*" * 4_000 in whole_of(post)


@pytest.mark.parametrize(
    ("speech", "block", "said"),
    [
        ("en", Paragraph(text="word " * 2_000), "the whole answer is in the attached answer.txt"),
        ("ja", Paragraph(text="😀" * 3_000), "全文は添付の answer.txt にあります"),
        ("ja", Highlight(text="猫" * 9_000, spans=(Span(start=8_000, end=8_003, tone="PER", label="PER"),)), "全文は添付の answer.txt"),
        ("en", Table(columns=(Column(title="n"),), rows=tuple((Cell(text=f"row {i}"),) for i in range(900))), "the whole answer is in"),
    ],
)
def test_what_does_not_fit_is_in_a_file_and_the_answer_says_so(speech: Speech, block: Block, said: str) -> None:
    post = render(reply_of(block, Paragraph(text="the end"), notes=("a note",)), speech=speech)
    is_taken(post)
    shown, whole = post.embeds[0].description or "", whole_of(post)
    assert said in shown
    assert "a note" in shown
    assert "…" in shown
    assert whole.endswith("the end\n\n※ a note\n" if speech == "ja" else "the end\n\nNote: a note\n")
    if isinstance(block, Table):
        assert "row 899" in whole
    if isinstance(block, Highlight):
        assert whole.count("猫") == 9_000
        assert "[猫猫猫|PER]" in whole


@pytest.mark.parametrize("part", [{"title": "長い題" * 200}, {"source": "m" * 900}, {"notes": ("n" * 5_000,)}])
def test_a_title_source_or_note_that_is_too_long_is_whole_in_the_file(part: dict[str, Any]) -> None:
    post = render(reply_of(Paragraph(text="x"), **part), speech="ja")
    is_taken(post)
    value = next(iter(part.values()))
    assert (value if isinstance(value, str) else value[0]) in whole_of(post)


ANY = st.characters(codec=None)  # half characters, too


@given(st.lists(st.text(ANY, max_size=3_000), max_size=4), st.text(ANY, max_size=400), st.lists(st.text(ANY, max_size=300), max_size=3))
@example(["\ud800 " * 3_000], "題\udfff", ["\ud83d"])
def test_discord_takes_whatever_there_is_to_say(texts: list[str], title: str, notes: list[str]) -> None:
    blocks: list[Block] = [Paragraph(text=text) for text in texts]
    blocks += [Table(columns=columns("a", "b"), rows=tuple(cells(text, title) for text in texts), title=title)]
    is_taken(render(reply_of(*blocks, title=title or "t", notes=tuple(notes), source=title), speech="en"))


def test_pictures_stand_in_embeds_with_their_words() -> None:
    post = render(reply_of(Paragraph(text="x"), picture("注意 1.png"), picture("注意 1.png", alt="a" * 2_000)), speech="en")
    is_taken(post)
    assert [embed.image.url for embed in post.embeds] == [f"attachment://{file.name}" for file in post.files]
    assert len({file.name for file in post.files}) == 2
    assert all(re.fullmatch(r"[\w.-]+", file.name, re.ASCII) for file in post.files)


def test_a_picture_that_is_too_large_is_told_of() -> None:
    post = render(reply_of(picture(data=b"x" * (10 * 2**20 + 1))), speech="ja")
    assert post.files == ()
    assert "図 1 は大きすぎて送れません" in (post.embeds[0].description or "")


@pytest.mark.parametrize(("name", "cleaned"), [("attention.html", "attention.html"), ("../注意 1.html", "__1.html")])
def test_a_page_is_a_file_beside_the_pictures_with_a_clean_name(name: str, cleaned: str) -> None:
    post = render(reply_of(picture(), page(name, title="手もとで調べるページ")), speech="ja")
    is_taken(post)
    assert [file.name for file in post.files][1].endswith(cleaned)
    assert (post.files[1].data, post.files[1].alt) == (b"<p>", "手もとで調べるページ")
    assert [embed.image.url for embed in post.embeds] == [f"attachment://{post.files[0].name}"]


@pytest.mark.parametrize(("speech", "said"), [("ja", "「頁」は大きすぎて送れません"), ("en", "“頁” is too large to be sent")])
def test_a_page_that_is_too_large_is_told_of(speech: Speech, said: str) -> None:
    post = render(reply_of(picture(), page(data=b"x" * (10 * 2**20 + 1), title="頁")), speech=speech)
    is_taken(post)
    assert [file.name for file in post.files] == ["1-attention.png"]
    assert said in (post.embeds[0].description or "")


def test_more_files_than_discord_takes_are_told_of() -> None:
    post = render(reply_of(Paragraph(text="word " * 2_000), *[picture()] * 8, page(), page("b.html", title="second")), speech="en")
    is_taken(post)
    assert len(post.files) == 10
    assert "“second” is too large to be sent" in (post.embeds[0].description or "")
