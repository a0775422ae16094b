"""What a training says when it has ended: before and after, in a table and a sentence, and what to do next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.contract import Message
from engine.training.measuring import NAMES
from engine.training.plan import FEW_DEV_ROWS
from engine.training.voice import Voice

_COLUMNS = (Message(ja="評価値", en="measure"), Message(ja="学習前", en="before"), Message(ja="学習後", en="after"))
_MORE_EXAMPLES = Message(ja="例を増やすか、ラベルの誤りを確かめるか", en="give more examples, look for wrong labels")
_MORE_TEXTS = Message(ja="文章を増やすか", en="give more texts")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came out. `before` None: the model had never answered the task. `use`: commands that take the folder."""

    task: str
    folder: Path
    base: str
    rows: int
    dev_rows: int
    before: Mapping[str, float] | None
    after: Mapping[str, float]
    main: str
    steps: int
    best_step: int | None
    seconds: float
    next_steps: Sequence[str]
    more_is_better: bool = True

    @property
    def gain(self) -> float:
        """How much better the main measure became; negative: worse."""
        before = (self.before or {}).get(self.main)
        if before is None:
            return 0.0
        return (self.after[self.main] - before) * (1 if self.more_is_better else -1)

    @property
    def learnt_nothing(self) -> bool:
        """Whether a model that had never answered the task still gets nothing right."""
        return self.before is None and self.after[self.main] <= 0

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "task": self.task,
            "out": str(self.folder),
            "base": self.base,
            "rows": self.rows,
            "dev_rows": self.dev_rows,
            "before": _rounded(self.before),
            "after": _rounded(self.after),
            "main": self.main,
            "steps": self.steps,
            "best_step": self.best_step,
            "seconds": round(self.seconds, 1),
        }


def tell_outcome(outcome: Outcome, *, as_json: bool, voice: Voice) -> None:
    """Print it."""
    if as_json:
        print(json.dumps(outcome.as_json(), ensure_ascii=False))
        return
    rows = Message(ja=f"検証 {outcome.dev_rows} 行", en=f"{outcome.dev_rows} dev rows")
    print(f"{outcome.task} · {outcome.base} → {outcome.folder.name} · {voice.name(rows)}")
    table = Table()
    for index, column in enumerate(_COLUMNS):
        table.add_column(voice.name(column), justify="right" if index else "left")
    for name, value in outcome.after.items():
        before = (outcome.before or {}).get(name)
        called = voice.name(NAMES.get(name, Message(ja=name, en=name.replace("_", " "))))
        table.add_row(called, "–" if before is None else f"{before:.4f}", f"{value:.4f}")
    Console().print(table)
    for message in (verdict(outcome), *next_messages(outcome)):
        print(voice.words(message))


def verdict(outcome: Outcome) -> Message:
    """Whether the training helped, in a sentence."""
    name, before, after = NAMES[outcome.main], (outcome.before or {}).get(outcome.main), outcome.after[outcome.main]
    if outcome.learnt_nothing:
        return Message(
            ja=f"まだ何も学んでいません（検証データの{name.ja}は 0）。例を増やすか、--epochs を増やしてください。",
            en=f"It has learnt nothing yet ({name.en} on the dev rows is 0). Give more examples, or more --epochs.",
        )
    if before is None:
        return Message(
            ja=f"このモデルは初めてこのタスクを学習しました。検証データの{name.ja}は {after:.3f} です。",
            en=f"The model learnt this task for the first time; {name.en} on the dev rows is {after:.3f}.",
        )
    if outcome.gain > 0:
        return Message(
            ja=f"学習で良くなりました：{name.ja} {before:.3f} → {after:.3f}。",
            en=f"Training helped: {name.en} {before:.3f} → {after:.3f}.",
        )
    advice = _MORE_EXAMPLES if outcome.more_is_better else _MORE_TEXTS
    return Message(
        ja=f"学習しても良くなりませんでした（{name.ja} {before:.3f} → {after:.3f}）。元のモデルを使い続け、{advice.ja}、--learning-rate を変えてみてください。",
        en=f"Training did not help ({name.en} {before:.3f} → {after:.3f}). Keep the model as it was; {advice.en}, or try another --learning-rate.",
    )


def next_messages(outcome: Outcome) -> list[Message]:
    """Where the result is, and the commands that take it."""
    found = [
        *_perhaps_chance(outcome),
        Message(ja=f"結果：{outcome.folder}（説明は README.md）", en=f"The result is in {outcome.folder} (README.md tells of it)."),
    ]
    if outcome.gain >= 0 and not outcome.learnt_nothing:
        said = " / ".join(f"`{command}`" for command in outcome.next_steps)
        found.append(Message(ja=f"使うには：{said}", en=f"To use it: {said}"))
    return found


def _perhaps_chance(outcome: Outcome) -> list[Message]:
    if outcome.before is None or outcome.dev_rows >= FEW_DEV_ROWS or not outcome.more_is_better:  # the last: texts alone, no examples
        return []
    rows = outcome.dev_rows
    return [
        Message(
            ja=f"検証データは {rows} 行しかないので、この差は偶然かもしれません。学習に使っていない行で、yomite evaluate の --against を使って確かめてください。",
            en=f"With only {rows} dev rows that may be chance. Compare both by yomite evaluate --against, on rows that nothing was trained on.",
        )
    ]


def interrupted(folder: Path, *, has_checkpoint: bool) -> Message:
    """How to go on with a run that was stopped."""
    if not has_checkpoint:
        return Message(ja="学習を中止しました。まだ何も保存されていません。", en="The training was stopped; nothing was kept yet.")
    return Message(
        ja=f"学習を中断しました。ここまでの状態は {folder} にあります。同じコマンドに --resume を付けると続きから学習します。",
        en=f"The training was stopped; what was learnt so far is in {folder}. The same command with --resume goes on from there.",
    )


def typed(path: Path) -> str:
    """A path as it can be copied into a shell, also with blanks in it."""
    return shlex.quote(str(path))


def _rounded(scores: Mapping[str, float] | None) -> dict[str, float] | None:
    return None if scores is None else {name: round(value, 6) for name, value in scores.items()}
