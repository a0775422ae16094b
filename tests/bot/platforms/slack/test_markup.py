"""Slack's markup becomes what the person typed, and what the bot says can ping nobody."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.platforms.slack.markup import as_typed, escaped, harmless, mentions, without_mention
from tests.fakes.slack import Said, pings


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("猫 &amp; 犬 &lt;3", "猫 & 犬 <3"),
        ("&amp;lt; stays", "&lt; stays"),
        ("see <https://example.com>", "see https://example.com"),
        ("<http://example.com|example.com> を見て", "example.com を見て"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<mailto:a@example.com>", "a@example.com"),
        ("<@U123|花子> と <@U999>", "@花子 と @U999"),
        ("<#C123|general>", "#general"),
        ("<!here> <!channel|@channel> <!subteam^S1|@team>", "@here @channel @team"),
        ("<!date^1392734382^{date}|2月18日>", "2月18日"),
        ("a <b> c", "a <b> c"),
        ("&lt;@U123&gt;", "<@U123>"),
    ],
)
def test_markup_is_turned_back(sent: str, typed: str) -> None:
    assert as_typed(sent) == typed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U0> sentiment 最高", "sentiment 最高"),
        ("<@U0|yomite>：sentiment great", "sentiment great"),
        ("ねえ <@U0> ner 山田さん", "ner 山田さん"),
        ("sentiment great <@U0>", "sentiment great "),
        ("<@U0>", ""),
        ("<@U0> ask <@U1> は誰？ | …", "ask <@U1> は誰？ | …"),
        ("no mention", "no mention"),
    ],
)
def test_what_follows_the_mention_is_for_the_bot(text: str, said: str) -> None:
    assert without_mention(text, "U0") == said


def test_a_mention_is_known_by_its_whole_name() -> None:
    assert mentions("hi <@U0>", "U0")
    assert mentions("hi <@U0|yomite>", "U0")
    assert not mentions("hi <@U01>", "U0")


PIECES = [
    "<!here>",
    "<!channel|x>",
    "<@U123>",
    "<!subteam^S1|@team>",
    "@here",
    "@Everyone",
    "<",
    "<<",
    "!here",
    "@",
    "&lt;",
    ">",
    "\x00",
    "あ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_nothing_that_is_said_pings(text: str) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": harmless(text)}}]
    assert pings(Said(channel="C", ts="1", user="U", text=escaped(text), blocks=blocks)) == []


def test_harmless_text_looks_the_same() -> None:
    text = "普通の文章です。a < b & c > d、@花子"
    assert harmless(text) == text
    assert harmless("@here <!channel>").replace("\u2060", "") == "@here <!channel>"
