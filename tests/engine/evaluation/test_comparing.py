"""Two models on the same rows: which differences may be chance."""

import numpy as np
import pytest

from engine.contract import SimilarRequest, SimilarResult
from engine.errors import BadInputError
from engine.evaluation.comparing import bootstrap_p, compare, mcnemar, said_p
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.scoring import evaluate
from engine.examples.rows import ExampleTask, SentimentRow, SimilarRow
from tests.engine.evaluation.scripted import LABELS, ScriptedEngine, judged

ROWS = [SentimentRow(text=f"{i}番目の文", label=LABELS[i % 3]) for i in range(120)]


def wrong_at(*indices: int, model: str = "m") -> Evaluation:
    """A model that errs at these rows."""
    given = [LABELS[(i + 1) % 3] if i in indices else row.label for i, row in enumerate(ROWS)]
    return judged(ROWS, given, model=model)


@pytest.mark.parametrize(
    ("only_first", "only_other", "p"),
    [(0, 0, 1.0), (1, 1, 1.0), (9, 1, 22 / 1024), (1, 9, 22 / 1024), (5, 0, 2 / 32)],
)
def test_mcnemar_is_the_binomial_test_on_rows_that_one_model_alone_has_right(only_first: int, only_other: int, p: float) -> None:
    both = [1.0] * 5 + [0.0] * 3
    first = np.array([1.0] * only_first + [0.0] * only_other + both)
    other = np.array([0.0] * only_first + [1.0] * only_other + both)
    assert mcnemar(first, other) == pytest.approx(p)


def test_a_clear_difference_is_told_as_one() -> None:
    found = compare(wrong_at(0, 1), wrong_at(*range(0, 60, 2)))
    accuracy, macro_f1 = found.differences
    assert (accuracy.test, macro_f1.test) == ("mcnemar", "bootstrap")
    assert accuracy.change == pytest.approx(28 / 120)
    assert accuracy.interval.low < accuracy.change < accuracy.interval.high
    assert accuracy.p < 0.001
    assert not found.main.may_be_chance
    assert "偶然とは考えにくい" in found.said.ja
    assert "higher" in found.said.en
    assert "unlikely to be chance" in found.said.en


def test_the_other_way_round_it_is_as_much_lower() -> None:
    worse = compare(wrong_at(*range(30)), wrong_at(0))
    better = compare(wrong_at(0), wrong_at(*range(30)))
    assert [one.change for one in worse.differences] == pytest.approx([-one.change for one in better.differences])
    assert [one.p for one in worse.differences] == pytest.approx([one.p for one in better.differences])
    assert "低い値です" in worse.said.ja
    assert "lower" in worse.said.en


def test_a_small_difference_may_be_chance() -> None:
    found = compare(wrong_at(0, 1, 2), wrong_at(3, 4, 5, 6))
    assert all(one.may_be_chance for one in found.differences)
    assert found.main.interval.low < 0 < found.main.interval.high
    assert "偶然かもしれません" in found.said.ja
    assert "may be chance" in found.said.en


def test_a_model_does_not_differ_from_itself() -> None:
    found = compare(wrong_at(0, 5), wrong_at(0, 5))
    assert {one.p for one in found.differences} == {1.0}
    assert "同じ値" in found.said.ja


def test_rows_that_one_model_alone_has_right_are_named() -> None:
    found = compare(wrong_at(3, 7), wrong_at(7, 50))
    assert (found.only_first, found.only_other) == ((50,), (3,))


def test_equally_good_models_seldom_seem_to_differ() -> None:
    """Under chance a p below 0.05 comes about as often as it says."""
    random = np.random.default_rng(1)
    below = 0
    for _ in range(200):
        change = random.normal(size=100)
        drawn = random.choice(change, size=(400, 100)).mean(axis=1)
        below += bootstrap_p(float(change.mean()), drawn) < 0.05
    assert 2 <= below <= 22


def test_draws_without_a_number_say_nothing_of_chance() -> None:
    drawn = np.array([0.1, 0.1, 0.2, 0.3, np.nan, np.nan])
    assert bootstrap_p(0.1, drawn) == pytest.approx((2 + 1) / (4 + 1))


def correlated(noise: float, rows: list[SimilarRow]) -> Evaluation:
    random = np.random.default_rng(7)
    of_text = {row.a: float(np.clip(row.gold / 10 + noise * random.normal(), -1, 1)) for row in rows}

    def answer(request: SimilarRequest) -> SimilarResult:
        cosine = of_text[request.texts[0]]
        return SimilarResult(language="ja", model="m", matrix=((1.0, cosine), (cosine, 1.0)), ranking=(), pooling="mean")

    return evaluate(ScriptedEngine(answer), ExampleTask.SIMILAR, rows)


def test_correlations_are_compared_by_the_bootstrap() -> None:
    rows = [SimilarRow(a=f"文{i}", b="文", score=float(i % 6)) for i in range(150)]
    found = compare(correlated(0.05, rows), correlated(0.4, rows))
    assert [(one.measure, one.test) for one in found.differences] == [("spearman", "bootstrap"), ("pearson", "bootstrap")]
    assert all(one.p < 0.01 for one in found.differences)
    assert (found.only_first, found.only_other) == ((), ())


def test_models_are_compared_on_draws_that_hold_both_kinds_however_rare_one_is() -> None:
    rows = [SimilarRow(a=f"文{i}", b="文", paraphrase=int(i == 0)) for i in range(21)]

    def measured(near: int) -> Evaluation:
        def answer(request: SimilarRequest) -> SimilarResult:
            cosine = 0.9 if request.texts[0] == f"文{near}" else 0.1
            return SimilarResult(language="ja", model="m", matrix=((1.0, cosine), (cosine, 1.0)), ranking=(), pooling="mean")

        return evaluate(ScriptedEngine(answer), ExampleTask.SIMILAR, rows)

    found = compare(measured(0), measured(1)).differences[-1]
    assert found.measure == "roc_auc"
    assert found.interval.low >= 0.5  # all draws of the rare one are right, and those of the others are ties at best
    assert found.p < 0.05


def test_different_rows_are_not_compared() -> None:
    with pytest.raises(BadInputError, match="same rows") as caught:
        compare(wrong_at(0), judged(ROWS[:3], ["positive"] * 3))
    assert "120 行と 3 行" in caught.value.message.ja


@pytest.mark.parametrize(("p", "said"), [(0.0001, "p < 0.001"), (0.0312, "p = 0.031"), (1.0, "p = 1.000")])
def test_p_is_written_as_people_write_it(p: float, said: str) -> None:
    assert said_p(p) == said
