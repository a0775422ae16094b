"""Tiny models with random weights, made in memory, that read both languages."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from engine.models.loaded import LoadedModel
from engine.tokenization.bilingual import bilingual_tokenizer
from engine.tokenization.pieces import TextTokenizer

_KANA = [chr(code) for code in range(0x3041, 0x30FB)]
_TEXT = (
    "the cat sits on mat capital of france is paris when was transformer introduced in by play ##ing ##s un ##able i love this film "
    "この 映画 は 本当 に 素晴らしかっ た 日本 の 首都 東京 です 猫 が 鳴く 何 いつ 発表 さ れ まし か 年 都 ##都 山田 太郎 株"
)
_WORDS = _TEXT.split()
VOCABULARY = list(
    dict.fromkeys(
        ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *_WORDS, *_KANA, *"、。「」()（）.,!?-$'%"]
        + [letter for char in "abcdefghijklmnopqrstuvwxyz0123456789" for letter in (char, f"##{char}")]
    )
)


@functools.cache
def tiny_tokenizer() -> TextTokenizer:
    return TextTokenizer(_bilingual())


def _bilingual() -> PreTrainedTokenizerFast:
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocab.txt"
        vocabulary.write_text("".join(f"{piece}\n" for piece in VOCABULARY), encoding="utf-8")
        return bilingual_tokenizer(vocabulary)


def _tiny(kind: type[PreTrainedModel], **options: Any) -> PreTrainedModel:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
        initializer_range=0.3,  # so that random answers differ clearly
        **options,
    )
    return kind(config).eval()


@functools.cache
def _model(kind: type[PreTrainedModel], **options: Any) -> PreTrainedModel:
    return _tiny(kind, **options)


def sentencepiece_model() -> LoadedModel:
    """A model whose tokenizer puts word pieces over white-space words, as SentencePiece ones do."""
    return LoadedModel(name="tiny/spm", model=_model(BertForMaskedLM), tokenizer=_sentencepiece_tokenizer(), window=512)


@functools.cache
def _sentencepiece_tokenizer() -> TextTokenizer:
    scores = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("<mask>", 0.0), ("▁", -3.0)]
    scores += [(f"▁{word}", -8.0) for word in _WORDS] + [(word, -9.0) for word in _WORDS]
    backend = Tokenizer(Unigram(list(dict(scores).items()), unk_id=3, byte_fallback=False))
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return TextTokenizer(
        PreTrainedTokenizerFast(
            tokenizer_object=backend, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>"
        ),
        japanese_words=False,
    )


def answering_model(*, window: int = 512, no_answer_threshold: float | None = None) -> LoadedModel:
    return LoadedModel(
        name="tiny/ask",
        model=_model(BertForQuestionAnswering),
        tokenizer=tiny_tokenizer(),
        window=window,
        no_answer_threshold=no_answer_threshold,
    )


def pointing_model(
    starts: dict[str, float],
    ends: dict[str, float] | None = None,
    *,
    window: int = 512,
    no_answer: float = 0.0,
    no_answer_threshold: float | None = 0.0,
) -> LoadedModel:
    """A question answerer without layers: the logits of a piece depend on the piece alone, 0 where not given.

    `no_answer` is the summed logit of the first token.
    """
    config = BertConfig(vocab_size=len(VOCABULARY), hidden_size=2, num_hidden_layers=0, num_attention_heads=1, max_position_embeddings=512)
    model = BertForQuestionAnswering(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm = torch.nn.Identity()
        model.qa_outputs.weight.copy_(torch.eye(2))
        rows = model.bert.embeddings.word_embeddings.weight
        for place, table in enumerate((starts, starts if ends is None else ends)):
            for piece, logit in table.items():
                rows[VOCABULARY.index(piece), place] = logit
        rows[VOCABULARY.index("[CLS]"), 0] = no_answer
    return LoadedModel(
        name="tiny/pointing", model=model, tokenizer=tiny_tokenizer(), window=window, no_answer_threshold=no_answer_threshold
    )


def filling_model(*, window: int = 512) -> LoadedModel:
    return LoadedModel(name="tiny/encoder", model=_model(BertForMaskedLM), tokenizer=tiny_tokenizer(), window=window)


def maskless_model() -> LoadedModel:
    backend = _bilingual()
    backend.mask_token = None
    return LoadedModel(name="tiny/maskless", model=_model(BertForMaskedLM), tokenizer=TextTokenizer(backend), window=512)


def judging_model(*, window: int = 512) -> LoadedModel:
    torch.manual_seed(7)
    model = _tiny(BertForSequenceClassification, num_labels=3, id2label={0: "negative", 1: "neutral", 2: "positive"})
    return LoadedModel(name="tiny/sentiment", model=model, tokenizer=tiny_tokenizer(), window=window)
