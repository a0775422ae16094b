"""BertJapaneseTokenizer checkpoints as fast tokenizers: the same ids, and offsets into the text exactly as given.

What the slow original does is in transformers, models/bert_japanese/tokenization_bert_japanese.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, NormalizedString, PreTokenizedString, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from engine.errors import ModelError
from engine.tokenization.cutters import Cutter, make_cutter
from engine.tokenization.sentencepiece import sentencepiece_model, sentencepiece_normalizer
from engine.tokenization.spans import slice_spans
from engine.tokenization.vocabulary import read_vocabulary
from engine.tokenization.wrapping import BERT_SPECIALS, bert_template, wrap_backend

# Python's idea of white space, which the original splits words at.
_BLANKS = Regex(r"[\s\x1c-\x1f\x85]+")
# The vocabularies of Tohoku's first models. Their tokenizers were often saved without a dictionary's name: ipadic was the default.
_IPADIC_VOCABULARIES = (32_000, 4_000)


@dataclass(frozen=True)
class JapaneseSettings:
    """What a checkpoint's tokenizer_config.json says of words and pieces; names as there."""

    word_tokenizer_type: str = "basic"
    subword_tokenizer_type: str = "wordpiece"
    do_word_tokenize: bool = True
    do_subword_tokenize: bool = True
    do_lower_case: bool = False
    mecab_kwargs: Mapping[str, Any] | None = None
    sudachi_kwargs: Mapping[str, Any] | None = None
    jumanpp_kwargs: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> JapaneseSettings:
        """The settings among all that a tokenizer_config.json holds."""
        return cls(**{name: config[name] for name in cls.__dataclass_fields__ if config.get(name) is not None})

    @property
    def words(self) -> str:
        """The word cutter's type; "whole" where there is none."""
        return self.word_tokenizer_type if self.do_word_tokenize else "whole"

    @property
    def cutter_options(self) -> Mapping[str, Any]:
        """The `…_kwargs` of the word cutter."""
        return {"mecab": self.mecab_kwargs, "sudachi": self.sudachi_kwargs, "jumanpp": self.jumanpp_kwargs}.get(self.words) or {}

    @property
    def normalizes_text(self) -> bool:
        """Whether the text is brought to NFKC before words are cut."""
        if self.words in ("basic", "whole"):
            return False
        return bool(self.cutter_options.get("normalize_text", True))

    def with_dictionary(self, vocabulary_size: int) -> JapaneseSettings:
        """Name MeCab's dictionary where the checkpoint does not."""
        if self.words != "mecab" or "mecab_dic" in (self.mecab_kwargs or {}):
            return self
        dictionary = "ipadic" if vocabulary_size in _IPADIC_VOCABULARIES else "unidic_lite"
        return replace(self, mecab_kwargs={**(self.mecab_kwargs or {}), "mecab_dic": dictionary})


class WordPreTokenizer:
    """A custom pre-tokenizer for `tokenizers` that cuts a text into a cutter's words. It cannot be saved: attach it after loading."""

    def __init__(self, cutter: Cutter, *, lower_case: bool) -> None:
        self._cutter = cutter
        self._lower_case = lower_case

    def pre_tokenize(self, pretok: PreTokenizedString) -> None:
        pretok.split(self._split)

    def _split(self, _index: int, run: NormalizedString) -> list[NormalizedString]:
        words = slice_spans(run, self._cutter(str(run)))
        if self._lower_case:
            for word in words:
                word.lowercase()
        return words


class _CharacterNormalizer:
    """Brings each word to NFKC after it was cut, as the character tokenizer does."""

    def pre_tokenize(self, pretok: PreTokenizedString) -> None:
        pretok.normalize(normalizers.NFKC().normalize)


def japanese_tokenizer(folder: Path, config: Mapping[str, Any], *, max_length: int) -> PreTrainedTokenizerFast:
    """The tokenizer of the checkpoint in `folder`, whose tokenizer_config.json says `config`.

    Raises:
        ModelError: a file, program or dictionary is absent, or the settings are not known.
    """
    settings = JapaneseSettings.read(config)
    backend = Tokenizer(_subword_model(folder, settings, _content(config.get("unk_token")) or "[UNK]"))
    settings = settings.with_dictionary(backend.get_vocab_size(with_added_tokens=False))
    backend.normalizer = _normalizer(folder, settings)
    backend.pre_tokenizer = _pre_tokenizer(settings)
    backend.decoder = decoders.Metaspace() if settings.subword_tokenizer_type == "sentencepiece" else decoders.WordPiece()
    specials = {name: _content(config.get(name)) or token for name, token in BERT_SPECIALS.items()}
    _add_tokens(backend, specials, _added_tokens(config), folder)
    backend.post_processor = bert_template(specials, backend.get_vocab())
    return wrap_backend(backend, specials=specials, max_length=max_length)


def _subword_model(folder: Path, settings: JapaneseSettings, unknown: str) -> models.Model:
    kind = settings.subword_tokenizer_type if settings.do_subword_tokenize else "none"
    if kind == "sentencepiece":
        return sentencepiece_model(folder / "spiece.model")
    vocabulary = read_vocabulary(folder / "vocab.txt")
    if unknown not in vocabulary:
        raise ModelError(
            "tokenizer_damaged",
            ja=f"{folder / 'vocab.txt'} に {unknown} がありません。BERT の語彙には必要です。",
            en=f"{folder / 'vocab.txt'} lacks {unknown}, which a BERT vocabulary must hold.",
        )
    if kind == "wordpiece":
        return models.WordPiece(vocabulary, unk_token=unknown, max_input_chars_per_word=100)
    if kind == "character":  # pieces are never merged: each character is one, or unknown
        return models.BPE(vocabulary, [], unk_token=unknown)
    if kind == "none":
        return models.WordLevel(vocabulary, unk_token=unknown)
    raise ModelError(
        "tokenizer_unknown",
        ja=f"subword_tokenizer_type が {kind!r} のトークナイザは読めません。読めるのは wordpiece, character, sentencepiece です。",
        en=f"subword_tokenizer_type {kind!r} cannot be read; known are wordpiece, character, sentencepiece.",
    )


def _normalizer(folder: Path, settings: JapaneseSettings) -> normalizers.Normalizer:
    steps: list[normalizers.Normalizer] = []
    if settings.words == "basic":
        steps += [normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, lowercase=settings.do_lower_case)]
        steps += [] if settings.do_lower_case else [normalizers.NFC()]
    if settings.normalizes_text or (settings.words == "whole" and settings.subword_tokenizer_type == "character"):
        steps.append(normalizers.NFKC())
    if settings.subword_tokenizer_type == "sentencepiece":
        steps += sentencepiece_normalizer(folder / "spiece.model")
    return normalizers.Sequence(steps)


def _pre_tokenizer(settings: JapaneseSettings) -> pre_tokenizers.PreTokenizer:
    steps: list[pre_tokenizers.PreTokenizer] = []
    if settings.words == "basic":
        steps.append(pre_tokenizers.BertPreTokenizer())
    elif settings.words != "whole":
        cutter = make_cutter(settings.words, settings.cutter_options)
        steps.append(pre_tokenizers.PreTokenizer.custom(WordPreTokenizer(cutter, lower_case=settings.do_lower_case)))
    if settings.subword_tokenizer_type == "wordpiece":
        steps.append(pre_tokenizers.Split(_BLANKS, behavior="removed"))
    elif settings.subword_tokenizer_type == "sentencepiece":
        steps += [pre_tokenizers.Split(_BLANKS, behavior="removed"), pre_tokenizers.Metaspace(prepend_scheme="always", split=False)]
    elif settings.subword_tokenizer_type == "character" and not settings.normalizes_text and settings.words != "whole":
        steps.append(pre_tokenizers.PreTokenizer.custom(_CharacterNormalizer()))
    return pre_tokenizers.Sequence(steps)


def _add_tokens(backend: Tokenizer, specials: Mapping[str, str], added: Mapping[int, str], folder: Path) -> None:
    """Add the special tokens and those that were added later; each must get the id that the checkpoint gives it."""
    for index, token in sorted(added.items()):
        backend.add_special_tokens([AddedToken(token, special=True, normalized=False)])
        if backend.token_to_id(token) != index:
            raise ModelError(
                "tokenizer_damaged",
                ja=f"{folder} の追加トークン {token!r} の番号は {index} のはずですが、語彙では {backend.token_to_id(token)} です。",
                en=f"{folder}: the added token {token!r} should have id {index}, but the vocabulary gives {backend.token_to_id(token)}.",
            )
    backend.add_special_tokens(list(specials.values()))


def _added_tokens(config: Mapping[str, Any]) -> dict[int, str]:
    return {int(index): _content(token) or "" for index, token in (config.get("added_tokens_decoder") or {}).items()}


def _content(token: Any) -> str | None:
    """A special token's text: written plainly, or as an object with `content`."""
    return token.get("content") if isinstance(token, dict) else token
