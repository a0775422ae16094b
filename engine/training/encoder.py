"""Trains the pack's shared encoder: new Japanese rows first, then meaning and masked words together.

Sentence meaning is distilled as in Reimers & Gurevych 2020 ("Making Monolingual Sentence Embeddings Multilingual"):
both sides of a translation are drawn to the English teacher's vector; a linear map of every vector is drawn to the
bilingual teacher's. Masked words are predicted beside it (Devlin et al. 2019), whole words at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from torch.utils.data import IterableDataset
from transformers import BertConfig, BertForMaskedLM, PreTrainedTokenizerFast, Trainer, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from engine.reference.masking import mask_words
from engine.training.batches import Batch, BatchStream, only_batch, pad
from engine.training.data import DataFolder
from engine.training.teachers import encode_with_minilm, encode_with_muse

MUSE_WIDTH = 512
MLM_LENGTH = 128
MAX_SENTENCE_PIECES = 96
ANCHOR_WEIGHT, MUSE_WEIGHT, MLM_WEIGHT = 10.0, 5.0, 1.0
SENTENCE_END = re.compile(r"(?<=[。！？])")


class BilingualEncoder(BertForMaskedLM):
    """A BERT with its masked-word head and a linear map into the bilingual teacher's space (training only)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.teacher_map = nn.Linear(config.hidden_size, MUSE_WIDTH)
        self.post_init()  # type: ignore[no-untyped-call]  # transformers leaves it untyped

    def sentence_vectors(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Mean-pooled, normalised vectors. *Shape:* (batch, seq) → (batch, width)."""
        mask = (input_ids != 0).long()
        hidden = self.bert(input_ids=input_ids, attention_mask=mask).last_hidden_state.float()
        pooled = (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(pooled, dim=-1)

    def forward(
        self,
        text_ids: torch.Tensor,
        anchor: torch.Tensor,
        has_anchor: torch.Tensor,
        muse: torch.Tensor,
        masked_ids: torch.Tensor | None = None,
        masked_labels: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        vectors = self.sentence_vectors(text_ids)
        to_anchor = 1 - (vectors * anchor).sum(-1)
        loss = ANCHOR_WEIGHT * (to_anchor * has_anchor).sum() / has_anchor.sum().clamp(min=1)
        if self.teacher_map.weight.requires_grad:  # untrained, it would only add noise to the new rows
            mapped = functional.normalize(self.teacher_map(vectors), dim=-1).float()
            loss = loss + MUSE_WEIGHT * (1 - (mapped * muse).sum(-1)).mean()
        if masked_ids is not None and masked_labels is not None:
            hidden = self.bert(input_ids=masked_ids, attention_mask=(masked_ids != 0).long()).last_hidden_state
            chosen = masked_labels != -100
            logits = self.cls(hidden[chosen]).float()
            loss = loss + MLM_WEIGHT * functional.cross_entropy(logits, masked_labels[chosen])
        return {"loss": loss}


@dataclass(frozen=True)
class SentenceTargets:
    """Tokenised sentences and what the teachers say of each."""

    ids: list[list[int]]
    anchors: NDArray[np.float16]  # (texts, 384), zeros where there is none
    has_anchor: NDArray[np.bool_]  # (texts,)
    muse: NDArray[np.float16]  # (texts, 512)

    def batch(self, rows: list[int]) -> Batch:
        return {
            "text_ids": pad([self.ids[i] for i in rows]),
            "anchor": torch.from_numpy(self.anchors[rows].astype(np.float32)),
            "has_anchor": torch.from_numpy(self.has_anchor[rows].astype(np.float32)),
            "muse": torch.from_numpy(self.muse[rows].astype(np.float32)),
        }


def sentences(lines: Iterator[str], *, limit: int, longest: int = 140) -> list[str]:
    """The first `limit` sentences of 8 to `longest` characters, cut at Japanese full stops."""
    found: list[str] = []
    for line in lines:
        found.extend(s for s in SENTENCE_END.split(line) if 8 <= len(s) <= longest)
        if len(found) >= limit:
            break
    return found[:limit]


def distillation_texts(data: DataFolder) -> tuple[list[str], list[str], list[str], list[str]]:
    """(English of pairs, Japanese of pairs, other English, other Japanese) to learn sentence meaning from."""
    pairs = [row for name in ("parallel/en-ja-train", "parallel/python-docs-train") for row in data.rows(name)]
    english = [row["text"] for name in ("sst2", "sentence-polarity", "xed") for row in data.rows(f"sentiment/en/{name}-train")]
    english = english[::2] + [row["question"] for row in data.rows("qa/en/squadshifts-train")]
    japanese = [row["text"] for name in ("chabsa", "naist-dialogue") for row in data.rows(f"sentiment/ja/{name}-train")]
    japanese += [row[side] for name in ("jsts", "stsb") for row in data.rows(f"similarity/ja/{name}-train") for side in "ab"]
    japanese += [row["question"] for row in data.rows("qa/ja/jaquad-train")]
    japanese += sentences(data.lines("text/ja/wikipedia-jaquad"), limit=70_000)
    japanese += sentences(data.lines("text/ja/aozora-modern"), limit=40_000, longest=80)
    japanese += sentences(data.lines("text/ja/microsoft-docs"), limit=15_000)
    return [row["en"] for row in pairs], [row["ja"] for row in pairs], english, list(dict.fromkeys(japanese))


def sentence_targets(data: DataFolder, tokenizer: PreTrainedTokenizerFast, *, minilm: Path, muse: Path, cache: Path) -> SentenceTargets:
    """Teacher vectors for all distillation texts, computed once and kept in `cache` (.npz)."""
    pair_english, pair_japanese, english, japanese = distillation_texts(data)
    texts = pair_english + pair_japanese + english + japanese
    if cache.exists():
        stored = np.load(cache)
        anchors, muse_vectors = stored["anchors"], stored["muse"]
    else:
        pair_anchor = encode_with_minilm(minilm, pair_english)
        other_anchor = encode_with_minilm(minilm, english)
        nothing = np.zeros((len(japanese), pair_anchor.shape[1]), dtype=np.float32)
        anchors = np.concatenate([pair_anchor, pair_anchor, other_anchor, nothing]).astype(np.float16)
        muse_vectors = encode_with_muse(muse, texts).astype(np.float16)
        np.savez(cache, anchors=anchors, muse=muse_vectors)
    ids = tokenizer(texts, truncation=True, max_length=MAX_SENTENCE_PIECES)["input_ids"]
    return SentenceTargets(ids=ids, anchors=anchors, has_anchor=np.abs(anchors).sum(axis=1) > 0, muse=muse_vectors)


def masked_blocks(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> NDArray[np.int32]:
    """Japanese and English running text in blocks of `MLM_LENGTH` pieces. *Shape:* (blocks, MLM_LENGTH)."""
    texts = list(data.lines("text/ja/wikipedia-jaquad"))
    texts += sentences(data.lines("text/ja/aozora-modern"), limit=40_000, longest=200)
    texts += sentences(data.lines("text/ja/microsoft-docs"), limit=12_000)
    texts += [row["text"] for row in data.rows("sentiment/ja/naist-dialogue-train")]
    texts += list(dict.fromkeys(row["context"] for name in ("squadshifts", "tydiqa") for row in data.rows(f"qa/en/{name}-train")))
    ids = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    stream = np.array([piece for text in ids for piece in [*text, tokenizer.sep_token_id]], dtype=np.int32)
    inner = MLM_LENGTH - 1
    blocks = stream[: len(stream) // inner * inner].reshape(-1, inner)
    return np.concatenate([np.full((len(blocks), 1), tokenizer.cls_token_id, dtype=np.int32), blocks], axis=1)


class TwoGoalStream(IterableDataset[Batch]):
    """Sentence batches with a batch of masked blocks in each."""

    def __init__(
        self, targets: SentenceTargets, blocks: NDArray[np.int32], tokenizer: PreTrainedTokenizerFast, *, budget: int, seed: int
    ) -> None:
        self._blocks, self._budget = blocks, budget
        pieces = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self._continues = np.array([piece.startswith("##") for piece in pieces])
        self._special, self._mask_id = tokenizer.all_special_ids, tokenizer.mask_token_id
        self._stream = BatchStream([len(ids) for ids in targets.ids], lambda rows, _: targets.batch(rows), budget=budget, seed=seed)
        self._seed = seed

    def __iter__(self) -> Iterator[Batch]:
        generator = np.random.default_rng(self._seed + 1)
        rows_per_batch = self._budget // MLM_LENGTH
        order: list[int] = []
        for batch in self._stream:
            if len(order) < rows_per_batch:
                order = generator.permutation(len(self._blocks)).tolist()
            rows, order = order[:rows_per_batch], order[rows_per_batch:]
            ids, labels = mask_words(
                self._blocks[rows], continues=self._continues, special=self._special, mask_id=self._mask_id, generator=generator
            )
            yield {**batch, "masked_ids": ids, "masked_labels": labels}


def run_trainer(
    model: nn.Module, stream: IterableDataset[Batch], *, folder: Path, steps: int, learning_rate: float, **options: Any
) -> None:
    """Train with the Hugging Face Trainer; goes on from the last checkpoint in `folder`."""
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        learning_rate=learning_rate,
        per_device_train_batch_size=1,
        lr_scheduler_type="linear",
        warmup_steps=max(10, steps // 20),
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        optim="adamw_torch_fused",
        save_steps=options.pop("save_steps", 250),
        save_total_limit=1,
        logging_steps=25,
        report_to=[],
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        disable_tqdm=True,
        **options,
    )
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(model=model, args=arguments, train_dataset=stream, data_collator=only_batch)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(folder)))


def without_dropout(config: BertConfig) -> BertConfig:
    """Dropout costs a third of the time on a CPU, and no run here is long enough to over-fit."""
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    return config


def start_encoder(minilm: Path, rows: NDArray[np.float32]) -> BilingualEncoder:
    """all-MiniLM-L6-v2's body with `rows` (pieces, 384) as its word embeddings."""
    config = without_dropout(BertConfig.from_pretrained(minilm))
    model = BilingualEncoder.from_pretrained(minilm, config=config)
    model.resize_token_embeddings(len(rows), mean_resizing=False)
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight.copy_(torch.from_numpy(rows))
    return model


def train_new_rows(model: BilingualEncoder, targets: SentenceTargets, *, pairs: int, first_new: int, folder: Path, steps: int) -> None:
    """Fit only the new embedding rows: the Japanese side of each pair to the English teacher's vector."""
    japanese = range(pairs, 2 * pairs)
    lengths = [len(targets.ids[i]) for i in japanese]
    stream = BatchStream(lengths, lambda rows, _: targets.batch([pairs + i for i in rows]), budget=4_096, seed=1)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    rows = model.bert.embeddings.word_embeddings.weight.requires_grad_(True)
    hook = rows.register_hook(lambda gradient: torch.cat([torch.zeros_like(gradient[:first_new]), gradient[first_new:]]))
    run_trainer(model, stream, folder=folder, steps=steps, learning_rate=2e-3, save_steps=10_000)
    hook.remove()
    for parameter in model.parameters():
        parameter.requires_grad_(True)


def train_everything(
    model: BilingualEncoder,
    targets: SentenceTargets,
    blocks: NDArray[np.int32],
    tokenizer: PreTrainedTokenizerFast,
    *,
    folder: Path,
    steps: int,
) -> None:
    """Train the whole encoder on sentence meaning and masked words together."""
    stream = TwoGoalStream(targets, blocks, tokenizer, budget=4_096, seed=2)
    run_trainer(model, stream, folder=folder, steps=steps, learning_rate=3e-4, max_grad_norm=1.0)
