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
    right = gold_count = given_count = 0
    for gold_row, given_row, ignored_row in zip(gold, given, ignored, strict=True):
        gold_set = set(gold_row)
        spans = {(start, end) for start, end, _ in gold_set}
        free = set(ignored_row) - spans
        given_set = {entity for entity in given_row if entity[:2] not in free}
        right += len(gold_set & given_set)
        gold_count += len(gold_set)
        given_count += len(given_set)
    precision = right / given_count if given_count else 0.0
    recall = right / gold_count if gold_count else 0.0
    return {"f1": _harmonic(precision, recall), "precision": precision, "recall": recall}


# --- Answers -------------------------------------------------------------------------------------------------------


def answer_metrics(gold: Sequence[Sequence[str]], given: Sequence[str], *, japanese: Sequence[bool]) -> Metrics:
    """Exact match and F1 of the best-fitting right answer, averaged over questions.

    No right answers means that the text does not answer; "" is the answer that says so.
    """
    scores = [_best_answer_scores(right or [""], text, japanese=ja) for right, text, ja in zip(gold, given, japanese, strict=True)]
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


def _best_answer_scores(gold: Sequence[str], given: str, *, japanese: bool) -> tuple[float, float]:
    """(exact match, F1), each of the right answer that fits best."""
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


def paraphrase_metrics(gold: Sequence[int], given: Sequence[float]) -> Metrics:
    """How likely a paraphrase (1) is given a higher value than a pair that is none (0): the area under the ROC curve.

    Raises:
        ValueError: not both kinds occur.
    """
    if set(gold) != {0, 1}:
        raise ValueError(f"`paraphrase` needs rows of 0 and of 1, got only {sorted(set(gold))}")
    return {"roc_auc": float(roc_auc_score(gold, given))}


def retrieval_metrics(english: NDArray[np.float32], japanese: NDArray[np.float32]) -> Metrics:
    """How often a sentence's nearest sentence of the other language (by cosine) is its own translation.

    Args:
        english: vectors of unit norm, row i translates row i of `japanese`. *Shape:* (rows, width).
        japanese: likewise. *Shape:* (rows, width).
    """
    cosines = japanese @ english.T
    own = np.arange(len(cosines))
    to_english = float(np.mean(cosines.argmax(axis=1) == own))
    to_japanese = float(np.mean(cosines.argmax(axis=0) == own))
    return {"ja_to_en": to_english, "en_to_ja": to_japanese}
