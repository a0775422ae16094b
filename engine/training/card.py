"""The model card of a trained model: what it was made of, how, and how well it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.contract import Language
from engine.training.plan import Plan

LICENCE_IDS = {
    "cc-by-sa-4.0",
    "cc-by-sa-3.0",
    "cc-by-4.0",
    "apache-2.0",
    "mit",
    "cc0-1.0",
}
_LANGUAGES = {"ja": "Japanese", "en": "English"}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A file that was used: its name without a folder."""

    name: str
    rows: int
    sha256: str
    unit: str = "rows"


@dataclass(frozen=True, kw_only=True)
class Card:
    """The facts of one training. `before` None: the model had never answered the task."""

    title: str
    languages: Sequence[Language]
    what: str
    base: str
    licence: str
    data: Sequence[Data]
    split: str
    command: str
    plan: Plan
    steps: int
    best_step: int | None
    before: Mapping[str, float] | None
    after: Mapping[str, float]
    measured_on: str
    notes: Sequence[str] = ()

    def text(self) -> str:
        """The card in Markdown."""
        licence = self.licence.lower()
        lines = [
            "---",
            f"license: {licence if licence in LICENCE_IDS else 'other'}",
            f"language: [{', '.join(_codes(self.languages))}]",
            "library_name: transformers",
            "---",
            "",
            f"# {self.title}",
            "",
            self.what,
            "",
            "## Base model",
            "",
            f"`{self.base}`, licence: {self.licence}. These weights are derived from it and are under the same licence, as far as the "
            "licence of the data below allows.",
            "",
            "## Data",
            "",
            *(f"- `{data.name}`: {data.rows:,} {data.unit}, SHA-256 `{data.sha256}`" for data in self.data),
            "",
            self.split,
            *(f"\n{note}" for note in self.notes),
            "",
            "No text of the data stands in this folder.",
            "",
            "## How it was made",
            "",
            f"`{self.command}`",
            "",
            *(f"- {line}" for line in plan_lines(self.plan)),
            f"- steps: {self.steps:,}" + (f", the best state at step {self.best_step:,}" if self.best_step else ""),
            "",
            "![Course of the training](course.png)",
            "",
            "## Scores",
            "",
            f"{self.measured_on}, read by the engine as any question is.",
            "",
            "| measure | before | after |",
            "|---|---:|---:|",
            *(f"| {name.replace('_', ' ')} | {_number(self.before, name)} | {value:.4f} |" for name, value in self.after.items()),
            "",
            "The best state was chosen on these rows; on others it may do a little worse."
            if self.plan.patience
            else "The last state was kept: so few rows could not tell which is the best.",
            "",
        ]
        return "\n".join(lines)


def in_words(languages: Collection[Language]) -> str:
    """The languages of a model, as a card names them."""
    return " and ".join(_LANGUAGES[code] for code in _codes(languages))


def _codes(languages: Collection[Language]) -> list[str]:
    """Those that have a code; what is only said to be mixed is of both."""
    return [code for code in _LANGUAGES if code in languages] or list(_LANGUAGES)


def plan_lines(plan: Plan) -> list[str]:
    """The choices of a plan, one a line."""
    weights = f"LoRA of rank {plan.rank} on all linear layers, and the head" if plan.rank else "all of them"
    return [
        f"weights that were trained: {weights}",
        f"epochs: at most {plan.epochs}, ended after {plan.patience} measurings without a better one"
        if plan.patience
        else f"epochs: all {plan.epochs}, as there were too few rows to choose a state by",
        f"learning rate: {plan.learning_rate:g}, rising in the first {plan.warm_up:.0%} of the run, then falling to nothing",
        f"rows a step: {plan.batch}",
        f"weight decay: {plan.weight_decay:g}",
        f"seed: {plan.seed}",
    ]


def _number(scores: Mapping[str, float] | None, name: str) -> str:
    return f"{scores[name]:.4f}" if scores and name in scores else "–"
