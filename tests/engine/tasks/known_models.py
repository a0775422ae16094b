"""Small models for the tests of entities, sentiment and vectors: some with random weights, some that know what they say."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
)

from engine.models.loaded import LoadedModel
from tests.engine.tasks.tiny_models import VOCABULARY, tiny_tokenizer

BIO_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
SENTIMENTS = ("negative", "neutral", "positive")


def _labels(labels: Sequence[str]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: index for index, label in enumerate(labels)}}


@functools.cache
def _random(kind: type[PreTrainedModel], labels: tuple[str, ...]) -> PreTrainedModel:
    torch.manual_seed(11)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    return kind(BertConfig(vocab_size=len(VOCABULARY), initializer_range=0.3, **sizes, **(_labels(labels) if labels else {}))).eval()


def random_tagger(*, window: int = 512, labels: tuple[str, ...] = BIO_TAGS, case_types: bool = False) -> LoadedModel:
    model = _random(BertForTokenClassification, labels)
    return LoadedModel(name="tiny/ner", model=model, tokenizer=tiny_tokenizer(), window=window, case_types=case_types)


def random_judge(*, window: int = 512, labels: tuple[str, ...] = SENTIMENTS, mapping: Mapping[str, str] | None = None) -> LoadedModel:
    model = _random(BertForSequenceClassification, labels)
    return LoadedModel(name="tiny/sentiment", model=model, tokenizer=tiny_tokenizer(), window=window, labels=mapping or {})


def two_label_judge() -> LoadedModel:
    """As distilbert-base-uncased-finetuned-sst-2-english."""
    torch.manual_seed(11)
    config = DistilBertConfig(
        vocab_size=len(VOCABULARY), dim=32, n_layers=1, n_heads=4, hidden_dim=64, initializer_range=0.3, **_labels(("NEGATIVE", "POSITIVE"))
    )
    model = DistilBertForSequenceClassification(config).eval()
    return LoadedModel(name="tiny/sst2", model=model, tokenizer=tiny_tokenizer(), window=512)


def random_encoder(*, window: int = 512, pooling: str = "mean") -> LoadedModel:
    model = _random(BertModel, ())
    return LoadedModel(name="tiny/similar", model=model, tokenizer=tiny_tokenizer(), window=window, pooling=pooling)


def knowing_tagger(
    pieces: Mapping[str, Mapping[str, float]],
    *,
    window: int = 512,
    labels: tuple[str, ...] = BIO_TAGS,
    mapping: Mapping[str, str] | None = None,
    upper_case: Mapping[str, float] | None = None,
) -> LoadedModel:
    """A tagger without layers: the logits of a piece depend on the piece alone; a piece that is not given is the first label.

    `upper_case` are logits that token type 1 adds.
    """
    width = len(labels)
    config = BertConfig(vocab_size=len(VOCABULARY), hidden_size=width, num_hidden_layers=0, num_attention_heads=1, **_labels(labels))
    model = BertForTokenClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm = torch.nn.Identity()
        model.classifier.weight.copy_(torch.eye(width))
        words, types = model.bert.embeddings.word_embeddings.weight, model.bert.embeddings.token_type_embeddings.weight
        words[:, 0] = 5.0
        for piece, logits in pieces.items():
            words[VOCABULARY.index(piece), 0] = 0.0
            _put(words[VOCABULARY.index(piece)], logits, labels)
        _put(types[1], upper_case or {}, labels)
    return LoadedModel(
        name="tiny/knowing",
        model=model,
        tokenizer=tiny_tokenizer(),
        window=window,
        labels=mapping or {},
        case_types=upper_case is not None,
    )


def _put(row: torch.Tensor, logits: Mapping[str, float], labels: Sequence[str]) -> None:
    for label, logit in logits.items():
        row[labels.index(label)] = logit
