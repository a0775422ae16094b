"""Models that expect Juman++'s words: with the program, and without."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.tokenization.jumanpp import jumanpp_cutter
from engine.tokenization.loading import load_tokenizer
from tests.engine.tokenization.folders import KANJI_WORDS, bert_vocabulary, write, write_japanese, write_sentencepiece
from tests.support.jumanpp import jumanpp_on_path


@pytest.fixture
def jumanpp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with jumanpp_on_path(tmp_path / "bin", monkeypatch):
        yield


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("猫が好き。", ["猫", "が", "好き", "。"]),
        ("a cat @ 好き", ["a", "cat", "@", "好き"]),
        ("#猫\n##\n犬", ["#", "猫", "##", "犬"]),
        ("C#好き", ["C", "#", "好き"]),
        (" \n\r\n", []),
        ("", []),
    ],
)
@pytest.mark.usefixtures("jumanpp")
def test_words_are_placed_in_the_text(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in jumanpp_cutter()(text)] == words


@pytest.mark.usefixtures("jumanpp")
def test_a_long_text_without_a_full_stop_is_cut_to_the_end() -> None:
    text = "猫が好き" * 1_000

    assert len(jumanpp_cutter()(text)) == 3_000


@pytest.mark.usefixtures("jumanpp")
def test_a_program_that_dies_is_named_and_the_next_text_starts_it_again() -> None:
    cutter = jumanpp_cutter()

    with pytest.raises(ModelError) as caught:
        cutter("壊す")

    assert caught.value.code == "tokenizer_program_failed"
    assert "jumanpp" in caught.value.message.ja
    assert cutter("猫") == [(0, 1)]


class Interrupted(Exception):
    """As a job's time is over, or somebody presses Ctrl-C."""


@pytest.fixture
def interruptible() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.usefixtures("jumanpp", "interruptible")
def test_a_text_that_is_interrupted_leaves_no_words_to_the_next_one() -> None:
    cutter = jumanpp_cutter()

    with pytest.raises(Interrupted):
        cutter("ここで待つ")

    assert cutter("猫が好き") == [(0, 1), (1, 2), (2, 4)]


@pytest.mark.usefixtures("jumanpp")
def test_a_bert_japanese_tokenizer_takes_its_words_from_it(tmp_path: Path) -> None:
    folder = write_japanese(tmp_path, extra=["好き"], word_tokenizer_type="jumanpp")

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["ｶﾞ猫 好き"])

    assert pieces.tokens == ("ガ", "猫", "好き")
    assert pieces.offsets == ((0, 2), (2, 3), (4, 6))


@pytest.mark.usefixtures("jumanpp")
def test_a_sentencepiece_model_reads_words_with_spaces_between(tmp_path: Path) -> None:
    folder = write_sentencepiece(tmp_path, "AlbertTokenizer", do_lower_case=False, keep_accents=True)
    text = "猫が  無い[MASK]。"

    [pieces] = load_tokenizer(folder, kind="jumanpp", max_length=64).pieces([text])

    [spaced] = load_tokenizer(folder, kind="fast", max_length=64).pieces(["猫 が 無 い [MASK] 。"])
    assert pieces.ids == spaced.ids
    assert "".join(text[start:end] for start, end in pieces.offsets) == text.replace(" ", "")
    assert pieces.words[-1] == 5


@pytest.mark.usefixtures("jumanpp")
def test_a_bert_of_words_is_not_cut_into_letters(tmp_path: Path) -> None:
    folder = write(tmp_path, vocab__txt=bert_vocabulary([*KANJI_WORDS, "好き"]))

    [pieces] = load_tokenizer(folder, kind="jumanpp", max_length=64).pieces(["猫が好き"])

    assert pieces.tokens == ("猫", "が", "好き")


@pytest.mark.usefixtures("jumanpp")
@pytest.mark.parametrize("name", ["models--ku-nlp--deberta-v2-base-japanese/snapshots/1", "nlp-waseda/roberta-base-japanese"])
def test_models_that_are_known_to_want_it_get_it(tmp_path: Path, name: str) -> None:
    folder = write_sentencepiece(tmp_path / name, "DebertaV2Tokenizer")

    [pieces] = load_tokenizer(folder, max_length=64).pieces(["猫である"])

    assert pieces.words[-1] == 3


@pytest.mark.parametrize(
    ("kind", "settings"), [("auto", {"word_tokenizer_type": "jumanpp"}), ("jumanpp", {"word_tokenizer_type": "mecab"})]
)
def test_without_the_program_it_is_named_with_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, settings: dict[str, str]
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ModelError) as caught:
        load_tokenizer(write_japanese(tmp_path, **settings), kind=kind, max_length=64)

    assert caught.value.code == "tokenizer_needs_program"
    for message in (caught.value.message.ja, caught.value.message.en):
        assert "jumanpp" in message
        assert "https://github.com/ku-nlp/jumanpp" in message
