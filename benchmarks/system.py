"""`python -m benchmarks.system`: requests a second, and how long an answer takes, against other servers over the same model.

Every contestant embeds the same English texts by all-MiniLM-L6-v2 in processes of its own, with one thread, in batches of up to 64.
Yomite's every job is durable: it lies in an append-only Redis until its answer was taken; those of the HTTP servers are not.
The same process asks all of them; what that costs itself is measured too.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import minilm
from benchmarks.agreement import check_vectors
from benchmarks.command import parser, run_and_print
from benchmarks.contestants import http, ours, plain_rq
from benchmarks.contestants.contestant import Contestant
from benchmarks.load import Load, load
from benchmarks.machine import Machine
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences, mixed_requests
from engine.contract import Failure, Request, Task
from workers.queue import Outcome

ROUNDS = 5
# People at once → how many requests they ask together.
REQUESTS = {1: 64, 8: 200, 32: 400, 128: 640}
SHORT_REQUESTS = {1: 4, 8: 16}
CHECKED_TEXTS = 16
SIMPLE_RQ = next(iter(plain_rq.KINDS))
TARGETS = {(32, "mosec"): 1.0, (32, SIMPLE_RQ): 4.0}
NAMES = (*(peer.name for peer in http.PEERS), *plain_rq.KINDS)
MIXED_TASKS = (Task.SENTIMENT, Task.NER, Task.ASK, Task.TOKENS, Task.FILL_MASK)  # those without pictures
MEASURES = {
    "per_s": ("requests/s", "requests/s"),
    "p50_ms": ("p50", "ms"),
    "p95_ms": ("p95", "ms"),
    "client_ms": ("client CPU", "ms/request"),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured: `requests` by the number of people at once."""

    requests: Mapping[int, int]
    rounds: int


def run(
    *,
    short: bool = False,
    rounds: int | None = None,
    models_dir: Path | None = None,
    device: str = "cpu",
    without: Sequence[str] = (),
    model: Path | None = None,
) -> Report:
    """Start all contestants but those in `without`, compare their vectors, and measure them in turns.

    Raises:
        BenchmarkError: one is not installed, does not start, or computes something else.
    """
    plan = Plan(requests=SHORT_REQUESTS if short else REQUESTS, rounds=rounds or (1 if short else ROUNDS))
    folder = (model or minilm.fetch()).absolute()
    peers = [peer for peer in http.PEERS if peer.name not in without]
    http.install(peers)
    rows = asyncio.run(_measure(folder, plan, peers, without=without, models_dir=models_dir))
    machine = Machine.here()
    return Report(
        benchmark="system",
        title="The whole system and other servers over the same model",
        short=short,
        rows=tuple(rows),
        notes=tuple(_notes(without)),
        machine=replace(machine, versions=machine.versions | http.versions({peer.name: peer.environment for peer in peers})),
    )


def _notes(without: Sequence[str]) -> Iterator[str]:
    for name in without:
        yield f"Left out by --without: {name}."
    yield "Each of Yomite's and plain RQ's jobs is durable (append-only Redis, written every second); those of the HTTP servers are not."
    yield "The ratios are round by round, with Yomite measured anew before each peer."
    yield f"All tasks: {', '.join(MIXED_TASKS)} in turn, by the bundled models, texts of both languages; no peer answers these."
    yield f"{', '.join(plain_rq.KINDS)}: the model is loaded before the first job, also for the worker that forks for each."


async def _measure(model: Path, plan: Plan, peers: Sequence[http.Peer], *, without: Sequence[str], models_dir: Path | None) -> list[Row]:
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalog = ours.catalog_for(model, place)
        client = await stack.enter_async_context(ours.running(ours.settings_for(catalog, models_dir), warm_up=[Task.EMBED]))
        mine = Contestant(name=ours.NAME, ask=partial(ours.ask_vector, client))
        others = [await stack.enter_async_context(http.running(peer, model)) for peer in peers]
        others += [await stack.enter_async_context(plain_rq.running(name, model)) for name in plain_rq.KINDS if name not in without]
        return [*await compare(mine, others, plan), *map(_left_out, without), *await _mix(client, plan)]


def _left_out(name: str) -> Row:
    return Row(name=f"{ours.NAME} ÷ {name}", unit=RATIO, values=(), note="left out by --without")


async def compare(mine: Contestant, others: Sequence[Contestant], plan: Plan) -> list[Row]:
    """See that all say the same, then measure them in turns: ours, a peer, ours, the next peer, and so on.

    Raises:
        BenchmarkError: they do not.
    """
    texts = made_sentences(max(plan.requests.values()), languages=("en",))
    await _check(mine, others, texts[:CHECKED_TEXTS])
    rows: list[Row] = []
    for concurrency, count in plan.requests.items():
        found: list[dict[str, Load]] = []
        for _ in range(plan.rounds):
            one: dict[str, Load] = {}
            for other in others:
                one[_beside(other.name)] = await load(mine.ask, texts[:count], concurrency=concurrency)
                one[other.name] = await load(other.ask, texts[:count], concurrency=concurrency)
            if not others:
                one[mine.name] = await load(mine.ask, texts[:count], concurrency=concurrency)
            found.append(one)
        rows += _rows(mine.name, [other.name for other in others], found, concurrency)
    return rows


def _beside(name: str) -> str:
    return f"beside {name}"


async def _check(mine: Contestant, others: Sequence[Contestant], texts: Sequence[str]) -> None:
    """Ask one by one and all at once: a server may answer differently where it puts requests together."""
    expected = [await mine.ask(text) for text in texts]
    for contestant in (mine, *others):
        for concurrency in (1, len(texts)):
            found = await load(contestant.ask, texts, concurrency=concurrency)
            check_vectors(contestant.name, found.answers, expected)


def _rows(mine: str, others: Sequence[str], found: Sequence[Mapping[str, Load]], concurrency: int) -> Iterator[Row]:
    group = f"{concurrency} at once"
    for field, (name, unit) in MEASURES.items():
        values = [{who: float(getattr(one, field)) for who, one in each.items()} for each in found]
        all_of_mine = tuple(value for each in values for who, value in each.items() if who not in others)
        yield Row(name=f"{mine}: {name}", unit=unit, values=all_of_mine, group=group)
        for other in others:
            yield Row(name=f"{other}: {name}", unit=unit, values=over(values, other), group=group)
        if field == "per_s":
            for other in others:
                yield Row(
                    name=f"{mine} ÷ {other}",
                    unit=RATIO,
                    values=ratio(over(values, _beside(other)), over(values, other)),
                    group=group,
                    target=TARGETS.get((concurrency, other)),
                )


async def _mix(client: ours.Client, plan: Plan) -> list[Row]:
    """Ours alone: texts of all lengths in both languages, tasks in turn, by the bundled models."""
    rows: list[Row] = []
    requests = mixed_requests(made_sentences(max(plan.requests.values())), MIXED_TASKS)
    ask = partial(_ask, client)
    await load(ask, requests[: 2 * len(MIXED_TASKS)], concurrency=1)
    for concurrency, count in plan.requests.items():
        found = [{"mixed": await load(ask, requests[:count], concurrency=concurrency)} for _ in range(plan.rounds)]
        rows += [replace(row, group=f"all tasks, {row.group}") for row in _rows(ours.NAME, [], found, concurrency)]
    return rows


async def _ask(client: ours.Client, request: Request) -> Outcome:
    outcome = await client.ask(request)
    if isinstance(outcome, Failure):
        raise ours.not_answered(outcome)
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where a contestant is missing or computes something else."""
    parsing = parser("system", __doc__, rounds=ROUNDS)
    parsing.add_argument(
        "--without", action="append", default=[], choices=NAMES, metavar="PEER", help=f"leave out one of {', '.join(NAMES)}"
    )
    parsing.add_argument("--model", type=Path, help="a sentence-transformers folder that all serve; default: all-MiniLM-L6-v2")
    return run_and_print(run, parsing, arguments)


if __name__ == "__main__":
    sys.exit(main())
