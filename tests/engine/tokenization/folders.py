"""Writes small tokenizer folders of every family, as they lie on the hub."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
KANA = [chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC)]
LATIN = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?-()'#@$")
KANJI = list("山田太郎年京都大学卒業自動車入社株日本語猫犬")
WORDS = [
    "京都",
    "京都大学",
    "卒業",
    "##学",
    "自動車",
    "入社",
    "山田",
    "太郎",
    "日本",
    "日本語",
    "です",
    "ました",
    "トヨタ",
    "hello",
    "##llo",
]
# Enough words of two kanji for a vocabulary that was plainly made from cut words.
KANJI_WORDS = [a + b for a in "山田太郎年" for b in "京都大学卒業自動車"]

SENTENCES = (
    "吾輩は猫である。名前はまだ無い。",
    "どこで生れたかとんと見当がつかぬ。",
    "山田太郎は２０１９年に京都大学を卒業し、トヨタ自動車に入社した。",
    "この映画は本当に素晴らしかった！",
    "全く面白くなくて時間の無駄だった。",
    "The cat sits on the mat.",
    "A feline rests on a rug.",
    "Apple Inc. is looking at buying U.K. startup for $1 billion.",
)


def bert_vocabulary(extra: Iterable[str] = ()) -> list[str]:
    """A BERT vocabulary that knows kana, Latin letters, digits and a few words of both languages."""
    letters = [*KANA, *LATIN, *"、。！？ー「」", *KANJI]
    return list(dict.fromkeys([*SPECIALS, *letters, *(f"##{letter}" for letter in letters), *WORDS, *extra]))


def write(folder: Path, *, config: dict[str, Any] | None = None, **files: dict[str, Any] | list[str] | bytes) -> Path:
    """Write a folder: `config` is config.json; other files by name, with __ for the dot; dicts as JSON, lists as lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "bert"}), encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, list):
            path.write_text("".join(f"{line}\n" for line in content), encoding="utf-8")
        else:
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return folder


def write_bilingual(folder: Path) -> Path:
    """A folder of our own pack's kind."""
    return write(folder, vocab__txt=bert_vocabulary(), tokenizer_config__json={"yomite_tokenizer": "bilingual"})


def write_japanese(folder: Path, *, extra: Iterable[str] = (), **settings: Any) -> Path:
    """A folder of a BertJapaneseTokenizer checkpoint with these settings."""
    config = {"tokenizer_class": "BertJapaneseTokenizer", **settings}
    return write(folder, vocab__txt=bert_vocabulary(extra), tokenizer_config__json=config)


def write_bert(folder: Path, *, lower_case: bool = True) -> Path:
    """A folder of an English or multilingual BERT, which has only a vocab.txt."""
    config = {"tokenizer_class": "BertTokenizer", "do_lower_case": lower_case}
    return write(folder, vocab__txt=bert_vocabulary(), tokenizer_config__json=config)


def write_byte_level(folder: Path) -> Path:
    """A folder of a RoBERTa-like model: byte-level BPE in a tokenizer.json, with truncation and padding switched on in it."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=400, special_tokens=specials, initial_alphabet=alphabet))
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    backend.enable_truncation(8)
    backend.enable_padding(pad_id=1, pad_token="<pad>", length=16)
    names = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token", "cls_token", "sep_token")
    tokens = dict(zip(names, [*specials, "<s>", "</s>"], strict=True))
    write(folder, config={"model_type": "modernbert"}, tokenizer_config__json={"tokenizer_class": "PreTrainedTokenizerFast", **tokens})
    backend.save(str(folder / "tokenizer.json"))
    return folder


@cache
def sentencepiece_model(kind: str = "unigram", **options: Any) -> bytes:
    """A SentencePiece model file, trained on the sentences above."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 5),
        model_writer=out,
        model_type=kind,
        hard_vocab_limit=False,
        minloglevel=2,
        num_threads=1,
        **({"vocab_size": 300} | options),
    )
    return out.getvalue()


def write_sentencepiece(folder: Path, tokenizer_class: str, **settings: Any) -> Path:
    """A folder that has only a SentencePiece file, as this class names and numbers it."""
    model_type, name, kind, options = _SENTENCEPIECE[tokenizer_class]
    files = {name.replace(".", "__"): sentencepiece_model(kind, **options)}
    return write(
        folder, config={"model_type": model_type}, tokenizer_config__json={"tokenizer_class": tokenizer_class, **settings}, **files
    )


_BERT_LIKE = "[CLS],[SEP],[MASK]"
_SENTENCEPIECE: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "XLMRobertaTokenizer": ("xlm-roberta", "sentencepiece.bpe.model", "unigram", {"unk_id": 0, "bos_id": 1, "eos_id": 2}),
    "T5Tokenizer": ("t5", "spiece.model", "unigram", {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}),
    "AlbertTokenizer": (
        "roberta",
        "spiece.model",
        "unigram",
        {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "user_defined_symbols": _BERT_LIKE},
    ),
    "DebertaV2Tokenizer": (
        "deberta-v2",
        "spm.model",
        "unigram",
        {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "unk_piece": "[UNK]", "user_defined_symbols": _BERT_LIKE},
    ),
    "LlamaTokenizer": (
        "llama",
        "tokenizer.model",
        "bpe",
        {"vocab_size": 600, "byte_fallback": True, "normalization_rule_name": "identity", "remove_extra_whitespaces": False},
    ),
}

# Every family, by the name that a failing test should show.
FAMILIES: dict[str, Callable[[Path], Path]] = {
    "bilingual": write_bilingual,
    "bert": write_bert,
    "byte-level": write_byte_level,
    "mecab-ipadic": lambda folder: write_japanese(folder, word_tokenizer_type="mecab", mecab_kwargs={"mecab_dic": "ipadic"}),
    "mecab-lower": lambda folder: write_japanese(folder, word_tokenizer_type="mecab", do_lower_case=True),
    "mecab-raw": lambda folder: write_japanese(folder, word_tokenizer_type="mecab", mecab_kwargs={"normalize_text": False}),
    "character": lambda folder: write_japanese(folder, word_tokenizer_type="mecab", subword_tokenizer_type="character"),
    "whole-character": lambda folder: write_japanese(folder, do_word_tokenize=False, subword_tokenizer_type="character"),
    "basic": lambda folder: write_japanese(folder, do_lower_case=True),
    "xlm-roberta": lambda folder: write_sentencepiece(folder, "XLMRobertaTokenizer"),
    "t5": lambda folder: write_sentencepiece(folder, "T5Tokenizer"),
    "albert": lambda folder: write_sentencepiece(folder, "AlbertTokenizer", do_lower_case=False, keep_accents=True),
    "deberta-v2": lambda folder: write_sentencepiece(folder, "DebertaV2Tokenizer"),
    "llama": lambda folder: write_sentencepiece(folder, "LlamaTokenizer"),
}
