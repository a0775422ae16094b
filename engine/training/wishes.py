"""What a command line of `train` or `adapt` asks for, and how it stands on the model card."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from engine.training.adapt import AdaptWish
from engine.training.plan import FULL_LEARNING_RATE, Plan
from engine.training.train import TrainWish
from engine.training.voice import Voice


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
