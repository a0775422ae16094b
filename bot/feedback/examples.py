"""From what people think of answers to examples with their right answers; where people disagree, the majority decides."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bot.feedback.answered import Answered
from bot.feedback.correction import MOST_SCORE, pairs_of
from bot.feedback.store import Kept
from engine.contract import AskRequest, AskResult, NerResult, SentimentResult, SimilarResult, Task

Include = Literal["all", "good", "corrected"]
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Examples:
    """`rows` are as a file of examples has them; those `to_label` have what the model said, which was wrong."""

    rows: tuple[Row, ...]
    good: int  # of the rows
    corrected: int
    to_label: tuple[Row, ...]
    ties: int  # texts that are left out because people disagree


@dataclass(frozen=True, kw_only=True)
class _Vote:
    """One person's opinion of one example. `label` is JSON: of what is right, or of what is wrong where the vote is `against` it."""

    example: str  # JSON of what was read
    person: str
    label: str
    language: str
    good: bool
    against: bool = False


def examples_of(task: Task, kept: Iterable[Kept], *, include: Include = "all") -> Examples:
    """All examples of a task, in the order in which somebody said something of them first."""
    votes: dict[str, dict[str, _Vote]] = {}
    for opinion in kept:  # of one person the latest counts
        for vote in _votes(opinion):
            votes.setdefault(vote.example, {})[vote.person] = vote
    rows, to_label, kinds, ties = [], [], Counter[bool](), 0
    for example, by_person in votes.items():
        given = list(by_person.values())
        if all(vote.against for vote in given):
            to_label.append(_row(task, example, given[-1].label, given[-1].language))
            continue
        winner = _winner(task, given)
        if winner is None:
            ties += 1
        elif include == "all" or winner.good == (include == "good"):
            rows.append(_row(task, example, winner.label, winner.language))
            kinds[winner.good] += 1
    return Examples(rows=tuple(rows), good=kinds[True], corrected=kinds[False], to_label=tuple(to_label), ties=ties)


def _votes(opinion: Kept) -> list[_Vote]:
    good, right = opinion.verdict == "good", opinion.correction
    return [
        _Vote(
            example=example,
            person=opinion.person,
            label=label if right is None else right,
            language=opinion.answered.result.language,
            good=good,
            against=not good and right is None,
        )
        for example, label in _read_as(opinion.answered)
    ]


def _read_as(answered: Answered) -> list[tuple[str, str]]:
    """What was read, and the model's own answer, both as JSON; several where several pairs were compared."""
    request, result = answered.request, answered.result
    if isinstance(result, SimilarResult):
        scores = [(a, b, round(max(0.0, cosine) * MOST_SCORE, 3)) for a, b, cosine in pairs_of(answered)]
        return [(json.dumps({"a": a, "b": b}), json.dumps(score)) for a, b, score in scores]
    if isinstance(request, AskRequest) and isinstance(result, AskResult):
        found = {"text": result.answer.text, "start": result.answer.start} if result.answer else None
        return [(json.dumps({"question": request.question, "context": request.context}), json.dumps(found))]
    text = json.dumps({"text": getattr(request, "text", "")})
    if isinstance(result, NerResult):
        return [(text, json.dumps([{"start": e.start, "end": e.end, "label": e.label} for e in result.entities]))]
    return [(text, json.dumps(result.label if isinstance(result, SentimentResult) else None))]


def _winner(task: Task, votes: Sequence[_Vote]) -> _Vote | None:
    """The label that most people hold right; whoever only says that a label is wrong takes one voice from it. None: a tie."""
    count: Counter[str] = Counter()
    for vote in votes:
        count[_ballot(task, vote.label)] += -1 if vote.against else 1
    best, *rest = count.most_common(2)
    if best[1] <= 0 or (rest and rest[0][1] == best[1]):
        return None
    holders = [vote for vote in votes if not vote.against and _ballot(task, vote.label) == best[0]]
    first = next((vote for vote in holders if vote.good), holders[0])
    if task is not Task.SIMILAR:
        return first
    mean = round(sum(float(json.loads(vote.label)) for vote in holders) / len(holders), 3)
    return _Vote(example=first.example, person="", label=json.dumps(mean), language=first.language, good=first.good)


def _ballot(task: Task, label: str) -> str:
    """What counts as the same label: scores agree where they are rounded to the same whole number."""
    return str(int(float(json.loads(label)) + 0.5)) if task is Task.SIMILAR else label


def _row(task: Task, example: str, label: str, language: str) -> Row:
    read: Row = json.loads(example)
    right = json.loads(label)
    if task is Task.ASK:
        return {**read, "answers": [right] if right else [], "lang": language}
    name = {Task.SENTIMENT: "label", Task.NER: "entities", Task.SIMILAR: "score"}[task]
    return {**read, name: right, "lang": language}
