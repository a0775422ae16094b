"""Where answers may be cut, and what of a span is kept."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from engine.tasks.answer_text import possible_ends, tidy_span
from tests.engine.tasks.tiny_models import tiny_tokenizer


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        ("京都は「金閣寺」で有名", "「金閣寺", "「金閣寺」"),
        ("京都は「金閣寺」で有名", "金閣寺」", "金閣寺"),
        ("京都は「金閣寺」で有名", "「金閣寺」", "「金閣寺」"),
        ("京都は「金閣寺」で有名", "は「", "は"),
        ("空欄は「」です", "「", "「」"),
        ("「甲」と「乙」の間", "「甲」と「乙", "「甲」と「乙」"),
        ("日本電信電話（NTT）の本社", "日本電信電話（NTT", "日本電信電話（NTT）"),
        ("日本電信電話（NTT）の本社", "NTT）", "NTT"),
        ("It was 1999, in Paris (France).", "1999, ", "1999"),
        ("It was 1999, in Paris (France).", "Paris (France", "Paris (France)"),
        ("It was 1999, in Paris (France).", "France)", "France"),
        ("　東京　", "　東京　", "東京"),
        ("Apple Inc. grew", "Apple Inc.", "Apple Inc."),
        ("、", "、", "、"),
        ("鳴く。東京です。", "。東京です。", "東京です。"),
        ("it is .NET.", ".NET.", ".NET."),
        ("It begins at 10 a.m. on Monday.", "10 a.m", "10 a.m."),
        ("He lives in Washington D.C. now", "Washington D.C", "Washington D.C."),
        ("by Acme Inc. in 1999", "Acme Inc", "Acme Inc."),
        ("I saw Paris.", "Paris", "Paris"),
        ("cafe\u0301 is", "cafe", "cafe\u0301"),
        ("👨‍👩‍👧です", "👨", "👨‍👩‍👧"),
        ("が゙く", "が", "が゙"),
    ],
)
def test_a_span_keeps_what_belongs_to_it(text: str, span: str, kept: str) -> None:
    start = text.index(span)
    first, last = tidy_span(text, start, start + len(span))
    assert text[first:last] == kept


def test_an_unclosed_bracket_goes_when_its_partner_is_not_next() -> None:
    assert tidy_span("「東京と大阪」", 0, 3) == (1, 3)


@given(text=st.text(min_size=1), data=st.data())
def test_a_tidied_span_lies_in_the_text_and_is_never_empty(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    first, last = tidy_span(text, start, end)
    assert 0 <= first < last <= len(text)
    assert first < end
    assert start < last


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("playing cats", {"playing", "cats"}, {"playing", "cats"}),
        ("２０２４年", {"２０２４", "年"}, {"２０２４", "年"}),
        ("東京都", {"東京", "都"}, {"東京", "都"}),
        ("猫、犬。", {"猫", "犬"}, {"猫", "、", "犬", "。"}),
        ("in .5. cat", {"in", ".", "5", "cat"}, {"in", ".", "5", "5.", "cat"}),
        ("in 2,600.", {"in", "2,600"}, {"in", "2,600", "2,600."}),
        ("3.5, 7 cat", {"3.5", "7", "cat"}, {"3.5", "3.5,", "7", "cat"}),
        ("1,000円", {"1,000", "円"}, {"1,000", "円"}),
        ("２．５，猫", {"２．５", "猫"}, {"２．５", "２．５，", "猫"}),
    ],
)
def test_answers_cut_japanese_anywhere_but_no_spaced_word_or_number(text: str, starts: set[str], ends: set[str]) -> None:
    [pieces] = tiny_tokenizer().pieces([text])
    may_start, may_end = possible_ends(pieces)
    assert {start for (start, _), may in zip(pieces.offsets, may_start, strict=True) if may} == {text.index(word) for word in starts}
    assert {end for (_, end), may in zip(pieces.offsets, may_end, strict=True) if may} == {text.index(word) + len(word) for word in ends}


def test_pieces_on_one_character_are_never_parted() -> None:
    [pieces] = tiny_tokenizer().pieces(["㈱"])
    assert len(pieces) > 1
    may_start, may_end = possible_ends(pieces)
    assert may_start.tolist() == [True] + [False] * (len(pieces) - 1)
    assert may_end.tolist() == [False] * (len(pieces) - 1) + [True]
