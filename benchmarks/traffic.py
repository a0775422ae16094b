"""When people ask and what: a made-up working day of a large company, of which each number is an assumption that stands here with its reason."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.queueing import Job

HOUR_S = 3_600.0
# Questions in each hour from 8 to 19 o'clock, in parts: two peaks and a dip at lunch, as call centres and mail see them. The busiest hour
# has 17 % of the day, within the 15 to 20 % that telephone engineers reckon with.
DAY = (2.0, 9.0, 15.0, 13.0, 5.0, 11.0, 16.0, 12.0, 8.0, 3.0, 1.0)
# One question in a hundred shows attention with pictures, which takes by far the longest; the plain tasks are asked most.
MIX: Mapping[str, float] = {
    "sentiment": 0.24,
    "ner": 0.20,
    "ask": 0.28,
    "similar": 0.10,
    "fill_mask": 0.03,
    "embed": 0.09,
    "tokens": 0.05,
    "explain_attention": 0.01,
}
LONG_TASKS = ("sentiment", "ask")


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A day's questions. Shares are 0 to 1.

    `asked_a_day`: by one person; few people ask a chat bot more than some times a day, so this is a busy one. `together`: the share that comes
    in bursts, after meetings, when many are shown the same thing: `burst` questions on average, over `burst_s` seconds on average each.
    `long`: the share of documents of 20,000 characters.
    """

    people: int = 10_000
    asked_a_day: float = 10.0
    together: float = 0.3
    burst: float = 40.0
    burst_s: float = 30.0
    long: float = 0.015
    mix: Mapping[str, float] = field(default_factory=lambda: MIX)

    @property
    def busiest_hour(self) -> int:
        """Which hour of DAY has most."""
        return max(range(len(DAY)), key=DAY.__getitem__)

    def rate_per_s(self, hour: int) -> float:
        """Questions a second, on average."""
        return self.people * self.asked_a_day * DAY[hour] / sum(DAY) / HOUR_S


def questions(traffic: Traffic, *, hours: range, seed: int) -> list[Job]:
    """What is asked in these hours, in order; the seconds count from the start of the first.

    Alone: a Poisson process whose rate is that of the hour. Together: a cluster process (Neyman and Scott), whose clusters begin in
    the five minutes after each full and half hour, when meetings end.
    """
    choices = random.Random(seed)  # noqa: S311  # nothing secret
    moments = sorted(moment for number, hour in enumerate(hours) for moment in _moments(traffic, hour, number * HOUR_S, choices))
    tasks, shares = list(traffic.mix), list(traffic.mix.values())
    return [_job(moment, choices.choices(tasks, shares)[0], traffic, choices) for moment in moments]


def _job(moment: float, task: str, traffic: Traffic, choices: random.Random) -> Job:
    # Of all questions `long` are: more of those that can be.
    can_be = sum(traffic.mix[each] for each in LONG_TASKS)
    long = task in LONG_TASKS and choices.random() < traffic.long * sum(traffic.mix.values()) / can_be
    return Job(at_s=moment, kind=task, long=long)


def _moments(traffic: Traffic, hour: int, start_s: float, choices: random.Random) -> Iterator[float]:
    rate = traffic.rate_per_s(hour)
    for moment in poisson(rate * (1 - traffic.together), HOUR_S, choices):
        yield start_s + moment
    clusters = rate * HOUR_S * traffic.together / traffic.burst
    for _ in poisson(clusters, 1.0, choices):
        begins = start_s + choices.choice((0.0, HOUR_S / 2)) + choices.uniform(0.0, 300.0)
        for _ in poisson(traffic.burst, 1.0, choices):
            yield begins + choices.expovariate(1 / traffic.burst_s)


def poisson(rate: float, length: float, choices: random.Random) -> Iterator[float]:
    """The moments of a Poisson process within a length."""
    moment = choices.expovariate(rate) if rate > 0 else length
    while moment < length:
        yield moment
        moment += choices.expovariate(rate)
