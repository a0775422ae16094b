"""Each label by itself, and what is taken for what."""

import pytest
from hypothesis import given, settings, strategies as st

from engine.evaluation.classes import confusion, entity_confusion, entity_scores, label_scores, ordered
from engine.evaluation.metrics import LabelledSpan, entity_metrics, label_metrics

GOLD = ["positive", "positive", "positive", "neutral", "negative", "negative"]
GIVEN = ["positive", "positive", "neutral", "neutral", "positive", ""]


def test_each_label_has_its_own_precision_recall_and_f1() -> None:
    each, _ = label_scores(GOLD, GIVEN)
    assert [(one.label, one.support) for one in each] == [("positive", 3), ("neutral", 1), ("negative", 2)]
    positive, neutral, negative = each
    assert (positive.precision, positive.recall, positive.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert (neutral.precision, neutral.recall, neutral.f1) == pytest.approx((1 / 2, 1.0, 2 / 3))
    assert (negative.precision, negative.recall, negative.f1) == (0.0, 0.0, 0.0)


def test_averages_weigh_labels_alike_answers_alike_or_labels_by_how_often_they_are_right() -> None:
    averages = {one.label: one for one in label_scores(GOLD, GIVEN)[1]}
    assert averages["macro"].f1 == pytest.approx(label_metrics(GOLD, GIVEN)["macro_f1"])
    # 3 right of 5 given labels and 6 rows.
    assert (averages["micro"].precision, averages["micro"].recall, averages["micro"].f1) == pytest.approx((3 / 5, 3 / 6, 6 / 11))
    assert averages["weighted"].f1 == pytest.approx((3 * 2 / 3 + 1 * 2 / 3 + 2 * 0) / 6)
    assert {one.support for one in averages.values()} == {6}


def test_kinds_of_entities_are_scored_by_seqeval() -> None:
    gold: list[list[LabelledSpan]] = [[(0, 2, "PER"), (2, 4, "PER"), (5, 8, "LOC")], []]
    found: list[list[LabelledSpan]] = [[(0, 4, "PER"), (5, 8, "LOC")], [(1, 2, "ORG")]]
    each, averages = entity_scores(gold, found)
    assert [(one.label, one.precision, one.recall, one.support) for one in each] == [
        ("PER", 0.0, 0.0, 2),
        ("ORG", 0.0, 0.0, 0),
        ("LOC", 1.0, 1.0, 1),
    ]
    assert {one.label for one in averages} == {"macro", "micro", "weighted"}


def test_neighbours_of_one_kind_are_two_entities() -> None:
    pair: list[list[LabelledSpan]] = [[(0, 2, "PER"), (2, 4, "PER")]]
    assert entity_scores(pair, pair)[0][0].support == 2
    assert entity_scores(pair, [[(0, 4, "PER")]])[0][0].f1 == 0.0


def test_without_entities_there_is_nothing_to_score() -> None:
    assert entity_scores([[]], [[]]) == ((), ())
    assert entity_confusion([[]], [[]]) is None


@st.composite
def spans(draw: st.DrawFn) -> list[LabelledSpan]:
    """Entities that do not overlap, in a text of twelve characters."""
    cuts = sorted(draw(st.sets(st.integers(0, 12), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return [(start, end, draw(st.sampled_from(["PER", "ORG", "LOC", "MISC"]))) for start, end in pairs]


@settings(deadline=None)  # a busy machine is no disagreement
@given(st.lists(st.tuples(spans(), spans()), min_size=1, max_size=4))
def test_our_exact_spans_agree_with_seqeval(rows: list[tuple[list[LabelledSpan], list[LabelledSpan]]]) -> None:
    gold, found = [row[0] for row in rows], [row[1] for row in rows]
    ours = entity_metrics(gold, found, ignored=[[] for _ in rows])
    micro = next((one for one in entity_scores(gold, found)[1] if one.label == "micro"), None)
    theirs = (micro.f1, micro.precision, micro.recall) if micro else (0.0, 0.0, 0.0)
    assert (ours["f1"], ours["precision"], ours["recall"]) == pytest.approx(theirs)


def test_a_confusion_matrix_counts_right_labels_in_rows_and_given_ones_in_columns() -> None:
    found = confusion(GOLD, GIVEN)
    assert found.labels == ("positive", "neutral", "negative", "none")
    assert found.counts == ((2, 1, 0, 0), (0, 1, 0, 0), (1, 0, 0, 1), (0, 0, 0, 0))


def test_entities_are_confused_where_their_spans_are_the_same() -> None:
    found = entity_confusion([[(0, 2, "PER"), (5, 8, "LOC")]], [[(0, 2, "ORG"), (5, 7, "LOC")]])
    assert found is not None
    assert found.labels == ("PER", "ORG", "LOC", "none")
    taken = {
        (row, column): count
        for row, counts in zip(found.labels, found.counts, strict=True)
        for column, count in zip(found.labels, counts, strict=True)
    }
    assert {pair for pair, count in taken.items() if count} == {("PER", "ORG"), ("LOC", "none"), ("none", "LOC")}


def test_labels_stand_in_the_contracts_order_with_none_last() -> None:
    assert ordered(["none", "negative", "odd", "positive"]) == ("positive", "negative", "odd", "none")
