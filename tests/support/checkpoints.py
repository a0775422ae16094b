"""Writes tiny checkpoints with random weights, of the same classes and files as the real ones."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
)

from engine.models.dense import Dense
from engine.models.sentence_folder import SentenceFolder, write_modules

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
ENGLISH = (
    "the",
    "a",
    "cat",
    "sits",
    "on",
    "mat",
    "apple",
    "inc",
    "is",
    "tim",
    "cook",
    "ceo",
    "of",
    "buying",
    "startup",
    "for",
    "i",
    "love",
    "this",
    "service",
    "was",
    "terrible",
    "when",
    "what",
)
JAPANESE = (
    "この",
    "映画",
    "は",
    "本当",
    "に",
    "素晴らしかっ",
    "た",
    "京都",
    "大学",
    "山田",
    "太郎",
    "を",
    "卒業",
    "し",
    "猫",
    "が",
    "犬",
    "の",
    "です",
    "ます",
    "私",
    "日本",
    "東京",
)
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz0123456789")
KANA = tuple(chr(code) for code in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x30FC))
MARKS = tuple(".,!?'\"$-()|、。「」！？・ー")
VOCABULARY = tuple(
    dict.fromkeys((*SPECIALS, *ENGLISH, *JAPANESE, *LETTERS, *(f"##{c}" for c in LETTERS), *KANA, *(f"##{c}" for c in KANA), *MARKS))
)
SENTIMENTS = ("negative", "neutral", "positive")
ENTITY_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
CONLL_TAGS = ("O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
LORA_TARGETS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]


def tiny_config(*, vocabulary: int = len(VOCABULARY), labels: Sequence[str] = (), **options: Any) -> BertConfig:
    """A BERT of two layers; weights spread wide, so that random answers differ clearly."""
    if labels:
        options |= {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "initializer_range": 0.3}
    return BertConfig(vocab_size=vocabulary, **sizes, **options)


def make(kind: type[PreTrainedModel], config: Any, *, seed: int = 0) -> PreTrainedModel:
    """A model of `kind` with the weights that `seed` gives."""
    torch.manual_seed(seed)
    return kind(config).eval()


def write_vocabulary(folder: Path, pieces: Sequence[str] = VOCABULARY) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")


def write_pack(folder: Path) -> Path:
    """The layout of the bundled pack: an encoder and its four adapters."""
    encoder = folder / "encoder"
    make(BertForMaskedLM, tiny_config()).half().save_pretrained(encoder)
    write_vocabulary(encoder)
    write_adapter(folder, "sentiment", BertForSequenceClassification, labels=SENTIMENTS, heads=["classifier", "pooler"])
    write_adapter(folder, "ner", BertForTokenClassification, labels=ENTITY_TAGS, heads=["classifier", "token_type_embeddings"])
    write_adapter(folder, "ask", BertForQuestionAnswering, heads=["qa_outputs"])
    write_adapter(folder, "similar", BertModel)
    dense = Dense(weight=torch.eye(32) + torch.randn(32, 32, generator=torch.Generator().manual_seed(3)) / 20)
    write_modules(folder / "similar", SentenceFolder(transformer=folder / "similar", dense=dense, max_length=64), hidden_size=32)
    return folder


def write_adapter(
    pack: Path, name: str, kind: type[PreTrainedModel], *, labels: Sequence[str] = (), heads: Sequence[str] = (), seed: int = 1
) -> None:
    """A LoRA adapter whose matrices are not zero, so that forgetting it changes the answers."""
    model = kind.from_pretrained(pack / "encoder", config=tiny_config(labels=labels), dtype=torch.float32)
    torch.manual_seed(seed)
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=LORA_TARGETS, modules_to_save=list(heads) or None))
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.2)
    adapted.peft_config["default"].base_model_name_or_path = "../encoder"
    adapted.half().save_pretrained(pack / name, save_embedding_layers=False)
    adapted.get_base_model().config.save_pretrained(pack / name)


def write_english(folder: Path, kind: type[PreTrainedModel], *, labels: Sequence[str] = ()) -> Path:
    """A plain English BERT of the hub, e.g. a CoNLL or SQuAD fine-tune."""
    make(kind, tiny_config(labels=labels)).save_pretrained(folder)
    write_vocabulary(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}))
    return folder


def write_distilbert(folder: Path) -> Path:
    """As distilbert-base-uncased-finetuned-sst-2-english: labels NEGATIVE and POSITIVE, no token types."""
    config = DistilBertConfig(
        vocab_size=len(VOCABULARY),
        dim=32,
        n_layers=2,
        n_heads=4,
        hidden_dim=64,
        initializer_range=0.3,
        id2label={0: "NEGATIVE", 1: "POSITIVE"},
    )
    make(DistilBertForSequenceClassification, config).save_pretrained(folder)
    write_vocabulary(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "DistilBertTokenizer", "do_lower_case": True}))
    return folder


def write_japanese(folder: Path, kind: type[PreTrainedModel], *, labels: Sequence[str] = (), characters: bool = False) -> Path:
    """As tohoku-nlp's models: MeCab (unidic-lite) and WordPiece, or MeCab and characters."""
    make(kind, tiny_config(labels=labels)).save_pretrained(folder)
    write_vocabulary(folder)
    config = {
        "tokenizer_class": "BertJapaneseTokenizer",
        "word_tokenizer_type": "mecab",
        "subword_tokenizer_type": "character" if characters else "wordpiece",
        "mecab_kwargs": {"mecab_dic": "unidic_lite"},
        "do_lower_case": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def write_sentence_transformer(folder: Path, *, mode: str = "mean", normalize: bool = True) -> Path:
    """A sentence-transformers folder: transformer, pooling, and normalisation if asked."""
    write_english(folder, BertModel)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    if normalize:
        modules.append({"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"})
        (folder / "2_Normalize").mkdir()
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    flags = {"cls": "pooling_mode_cls_token", "max": "pooling_mode_max_tokens", "mean": "pooling_mode_mean_tokens"}
    pooling = {"word_embedding_dimension": 32, **{flag: name == mode for name, flag in flags.items()}}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 64, "do_lower_case": False}))
    return folder


def write_roberta(folder: Path) -> Path:
    """A RoBERTa: byte-level pieces, no token types, and positions that begin behind the padding id (64 of 66 are left)."""
    specials = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    pieces = (*specials, *sorted(pre_tokenizers.ByteLevel.alphabet()))
    backend = Tokenizer(BPE({piece: index for index, piece in enumerate(pieces)}, [], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>"}
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", mask_token="<mask>", **names).save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "initializer_range": 0.3}
    config = RobertaConfig(vocab_size=len(pieces), max_position_embeddings=66, type_vocab_size=1, **sizes)
    make(RobertaForMaskedLM, config).save_pretrained(folder)
    return folder


def write_old_bin(folder: Path) -> Path:
    """A checkpoint of 2019: pytorch_model.bin alone, with gamma and beta for the layer norms."""
    write_english(folder, BertForSequenceClassification, labels=SENTIMENTS)
    model = make(BertForSequenceClassification, tiny_config(labels=SENTIMENTS))
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in model.state_dict().items()
    }
    (folder / "model.safetensors").unlink()
    torch.save(old, folder / "pytorch_model.bin")
    return folder


class _Malice:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (print, ("this must never run",))


def write_malicious_bin(folder: Path) -> Path:
    """A pytorch_model.bin that runs a program when it is unpickled."""
    write_english(folder, BertForSequenceClassification, labels=SENTIMENTS)
    (folder / "model.safetensors").unlink()
    with (folder / "pytorch_model.bin").open("wb") as file:
        pickle.dump({"bert.embeddings.word_embeddings.weight": _Malice()}, file)
    return folder


def ask_for_too_much(folder: Path) -> None:
    """Let a checkpoint have more pieces than any memory has room for; their rows stand in no file."""
    weights = {name: tensor for name, tensor in load_file(folder / "model.safetensors").items() if "word" not in name}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 10**15}))
