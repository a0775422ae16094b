"""Loads the tokenizer of a model folder, of whatever family, with offsets into the text exactly as given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import normalizers, pre_tokenizers
from transformers import AutoTokenizer

from engine.errors import ModelError
from engine.tokenization.alignment import AlignedTokenizer
from engine.tokenization.bilingual import bilingual_tokenizer
from engine.tokenization.capitals import CapitalsTokenizer
from engine.tokenization.families import TOKENIZER_KINDS, choose_family, kanji_words, read_config, refuse_word_vocabulary
from engine.tokenization.japanese import japanese_tokenizer
from engine.tokenization.jumanpp import jumanpp_cutter
from engine.tokenization.pieces import TextTokenizer
from engine.tokenization.rewriting import RewritingTokenizer, spaced_words, without_dropped
from engine.tokenization.sentencepiece import MODEL_FILES, sentencepiece_normalizer

# How many words of a vocabulary are tried to see whether the tokenizer ever gives a whole one.
_TRIALS = 50


def load_tokenizer(folder: str | Path, *, kind: str = "auto", max_length: int) -> TextTokenizer:
    """The tokenizer of the model in a local `folder`; `max_length` is the model's window in pieces.

    `kind` is one of `families.TOKENIZER_KINDS`; "auto" goes by what the folder's files say. Code that a checkpoint
    brings is never run.

    Raises:
        ModelError: there is no such folder, its files are damaged or unclear, or a program or package that it needs is absent.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ModelError(
            "model_missing",
            ja=f"モデルのフォルダ {folder} がありません。あるフォルダの名前を書いてください。",
            en=f"There is no model folder {folder}. Name one that exists.",
            folder=str(folder),
        )
    if kind not in TOKENIZER_KINDS:
        raise ModelError(
            "tokenizer_unknown",
            ja=f"トークナイザの種類 {kind!r} は知りません。書けるのは {', '.join(TOKENIZER_KINDS)} です。",
            en=f"Tokenizer kind {kind!r} is unknown; allowed are {', '.join(TOKENIZER_KINDS)}.",
        )
    config = read_config(folder)
    family = choose_family(folder, config) if kind == "auto" else kind
    try:
        return _build(folder, family, config, max_length)
    except ModelError:
        raise
    except Exception as error:  # the Rust tokenizer knows no class of errors of its own
        raise _broken(folder, error) from error


def _build(folder: Path, family: str, config: Mapping[str, Any], max_length: int) -> TextTokenizer:
    if family == "bilingual":
        cased = not config.get("do_lower_case", True)
        tokenizer = TextTokenizer(bilingual_tokenizer(folder / "vocab.txt", cased=cased, max_length=max_length))
        return CapitalsTokenizer(tokenizer) if cased else tokenizer
    if family == "jumanpp":
        cutter = jumanpp_cutter()
        inner = _load_auto(folder, config, max_length, spaced=True)
        return RewritingTokenizer(inner, spaced_words(cutter, inner.backend.all_special_tokens))
    if family == "fast":
        return _load_auto(folder, config, max_length)
    if family != "bert-japanese":
        words, pieces = family.split("-")
        config = {**config, "word_tokenizer_type": words, "subword_tokenizer_type": pieces}
    return TextTokenizer(japanese_tokenizer(folder, config, max_length=max_length))


def _load_auto(folder: Path, config: Mapping[str, Any], max_length: int, *, spaced: bool = False) -> TextTokenizer:
    """What AutoTokenizer makes of the folder. `spaced` says that the texts will come with spaces between Japanese words."""
    backend: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False, model_max_length=max_length)
    if not set(backend.get_vocab()) - set(backend.all_special_tokens):
        raise ValueError("the vocabulary is empty")  # transformers 5 makes an empty one where there is no file
    if not backend.is_fast:
        return AlignedTokenizer(backend)
    if spaced:
        _keep_japanese_words(backend, config)
    _restore_normalizer(backend, folder)
    _refuse_letter_cutter(backend, folder)
    whole_words = isinstance(backend.backend_tokenizer.pre_tokenizer, pre_tokenizers.BertPreTokenizer)
    tokenizer = TextTokenizer(backend, japanese_words=whole_words)
    if not _has_precompiled(backend):
        return tokenizer
    return RewritingTokenizer(tokenizer, without_dropped(backend.backend_tokenizer.normalizer))


def _keep_japanese_words(backend: Any, config: Mapping[str, Any]) -> None:
    """Undo what BERT's own normaliser does to Japanese: letters set apart, sound marks taken for accents."""
    if isinstance(backend.backend_tokenizer.normalizer, normalizers.BertNormalizer):
        backend.backend_tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=bool(config.get("do_lower_case", False))
        )


def _restore_normalizer(backend: Any, folder: Path) -> None:
    """Put back the SentencePiece model's own normalisation, which some conversions of transformers 5 leave out (DeBERTa's)."""
    model = next((folder / name for name in MODEL_FILES if (folder / name).exists()), None)
    if model is None or (folder / "tokenizer.json").exists():
        return
    steps = sentencepiece_normalizer(model)
    tokenizer = backend.backend_tokenizer
    if not steps or _has_precompiled(backend):
        return
    tokenizer.normalizer = normalizers.Sequence([*steps, *([tokenizer.normalizer] if tokenizer.normalizer else [])])


def _has_precompiled(backend: Any) -> bool:
    """Whether texts are normalised by the tables of a SentencePiece model."""
    return '"Precompiled"' in json.dumps(json.loads(backend.backend_tokenizer.to_str())["normalizer"])


def _refuse_letter_cutter(backend: Any, folder: Path) -> None:
    """Refuse a tokenizer that holds Japanese words and never gives one: it cuts Japanese into letters.

    Raises:
        ModelError: it is one.
    """
    vocabulary = backend.get_vocab()
    words = kanji_words(vocabulary)
    trials = words[:: max(1, len(words) // _TRIALS)][:_TRIALS]
    if trials and not any(set(backend.tokenize(word.lstrip("\u2581"))) & {word, f"\u2581{word}"} for word in trials):
        refuse_word_vocabulary(folder, vocabulary)


def _broken(folder: Path, error: Exception) -> ModelError:
    return ModelError(
        "tokenizer_damaged",
        ja=f"{folder} のトークナイザが読めません。tokenizer.json、vocab.txt、SentencePiece のどれかのファイルがあるか確かめてください。",
        en=f"The tokenizer in {folder} cannot be read. Check that it holds a tokenizer.json, a vocab.txt or a SentencePiece file.",
        folder=str(folder),
        reason=f"{type(error).__name__}: {error}"[:500],
    )
