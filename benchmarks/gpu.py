"""`python -m benchmarks.gpu`: tokens a second on a GPU in bf16, and which share that is of what the GPU was measured to do.

BERT-base (with random weights, which take the same time) and the bundled pack embed the same sentences through the engine, by a plain
`pipeline()` call, and by a loop as infinity-emb 0.0.78 has it: sorted by length, batches of 32, with tokenizing, computing and reading
back in a thread each. Without a GPU it says so.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import torch
from transformers import BertConfig, BertModel, pipeline

from benchmarks.agreement import check_vectors
from benchmarks.ceiling import engine_answers, question
from benchmarks.command import parser, run_and_print
from benchmarks.report import RATIO, Report, Row, over, ratio
from benchmarks.texts import made_sentences
from benchmarks.turns import in_turns, seconds
from engine.catalog import Catalog
from engine.contract import Task
from engine.engine import Engine
from engine.models.cache import ModelCache
from engine.models.loaded import LoadedModel

ROUNDS = 5
SENTENCES, SHORT_SENTENCES = 4_096, 64
MEMORY_BUDGET_BYTES = 16 * 1024**3
LOOP_BATCH = 32
ENGINE, LOOP, PIPELINE = "engine", "infinity-emb's loop", "pipeline()"
MATRIX, COPIED_BYTES, REPEATS = 8_192, 2**30, 20
NO_GPU = "no GPU here"


def run(*, short: bool = False, rounds: int | None = None, models_dir: Path | None = None, device: str = "auto") -> Report:
    """Measure both models, or say that there is no GPU.

    Raises:
        EngineError: a model cannot be loaded, or the contestants disagree.
    """
    title = "Tokens a second on a GPU"
    if not torch.cuda.is_available():
        return Report(benchmark="gpu", title=title, short=short, rows=(Row(name=title, unit="tokens/s", values=(), note=NO_GPU),))
    rounds = rounds or (1 if short else ROUNDS)
    texts = made_sentences(SHORT_SENTENCES if short else SENTENCES, languages=("en",))
    catalog = Catalog.load(models_dir=models_dir)
    matmul, bandwidth = matmul_per_s(), bandwidth_per_s()
    rows = [
        Row(name="matrix multiplication, bf16", unit="TFLOP/s", values=(matmul / 1e12,)),
        Row(name="copying", unit="GB/s", values=(bandwidth / 1e9,)),
    ]
    with tempfile.TemporaryDirectory() as folder:
        base = write_bert_base(Path(folder), catalog)
        for name, model in (("BERT-base", str(base)), ("the pack", None)):
            cache = ModelCache(memory_budget_bytes=MEMORY_BUDGET_BYTES, device=device)
            loaded = cache.get(catalog.entry(Task.EMBED, "en", model))
            rows += _measure(name, Engine(catalog, cache), loaded, model, texts, rounds, matmul=matmul, bandwidth=bandwidth)
    return Report(benchmark="gpu", title=title, short=short, rows=tuple(rows), notes=tuple(_notes()))


def _notes() -> Iterator[str]:
    yield "Tokens are counted without padding, operations as 2 a weight of the encoder and a token, bytes as all weights once a batch."
    yield "The share of the ceilings is that of the engine's whole time, tokenizing included."


def matmul_per_s() -> float:
    """Operations a second of one large matrix multiplication in bf16."""
    left, right = (torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * MATRIX**3 * REPEATS / _gpu_seconds(lambda: left @ right)


def bandwidth_per_s() -> float:
    """Bytes a second that are read and written when memory is copied."""
    source = torch.empty(COPIED_BYTES, device="cuda", dtype=torch.uint8)
    target = torch.empty_like(source)
    return 2 * COPIED_BYTES * REPEATS / _gpu_seconds(lambda: target.copy_(source))


def _gpu_seconds(work: Callable[[], object]) -> float:
    def repeat() -> None:
        for _ in range(REPEATS):
            work()
        torch.cuda.synchronize()

    repeat()
    return seconds(repeat)


def write_bert_base(folder: Path, catalog: Catalog) -> Path:
    """BERT-base's sizes over the pack's pieces, with random weights."""
    encoder = catalog.entry(Task.TOKENS, "en").model
    shutil.copy(Path(encoder) / "vocab.txt", folder / "vocab.txt")
    pieces = len((folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": false}', encoding="utf-8")
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=pieces)).bfloat16().save_pretrained(folder)
    return folder


def _measure(
    name: str, engine: Engine, loaded: LoadedModel, model: str | None, texts: Sequence[str], rounds: int, *, matmul: float, bandwidth: float
) -> list[Row]:
    asked = question(Task.EMBED, texts, model=model)
    lengths = [len(ids) for ids in loaded.tokenizer.backend(list(texts))["input_ids"]]
    piped = pipeline("feature-extraction", model=loaded.model, tokenizer=loaded.tokenizer.backend, device=loaded.device)
    works: dict[str, Callable[[], Any]] = {
        ENGINE: partial(engine_answers, engine, asked.requests),
        LOOP: partial(infinity_loop, loaded, texts),
        PIPELINE: partial(piped_vectors, piped, loaded, texts, lengths),
    }
    expected = [result.vectors[0] for result in works[ENGINE]()]
    for other in (LOOP, PIPELINE):
        check_vectors(f"{name}: {other}", works[other](), expected)
    tokens = sum(lengths)
    found = in_turns({who: partial(_tokens_per_s, tokens, work) for who, work in works.items()}, rounds=rounds)
    rows = [Row(name=who, unit="tokens/s", values=over(found, who), group=name) for who in works]
    rows += [
        Row(name=f"{ENGINE} ÷ {who}", unit=RATIO, values=ratio(over(found, ENGINE), over(found, who)), group=name)
        for who in (LOOP, PIPELINE)
    ]
    return rows + _shares(name, loaded, over(found, ENGINE), tokens / len(texts), matmul=matmul, bandwidth=bandwidth)


def _tokens_per_s(tokens: int, work: Callable[[], Any]) -> float:
    return tokens / seconds(work)


def _shares(
    name: str, loaded: LoadedModel, tokens_per_s: Sequence[float], tokens_a_text: float, *, matmul: float, bandwidth: float
) -> list[Row]:
    weights = sum(parameter.numel() for part, parameter in loaded.model.named_parameters() if "embeddings" not in part)
    size = sum(
        parameter.numel() * parameter.element_size() for part, parameter in loaded.model.named_parameters() if "embeddings" not in part
    )
    batch_tokens = tokens_a_text * LOOP_BATCH
    return [
        Row(
            name="share of matrix multiplication", unit="of 1", values=tuple(2 * weights * one / matmul for one in tokens_per_s), group=name
        ),
        Row(
            name="share of bandwidth", unit="of 1", values=tuple(one / batch_tokens * size / bandwidth for one in tokens_per_s), group=name
        ),
    ]


def piped_vectors(piped: Any, loaded: LoadedModel, texts: Sequence[str], lengths: Sequence[int]) -> list[list[float]]:
    """A plain call, in batches, then the mean over each text's pieces (`lengths`: how many; padding comes back too), and what the model has over it."""
    found: list[list[float]] = []
    outputs = piped(list(texts), batch_size=LOOP_BATCH, return_tensors=False, truncation=True)
    for output, length in zip(outputs, lengths, strict=True):
        mean = torch.tensor(output[0][:length], dtype=torch.float32, device=loaded.device).mean(0, keepdim=True)
        found += _unit_vectors(loaded, mean)
    return found


def infinity_loop(loaded: LoadedModel, texts: Sequence[str]) -> list[list[float]]:
    """Three threads with queues between them: tokenize, compute, read back."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
    parts = [order[start : start + LOOP_BATCH] for start in range(0, len(order), LOOP_BATCH)]
    cut: Queue[Any] = Queue(maxsize=4)
    computed: Queue[Any] = Queue(maxsize=4)
    found: list[list[float]] = [[]] * len(texts)

    def tokenize() -> None:
        for rows in parts:
            some = [texts[i] for i in rows]
            cut.put((rows, loaded.tokenizer.backend(some, padding=True, truncation=True, max_length=loaded.window, return_tensors="pt")))
        cut.put(None)

    def compute() -> None:
        while (taken := cut.get()) is not None:
            rows, batch = taken
            batch = batch.to(loaded.device)
            with torch.inference_mode():
                computed.put((rows, batch["attention_mask"], loaded.model(**batch).last_hidden_state))
        computed.put(None)

    threads = [Thread(target=tokenize), Thread(target=compute)]
    for thread in threads:
        thread.start()
    while (taken := computed.get()) is not None:
        rows, mask, hidden = taken
        mask = mask.unsqueeze(-1)
        mean = (hidden.float() * mask).sum(1) / mask.sum(1)
        for row, vector in zip(rows, _unit_vectors(loaded, mean), strict=True):
            found[row] = vector
    for thread in threads:
        thread.join()
    return found


def _unit_vectors(loaded: LoadedModel, pooled: torch.Tensor) -> list[list[float]]:
    """*Shape:* (texts, width) both; the width is another behind a dense layer."""
    with torch.inference_mode():
        vectors: list[list[float]] = torch.nn.functional.normalize(loaded.finish(pooled), dim=-1).cpu().tolist()
    return vectors


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurement; 1 where the contestants disagree."""
    return run_and_print(run, parser("gpu", __doc__, rounds=ROUNDS), arguments)


if __name__ == "__main__":
    sys.exit(main())
