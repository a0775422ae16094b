"""Trains the sentiment adapter on both languages, with English judgements carried to Japanese by the bilingual teacher."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch.nn import functional
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

from engine.examples.splitting import held_out
from engine.pack.adapters import encoder_with_head, save_adapter, soft_targets, train_adapter
from engine.pack.batches import Batch, BatchStream, Build, MixedStream
from engine.pack.chat import LEARNT, language_of
from engine.pack.data import DataFolder, Row
from engine.pack.english import names_of, natural
from engine.pack.people import statements
from engine.pack.ragged import Arrays, Ragged, Stored, pad_rows
from engine.pack.running import Run
from engine.pack.teachers import Teacher
from engine.pack.texts import sentences
from engine.pack.written import written_feelings

LABELS = ("negative", "neutral", "positive")
MAX_PIECES = 160
CARRIED_FELT, CARRIED_CALM = 4_000, 12_000  # of each feeling, and of none
CARRIED_MANUALS, EVERY_MANUAL = 3_000, 8  # sentences of software manuals, which feel nothing, and one in how many is taken
STATEMENT_REPEATS = 3
WRITTEN_SHARE = 0.3  # of the batches, once it learns from lines that were written for Yomite
LESS_CALM = 0.4  # off the logit of neutral after translations: what they agree on is careful, and so many mild words became neutral
# How often each set is read in an epoch.
REPEATS = {"sst2": 1, "sentence-polarity": 3, "xed": 1, "chabsa": 2, "naist-dialogue": 2}
# One English row in so many is read again as people write it (reviews are cut into words, in lower case), and one in capitals.
WRITTEN, SHOUTED = 4, 12
CHATTED, CHATS = 8, 2  # one row in so many is also read as it stands in a chat, and each line written for Yomite so many times
# More often where a label is rare in everyday talk: macro F1 counts all labels alike.
RARE_REPEATS = {("naist-dialogue", "neutral"): 3, ("naist-dialogue", "positive"): 5}


class SoftLabelClassifier(BertForSequenceClassification):
    """A sequence classifier trained on probability targets. *Shape:* labels (batch, classes)."""

    def forward(self, input_ids: torch.Tensor, labels: torch.Tensor | None = None, **options: torch.Tensor):  # type: ignore[no-untyped-def]  # transformers' own output class
        output = super().forward(input_ids=input_ids, **options)
        if labels is not None:
            output.loss = functional.cross_entropy(output.logits.float(), labels)
        return output


def labelled_rows(data: DataFolder) -> list[tuple[str, int]]:
    """(text, label index) of every training set; the Japanese held-out tenth is left out."""
    rows: list[tuple[str, int]] = []
    for name, repeats in REPEATS.items():
        language = "ja" if name in ("chabsa", "naist-dialogue") else "en"
        found = data.rows(f"sentiment/{language}/{name}-train")
        for row in found:
            if language == "en" or not held_out(row["text"]):
                rows += [(row["text"], LABELS.index(row["label"]))] * RARE_REPEATS.get((name, row["label"]), repeats)
    return rows


def rewritten(rows: list[tuple[str, int]], names: Mapping[str, str]) -> list[tuple[str, int]]:
    """Some of the English rows as people write them, and some in capitals."""
    english = [row for row in rows if row[0].isascii()]
    written = [(natural(text, names), label) for text, label in english[::WRITTEN]]
    return written + [(text.upper(), label) for text, label in english[1::SHOUTED]]


def in_chats(rows: list[tuple[str, int]], *, seed: int) -> list[tuple[str, int]]:
    """The rows addressed to somebody, quoted, in bold, with other ends."""
    generator = np.random.default_rng(seed)
    return [(LEARNT[language_of(text)].dress(text, generator), label) for text, label in rows]


def carried_rows(data: DataFolder, muse: Teacher) -> list[tuple[str, int]]:
    """Everyday Japanese sentences of which linear models on the bilingual teacher's vectors, fitted on English, are sure.

    One tells positive from negative on reviews and subtitles, one finds what feels nothing on subtitles.
    """
    subtitles = data.rows("sentiment/en/xed-train")
    reviews = data.rows("sentiment/en/sentence-polarity-train") + data.rows("sentiment/en/sst2-train")[::4]
    felt = reviews + [row for row in subtitles if row["label"] != "neutral"]
    japanese = list(dict.fromkeys(row["ja"] for row in data.rows("parallel/en-ja-train")))
    vectors = muse(japanese)
    positive, calm = _share(muse, felt, "positive", vectors), _share(muse, subtitles, "neutral", vectors)
    # "I live in Tokyo" lies nearer to praise than to blame, but is neither.
    glad, sad = np.argsort(-positive * (1 - calm)), np.argsort(-(1 - positive) * (1 - calm))
    rows = [(japanese[i], 0) for i in sad[:CARRIED_FELT]] + [(japanese[i], 2) for i in glad[:CARRIED_FELT]]
    undecided = [i for i in np.argsort(-calm) if 0.2 < positive[i] < 0.8]
    return rows + [(japanese[i], 1) for i in undecided[:CARRIED_CALM]]


def manual_rows(data: DataFolder) -> list[tuple[str, int]]:
    """Sentences of software manuals."""
    texts = sentences(data.lines("text/ja/microsoft-docs"), limit=EVERY_MANUAL * CARRIED_MANUALS, longest=60)[::EVERY_MANUAL]
    return [(text, LABELS.index("neutral")) for text in texts]


def _share(muse: Teacher, rows: list[Row], label: str, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """How sure a linear model, fitted on `rows`, is that vectors belong to `label`. *Shape:* (texts, width) → (texts,), 0..1."""
    judge = LogisticRegression(max_iter=200, C=5.0)
    judge.fit(muse([row["text"] for row in rows]), [row["label"] == label for row in rows])
    share: NDArray[np.float64] = judge.predict_proba(vectors)[:, 1]
    return share


def prepare_feelings(data: DataFolder, tokenizer: PreTrainedTokenizerFast, muse: Teacher) -> Stored:
    """Pieces and label of every row to learn from, those that are `carried` over from English last."""
    labelled = labelled_rows(data)
    calm = manual_rows(data) + [(text, LABELS.index("neutral")) for text in statements()] * STATEMENT_REPEATS
    own = labelled + rewritten(labelled, names_of(data)) + calm
    own, carried = own + in_chats(own[::CHATTED], seed=21), carried_rows(data, muse)
    ids = tokenizer([text for text, _ in own + carried], truncation=True, max_length=MAX_PIECES)["input_ids"]
    labels = np.array([label for _, label in own + carried], dtype=np.uint8)
    return {"ids": Ragged.of(ids), "labels": labels, "carried": np.arange(len(labels)) >= len(own)}


def prepare_written(tokenizer: PreTrainedTokenizerFast) -> Stored:
    """Pieces and label of the lines that were written for Yomite, by themselves and in chats."""
    lines = [(row.text, LABELS.index(row.label)) for row in written_feelings()]
    rows = lines + in_chats(lines * CHATS, seed=22)
    ids = tokenizer([text for text, _ in rows], truncation=True, max_length=MAX_PIECES)["input_ids"]
    return {"ids": Ragged.of(ids), "labels": np.array([label for _, label in rows], dtype=np.uint8)}


def train_sentiment(
    texts: Arrays, *, encoder: Path, out: Path, run: Run, go_on: bool = False, agreed: Arrays | None = None, written: Arrays | None = None
) -> None:
    """Train and save the sentiment adapter.

    What translations `agreed` on takes the place of what was carried over; `WRITTEN_SHARE` of the batches are of what was `written`.
    """
    parts = [with_agreed(texts, agreed), *([(written.ragged("ids"), _targets(written))] if written else [])]
    streams = [BatchStream(ids.lengths, _batches(ids, targets), budget=run.tokens // 2) for ids, targets in parts]
    shares = (1 - WRITTEN_SHARE, WRITTEN_SHARE) if written else (1.0,)
    stream = MixedStream(streams, shares=shares, seed=11 + run.seed)
    model = encoder_with_head(SoftLabelClassifier, encoder, labels=LABELS, dropout=run.dropout)
    adapted = train_adapter(model, stream, run=run, heads=["classifier", "pooler"], go_on_from=out if go_on else None)
    if agreed is not None:
        classifier: Any = adapted.get_base_model().get_submodule("classifier.modules_to_save.default")
        with torch.no_grad():
            classifier.bias[LABELS.index("neutral")] -= LESS_CALM
    save_adapter(adapted, out)


def _batches(ids: Ragged, targets: NDArray[np.float32]) -> Build:
    """*Shape:* targets (rows, classes)."""

    def build(rows: list[int], _: np.random.Generator, *, width: int) -> Batch:
        input_ids = pad_rows([ids[i] for i in rows], width=width)
        return {"input_ids": input_ids, "attention_mask": (input_ids != 0).long(), "labels": torch.from_numpy(targets[rows])}

    return build


def _targets(texts: Arrays) -> NDArray[np.float32]:
    """*Shape:* (rows, classes)."""
    of_label = np.stack([soft_targets(label, count=len(LABELS)) for label in range(len(LABELS))])
    targets: NDArray[np.float32] = of_label[texts.array("labels")]
    return targets


def with_agreed(texts: Arrays, agreed: Arrays | None) -> tuple[Ragged, NDArray[np.float32]]:
    """Pieces and targets of all rows of sets that are learnt from. *Shape:* targets (rows, classes)."""
    ids, targets = texts.ragged("ids"), _targets(texts)
    if agreed is None:
        return ids, targets
    own, others = np.flatnonzero(~texts.array("carried")), agreed.ragged("ids")
    joined = Ragged.of([*(ids[int(row)] for row in own), *(others[row] for row in range(len(others)))])
    return joined, np.concatenate([targets[own], agreed.array("targets")])
