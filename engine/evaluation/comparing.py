"""Whether one model is better than another on the same rows, or whether the difference may be chance.

Shares of right rows are compared by McNemar's exact test (McNemar 1947; the binomial test on the rows that only one model has
right); all other measures by the paired bootstrap (Koehn 2004; its p-value as in Berg-Kirkpatrick et al. 2012, here two-sided).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from engine.contract import Message
from engine.errors import BadInputError
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.measures import Measure, Values
from engine.evaluation.resampling import Interval, interval, resampled
from engine.evaluation.wording import MEASURES
from engine.examples.rows import ExampleTask

# A difference whose p is below this is unlikely to be chance.
SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One measure of both models; `change` is the first less the other, with its 95 % interval. `p` is two-sided, 0..1."""

    measure: str
    value: float
    other: float
    change: float
    interval: Interval
    p: float
    test: str  # "mcnemar" or "bootstrap"

    @property
    def may_be_chance(self) -> bool:
        return self.p >= SIGNIFICANT


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A model against another on the same rows. `only_first, only_other`: the rows that only that model has right (none of similarity)."""

    first: Evaluation
    other: Evaluation
    differences: tuple[Difference, ...]
    only_first: tuple[int, ...]
    only_other: tuple[int, ...]

    @property
    def main(self) -> Difference:
        """The difference of the measure that counts most."""
        return next(one for one in self.differences if one.measure == self.first.main)

    @property
    def said(self) -> Message:
        """What it comes to, in a sentence or two."""
        return _said(self.main)


def compare(first: Evaluation, other: Evaluation) -> Comparison:
    """Compare two evaluations of the same rows.

    Raises:
        BadInputError: they are of different rows.
    """
    if (first.task, first.rows) != (other.task, other.rows):
        raise BadInputError(
            "different_rows",
            ja=f"同じデータで測った結果どうしを比べてください（{first.rows} 行と {other.rows} 行）。",
            en=f"compare evaluations of the same rows; these are of {first.rows} and {other.rows}.",
        )
    ours, theirs = resampled(first.measures, first.rows), resampled(other.measures, other.rows)
    pairs = zip(first.measures, other.measures, strict=True)
    # Of similarity no row is right or wrong by itself.
    counted = () if first.task is ExampleTask.SIMILAR else zip(first.outcomes, other.outcomes, strict=True)
    right = [(one.right, two.right) for one, two in counted]
    return Comparison(
        first=first,
        other=other,
        differences=tuple(_difference(one, two, first, other, ours[one.name] - theirs[one.name]) for one, two in pairs),
        only_first=tuple(index for index, (one, two) in enumerate(right) if one and not two),
        only_other=tuple(index for index, (one, two) in enumerate(right) if two and not one),
    )


def _difference(measure: Measure, against: Measure, first: Evaluation, other: Evaluation, drawn: Values) -> Difference:
    value, beside = first.metrics[measure.name], other.metrics[measure.name]
    exact = measure.binary is not None and against.binary is not None
    p = mcnemar(measure.binary, against.binary) if exact else bootstrap_p(value - beside, drawn)
    return Difference(
        measure=measure.name,
        value=value,
        other=beside,
        change=value - beside,
        interval=interval(drawn),
        p=p,
        test="mcnemar" if exact else "bootstrap",
    )


def mcnemar(first: Values | None, other: Values | None) -> float:
    """How likely at least so uneven a split of the rows is that only one model has right, if both were as good. *Shape:* (rows,)."""
    if first is None or other is None:
        raise ValueError("McNemar's test needs rows that are right or wrong")
    only_first, only_other = int(np.sum(first > other)), int(np.sum(first < other))
    if only_first + only_other == 0:
        return 1.0
    return float(stats.binomtest(only_first, only_first + only_other, 0.5).pvalue)


def bootstrap_p(change: float, drawn: Values) -> float:
    """How often the change on drawn rows is as far from the measured one as that is from 0; those without a number (NaN) are left out. *Shape:* drawn (draws,)."""
    finite = drawn[np.isfinite(drawn)]
    as_far = int(np.sum(np.abs(finite - change) >= abs(change) - 1e-12))
    return min(1.0, (as_far + 1) / (len(finite) + 1))


def _said(found: Difference) -> Message:
    name, change = MEASURES[found.measure], f"{found.change:+.3f}"
    between = f"{found.interval.low:+.3f} … {found.interval.high:+.3f}"
    p = said_p(found.p)
    if found.change == 0:
        return Message(ja=f"{name.ja}はどちらのモデルも同じ値です。", en=f"Both models have the same {name.en}.")
    if found.may_be_chance:
        return Message(
            ja=f"{name.ja}の差は {change}（95% 区間 {between}、{p}）で、偶然かもしれません。優劣は言えません。",
            en=f"The difference of {name.en} is {change} (95 % interval {between}, {p}): it may be chance, and says of neither that it is better.",
        )
    better_ja, better_en = ("高い", "higher") if found.change > 0 else ("低い", "lower")
    return Message(
        ja=f"{name.ja}は比べた相手より {abs(found.change):.3f} {better_ja}値です（95% 区間 {between}、{p}）。偶然とは考えにくい差です。",
        en=f"The {name.en} is {abs(found.change):.3f} {better_en} than the other model's (95 % interval {between}, {p}): unlikely to be chance.",
    )


def said_p(p: float) -> str:
    """A p-value as people write it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
