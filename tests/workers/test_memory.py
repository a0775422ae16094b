"""What does not fit into memory is computed in smaller parts, on the CPU where a GPU is too small, else its person is told what to do."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from redis import Redis

from engine.catalog import Catalog
from engine.contract import Failure, Request, SentimentRequest, SentimentResult, Task
from engine.engine import Engine
from engine.models import device as devices
from engine.models.cache import ModelCache
from engine.models.memory import ran_out_of_memory
from tests.support.working import PLATFORM, RecordingEngine, answered, failed, outcome_of, work_off
from workers.composition import LANGUAGES, compose
from workers.queue import WorkerSettings
from workers.queue.door import JobQueue
from workers.spare import WithSpare


def engine_with_room_for(rows: int, tiny_pack: Path) -> tuple[Engine, list[int]]:
    """A real engine over a model that runs out of memory where a forward pass has more rows; and the rows of each pass."""
    catalog = Catalog.load(models_dir=tiny_pack)
    cache = ModelCache(memory_budget_bytes=2**30, device="cpu", precision="fp32")
    passes: list[int] = []

    def refuse(module: torch.nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        count = next(value for value in (*arguments, *keywords.values()) if isinstance(value, torch.Tensor)).shape[0]
        passes.append(count)
        if count > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    for model in {cache.get(catalog.entry(Task.SENTIMENT, language)).model for language in LANGUAGES}:  # one may serve both
        model.register_forward_pre_hook(refuse, with_kwargs=True)
    return Engine(catalog, cache), passes


def submit(queue: JobQueue, *texts: str) -> list[str]:
    return [queue.submit(SentimentRequest(text=text), platform=PLATFORM) for text in texts]


@pytest.mark.parametrize("text", ["この映画は良い{}。", "I love this film {}."])
def test_a_batch_that_does_not_fit_is_computed_in_halves(redis: Redis, queue: JobQueue, tiny_pack: Path, text: str) -> None:
    engine, passes = engine_with_room_for(2, tiny_pack)
    jobs = submit(queue, *(text.format(number) for number in range(8)))
    work_off(redis, engine)
    assert sorted(answered(redis)) == sorted(jobs)
    assert all(isinstance(outcome_of(redis, job), SentimentResult) for job in jobs)
    assert failed(redis) == {}
    assert passes == [8, 4, 2, 2, 4, 2, 2]


@pytest.mark.parametrize("text", ["この映画は良い。", "I love this film."])
def test_what_does_not_fit_alone_is_answered_with_what_to_do_and_is_no_crash(
    redis: Redis, queue: JobQueue, tiny_pack: Path, text: str
) -> None:
    engine, _ = engine_with_room_for(0, tiny_pack)
    [job] = submit(queue, text)
    work_off(redis, engine)
    outcome = outcome_of(redis, job)
    assert isinstance(outcome, Failure)
    assert outcome.code == "out_of_memory"
    assert "メモリに収まらない" in outcome.message.ja
    assert "too long for this machine's memory" in outcome.message.en
    assert failed(redis) == {job: "out_of_memory: OutOfMemoryError"}
    assert not redis.hexists(f"rq:job:{job}", "crashes")


def test_a_machine_that_is_too_small_for_one_of_a_batch_answers_the_others(redis: Redis, queue: JobQueue) -> None:
    def ask_for_too_much(text: str) -> None:
        if text == "大きい":
            torch.empty(2**46, dtype=torch.uint8)  # the allocator itself refuses

    small, large, other = submit(queue, "小さい", "大きい", "small")
    work_off(redis, RecordingEngine(ask_for_too_much))
    outcome = outcome_of(redis, large)
    assert isinstance(outcome, Failure)
    assert outcome.code == "out_of_memory"
    assert isinstance(outcome_of(redis, small), SentimentResult)
    assert isinstance(outcome_of(redis, other), SentimentResult)


@dataclass
class Composed(RecordingEngine):
    """As the composition root makes them."""

    used: Any = None

    def use(self, catalog: Any) -> None:
        self.used = catalog


def run_out(text: str) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory.")


def with_spare(engine: Composed, spare: Composed, made: list[Composed]) -> WithSpare:
    def make() -> Composed:
        made.append(spare)
        return spare

    return WithSpare(engine, make_spare=make, catalog="first")  # type: ignore[arg-type]  # no catalog is needed


def test_what_is_too_large_for_a_gpu_is_computed_on_the_cpu(redis: Redis, queue: JobQueue) -> None:
    made: list[Composed] = []
    gpu, cpu = Composed(run_out), Composed()
    engine = with_spare(gpu, cpu, made)
    jobs = submit(queue, "一", "two", "三")
    work_off(redis, engine)
    assert all(isinstance(outcome_of(redis, job), SentimentResult) for job in jobs)
    assert cpu.texts == [["一"], ["two"], ["三"]]  # only what a GPU cannot take alone
    assert made == [cpu]  # loaded once
    engine.use("second")  # type: ignore[arg-type]  # as above
    assert gpu.used == "second"
    engine.read([SentimentRequest(text="四")])
    assert cpu.used == "second"


@pytest.mark.parametrize(
    ("requests", "error"),
    [
        ([SentimentRequest(text="一"), SentimentRequest(text="二")], torch.OutOfMemoryError("CUDA out of memory.")),
        ([SentimentRequest(text="一")], RuntimeError("a bug")),
    ],
)
def test_the_cpu_is_no_way_out_for_a_batch_nor_for_other_errors(requests: Sequence[Request], error: RuntimeError) -> None:
    def fail(text: str) -> None:
        raise error

    made: list[Composed] = []
    with pytest.raises(type(error)):
        with_spare(Composed(fail), Composed(), made).read(requests)
    assert made == []


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:121] data. can't allocate memory: you tried"), True),
        (RuntimeError("unable to mmap 438 bytes from file <model>: Cannot allocate memory (12)"), True),
        (OSError(errno.ENOMEM, "no room"), True),
        (OSError("Cannot allocate memory (os error 12)"), True),
        (OSError(errno.ENOENT, "No such file or directory"), False),
        (RuntimeError("expected scalar type Float but found BFloat16"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_want_of_memory_is_told_from_other_errors(error: Exception, is_one: bool) -> None:
    assert ran_out_of_memory(error) is is_one


def test_a_worker_process_on_a_gpu_has_a_spare_on_the_cpu(settings: WorkerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog.load(models_dir=settings.models_dir)
    on_cpu, device = compose(settings, catalog)
    assert (type(on_cpu), device) == (Engine, "cpu")
    monkeypatch.setattr(devices, "choose_device", lambda name: torch.device("cuda"))  # only while it is put together
    on_gpu, device = compose(settings, catalog)
    assert device == "cuda"
    assert isinstance(on_gpu, WithSpare)
    on_gpu._engine = Composed(run_out)  # there may be no GPU here
    assert [type(outcome) for outcome in on_gpu.read([SentimentRequest(text="この映画は良い。")])] == [SentimentResult]
