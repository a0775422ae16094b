"""The measures, against values worked out by hand and against other implementations."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from seqeval.metrics import f1_score as seqeval_f1

from engine.evaluation.metrics import (
    answer_f1,
    answer_metrics,
    correlation_metrics,
    entity_metrics,
    label_metrics,
    nearest,
    normalize_english,
    normalize_japanese,
    paraphrase_metrics,
    retrieval_hits,
    retrieval_metrics,
    with_worst,
)


def test_macro_f1_weighs_each_label_alike() -> None:
    gold = ["positive", "positive", "positive", "negative"]
    given_labels = ["positive", "positive", "negative", "negative"]
    # positive: precision 1, recall 2/3, F1 4/5. negative: precision 1/2, recall 1, F1 2/3.
    assert label_metrics(gold, given_labels) == pytest.approx({"accuracy": 3 / 4, "macro_f1": (4 / 5 + 2 / 3) / 2})


def test_a_missing_label_is_wrong_but_no_label_of_its_own() -> None:
    # positive: precision 1, recall 1/2, F1 2/3. negative: F1 1.
    assert label_metrics(["positive", "positive", "negative"], ["positive", "", "negative"]) == pytest.approx(
        {"accuracy": 2 / 3, "macro_f1": (2 / 3 + 1) / 2}
    )


def test_an_entity_is_right_only_with_its_exact_span_and_label() -> None:
    gold = [[(0, 4, "PER"), (10, 14, "ORG")], [(0, 2, "LOC")]]
    given_entities = [[(0, 4, "PER"), (10, 13, "ORG")], [(0, 2, "ORG"), (5, 6, "LOC")]]
    # 1 right of 4 given and 3 wanted.
    assert entity_metrics(gold, given_entities, ignored=[[], []]) == pytest.approx({"precision": 1 / 4, "recall": 1 / 3, "f1": 2 / (4 + 3)})


def test_an_entity_on_an_ignored_span_neither_helps_nor_hurts() -> None:
    with_date = entity_metrics([[(0, 4, "PER")]], [[(0, 4, "PER"), (5, 9, "MISC")]], ignored=[[(5, 9)]])
    assert with_date == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    beside_date = entity_metrics([[(0, 4, "PER")]], [[(0, 4, "PER"), (5, 8, "MISC")]], ignored=[[(5, 9)]])
    assert beside_date["precision"] == 0.5


@pytest.mark.parametrize(("gold", "found"), [([[]], [[]]), ([[(0, 1, "PER")]], [[]]), ([[]], [[(0, 1, "PER")]])])
def test_nothing_right_is_an_f1_of_zero(gold: list[list[tuple[int, int, str]]], found: list[list[tuple[int, int, str]]]) -> None:
    assert entity_metrics(gold, found, ignored=[[]])["f1"] == 0.0


LABELS = ("PER", "ORG", "LOC", "MISC")


@st.composite
def tagged_texts(draw: st.DrawFn) -> list[str]:
    """BIO tags of a text of eight words, each entity one or two words long."""
    tags: list[str] = []
    while len(tags) < 8:
        label = draw(st.sampled_from([None, *LABELS]))
        width = draw(st.integers(1, 2))
        tags += ["O"] * width if label is None else [f"B-{label}", *[f"I-{label}"] * (width - 1)]
    return tags[:8]


def spans_of(tags: list[str]) -> list[tuple[int, int, str]]:
    starts = [i for i, tag in enumerate(tags) if tag.startswith("B-")]
    return [(i, i + 2 if tags[i + 1 : i + 2] == [f"I-{tags[i][2:]}"] else i + 1, tags[i][2:]) for i in starts]


@settings(deadline=None)  # a busy machine is no disagreement
@given(st.lists(st.tuples(tagged_texts(), tagged_texts()), min_size=1, max_size=4))
def test_entity_f1_agrees_with_seqeval(rows: list[tuple[list[str], list[str]]]) -> None:
    gold, found = [row[0] for row in rows], [row[1] for row in rows]
    ours = entity_metrics([spans_of(tags) for tags in gold], [spans_of(tags) for tags in found], ignored=[[] for _ in rows])
    assert ours["f1"] == pytest.approx(seqeval_f1(gold, found, zero_division=0))


@pytest.mark.parametrize(
    ("gold", "found", "japanese", "f1"),
    [
        ("the Transformer", "Transformer", False, 1.0),
        ("in June 2017", "2017", False, 1 / 2),  # precision 1, recall 1/3
        ("New York City", "york new", False, 4 / 5),  # precision 1, recall 2/3
        ("$1 billion", "1 billion.", False, 1.0),
        ("2017", "never", False, 0.0),
        ("京都大学", "京都大学", True, 1.0),
        ("京都大学", "「京都 大学」。", True, 1.0),
        ("京都大学", "大学", True, 2 / 3),  # precision 1, recall 1/2
        ("２０１７年", "2017年", True, 1.0),
        ("ﾄﾖﾀ自動車", "トヨタ自動車株式会社", True, 3 / 4),  # 6 characters in common of 6 and 10
        ("東京", "大阪", True, 0.0),
        ("", "", True, 1.0),
        ("", "東京", True, 0.0),
        ("Paris", "", False, 0.0),
    ],
)
def test_answer_f1_counts_english_words_and_japanese_characters(gold: str, found: str, japanese: bool, f1: float) -> None:
    assert answer_f1(gold, found, japanese=japanese) == pytest.approx(f1)


def test_the_best_fitting_right_answer_counts() -> None:
    gold = [["2017", "June 2017"], ["トヨタ", "トヨタ自動車"]]
    assert answer_metrics(gold, ["June 2017.", "トヨタ自動車"], japanese=[False, True]) == {"exact_match": 1.0, "f1": 1.0}


def test_no_answer_is_right_only_where_the_text_has_none() -> None:
    assert answer_metrics([[], ["東京"]], ["", ""], japanese=[True, True]) == {"exact_match": 0.5, "f1": 0.5}
    assert answer_metrics([[]], ["Paris"], japanese=[False]) == {"exact_match": 0.0, "f1": 0.0}


@pytest.mark.parametrize("right", [[], ["東京"], ["the"]])
def test_no_answer_at_all_is_wrong_whatever_is_right(right: list[str]) -> None:
    assert answer_metrics([right], [None], japanese=[False]) == {"exact_match": 0.0, "f1": 0.0}


def test_english_is_normalised_as_squad_does() -> None:
    assert normalize_english("  The  U.K.'s a-ha, an Answer! ") == "uks aha answer"


def test_japanese_keeps_letters_digits_and_the_long_vowel_mark() -> None:
    assert normalize_japanese("「スーパーＡＢＣ」　（１２㍑）～！") == "スーパーabc12リットル"


def test_correlations_of_a_small_sample() -> None:
    # Ranks 1 2 3 4 against 1 2 4 3: Spearman 1 - 6·2 / (4·15) = 0.8. Pearson: covariance 9, variances 10 and 10.
    measured = correlation_metrics([1, 2, 3, 5], [1, 2, 5, 3])
    assert measured["spearman"] == pytest.approx(0.8)
    gold, found = np.array([1, 2, 3, 5]) - 2.75, np.array([1, 2, 5, 3]) - 2.75
    assert measured["pearson"] == pytest.approx(float(gold @ found) / math.sqrt(float(gold @ gold) * float(found @ found)))


def test_values_that_never_change_do_not_correlate() -> None:
    assert correlation_metrics([0.0, 5.0], [0.3, 0.3]) == {"spearman": 0.0, "pearson": 0.0}


def test_scores_that_never_change_cannot_be_measured_against() -> None:
    with pytest.raises(ValueError, match="all 2 rows have 3"):
        correlation_metrics([3.0, 3.0], [0.1, 0.2])


def test_the_roc_area_is_the_share_of_pairs_in_the_right_order() -> None:
    assert paraphrase_metrics([1, 0, 1, 0], [0.9, 0.5, 0.4, 0.1]) == {"roc_auc": 3 / 4}
    with pytest.raises(ValueError, match=r"got only \[1\]"):
        paraphrase_metrics([1, 1], [0.5, 0.4])


def test_what_was_not_given_is_taken_as_the_farthest_from_what_is_right() -> None:
    assert with_worst([0, 5, 1, 4], [0.2, 0.9, None, None]) == [0.2, 0.9, 0.9, 0.2]
    assert with_worst([0, 1, 1], [None, 0.7, 0.4]) == [0.7, 0.7, 0.4]


def test_retrieval_is_measured_both_ways() -> None:
    english = np.eye(3, dtype=np.float32)
    japanese = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32)
    pairs = [("cat", "猫"), ("dog", "犬"), ("bird", "鳥")]
    # Row 1 of the Japanese side is nearer to English row 0; from English, each finds its own.
    found = retrieval_hits(pairs, *nearest(english, japanese), read=[True] * 3)
    assert found == [(1, 1), (0, 1), (1, 1)]
    assert retrieval_metrics(found) == pytest.approx({"ja_to_en": 2 / 3, "en_to_ja": 1.0})
    assert retrieval_hits(pairs, *nearest(english, japanese), read=[True, True, False]) == [(1, 1), (0, 1), (0, 0)]


def test_a_sentence_of_several_rows_is_found_by_each_of_its_translations() -> None:
    pairs = [("thanks", "ありがとう"), ("thank you", "ありがとう"), ("thanks", "どうも"), ("bye", "さようなら"), ("hi", "やあ")]
    english = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float32)
    japanese = np.array([[0, 1, 0], [0, 1, 0], [0.8, 0.6, 0], [0, 0.8, 0.6], [1, 0, 0]], dtype=np.float32)
    # さようなら is nearest to "thank you", and やあ and "thanks" are nearest to each other; the others find what is right somewhere.
    found = retrieval_hits(pairs, *nearest(english, japanese), read=[True] * 5)
    assert [ja_to_en for ja_to_en, _ in found] == [1, 1, 1, 0, 0]
    assert [en_to_ja for _, en_to_ja in found] == [0, 1, 0, 1, 1]
