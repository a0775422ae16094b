"""The right family is chosen from a folder's own files, and what cannot be read is refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.tokenization.loading import load_tokenizer
from tests.engine.tokenization.folders import (
    KANJI_WORDS,
    bert_vocabulary,
    write,
    write_bert,
    write_bilingual,
    write_byte_level,
    write_japanese,
    write_sentencepiece,
)


def tokens(folder: Path, text: str, *, kind: str = "auto") -> list[str]:
    [pieces] = load_tokenizer(folder, kind=kind, max_length=64).pieces([text])
    return list(pieces.tokens)


def test_our_own_pack_is_known_by_its_mark(tmp_path: Path) -> None:
    assert tokens(write_bilingual(tmp_path), "Hello京都") == ["hello", "京都"]


def test_a_japanese_checkpoint_is_known_by_its_class(tmp_path: Path) -> None:
    assert tokens(write_japanese(tmp_path, word_tokenizer_type="mecab"), "京都を卒業") == ["京都", "を", "卒業"]


def test_an_older_checkpoint_names_its_class_in_config_json(tmp_path: Path) -> None:
    config = {"model_type": "bert", "tokenizer_class": "BertJapaneseTokenizer"}
    folder = write(tmp_path, config=config, vocab__txt=bert_vocabulary(), tokenizer_config__json={"word_tokenizer_type": "mecab"})

    assert tokens(folder, "京都を卒業") == ["京都", "を", "卒業"]


def test_an_english_bert_is_read_as_it_is(tmp_path: Path) -> None:
    assert tokens(write_bert(tmp_path), "Hello, 京都") == ["hello", ",", "京", "都"]


def test_an_english_bert_without_a_class_is_read_too(tmp_path: Path) -> None:
    assert tokens(write(tmp_path, vocab__txt=bert_vocabulary()), "Hello") == ["hello"]


def test_the_truncation_and_padding_of_a_tokenizer_file_are_not_applied(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(write_byte_level(tmp_path), max_length=64)
    text = "The cat sits on the mat. " * 20

    short, long = tokenizer.pieces(["a", text])

    assert len(short) == 1
    assert "".join(text[start:end] for start, end in long.offsets) == text.replace(" ", "")


def test_deberta_keeps_the_normalisation_of_its_sentencepiece_file(tmp_path: Path) -> None:
    assert tokens(write_sentencepiece(tmp_path, "DebertaV2Tokenizer"), "２０") == ["▁", "2", "0"]


def test_a_control_character_does_not_shift_what_follows(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(write_sentencepiece(tmp_path, "XLMRobertaTokenizer"), max_length=64)
    text = "\x08猫\x01で"

    [pieces] = tokenizer.pieces([text])

    assert [text[start:end] for start, end in pieces.offsets] == ["", "猫", "で"]


@pytest.mark.parametrize("config", [None, {"tokenizer_class": "BertTokenizer"}])
def test_a_vocabulary_of_japanese_words_is_never_read_letter_by_letter(tmp_path: Path, config: dict[str, str] | None) -> None:
    files = {} if config is None else {"tokenizer_config__json": config}
    folder = write(tmp_path, vocab__txt=bert_vocabulary(KANJI_WORDS), **files)

    with pytest.raises(ModelError) as caught:
        load_tokenizer(folder, max_length=64)

    assert caught.value.code == "tokenizer_unclear"
    assert "BertJapaneseTokenizer" in caught.value.message.ja
    assert "mecab-wordpiece" in caught.value.message.en


def test_a_bert_that_keeps_japanese_words_together_is_read(tmp_path: Path) -> None:
    config = {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "tokenize_chinese_chars": False}
    folder = write(tmp_path, vocab__txt=bert_vocabulary(KANJI_WORDS), tokenizer_config__json=config)

    assert tokens(folder, "京都 で") == ["京都", "で"]


def test_code_that_a_checkpoint_brings_is_not_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    config = {"tokenizer_class": "EvilTokenizer", "auto_map": {"AutoTokenizer": ["evil.EvilTokenizer", None]}}
    folder = write(tmp_path / "model", config={"model_type": "evil"}, tokenizer_config__json=config)
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass EvilTokenizer: pass\n", encoding="utf-8")

    with pytest.raises(ModelError) as caught:
        load_tokenizer(folder, max_length=64)

    assert caught.value.code == "tokenizer_damaged"
    assert not ran.exists()


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = write_bert(tmp_path)
    (folder / name).write_text('{"half', encoding="utf-8")

    with pytest.raises(ModelError) as caught:
        load_tokenizer(folder, max_length=64)

    assert caught.value.code == "tokenizer_damaged"
    assert str(folder) in caught.value.message.ja


@pytest.mark.parametrize("kind", ["auto", "bilingual", "fast", "bert-japanese"])
def test_a_folder_without_a_vocabulary_is_refused(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_tokenizer(write(tmp_path), kind=kind, max_length=64)

    assert caught.value.code == "tokenizer_damaged"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load_tokenizer(tmp_path / "nowhere", max_length=64)


def test_an_unknown_kind_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'kanji'.*mecab-wordpiece"):
        load_tokenizer(tmp_path, kind="kanji", max_length=64)


def test_an_unknown_mark_of_ours_is_refused(tmp_path: Path) -> None:
    folder = write_bilingual(tmp_path)
    (folder / "tokenizer_config.json").write_text(json.dumps({"yomite_tokenizer": "trilingual"}), encoding="utf-8")

    with pytest.raises(ModelError, match="trilingual"):
        load_tokenizer(folder, max_length=64)


def test_the_length_that_the_caller_gives_is_the_backends(tmp_path: Path) -> None:
    assert load_tokenizer(write_bert(tmp_path), max_length=77).backend.model_max_length == 77
