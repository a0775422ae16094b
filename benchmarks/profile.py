"""`python -m benchmarks profile`: what a busy worker's main thread does all the time, sampled by py-spy from outside.

The worker embeds by all-MiniLM-L6-v2 as in benchmarks.system, asked by 32 people at once. What it does while it holds no lock, such as
a forward pass, is sampled too.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from benchmarks import minilm
from benchmarks.command import parser, run_and_print
from benchmarks.contestants import environments, ours
from benchmarks.contestants.contestant import Ask
from benchmarks.errors import BenchmarkError
from benchmarks.load import load
from benchmarks.report import Report, Row
from benchmarks.texts import made_sentences
from engine.contract import Message, Task

ROUNDS, CONCURRENCY = 3, 32
SECONDS, SHORT_SECONDS = 10, 1
TEXTS = 400
ENVIRONMENT = "profile"
# What a sample is counted to: the first of these that one of its frames lies in, from the innermost frame outwards.
PARTS = {
    "forward pass": ("torch/nn/", "transformers/models/", "transformers/integrations/"),
    "waiting for Redis": ("redis/", "hiredis/", "socket.py"),
    "cutting texts": ("engine/tokenization/", "tokenizers/", "fugashi/"),
    "making tensors and batches": ("engine/models/",),
    "reading results out of tensors": ("engine/tasks/",),
    "JSON and the contract": ("engine/contract", "json/", "msgspec/", "workers/queue/stored.py"),
    "the worker's own steps": ("workers/",),
}
OTHER, GATHERING = "other", "waiting for more of a kind"


def run(
    *, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "cpu", model: Path | None = None
) -> Report:
    """Sample it.

    Raises:
        BenchmarkError: py-spy is not there or may not look into the worker, or the worker does not answer.
    """
    environments.make(ENVIRONMENT, peer="py-spy", instead=Message(ja="ほかは測れます。", en="All else can be measured."))
    folder = (model or minilm.fetch()).absolute()
    found = asyncio.run(_sampled(folder, rounds or (1 if short else ROUNDS), SHORT_SECONDS if short else SECONDS, models_dir))
    rows = [Row(name=part, unit="%", values=tuple(100 * one[part] / one.total() for one in found)) for part in [*PARTS, GATHERING, OTHER]]
    notes = (f"{CONCURRENCY} people at once, {SECONDS} s a round, 200 samples a second, one thread, fp32.",)
    return Report(benchmark="profile", title="What a busy worker does", short=short, rows=tuple(rows), notes=notes)


async def _sampled(model: Path, rounds: int, seconds: int, models_dir: Path | None) -> list[Counter[str]]:
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = ours.settings_for(ours.catalog_for(model, place), models_dir)
        client = await stack.enter_async_context(ours.running(settings, warm_up=[Task.EMBED]))
        texts, ask = made_sentences(TEXTS, languages=("en",)), partial(ours.ask_vector, client)
        await load(ask, texts[:CONCURRENCY], concurrency=CONCURRENCY)
        return [await _one_round(client, ask, texts, seconds, place / "samples.txt") for _ in range(rounds)]


async def _one_round(client: ours.Client, ask: Ask, texts: Sequence[str], seconds: int, path: Path) -> Counter[str]:
    sampling = asyncio.create_task(asyncio.to_thread(_record, client.worker_pids[0], seconds, path))
    while not sampling.done():
        await load(ask, texts, concurrency=CONCURRENCY)
    await sampling
    return counted(path.read_text(encoding="utf-8").splitlines())


def _record(pid: int, seconds: int, path: Path) -> None:
    """Let py-spy write how often it saw which stack: "outer;inner;innermost 12"."""
    words = ["record", "--pid", str(pid), "--duration", str(seconds), "--rate", "200", "--format", "raw", "--full-filenames", "--threads"]
    command = [str(environments.programs(ENVIRONMENT) / "py-spy"), *words, "--output", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkError(
            "no_profile",
            ja=f"py-spy がワーカーを調べられません。root で実行するか、ptrace を許可してください。\n{done.stderr}",
            en=f"py-spy cannot look into the worker. Run it as root, or allow ptrace.\n{done.stderr}",
        )


def counted(lines: Sequence[str]) -> Counter[str]:
    """Samples of the main thread by what it did, without those in which it waited for a job to come."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if "MainThread" in frames[0] and not any(frame.startswith("_idle ") for frame in frames):
            found[part_of(frames)] += int(count)
    return found


def part_of(frames: Sequence[str]) -> str:
    """What a stack is counted to; its last frame is the innermost."""
    if frames[-1].startswith("_take ") and "workers/worker.py" in frames[-1]:
        return GATHERING  # it sleeps there and nowhere else
    return next(_parts(frames), OTHER)


def _parts(frames: Sequence[str]) -> Iterator[str]:
    for frame in reversed(frames):
        for part, places in PARTS.items():
            if any(place in frame for place in places):
                yield part


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where nothing can be sampled."""
    return run_and_print(run, parser("profile", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
