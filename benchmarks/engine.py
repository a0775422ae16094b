"""`make bench`: sentences a second through the engine, against a bare loop over the same weights, as a ratio.

Both embed the same sentences, turn by turn in one process, so that what else the machine does meets both alike. The
bare loop is the least that could be done: sort by length, tokenize, forward, mean, normalise, in batches of 32.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.command import print_comparison
from engine.catalog import Catalog
from engine.contract import EmbedRequest, Failure, Task
from engine.engine import Engine
from engine.errors import EngineError
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel

BATCH_SIZE = 32
MEMORY_BUDGET_BYTES = 4 * 1024**3
JAPANESE = ("昨日は", "雨が降っていたので", "京都の大学で", "友達と一緒に", "新しい製品について", "長い時間をかけて", "話し合いました。")
ENGLISH = (
    "yesterday",
    "because it rained",
    "at the university",
    "together with a friend",
    "about the new product",
    "for hours",
    "we talked.",
)


def made_sentences(count: int) -> list[str]:
    """`count` sentences of 1 to 14 phrases, half Japanese, half English; always the same ones."""
    choices = random.Random(0)
    sentences = []
    for index in range(count):
        phrases, space = (JAPANESE, "") if index % 2 else (ENGLISH, " ")
        sentences.append(space.join(choices.choices(phrases, k=choices.randint(1, 14))))
    return sentences


def bare_loop(loaded: LoadedModel, texts: Sequence[str]) -> torch.Tensor:
    """Vectors of unit norm, as anyone would write it. *Shape:* (texts, width)."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    vectors = torch.empty(len(texts), loaded.model.config.hidden_size)
    for start in range(0, len(order), BATCH_SIZE):
        rows = order[start : start + BATCH_SIZE]
        batch = loaded.tokenizer.backend(
            [texts[i] for i in rows], padding=True, truncation=True, max_length=loaded.window, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = loaded.model(**batch.to(loaded.device)).last_hidden_state.float()
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        vectors[rows] = torch.nn.functional.normalize(mean, dim=-1).cpu()
    return vectors


def engine_vectors(engine: Engine, texts: Sequence[str], *, model: str | None) -> torch.Tensor:
    """The same through the engine, one Request a text. *Shape:* (texts, width).

    Raises:
        EngineError: a text could not be answered.
    """
    vectors = []
    for outcome in engine.run([EmbedRequest(texts=(text,), model=model) for text in texts]):
        if isinstance(outcome, Failure):
            raise EngineError(outcome.code, ja=outcome.message.ja, en=outcome.message.en)
        vectors.append(outcome.vectors[0])  # type: ignore[union-attr]  # an EmbedRequest gets an EmbedResult
    return torch.tensor(vectors)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(*, sentences: int, rounds: int, model: str | None, models_dir: Path | None, device: str) -> str:
    """Run both in turn and say what came out.

    Raises:
        EngineError: the model cannot be loaded or does not answer, or the two disagree about a vector.
    """
    catalog, cache = Catalog.load(models_dir=models_dir), ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device)
    engine, loaded = Engine(catalog, cache), cache.get(catalog.entry(Task.EMBED, "ja", model))
    texts = made_sentences(sentences)
    difference = float((bare_loop(loaded, texts) - engine_vectors(engine, texts, model=model)).abs().max())  # warms up, too
    if difference > 0.01:
        raise EngineError(
            "bench_differs", ja="ベクトルが一致しません。", en=f"engine and bare loop differ by {difference:.3f}, at most 0.01 is right"
        )
    pairs = [
        (seconds(lambda: bare_loop(loaded, texts)), seconds(lambda: engine_vectors(engine, texts, model=model))) for _ in range(rounds)
    ]
    bare, through = (sentences / statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = sorted(bare_s / engine_s for bare_s, engine_s in pairs)
    return (
        f"{loaded.name} on {loaded.device}, {sentences} sentences, {rounds} rounds in turn\n"
        f"bare loop  {bare:8.0f} sentences/s\n"
        f"engine     {through:8.0f} sentences/s\n"
        f"ratio      {statistics.median(ratios):8.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f}; above 1: the engine is faster)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 1 where the engine cannot answer."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--model", help="a model id or folder; default: the bundled encoder")
    parser.add_argument("--models-dir", type=Path, help="where the bundled models lie")
    parser.add_argument("--device", default="auto")
    return print_comparison(compare, parser, arguments)


if __name__ == "__main__":
    sys.exit(main())
