"""What a command line of `train` or `adapt` asks for, with its files read, and how it stands on the model card; loads no torch."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.contract import Language
from engine.examples.reading import Examples, read_examples
from engine.examples.rows import ExampleTask
from engine.training.checking import check_batch, check_rows, rare_labels
from engine.training.plan import FULL_LEARNING_RATE, Plan
from engine.training.texts import Texts, read_texts
from engine.training.voice import Voice


@dataclass(frozen=True, kw_only=True)
class TrainWish:
    """What a person asks for. `dev` None: some rows of `data` are set apart."""

    task: ExampleTask
    data: Examples
    out: Path
    plan: Plan
    dev: Examples | None = None
    model: str | None = None
    language: Language | None = None
    balanced: bool = True
    max_pieces: int | None = None
    resume: bool = False
    device: str = "auto"
    budget_bytes: int = 4 * 2**30
    at_once: int = 64
    command: str = ""
    voice: Voice = field(default_factory=Voice)


@dataclass(frozen=True, kw_only=True)
class AdaptWish:
    """What a person asks for. `places`: the files and folders that the texts are from."""

    texts: Texts
    places: tuple[Path, ...]
    out: Path
    plan: Plan
    model: str | None = None
    resume: bool = False
    device: str = "auto"
    command: str = ""
    voice: Voice = field(default_factory=Voice)


def train_wish(options: argparse.Namespace, words: Sequence[str]) -> TrainWish:
    """What is asked for; `words` are the command line, for the model card. What is worth saying of the examples is said.

    Raises:
        BadInputError: a file cannot be read, its rows are wrong, or nothing can be learnt from them or from a step of so few.
    """
    voice = Voice(options.lang)
    check_batch(options.batch_size, options.task)
    data = read_examples(options.data, options.task)
    dev = read_examples(options.dev, options.task) if options.dev else None
    for message in (*data.notes, *(dev.notes if dev else ())):
        voice.note(message)
    check_rows(data.rows, options.task, name=data.path.name)
    for message in rare_labels(data.rows):
        voice.note(message)
    return TrainWish(
        task=options.task,
        data=data,
        dev=dev,
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
        voice=voice,
    )


def adapt_wish(options: argparse.Namespace, words: Sequence[str]) -> AdaptWish:
    """What is asked for; `words` are the command line, for the model card.

    Raises:
        BadInputError: a file cannot be read, or there are too few lines.
    """
    out = options.out or Path("yomite-adapted")
    return AdaptWish(
        texts=read_texts(options.text, out=out),
        places=tuple(options.text),
        out=out,
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
    "--precision",
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
