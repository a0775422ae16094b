"""The command lines of `train` and `adapt`, read into what a person asks for."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from engine.contract import Language
from engine.examples.rows import ExampleTask
from engine.training.adapt import AdaptWish
from engine.training.plan import FULL_LEARNING_RATE, LORA_LEARNING_RATE, Plan
from engine.training.train import TrainWish
from engine.training.voice import Voice

TASKS = (ExampleTask.SENTIMENT, ExampleTask.NER, ExampleTask.ASK, ExampleTask.SIMILAR)
# Texts are packed: few rows make a long batch.
ADAPT_EPOCHS, ADAPT_RANK, ADAPT_LEARNING_RATE, ADAPT_BATCH = 4, 32, 1e-3, 8


def parser() -> argparse.ArgumentParser:
    """Both commands."""
    found = argparse.ArgumentParser(prog="yomite", description="Teach a model what a team knows.")
    commands = found.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="fine-tune a model for a task on a file of examples", allow_abbrev=False)
    train.add_argument("task", type=ExampleTask, choices=TASKS, metavar="|".join(TASKS))
    train.add_argument("--data", type=Path, required=True, metavar="FILE", help="examples with their right answers")
    train.add_argument("--dev", type=Path, metavar="FILE", help="examples to measure by; default: a tenth of the data, set apart")
    train.add_argument("--class-weights", choices=("balanced", "none"), default="balanced", help="sentiment: rare labels count for more")
    train.add_argument("--max-pieces", type=_window, metavar="N", help="read texts in windows of so many tokens; default: the model's")
    train.add_argument("--language", choices=get_args(Language), help="the examples' language; default: it is looked at")
    _common(train, epochs=10, rank=16, learning_rate=LORA_LEARNING_RATE, batch=16)
    adapt = commands.add_parser("adapt", help="let an encoder learn a team's way of writing from its texts", allow_abbrev=False)
    adapt.add_argument("--text", type=Path, nargs="+", required=True, metavar="PATH", help="files or folders: .txt .md .csv .tsv .jsonl")
    _common(adapt, epochs=ADAPT_EPOCHS, rank=ADAPT_RANK, learning_rate=ADAPT_LEARNING_RATE, batch=ADAPT_BATCH)
    return found


def _common(found: argparse.ArgumentParser, *, epochs: int, rank: int, learning_rate: float, batch: int) -> None:
    found.add_argument("--model", metavar="NAME|FOLDER", help="what to start from; default: the catalog's model")
    found.add_argument("--out", type=Path, metavar="FOLDER", help="where the model is written; default: ./yomite-TASK")
    found.add_argument("--full", action="store_true", help="train all weights instead of LoRA matrices: slower, takes more memory")
    found.add_argument("--rank", type=_positive, default=rank, metavar="N", help="of the LoRA matrices; default: %(default)s")
    found.add_argument("--epochs", type=_positive, default=epochs, metavar="N", help="at most so many; default: %(default)s")
    rates = f"default: {learning_rate:g}, with --full {FULL_LEARNING_RATE:g}"
    found.add_argument("--learning-rate", type=_rate, metavar="X", help=rates)
    found.add_argument("--batch-size", type=_positive, default=batch, metavar="N", help="examples a step; default: %(default)s")
    found.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed gives the same model; default: %(default)s")
    found.add_argument("--patience", type=_positive, default=3, metavar="N", help="end after N measurings without a better one")
    found.add_argument("--resume", action="store_true", help="go on with the run that was stopped in --out")
    found.add_argument("--json", action="store_true", help="print one JSON object")
    found.set_defaults(lora_learning_rate=learning_rate)
    _settings(found)


def _settings(found: argparse.ArgumentParser) -> None:
    """What every command of the engine takes."""
    found.add_argument("--lang", choices=("ja", "en"), help="the language to talk in; default: both")
    found.add_argument("--profile", default="bundled", help="the catalog's profile: bundled (default) or hub")
    found.add_argument("--catalog", type=Path, metavar="FILE", help="a catalog file of your own, laid over the profile")
    found.add_argument("--chosen", type=Path, metavar="FILE", help="the file of `yomite models use`")
    found.add_argument("--lock", type=Path, metavar="FILE", help="the file of `yomite models pull`")
    found.add_argument("--models-dir", type=Path, metavar="FOLDER", help="where the bundled models lie")
    found.add_argument("--device", default="auto", help="what computes: auto (default), cpu, cuda, cuda:N, mps")
    found.add_argument("--precision", default="auto", help="not used: training chooses by itself")
    found.add_argument("--memory-budget-mb", type=_positive, default=4_096, metavar="MIB", help="for models that are measured")
    found.add_argument("--batch", type=_positive, default=64, metavar="N", help="questions at once while it is measured")


def train_wish(options: argparse.Namespace, words: Sequence[str]) -> TrainWish:
    """What is asked for; `words` are the command line, for the model card."""
    return TrainWish(
        task=options.task,
        data=options.data,
        dev=options.dev,
        out=options.out or Path(f"yomite-{options.task}"),
        plan=_plan(options),
        model=options.model,
        language=options.language,
        balanced=options.class_weights == "balanced",
        max_pieces=options.max_pieces,
        resume=options.resume,
        device=options.device,
        budget_bytes=options.memory_budget_mb * 1024**2,
        at_once=options.batch,
        command=command_line(words),
        voice=Voice(options.lang),
    )


def adapt_wish(options: argparse.Namespace, words: Sequence[str]) -> AdaptWish:
    """What is asked for; `words` are the command line, for the model card."""
    return AdaptWish(
        texts=tuple(options.text),
        out=options.out or Path("yomite-adapted"),
        plan=_plan(options),
        model=options.model,
        resume=options.resume,
        device=options.device,
        command=command_line(words),
        voice=Voice(options.lang),
    )


def _plan(options: argparse.Namespace) -> Plan:
    rate = options.learning_rate or (FULL_LEARNING_RATE if options.full else options.lora_learning_rate)
    return Plan(
        epochs=options.epochs,
        learning_rate=rate,
        batch=options.batch_size,
        seed=options.seed,
        patience=options.patience,
        rank=None if options.full else options.rank,
    )


# What depends on the machine and decides nothing about the result.
_NOT_TOLD = (
    "--profile",
    "--catalog",
    "--chosen",
    "--lock",
    "--lang",
    "--models-dir",
    "--device",
    "--memory-budget-mb",
    "--batch",
    "--out",
    "--json",
    "--resume",
)
_WITHOUT_VALUE = ("--json", "--resume")


def command_line(words: Sequence[str]) -> str:
    """The command as others may read it: files by their names alone, without what is this machine's."""
    told: list[str] = []
    left_out = False
    for word in words:
        name, has_value, value = word.partition("=")
        if word.startswith("--"):
            left_out = name in _NOT_TOLD and not has_value and name not in _WITHOUT_VALUE
            if name not in _NOT_TOLD:
                told.append(f"{name}={_plain(value)}" if has_value else name)
        elif left_out:
            left_out = False
        else:
            told.append(_plain(word))
    return shlex.join(["yomite", *told])


def _plain(word: str) -> str:
    """A path's last part; other words as they are."""
    looks_like_path = word.startswith((".", "/", "~")) or Path(word).exists()
    return Path(word).name if looks_like_path and Path(word).name else word


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def _window(text: str) -> int:
    value = int(text)
    if value < 16:
        raise argparse.ArgumentTypeError(f"must be 16 or more, got {value}")
    return value


def _rate(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, got {value}")
    return value
