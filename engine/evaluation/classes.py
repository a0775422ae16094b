"""How well each label is found, their averages, and what is taken for what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, get_args

from seqeval.metrics import classification_report as entity_report
from seqeval.scheme import IOB2
from sklearn.metrics import precision_recall_fscore_support

from engine.contract import EntityLabel, SentimentLabel
from engine.evaluation.evaluation import ClassScore, Confusion
from engine.evaluation.metrics import LabelledSpan

AVERAGES = ("macro", "micro", "weighted")
# What stands in a confusion matrix for "no such entity", "no answer" and a row that could not be read.
NONE = "none"
ORDER = (*get_args(SentimentLabel), *get_args(EntityLabel))

Scores = tuple[tuple[ClassScore, ...], tuple[ClassScore, ...]]  # of each label, and their averages


def label_scores(gold: Sequence[str], given: Sequence[str]) -> Scores:
    """Each label that occurs in `gold`; what is given beside these labels is wrong and belongs to no label."""
    labels = ordered(gold)
    precisions, recalls, f1s, supports = precision_recall_fscore_support(gold, given, labels=labels, average=None, zero_division=0.0)
    each = tuple(map(_score, labels, precisions, recalls, f1s, supports))
    return each, tuple(_average(name, gold, given, labels) for name in AVERAGES)


def _average(name: str, gold: Sequence[str], given: Sequence[str], labels: Sequence[str]) -> ClassScore:
    precision, recall, f1, _ = precision_recall_fscore_support(gold, given, labels=labels, average=name, zero_division=0.0)
    return _score(name, precision, recall, f1, len(gold))


def entity_scores(gold: Sequence[Collection[LabelledSpan]], given: Sequence[Collection[LabelledSpan]]) -> Scores:
    """Each kind of entity by seqeval, which counts an entity as right with its exact span and label (strict, IOB2).

    Neither side's entities overlap within a row.
    """
    if not any(map(len, gold)) and not any(map(len, given)):
        return (), ()
    pairs = [_tags(wanted, found) for wanted, found in zip(gold, given, strict=True)]
    wanted_tags, found_tags = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    report: Mapping[str, Mapping[str, Any]] = entity_report(
        wanted_tags, found_tags, mode="strict", scheme=IOB2, output_dict=True, zero_division=0
    )
    each = tuple(_of_report(report, label, label) for label in ordered([name for name in report if not name.endswith(" avg")]))
    return each, tuple(_of_report(report, f"{name} avg", name) for name in AVERAGES)


def confusion(gold: Sequence[str], given: Sequence[str]) -> Confusion:
    """How often each label was taken for each; an empty one counts as `NONE`."""
    pairs = Counter((wanted or NONE, found or NONE) for wanted, found in zip(gold, given, strict=True))
    labels = ordered({label for pair in pairs for label in pair})
    return Confusion(labels=labels, counts=tuple(tuple(pairs[row, column] for column in labels) for row in labels))


def entity_confusion(gold: Sequence[Collection[LabelledSpan]], given: Sequence[Collection[LabelledSpan]]) -> Confusion | None:
    """What entities of the same span were taken for; `NONE` where one side has no such span. None: there are no entities."""
    pairs: list[tuple[str, str]] = []
    for gold_row, given_row in zip(gold, given, strict=True):
        wanted = {(start, end): label for start, end, label in gold_row}
        found = {(start, end): label for start, end, label in given_row}
        pairs += [(wanted.get(span, NONE), found.get(span, NONE)) for span in sorted(wanted.keys() | found.keys())]
    return confusion([pair[0] for pair in pairs], [pair[1] for pair in pairs]) if pairs else None


def ordered(labels: Collection[str]) -> tuple[str, ...]:
    """Each label once, in the contract's order; others behind them, `NONE` last."""
    known = {label: place for place, label in enumerate(ORDER)}
    return tuple(sorted(set(labels), key=lambda label: (label == NONE, known.get(label, len(known)), label)))


def _tags(gold: Collection[LabelledSpan], given: Collection[LabelledSpan]) -> tuple[list[str], list[str]]:
    """IOB2 tags of both sides over the same tokens: the parts between all ends of entities."""
    cuts = sorted({place for start, end, _ in (*gold, *given) for place in (start, end)})
    return _tagged(gold, cuts), _tagged(given, cuts)


def _tagged(entities: Collection[LabelledSpan], cuts: Sequence[int]) -> list[str]:
    tags = dict.fromkeys(cuts[:-1] or (0,), "O")
    for start, end, label in entities:
        tags |= {cut: f"{'B' if cut == start else 'I'}-{label}" for cut in cuts if start <= cut < end}
    return list(tags.values())


def _of_report(report: Mapping[str, Mapping[str, Any]], key: str, label: str) -> ClassScore:
    found = report[key]
    return _score(label, found["precision"], found["recall"], found["f1-score"], found["support"])


def _score(label: str, precision: Any, recall: Any, f1: Any, support: Any) -> ClassScore:
    return ClassScore(label=label, precision=float(precision), recall=float(recall), f1=float(f1), support=int(support))
