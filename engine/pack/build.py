"""Builds the bundled model pack, stage by stage: `python -m engine.pack --data FOLDER`.

A stage that has ended is not run again; one that was stopped goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import torch
from transformers import BertForMaskedLM, BertModel, PreTrainedTokenizerFast

from engine.models.int8 import from_folder, write_int8
from engine.models.sums import write_sums
from engine.pack.agreed import agreed_feelings
from engine.pack.ask import (
    SENTENCE_ENDS,
    SHORT_SHARE,
    WRITTEN_SHARE,
    Answers,
    prepare_answers,
    prepare_written_answers,
    shortened,
    train_ask,
)
from engine.pack.cards import write_cards
from engine.pack.data import DataFolder
from engine.pack.e5 import read_e5
from engine.pack.encoder import Vocabulary, goals, start_encoder, train_everything
from engine.pack.goals import BilingualEncoder
from engine.pack.layer import train_layer
from engine.pack.ner import prepare_entities, prepare_written_names, train_ner
from engine.pack.ragged import Arrays, Stored, save_arrays
from engine.pack.running import Run, draw_course
from engine.pack.sentiment import prepare_feelings, prepare_written, train_sentiment
from engine.pack.silver import grade_pairs, train_cross_encoder
from engine.pack.similar import GRADED_SHARE, prepare_pairs, train_similar
from engine.pack.sources import E5, MINILM_VOCABULARY, MUSE, fetch
from engine.pack.teachers import Teacher, encode_with_muse, kept
from engine.pack.texts import prepare_meaning, prepare_order, prepare_translations, prepare_words
from engine.pack.vocabulary import build_vocabulary
from engine.tokenization.bilingual import bilingual_tokenizer
from engine.tokenization.pieces import TextTokenizer

log = logging.getLogger("yomite.pack")

TOKENIZER_CONFIG = {"do_lower_case": False, "model_max_length": 512, "yomite_tokenizer": "bilingual"}


@dataclass(frozen=True)
class Plan:
    """How much is computed: optimiser steps of each training stage, padded tokens in a step, and where a stage ends sooner, after seconds."""

    encoder: int = 1_400
    similar: int = 500
    silver: int = 1_500
    ner: int = 2_500
    ask: int = 3_000
    sentiment: int = 2_500
    agreed: int = 1_300
    written: int = 900
    tokens: int = 4_096
    seconds: Mapping[str, float] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)  # learning rates that are not those of LEARNING_RATES
    graded: float = GRADED_SHARE
    dropout: float = 0.0
    seed: int = 0  # of the order of rows; adapters that are to be averaged have each their own
    workers: int = 0
    save_steps: int = 250


CPU = Plan()
GPU = Plan(
    encoder=8_000,
    similar=1_500,
    silver=800,
    ner=2_500,
    ask=3_000,
    sentiment=2_500,
    agreed=800,
    written=300,
    tokens=32_768,
    dropout=0.1,
    workers=6,
    save_steps=2_000,
)
LEARNING_RATES = {
    "encoder": 2.5e-4,
    "similar": 3e-4,
    "silver": 4e-4,
    "ner": 6e-4,
    "ask": 6e-4,
    "sentiment": 6e-4,
    "agreed": 3e-4,
    "written": 2.5e-4,
}
# Of the plan's tokens in a step; adapters learn from smaller batches.
TOKEN_SHARES = {"similar": 0.5, "silver": 0.5, "ner": 0.5, "ask": 0.67, "sentiment": 0.5, "agreed": 0.5, "written": 0.5}


@dataclass(frozen=True)
class PackBuild:
    """One build: where its data, its unfinished work and its result lie."""

    data: DataFolder
    work: Path
    out: Path
    plan: Plan
    go_on: bool = False  # adapters start from those that stand in `out`

    @property
    def vocabulary_file(self) -> Path:
        fresh = self.work / "vocab.txt"
        return fresh if fresh.exists() else self.out / "encoder" / "vocab.txt"

    @cached_property
    def tokenizer(self) -> PreTrainedTokenizerFast:
        return bilingual_tokenizer(self.vocabulary_file, cased=True)

    @property
    def muse(self) -> Teacher:
        """The bilingual teacher; what it said of texts is kept."""
        return kept(self.work / "muse", partial(encode_with_muse, fetch(MUSE, self.work)))

    @property
    def prepared(self) -> Path:
        """The folder of what all stages learn from, cut into pieces."""
        return self.work / "prepared"

    @property
    def encoder(self) -> Path:
        """The encoder to train tasks on, as people get it."""
        return self.out / "encoder"

    def plan_of(self, stage: str) -> Run:
        """What a training stage computes."""
        share = TOKEN_SHARES.get(stage, 1.0) if self.plan.workers else 1.0
        return Run(
            folder=self.work / f"run-{stage}",
            steps=getattr(self.plan, stage),
            learning_rate=self.plan.rates.get(stage, LEARNING_RATES[stage]),
            tokens=round(self.plan.tokens * share),
            dropout=self.plan.dropout if stage != "encoder" else 0.0,
            seconds=self.plan.seconds.get(stage),
            save_steps=self.plan.save_steps,
            workers=self.plan.workers,
            seed=100 * self.plan.seed + 50 * self.go_on,
        )

    @property
    def vocabulary(self) -> list[str]:
        return self.vocabulary_file.read_text(encoding="utf-8").split("\n")[:-1]

    # --- stages ---

    def start_stage(self) -> None:
        """The vocabulary, and the multilingual model cut down to it."""
        source = read_e5(fetch(E5, self.work))
        chosen = build_vocabulary(self.data, source.pieces, fetch(MINILM_VOCABULARY, self.work))
        (self.work / "vocab.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")
        start_encoder(source, list(chosen.values())).save_pretrained(self.work / "start-model")

    def texts_stage(self) -> None:
        """Everything that is learnt from, cut into pieces: what follows needs neither the data folder nor MeCab."""
        cutter, muse = TextTokenizer(self.tokenizer), self.muse
        made: dict[str, Callable[[], Stored]] = {
            "translations": lambda: prepare_translations(self.data, self.tokenizer),
            "words": lambda: prepare_words(self.data, self.tokenizer),
            "order": lambda: prepare_order(self.data, self.tokenizer),
            "meaning": lambda: prepare_meaning(self.data, self.tokenizer, muse),
            "answers": lambda: prepare_answers(self.data, cutter),
            "short-answers": lambda: shortened(self._arrays("answers"), ends=self._places(SENTENCE_ENDS)),
            "written-answers": lambda: prepare_written_answers(cutter),
            "entities": lambda: prepare_entities(self.data, cutter),
            "written-entities": lambda: prepare_written_names(cutter),
            "feelings": lambda: prepare_feelings(self.data, self.tokenizer, muse),
            "written-feelings": lambda: prepare_written(self.tokenizer),
            "pairs": lambda: prepare_pairs(self.data, self.tokenizer),
        }
        self.prepared.mkdir(exist_ok=True)
        for name, prepare in made.items():
            if not (self.prepared / f"{name}.npz").exists():
                log.info("texts: %s", name)
                save_arrays(self.prepared / f"{name}.npz", prepare())

    def encoder_stage(self) -> None:
        model = from_folder(BilingualEncoder, self.work / "start-model")
        model.taught_by(from_folder(BertModel, self.work / "start-model", add_pooling_layer=False))
        run = self.plan_of("encoder")
        train_everything(model, goals(self.prepared, Vocabulary(self.vocabulary), tokens=run.tokens), run=run)
        model.save_pretrained(self.work / "encoder-model")
        self._export_encoder()

    def _export_encoder(self) -> None:
        folder = self.out / "encoder"
        folder.mkdir(parents=True, exist_ok=True)
        model = BertForMaskedLM.from_pretrained(self.work / "encoder-model", dtype=torch.float32)
        model.config.architectures = ["BertForMaskedLM"]
        for old in folder.glob("model*"):
            old.unlink()
        model.config.save_pretrained(folder)
        write_int8(model, folder)
        shutil.copy(self.vocabulary_file, folder / "vocab.txt")
        (folder / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG, indent=2) + "\n", encoding="utf-8")

    def similar_stage(self) -> None:
        self._drop_layer()
        self._train("similar", partial(train_similar, graded_share=self.plan.graded), self._arrays("pairs"))

    def silver_stage(self) -> None:
        """Pairs graded by models, and the similarity adapter trained on with them."""
        pairs, path, run = self._arrays("pairs"), self.prepared / "silver.npz", self.plan_of("silver")
        if not path.exists():
            cross = train_cross_encoder(pairs, encoder=self.encoder, answering=self.out / "ask", run=run)
            save_arrays(path, grade_pairs(pairs, cross, encoder=self.encoder, similar=self.out / "similar"))
        self._drop_layer()
        again = replace(self.plan_of("similar"), folder=run.folder / "similar", seed=run.seed + 25)
        train_similar(
            pairs, encoder=self.encoder, out=self.out / "similar", run=again, go_on=True, graded_share=self.plan.graded, silver=Arrays(path)
        )

    def _drop_layer(self) -> None:
        """What was learnt over the similarity adapter before goes with it."""
        (self.work / "layer.done").unlink(missing_ok=True)
        (self.out / "similar" / "modules.json").unlink(missing_ok=True)

    def layer_stage(self) -> None:
        """The layer over the similarity adapter; it needs nothing but that and the pairs."""
        self.prepared.mkdir(exist_ok=True)
        path = self.prepared / "pairs.npz"
        if not path.exists():
            save_arrays(path, prepare_pairs(self.data, self.tokenizer))
        train_layer(Arrays(path), encoder=self.encoder, out=self.out / "similar")

    def ner_stage(self) -> None:
        self._train("ner", train_ner, self._arrays("entities"))

    def ask_stage(self) -> None:
        self._train("ask", train_ask, self._answers("answers"))

    def sentiment_stage(self) -> None:
        self._train("sentiment", train_sentiment, self._arrays("feelings"))

    def agreed_stage(self) -> None:
        """What translations agree on, and the sentiment adapter trained on with it."""
        path, run = self.prepared / "agreed.npz", self.plan_of("agreed")
        if not path.exists():
            save_arrays(path, agreed_feelings(self._arrays("pairs"), encoder=self.encoder, sentiment=self.out / "sentiment"))
        train_sentiment(
            self._arrays("feelings"), encoder=self.encoder, out=self.out / "sentiment", run=run, go_on=True, agreed=Arrays(path)
        )

    def written_stage(self) -> None:
        """The adapters of sentiment, entities and answers, trained on with rows that were written for Yomite."""
        run = self.plan_of("written")
        arrays, beside = self._arrays, [(self._answers("written-answers"), WRITTEN_SHARE), (self._answers("short-answers"), SHORT_SHARE)]
        trainings: dict[str, Callable[..., None]] = {
            "sentiment": partial(train_sentiment, arrays("feelings"), agreed=arrays("agreed"), written=arrays("written-feelings")),
            "ner": partial(train_ner, arrays("entities"), written=arrays("written-entities")),
            "ask": partial(train_ask, self._answers("answers"), beside=beside),
        }
        for name, train in trainings.items():
            train(encoder=self.encoder, out=self.out / name, run=replace(run, folder=run.folder / name), go_on=True)

    def _answers(self, name: str) -> Answers:
        pieces = Vocabulary(self.vocabulary)
        return Answers(self._arrays(name), first=pieces.first, separator=pieces.separator)

    def _places(self, pieces: Sequence[str]) -> list[int]:
        """Where the vocabulary has them; those that it lacks are left out."""
        return [place for place, piece in enumerate(self.vocabulary) if piece in pieces]

    def _arrays(self, name: str) -> Arrays:
        return Arrays(self.prepared / f"{name}.npz")

    def _train(self, name: str, train: Callable[..., None], texts: Arrays | Answers) -> None:
        train(texts, encoder=self.encoder, out=self.out / name, run=self.plan_of(name), go_on=self.go_on)

    def stages(self) -> list[tuple[str, Callable[[], None]]]:
        """All stages in order."""
        return [
            ("start", self.start_stage),
            ("texts", self.texts_stage),
            ("encoder", self.encoder_stage),
            ("similar", self.similar_stage),
            ("ask", self.ask_stage),
            ("silver", self.silver_stage),
            ("layer", self.layer_stage),
            ("ner", self.ner_stage),
            ("sentiment", self.sentiment_stage),
            ("agreed", self.agreed_stage),
            ("written", self.written_stage),
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
            for part in ("", "/sentiment", "/ner", "/ask", "/similar"):  # some stages have several runs
                draw_course(self.work / f"run-{name}{part}", self.work / f"course-{name}{part.replace('/', '-')}.png", name=name)
            shutil.rmtree(self.work / f"run-{name}", ignore_errors=True)
            log.info("%s: done", name)
        write_cards(self.out)
        write_sums(self.out)


def main() -> None:
    """The command line of `make pack`."""
    parser = argparse.ArgumentParser(prog="python -m engine.pack", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with qa/, ner/, sentiment/, similarity/, parallel/, text/")
    parser.add_argument("--work", type=Path, default=Path("build/pack"), help="unfinished work and checkpoints (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models"), help="where the pack is written (default: %(default)s)")
    for name in LEARNING_RATES:
        parser.add_argument(
            f"--{name}-steps", type=int, help=f"optimiser steps (default: {getattr(CPU, name)}, on a GPU {getattr(GPU, name)})"
        )
        parser.add_argument(f"--{name}-seconds", type=float, help="the stage ends after so long if its steps take longer")
        parser.add_argument(f"--{name}-rate", type=float, help=f"learning rate (default: {LEARNING_RATES[name]:g})")
    parser.add_argument("--dropout", type=float, help=f"of hidden states in adapters (default: {CPU.dropout}, on a GPU {GPU.dropout})")
    parser.add_argument(
        "--graded", type=float, default=GRADED_SHARE, help="share of graded pairs among similar's batches (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the order in which adapters read their rows (default: %(default)s)")
    parser.add_argument("--only", nargs="+", default=(), metavar="STAGE", help="just these stages, on the encoder that stands")
    parser.add_argument("--go-on", action="store_true", help="start adapters from those that stand, instead of anew")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    plan = GPU if torch.cuda.is_available() else CPU
    steps = {name: count for name in LEARNING_RATES if (count := getattr(given, f"{name}_steps"))}
    seconds = {name: count for name in LEARNING_RATES if (count := getattr(given, f"{name}_seconds"))}
    rates = {name: rate for name in LEARNING_RATES if (rate := getattr(given, f"{name}_rate"))}
    dropout = plan.dropout if given.dropout is None else given.dropout
    plan = replace(plan, **steps, seconds=seconds, rates=rates, dropout=dropout, graded=given.graded, seed=given.seed)
    PackBuild(data=DataFolder(given.data), work=given.work, out=given.out, plan=plan, go_on=given.go_on).run(given.only)
