"""Trains the similarity adapter: graded pairs of both languages, and translations among other sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch.nn import functional
from transformers import BertModel, PreTrainedModel, PreTrainedTokenizerFast

from engine.pack.adapters import encoder_with_head, save_adapter, train_adapter
from engine.pack.batches import Batch, BatchStream, MixedStream, of_like_length
from engine.pack.data import DataFolder
from engine.pack.english import as_written
from engine.pack.ragged import Arrays, Ids, Ragged, Stored, pad_rows
from engine.pack.running import Run

MAX_PIECES = 96
COSINE_SCALE = 20.0  # as in CoSENT and in sentence-transformers' losses
TRANSLATIONS = 50_000
TRANSLATION_WEIGHT = 0.3  # of the ranking loss beside CoSENT
GRADED_SHARE = 0.8  # of the batches; the others are of translations
# How much of the mean of all vectors is taken off them: what all texts share says nothing, and unrelated ones come out near .3 instead of
# near .6 (Mu and Viswanath 2018 take all of it off; some helps ranking, all of it does not).
CENTRED = 0.65
MEAN_OF = 3_000  # pairs
TEXTS_AT_ONCE = 64  # that are only read
HIGHEST_GRADE = 5.0
SETS = ("jsts", "stsb-ja", "stsb-en", "stsb-across")  # of graded pairs; a translation's is the number behind them
GOLD_REPEATS = 2  # of a pair that people graded, for each that models did


class PairModel(BertModel):
    """Scores pairs by the cosine of mean-pooled vectors.

    Graded pairs are ranked by the CoSENT loss (Su 2022, as in sentence-transformers); pairs without a grade are
    translations and must be nearest to each other among the batch (multiple negatives ranking, Henderson et al. 2017).
    """

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        first, second = functional.normalize(self.pooled(input_ids, attention_mask), dim=-1).chunk(2)
        if labels is None:
            scores = COSINE_SCALE * first @ second.T
            target = torch.arange(len(first), device=scores.device)
            loss = TRANSLATION_WEIGHT * (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target))
            return {"loss": loss}
        cosine = COSINE_SCALE * (first * second).sum(-1)
        gap = cosine[:, None] - cosine[None, :]
        wrong = gap.masked_fill(labels[:, None] >= labels[None, :], -torch.inf)
        return {"loss": torch.logsumexp(torch.cat([cosine.new_zeros(1), wrong.flatten()]), dim=0)}

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The mean of the last layer over each text. *Shape:* (texts, seq) → (texts, width)."""
        hidden: torch.Tensor = super().forward(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state.float()
        mask = attention_mask.unsqueeze(-1)
        return (hidden * mask).sum(1) / mask.sum(1)


def graded_pairs(data: DataFolder) -> list[list[tuple[str, str, float]]]:
    """The pairs of each of `SETS`: JSTS and STS-B in both languages, and STS-B across them (its sides are translations of each other)."""
    japanese, english = data.rows("similarity/ja/stsb-train"), data.rows("similarity/en/stsb-train")
    sets = [
        [(row["a"], row["b"], float(row["score"])) for row in rows] for rows in (data.rows("similarity/ja/jsts-train"), japanese, english)
    ]
    return [*sets, [(e["a"], j["b"], float(e["score"])) for e, j in zip(english, japanese, strict=True) if e["score"] == j["score"]]]


def prepare_pairs(data: DataFolder, tokenizer: PreTrainedTokenizerFast) -> Stored:
    """Pieces of both sides, graded pairs first; translations have no grade (NaN)."""
    written = as_written(data)
    translations = [(written(row), row["ja"], float("nan")) for row in data.rows("parallel/en-ja-train")[:TRANSLATIONS]]
    parts = [*graded_pairs(data), translations]
    pairs = [pair for part in parts for pair in part]
    sides = [Ragged.of(tokenizer([p[side] for p in pairs], truncation=True, max_length=MAX_PIECES)["input_ids"]) for side in (0, 1)]
    grades = np.array([score for _, _, score in pairs], dtype=np.float32)
    return {
        "first": sides[0],
        "second": sides[1],
        "grades": grades,
        "sets": np.repeat(np.arange(len(parts), dtype=np.uint8), [*map(len, parts)]),
    }


def train_similar(
    texts: Arrays,
    *,
    encoder: Path,
    out: Path,
    run: Run,
    go_on: bool = False,
    graded_share: float = GRADED_SHARE,
    silver: Arrays | None = None,
) -> None:
    """Train and save the similarity adapter; `silver` are pairs that models graded."""
    first, second, grades = with_silver(texts, silver)
    graded = int((~np.isnan(grades)).sum())  # they come first
    lengths = np.maximum(first.lengths, second.lengths)

    def translations(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        return _sides(first, second, [graded + row for row in rows], width=width)

    def pairs(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        return {**_sides(first, second, rows, width=width), "labels": torch.from_numpy(grades[rows])}

    # Each kind by itself, so that a batch holds pairs of like length.
    streams = [
        BatchStream(lengths[:graded], pairs, budget=run.tokens, texts=2),
        BatchStream(lengths[graded:], translations, budget=run.tokens, texts=2),
    ]
    stream = MixedStream(streams, shares=(graded_share, 1 - graded_share), seed=14 + run.seed)
    model = encoder_with_head(PairModel, encoder, add_pooling_layer=False, dropout=run.dropout)
    adapted = train_adapter(model, stream, run=run, heads=[last_norm(model)], go_on_from=out if go_on else None)
    centre(adapted, texts)
    save_adapter(adapted, out)


def with_silver(texts: Arrays, silver: Arrays | None) -> tuple[Ragged, Ragged, NDArray[np.float32]]:
    """Both sides and the grades of all pairs, those of models before those of people; translations come last."""
    first, second, grades = texts.ragged("first"), texts.ragged("second"), texts.array("grades").astype(np.float32)
    if silver is None:
        return first, second, grades
    gold, translations = np.flatnonzero(~np.isnan(grades)), np.flatnonzero(np.isnan(grades))
    rows = np.concatenate([np.tile(gold, GOLD_REPEATS), translations])
    sides = [
        Ragged.of([*(graded[i] for i in range(len(graded))), *(side[int(row)] for row in rows)])
        for graded, side in ((silver.ragged("first"), first), (silver.ragged("second"), second))
    ]
    return sides[0], sides[1], np.concatenate([silver.array("grades").astype(np.float32), grades[rows]])


def _sides(first: Ragged, second: Ragged, rows: list[int], *, width: int) -> Batch:
    """*Shape:* (2 · rows, width): all first sides, then all second ones."""
    input_ids = pad_rows([first[i] for i in rows] + [second[i] for i in rows], width=width)
    return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long()}


def last_norm(model: PreTrainedModel) -> str:
    """The name of the normalisation that ends the last layer."""
    return f"encoder.layer.{model.config.num_hidden_layers - 1}.output.LayerNorm"


def centre(adapted: PeftModel, texts: Arrays) -> None:
    """Take `CENTRED` of the mean of training vectors off every vector, by the bias of the last normalisation: the mean over pieces moves with it."""
    model: Any = adapted.get_base_model()
    first, second = texts.ragged("first"), texts.ragged("second")
    rows = range(0, len(first), max(1, len(first) // MEAN_OF))
    vectors = pooled_vectors(model, [side[row] for row in rows for side in (first, second)])
    bias = model.get_submodule(last_norm(model)).bias
    with torch.no_grad():
        bias -= CENTRED * vectors.mean(0).to(bias)


def pooled_vectors(model: Any, texts: Sequence[Ids]) -> torch.Tensor:
    """The vectors that a `PairModel` pools, those of texts of like length read together. *Shape:* (texts, width), in fp32."""
    found = torch.empty(len(texts), model.config.hidden_size, device=model.device)
    model.eval()
    with torch.no_grad():
        for places in of_like_length([*map(len, texts)], at_once=TEXTS_AT_ONCE):
            input_ids = pad_rows([texts[place] for place in places]).to(model.device)
            found[places] = model.pooled(input_ids, (input_ids != 0).long())
    return found
