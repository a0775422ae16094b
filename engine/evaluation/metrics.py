"""The measures, as plain functions of right and given answers. All values lie in 0..1, correlations in -1..1."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

Metrics = dict[str, float]
Vectors = NDArray[np.float32]
Span = tuple[int, int]
LabelledSpan = tuple[int, int, str]  # start, end, label

ENGLISH_ARTICLES = re.compile(r"\b(a|an|the)\b")


# --- Labels --------------------------------------------------------------------------------------------------------


def label_metrics(gold: Sequence[str], given: Sequence[str]) -> Metrics:
    """Accuracy, and F1 averaged over the labels that occur in `gold`, each of equal weight.

    A given answer outside these labels (also "", for none) is wrong and belongs to no label.
    """
    labels = sorted(set(gold))
    return {
        "accuracy": float(accuracy_score(gold, given)),
        "macro_f1": float(f1_score(gold, given, labels=labels, average="macro", zero_division=0.0)),
    }


# --- Entities ------------------------------------------------------------------------------------------------------


def entity_metrics(
    gold: Sequence[Collection[LabelledSpan]], given: Sequence[Collection[LabelledSpan]], *, ignored: Sequence[Collection[Span]]
) -> Metrics:
    """Precision, recall and F1 over all entities of all texts; right is the exact span with the right label.

    A given entity whose span is one of the text's `ignored` ones (things that are none of the four labels, such as
    dates) neither helps nor hurts.
    """
    counts = [entity_counts(*row) for row in zip(gold, given, ignored, strict=True)]
    right, wanted, found = (sum(column) for column in zip(*counts, strict=True))
    precision, recall = right / found if found else 0.0, right / wanted if wanted else 0.0
    return {"f1": _harmonic(precision, recall), "precision": precision, "recall": recall}


def entity_counts(gold: Collection[LabelledSpan], given: Collection[LabelledSpan], ignored: Collection[Span]) -> tuple[int, int, int]:
    """Of one text: how many entities are right, how many there are, and how many count of those given."""
    counted = set(counted_entities(gold, given, ignored))
    return len(counted & set(gold)), len(set(gold)), len(counted)


def counted_entities(gold: Collection[LabelledSpan], given: Collection[LabelledSpan], ignored: Collection[Span]) -> list[LabelledSpan]:
    """The given entities without those on an ignored span, unless an entity is right there too."""
    free = set(ignored) - {(start, end) for start, end, _ in gold}
    return [entity for entity in given if entity[:2] not in free]


# --- Answers -------------------------------------------------------------------------------------------------------


def answer_metrics(gold: Sequence[Sequence[str]], given: Sequence[str | None], *, japanese: Sequence[bool]) -> Metrics:
    """Exact match and F1 of the best-fitting right answer, averaged over questions.

    No right answers means that the text does not answer; "" is the answer that says so. None, a question that could not
    be put, is always wrong.
    """
    scores = [answer_scores(right or [""], text, japanese=ja) for right, text, ja in zip(gold, given, japanese, strict=True)]
    return {
        "exact_match": sum(exact for exact, _ in scores) / len(scores),
        "f1": sum(f1 for _, f1 in scores) / len(scores),
    }


def answer_f1(gold: str, given: str, *, japanese: bool) -> float:
    """Overlap of the two answers' words (English, as SQuAD does) or characters (Japanese, as JGLUE and JaQuAD do)."""
    gold_units = answer_units(gold, japanese=japanese)
    given_units = answer_units(given, japanese=japanese)
    if not gold_units or not given_units:
        return float(gold_units == given_units)
    common = (Counter(gold_units) & Counter(given_units)).total()
    return _harmonic(common / len(given_units), common / len(gold_units))


def answer_units(text: str, *, japanese: bool) -> list[str]:
    """What is compared: normalised words of an English answer, or normalised characters of a Japanese one."""
    return list(normalize_japanese(text)) if japanese else normalize_english(text).split()


def normalize_english(text: str) -> str:
    """SQuAD's normalisation: lower case, without ASCII punctuation and articles, single spaces."""
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(ENGLISH_ARTICLES.sub(" ", bare).split())


def normalize_japanese(text: str) -> str:
    """NFKC and lower case, without punctuation and white space."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(char for char in folded if not (char.isspace() or char in string.punctuation or unicodedata.category(char)[0] == "P"))


def answer_scores(gold: Sequence[str], given: str | None, *, japanese: bool) -> tuple[float, float]:
    """(exact match, F1), each of the right answer that fits best; 0 where None was given."""
    if given is None:
        return 0.0, 0.0
    given_units = answer_units(given, japanese=japanese)
    exact = any(answer_units(text, japanese=japanese) == given_units for text in gold)
    return float(exact), max(answer_f1(text, given, japanese=japanese) for text in gold)


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


# --- Similarity ----------------------------------------------------------------------------------------------------


def correlation_metrics(gold: Sequence[float], given: Sequence[float]) -> Metrics:
    """Spearman's and Pearson's correlations; 0 where the given values are all the same.

    Raises:
        ValueError: the right values are all the same, so that nothing can follow them.
    """
    if min(gold) == max(gold):
        raise ValueError(f"a correlation needs rows of different scores, all {len(gold)} rows have {gold[0]}")
    if min(given) == max(given):
        return {"spearman": 0.0, "pearson": 0.0}
    return {"spearman": float(stats.spearmanr(gold, given).statistic), "pearson": float(stats.pearsonr(gold, given).statistic)}


def rank_agreement(gold: Sequence[float], given: Sequence[float]) -> list[float]:
    """Of each row: 1 less the difference of its two ranks, as a share of the largest there can be."""
    apart = np.abs(stats.rankdata(gold) - stats.rankdata(given)) / max(len(gold) - 1, 1)
    return [float(1 - value) for value in apart]


def paraphrase_metrics(gold: Sequence[int], given: Sequence[float]) -> Metrics:
    """How likely a paraphrase (1) is given a higher value than a pair that is none (0): the area under the ROC curve.

    Raises:
        ValueError: not both kinds occur.
    """
    if set(gold) != {0, 1}:
        raise ValueError(f"`paraphrase` needs rows of 0 and of 1, got only {sorted(set(gold))}")
    return {"roc_auc": float(roc_auc_score(gold, given))}


def with_worst(gold: Sequence[float], given: Sequence[float | None]) -> list[float]:
    """The given values; None becomes the least of them where the right one is of the upper half, and the most where it is of the lower.

    So what was not given counts as wrong on either side, also where pairs are unrelated.
    """
    found = [value for value in given if value is not None]
    middle = (min(gold) + max(gold)) / 2
    return [(min(found) if wanted > middle else max(found)) if value is None else value for wanted, value in zip(gold, given, strict=True)]


def retrieval_metrics(hits: Sequence[tuple[float, float]]) -> Metrics:
    """How often a sentence's nearest sentence of the other language is its translation; of each row (ja → en, en → ja), 0 or 1."""
    return {"ja_to_en": sum(en for en, _ in hits) / len(hits), "en_to_ja": sum(ja for _, ja in hits) / len(hits)}


def retrieval_hits(
    pairs: Sequence[tuple[str, str]], to_english: Sequence[int], to_japanese: Sequence[int], *, read: Sequence[bool]
) -> list[tuple[float, float]]:
    """Of each row, whether either sentence's nearest one of the other language (by cosine) is a translation of it: (ja → en, en → ja).

    A sentence that stands in several rows has the translations of all of them.

    Args:
        pairs: the English and the Japanese sentence of each row.
        to_english: which English row is nearest to each Japanese one.
        to_japanese: which Japanese row is nearest to each English one.
        read: whether both sentences of a row could be read; if not, neither counts as found.
    """
    right = set(pairs)
    found = zip(pairs, to_english, to_japanese, read, strict=True)
    return [
        (float(both and (pairs[to_en][0], ja) in right), float(both and (en, pairs[to_ja][1]) in right))
        for (en, ja), to_en, to_ja, both in found
    ]


def nearest(english: Vectors, japanese: Vectors) -> tuple[list[int], list[int]]:
    """Which English row is nearest to each Japanese one, and which Japanese row to each English one.

    *Shape:* vectors of unit norm (rows, width) both; (rows,) each.
    """
    cosines = japanese @ english.T
    return cosines.argmax(axis=1).tolist(), cosines.argmax(axis=0).tolist()
