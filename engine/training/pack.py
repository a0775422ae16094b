"""Builds the bundled model pack, stage by stage: `python -m engine.training.pack --data FOLDER`.

A stage that has ended is not run again; one that was stopped goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from transformers import BertForMaskedLM, BertModel, PreTrainedTokenizerFast

from engine.tokenization.bilingual import bilingual_tokenizer
from engine.training.alignment import agreed_translations, gloss_translations, parallel_ids, start_embeddings
from engine.training.ask import train_ask
from engine.training.cards import write_cards
from engine.training.data import DataFolder
from engine.training.encoder import (
    BilingualEncoder,
    SentenceTargets,
    distillation_texts,
    masked_blocks,
    sentence_targets,
    start_encoder,
    train_everything,
    train_new_rows,
)
from engine.training.ner import train_ner
from engine.training.sentiment import train_sentiment
from engine.training.similar import train_similar
from engine.training.sources import Sources, find_sources
from engine.training.vocabulary import build_vocabulary

log = logging.getLogger("yomite.pack")

TOKENIZER_CONFIG = {"model_max_length": 512, "yomite_tokenizer": "bilingual"}
SHARD_SIZE = "40MB"  # no file of the pack may be larger than 45 MB


@dataclass(frozen=True)
class Steps:
    """Optimiser steps of each training stage (of 4,096 padded tokens; 2,048 for sentiment and entities)."""

    rows: int = 300
    encoder: int = 1_400
    sentiment: int = 2_500
    ner: int = 2_500
    similar: int = 500
    ask: int = 3_000


@dataclass(frozen=True)
class PackBuild:
    """One build: where its data, its unfinished work and its result lie."""

    data: DataFolder
    work: Path
    out: Path
    steps: Steps
    go_on: bool = False  # adapters start from those that stand in `out`

    @cached_property
    def sources(self) -> Sources:
        return find_sources(self.work)

    @property
    def vocabulary_file(self) -> Path:
        fresh = self.work / "vocab.txt"
        return fresh if fresh.exists() else self.out / "encoder" / "vocab.txt"

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        return bilingual_tokenizer(self.vocabulary_file)

    @cached_property
    def targets(self) -> SentenceTargets:
        cache = self.work / "targets.npz"
        return sentence_targets(self.data, self.tokenizer, minilm=self.sources.minilm, muse=self.sources.muse, cache=cache)

    @property
    def encoder(self) -> Path:
        """The encoder to train tasks on: this build's, else the one that the pack holds."""
        fresh = self.work / "encoder-model"
        return fresh if fresh.exists() else self.out / "encoder"

    @property
    def vocabulary(self) -> list[str]:
        return self.vocabulary_file.read_text(encoding="utf-8").split("\n")[:-1]

    @cached_property
    def english_rows(self) -> dict[str, int]:
        """Pieces of all-MiniLM-L6-v2 → its rows."""
        pieces = (self.sources.minilm / "vocab.txt").read_text(encoding="utf-8").split("\n")
        return {piece: row for row, piece in enumerate(pieces)}

    @property
    def first_new(self) -> int:
        """The id of the first Japanese piece that English did not have."""
        return next(i for i, piece in enumerate(self.vocabulary) if piece not in self.english_rows)

    # --- stages ---

    def vocabulary_stage(self) -> None:
        pieces = build_vocabulary(self.data, self.sources.minilm / "vocab.txt")
        (self.work / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")

    def start_stage(self) -> None:
        """Embedding rows for the Japanese pieces, from their translations."""
        english = BertModel.from_pretrained(self.sources.minilm).embeddings.word_embeddings.weight.detach().numpy()
        kept = [self.english_rows[piece] for piece in self.vocabulary[: self.first_new]]
        translations = [
            agreed_translations(parallel_ids(self.data, self.tokenizer)),
            gloss_translations(self.sources.edict, self.tokenizer),
        ]
        np.save(self.work / "rows.npy", start_embeddings(english[kept], vocabulary=self.vocabulary, translations=translations))

    def rows_stage(self) -> None:
        model = start_encoder(self.sources.minilm, np.load(self.work / "rows.npy"))
        pairs = len(distillation_texts(self.data)[0])
        run = self.work / "run-rows"
        train_new_rows(model, self.targets, pairs=pairs, first_new=self.first_new, folder=run, steps=self.steps.rows)
        model.save_pretrained(self.work / "rows-model")

    def encoder_stage(self) -> None:
        model = BilingualEncoder.from_pretrained(self.work / "rows-model")
        blocks = masked_blocks(self.data, self.tokenizer)
        train_everything(model, self.targets, blocks, self.tokenizer, folder=self.work / "run-encoder", steps=self.steps.encoder)
        model.save_pretrained(self.work / "encoder-model")
        self._export_encoder()

    def _export_encoder(self) -> None:
        folder = self.out / "encoder"
        model = BertForMaskedLM.from_pretrained(self.work / "encoder-model", dtype=torch.float16)
        model.config.architectures = ["BertForMaskedLM"]
        for old in folder.glob("model*"):
            old.unlink()
        model.save_pretrained(folder, max_shard_size=SHARD_SIZE)
        shutil.copy(self.work / "vocab.txt", folder / "vocab.txt")
        (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG, indent=2) + "\n", encoding="utf-8")

    def sentiment_stage(self) -> None:
        train_sentiment(
            self.data,
            self.tokenizer,
            encoder=self.encoder,
            muse=self.sources.muse,
            run_folder=self.work / "run-sentiment",
            out=self.out / "sentiment",
            steps=self.steps.sentiment,
            go_on=self.go_on,
        )

    def ner_stage(self) -> None:
        self._train(train_ner, "ner", self.steps.ner)

    def similar_stage(self) -> None:
        self._train(train_similar, "similar", self.steps.similar)

    def ask_stage(self) -> None:
        self._train(train_ask, "ask", self.steps.ask)

    def _train(self, train: Callable[..., None], name: str, steps: int) -> None:
        folders = {"encoder": self.encoder, "run_folder": self.work / f"run-{name}", "out": self.out / name}
        train(self.data, self.tokenizer, steps=steps, go_on=self.go_on, **folders)

    def stages(self) -> list[tuple[str, Callable[[], None]]]:
        """All stages in order."""
        return [
            ("vocabulary", self.vocabulary_stage),
            ("start", self.start_stage),
            ("rows", self.rows_stage),
            ("encoder", self.encoder_stage),
            ("similar", self.similar_stage),
            ("ner", self.ner_stage),
            ("ask", self.ask_stage),
            ("sentiment", self.sentiment_stage),
        ]

    def run(self, only: Sequence[str] = ()) -> None:
        """Run every stage that has not ended yet; with `only`, just these, on the encoder that stands."""
        self.work.mkdir(parents=True, exist_ok=True)
        for name, stage in self.stages():
            if only and name not in only:
                continue
            mark = self.work / f"{name}.done"
            if mark.exists():
                log.info("%s: done before", name)
                continue
            log.info("%s: begins", name)
            stage()
            mark.touch()
            shutil.rmtree(self.work / f"run-{name}", ignore_errors=True)
            log.info("%s: done", name)
        write_cards(self.out)


def main() -> None:
    """The command line of `make pack`."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.pack", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with qa/, ner/, sentiment/, similarity/, parallel/, text/")
    parser.add_argument("--work", type=Path, default=Path("build/pack"), help="unfinished work and checkpoints (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="where the pack is written (default: %(default)s)")
    for name, default in vars(Steps()).items():
        parser.add_argument(f"--{name}-steps", type=int, default=default, help="optimiser steps (default: %(default)s)")
    parser.add_argument("--only", nargs="+", default=(), metavar="STAGE", help="just these stages, on the encoder that stands")
    parser.add_argument("--go-on", action="store_true", help="start adapters from those that stand, instead of anew")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    steps = Steps(**{name: getattr(given, f"{name}_steps") for name in vars(Steps())})
    PackBuild(data=DataFolder(given.data), work=given.work, out=given.out, steps=steps, go_on=given.go_on).run(given.only)


if __name__ == "__main__":
    main()
