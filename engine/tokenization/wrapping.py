"""Puts a Rust tokenizer with a Python pre-tokenizer into the wrapper that `transformers` works with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import Tokenizer, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

# BERT's special tokens, by the names that `transformers` has for them.
BERT_SPECIALS: Mapping[str, str] = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


def bert_template(specials: Mapping[str, str], ids: Mapping[str, int]) -> processors.PostProcessor:
    """[CLS] first [SEP], or [CLS] first [SEP] second [SEP] with type 1 for the second text."""
    cls, sep = specials["cls_token"], specials["sep_token"]
    return processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=[(cls, ids[cls]), (sep, ids[sep])]
    )


def wrap_backend(backend: Tokenizer, *, specials: Mapping[str, str] = BERT_SPECIALS, max_length: int) -> PreTrainedTokenizerFast:
    """`backend` as `transformers` knows tokenizers, its pre-tokenizer kept.

    The wrapper copies the tokenizer, and a Python pre-tokenizer can be neither copied nor saved: it is attached afterwards.
    """
    pre_tokenizer = backend.pre_tokenizer
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    make: Any = PreTrainedTokenizerFast  # its __init__ is not annotated everywhere
    wrapped: PreTrainedTokenizerFast = make(
        tokenizer_object=backend,
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **specials,
    )
    wrapped.backend_tokenizer.pre_tokenizer = pre_tokenizer
    return wrapped
