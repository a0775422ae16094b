"""Decides which family of tokenizers a model folder belongs to, from what its own files say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from engine.errors import ModelError
from engine.tokenization.vocabulary import read_vocabulary

# bilingual: our pack's. fast: what AutoTokenizer finds, as it is. bert-japanese: MeCab, Sudachi or Juman++ and pieces, as
# tokenizer_config.json says. mecab-wordpiece, mecab-character: the same where it says nothing. jumanpp: what AutoTokenizer
# finds, on a text that Juman++ cut into words with spaces between.
TokenizerKind = Literal["auto", "bilingual", "fast", "bert-japanese", "mecab-wordpiece", "mecab-character", "jumanpp"]
TOKENIZER_KINDS: tuple[str, ...] = get_args(TokenizerKind)

# Models whose cards ask for words cut by Juman++ first; nothing in their files says so.
_JUMANPP_MODEL = re.compile(r"(?:ku-nlp|nlp-waseda)/(?![\w.-]*(?:char|auto-jumanpp))[\w.-]*japanese", re.IGNORECASE)
_KANJI_WORD = re.compile(r"[\u4e00-\u9fff]{2,}")
# A vocabulary with so many words of two kanji and more was made from texts that were cut into words.
_KANJI_WORDS = 20


def read_config(folder: Path) -> dict[str, Any]:
    """All that the folder's small files say of its tokenizer; tokenizer_config.json wins over older files.

    Raises:
        ModelError: a file is there but is no JSON object.
    """
    model = _read_json(folder / "config.json")
    config = {name: model[name] for name in ("model_type", "tokenizer_class", "_name_or_path") if model.get(name)}
    config |= _read_json(folder / "special_tokens_map.json")
    config |= {name: value for name, value in _read_json(folder / "tokenizer_config.json").items() if value is not None}
    added = {str(index): token for token, index in _read_json(folder / "added_tokens.json").items()}
    config["added_tokens_decoder"] = added | config.get("added_tokens_decoder", {})
    return config


def choose_family(folder: Path, config: Mapping[str, Any]) -> TokenizerKind:
    """The family of the tokenizer in `folder`, never "auto".

    Raises:
        ModelError: the folder does not say how Japanese is cut into words, though its vocabulary holds words.
    """
    ours = config.get("yomite_tokenizer")
    if ours == "bilingual":
        return "bilingual"
    if ours is not None:
        raise ModelError(
            "tokenizer_unknown",
            ja=f"{folder / 'tokenizer_config.json'} の yomite_tokenizer が {ours!r} です。書けるのは bilingual だけです。",
            en=f"{folder / 'tokenizer_config.json'}: yomite_tokenizer is {ours!r}; only bilingual is allowed.",
        )
    if str(config.get("tokenizer_class", "")).removesuffix("Fast") == "BertJapaneseTokenizer":
        return "bert-japanese"
    if _made_with_jumanpp(folder, config):
        return "jumanpp"
    if "tokenizer_class" not in config and not (folder / "tokenizer.json").exists() and (folder / "vocab.txt").exists():
        refuse_word_vocabulary(folder, read_vocabulary(folder / "vocab.txt"))
    return "fast"


def kanji_words(vocabulary: Mapping[str, int]) -> list[str]:
    """The pieces of two kanji and more that stand at the beginning of a word."""
    return [piece for piece in vocabulary if _KANJI_WORD.fullmatch(piece.lstrip("\u2581"))]


def refuse_word_vocabulary(folder: Path, vocabulary: Mapping[str, int]) -> None:
    """Refuse a vocabulary of Japanese words where nothing says how words are cut: it would be read letter by letter.

    Raises:
        ModelError: it is one.
    """
    if len(kanji_words(vocabulary)) < _KANJI_WORDS:
        return
    raise ModelError(
        "tokenizer_unclear",
        ja=f"{folder} の語彙には日本語の単語がありますが、単語の区切り方が分かりません。このままでは一文字ずつに切れてしまいます。"
        'tokenizer_config.json に "tokenizer_class": "BertJapaneseTokenizer" と "word_tokenizer_type": "mecab" を書くか、'
        'カタログに tokenizer = "mecab-wordpiece" (Juman++ のモデルなら "jumanpp") と書いてください。',
        en=f"The vocabulary of {folder} holds Japanese words, but nothing says how words are cut: it would be read letter by letter."
        ' Write "tokenizer_class": "BertJapaneseTokenizer" and "word_tokenizer_type": "mecab" into its tokenizer_config.json,'
        ' or tokenizer = "mecab-wordpiece" (for a Juman++ model "jumanpp") into the catalog.',
        folder=str(folder),
    )


def _made_with_jumanpp(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether the folder, a hub cache's folder, or the model it was fine-tuned from bears a name of such a model."""
    names = f"{folder.as_posix()} {config.get('_name_or_path', '')}".replace("models--", "/").replace("--", "/")
    return _JUMANPP_MODEL.search(names) is not None


def _read_json(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path) from error
    if not isinstance(data, dict):
        raise _damaged(path)
    return data


def _damaged(path: Path) -> ModelError:
    return ModelError(
        "tokenizer_damaged",
        ja=f"{path} が JSON のオブジェクトとして読めません。モデルをもう一度取得してください。",
        en=f"{path} cannot be read as a JSON object. Fetch the model again.",
    )
