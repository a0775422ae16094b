"""How texts are cut into words and tokens, as people see it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from engine.contract import Failure, TokensRequest, TokensResult
from engine.models.loaded import LoadedModel
from engine.tasks.tokens import run
from tests.engine.tasks.tiny_models import filling_model, sentencepiece_model


def cut(text: str, *, model: LoadedModel | None = None) -> TokensResult:
    [outcome] = run([TokensRequest(text=text)], ["ja"], model or filling_model())
    assert isinstance(outcome, TokensResult)
    return outcome


@pytest.mark.parametrize(
    ("text", "words", "tokens"),
    [
        ("日本の首都は東京都です。", ["日本", "の", "首都", "は", "東京", "都", "です", "。"], None),
        ("この映画は本当に素晴らしかった！", ["この", "映画", "は", "本当", "に", "素晴らしかっ", "た", "！"], None),
        ("the cats play.", ["the", "cats", "play", "."], ["the", "cat", "##s", "play", "."]),
        ("映画 the filmです", ["映画", "the", "film", "です"], ["映画", "the", "film", "です"]),
        ("２０年", ["２０", "年"], ["2", "##0", "年"]),
    ],
)
def test_words_and_tokens_of_both_languages(text: str, words: list[str], tokens: list[str] | None) -> None:
    result = cut(text)
    assert [word.text for word in result.words] == words
    assert tokens is None or [token.text for token in result.tokens if not token.special] == tokens


def test_special_tokens_have_no_width_and_stand_at_the_edges() -> None:
    result = cut("  the cat  ")
    special = [(token.text, token.start, token.end) for token in result.tokens if token.special]
    assert special == [("[CLS]", 2, 2), ("[SEP]", 9, 9)]


def test_tokens_of_one_character_share_its_span() -> None:
    result = cut("㈱の")
    assert {(token.start, token.end) for token in result.tokens if token.text in "(株)"} == {(0, 1)}


def test_a_word_names_its_tokens() -> None:
    result = cut("the cats play")
    word = result.words[1]
    assert [token.text for token in result.tokens[word.first_token : word.last_token + 1]] == ["cat", "##s"]


@pytest.mark.parametrize("text", ["", "   ", "\u200b\x00"])
def test_a_text_without_tokens_is_refused_in_both_languages(text: str) -> None:
    [outcome] = run([TokensRequest(text=text)], ["ja"], filling_model())
    assert isinstance(outcome, Failure)
    assert outcome.code == "empty_text"
    assert outcome.message.ja != outcome.message.en


def test_one_empty_text_spoils_no_other() -> None:
    good, bad = run([TokensRequest(text="猫"), TokensRequest(text="")], ["ja", "en"], filling_model())
    assert isinstance(good, TokensResult)
    assert isinstance(bad, Failure)


def test_a_long_text_is_cut_whole_and_the_window_is_said() -> None:
    text = "この映画は本当に素晴らしかった！" * 1_250
    result = cut(text, model=filling_model(window=128))
    assert result.tokens[-2].end == len(text) == 20_000
    assert result.window == 128
    assert "128" in result.notes[0].ja
    assert "128" in result.notes[0].en


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60))
@pytest.mark.parametrize("sentencepiece", [False, True])
def test_spans_are_those_of_the_typed_text(sentencepiece: bool, text: str) -> None:
    model = sentencepiece_model() if sentencepiece else filling_model()
    [outcome] = run([TokensRequest(text=text)], ["ja"], model)
    if isinstance(outcome, Failure):
        assert outcome.code == "empty_text"
        return
    assert all(0 <= token.start <= token.end <= len(text) for token in outcome.tokens)
    for word in outcome.words:
        assert text[word.start : word.end] == word.text != ""
        inside = outcome.tokens[word.first_token : word.last_token + 1]
        assert inside
        assert all(token.start < word.end and word.start < token.end for token in inside if token.start < token.end)
    assert all(one.end <= other.start for one, other in pairwise(outcome.words))


def test_a_tokenizer_without_words_gets_mecab_words() -> None:
    result = cut("日本の首都は the capital ﾆﾎﾝ です", model=sentencepiece_model())
    assert [word.text for word in result.words][:6] == ["日本", "の", "首都", "は", "the", "capital"]
    first = result.words[0]
    assert any("日本" in token.text for token in result.tokens[first.first_token : first.last_token + 1])
