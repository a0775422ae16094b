"""Tests where sentences begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.clusters import cluster_starts
from engine.sentences import sentence_spans

CASES = [
    ["今日は晴れ。", "明日は雨！", "え？！", "本当。"],
    ["「はい。」と彼は言った。", "そして帰った。"],
    ["彼は「行こう。早く！」と言った。", "次の文。"],
    ["「すごい。」", "彼は笑った。"],
    ["彼は「はい」と言った。", "「いいえ」とは言わない。"],
    ["面白い（本当に。）ので好き。", "もう一度。"],
    ["『本を「読む。」と言う。』と書いた。", "終わり。"],
    ["「閉じない。", "文。", "次"],
    ["楽しい!", "次は寒い?", "うん｡", "はい"],
    ["Yahoo!ニュースを見た。", "モーニング娘。が好き。"],
    ["Yahoo! ニュースを見た。", "モーニング娘。", " 次の文。"],
    ["It was bought by Yahoo! in 2005.", " Yahoo! Japan is older.", " I use Yahoo!", " It is fast."],
    ["資料.pdfを見てください。", "議事録.docx も。", "東京.jp は誰の?", "私の"],
    ["https://example.com/東京?q=1&lang=ja を見た。", "本当?", "abc"],
    ["そうですね…でも嫌。", "ひどい。。。", "もう嫌！！！"],
    ["最高！😀", "次の文。♪", "買った（笑）。", "終わり"],
    ["価格は3．5円。", "Node.jsで書く。", "終わり"],
    ["Apple Inc. is looking at buying U.K. startup for $1 billion.", " Tim Cook is the CEO."],
    ["Mr. Smith went to Washington.", " He liked it, e.g. the food.", " Dr. J. K. Rowling wrote it."],
    ["He moved to the U.K.", " The company stayed."],
    ["It costs 3.5 dollars.", " Wow... really?", " Yes...", " It is."],
    ['"Stop!" he said.', ' "Go."', " She left."],
    ["“I am here. Go away,” he said.", " “Fine.”"],
    ["i love it.", " it was great."],
    ["(He left. She stayed.)", " Then it ended."],
    ["1. First item.", " 2. Second item."],
    ["Plan B.", " Then we left.", " I met J. Smith at 5 p.m. yesterday."],
    ["No.", " I do not.", " See No. 5, please."],
    ["Visit example.com or https://example.com/?a=b.", " Bye"],
    ["one.\r\n", "two\n", "\n", "三\r", "four\u2028", "five"],
    ["I love it!", " とても良い。", "Really?", " はい。"],
]


@pytest.mark.parametrize("parts", CASES, ids=lambda parts: parts[0])
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    text = "".join(parts)
    assert [text[start:end] for start, end in sentence_spans(text)] == [part.strip() for part in parts if part.strip()]


def test_long_quotations_are_cut_into_sentences_too() -> None:
    assert len(sentence_spans("「" + "とても長い引用です。" * 40 + "」と言った。")) > 30


def test_a_mark_that_joins_the_full_stop_stays_with_it() -> None:
    text = "終わり。\u3099次"
    assert sentence_spans(text) == [(0, 5), (5, 6)]


@pytest.mark.parametrize("text", ["", " ", "\r\n \u3000\n"])
def test_white_space_holds_no_sentence(text: str) -> None:
    assert sentence_spans(text) == []


marks = st.sampled_from(
    [*"。．.！!？?…、 \n\r「」『』（）()“”\"'あ漢aBI1😀\u0301\u3099\ufe0f\u200d\u3000", "Mr", "U.K", "Inc", "e.g", "No", "Yahoo!"]
)


@given(st.one_of(st.text(), st.lists(marks).map("".join)))
def test_sentences_hold_every_visible_character_once_and_in_order(text: str) -> None:
    spans = sentence_spans(text)
    held = [place for start, end in spans for place in range(start, end)]
    assert held == sorted(set(held))
    assert {place for place, char in enumerate(text) if not char.isspace()} <= set(held)
    for start, end in spans:
        assert start < end
        assert text[start:end] == text[start:end].strip()
        assert not text[start:end].splitlines()[1:]


@given(st.lists(marks).map("".join))
def test_no_sentence_begins_within_a_character_as_seen(text: str) -> None:
    starts = set(cluster_starts(text))
    for start, _ in sentence_spans(text):
        assert start in starts or text[start - 1].isspace()  # a mark alone behind a space joins nothing visible
