"""Wires a worker process together: the one place where that happens."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from engine.contract import Failure, Message, Request, Task
from engine.drawing import Undrawn
from engine.errors import EngineError
from engine.models.memory import give_back_free_memory
from workers.carried import Outcome
from workers.computing import Answering, OnProgress
from workers.offering import Offer
from workers.queue.errors import QueueError
from workers.queue.processes import READY_MARK
from workers.queue.settings import QueueSettings, WorkerSettings
from workers.spare import Computing, WithSpare
from workers.worker import BatchingWorker

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog

log = logging.getLogger("yomite.worker")

LANGUAGES = ("ja", "en")
# A thread that draws gives way so often; by Python's own 5 ms each step of a forward pass would wait so long for it.
SWITCH_INTERVAL_S = 0.0005


def run(
    settings: WorkerSettings,
    *,
    redis_url: str,
    queue_settings: QueueSettings | None = None,
    name: str | None = None,
    burst: bool = False,
    warm_up: Sequence[Task] = (),
    warm_up_idle: Sequence[Task] = (),
) -> None:
    """Be a worker until SIGTERM or SIGINT, or with `burst` until nothing waits.

    Args:
        warm_up: tasks whose models are loaded before the first job is taken.
        warm_up_idle: tasks whose models are loaded while no job waits.
    Raises:
        QueueError: the address is none.
        RedisError: Redis is not there, or refuses.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    connection = connect(redis_url)
    offer = Offer(settings, connection)
    offer.tell()  # before the models' libraries are loaded: whoever only asks what there is need not wait for them
    engine, device = compose(settings, offer.catalog)
    offer.on_change(engine.use)
    worker = BatchingWorker(
        connection,
        engine,
        batch=settings.batch,
        name=name,
        settings=queue_settings,
        idle_work=warming(engine, [] if burst else warm_up_idle),
        on_beat=offer.tell,
        on_quiet=give_back_free_memory,
    )
    for load in warming(engine, warm_up):
        load()
    print(f"worker {worker.name}{READY_MARK}profile {settings.profile} on {device}", file=sys.stderr, flush=True)
    worker.work(burst=burst)


def connect(redis_url: str) -> Redis:
    """A connection that repeats nothing by itself.

    Raises:
        QueueError: the address is none; its message does not show it, for it may hold a password.
    """
    try:
        return Redis.from_url(redis_url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=5, health_check_interval=0)
    except ValueError as error:
        raise QueueError(
            ja="Redis の場所の書き方が違います。redis://、rediss://、unix:// のどれかで始めてください（例：redis://127.0.0.1:6379/0）。",
            en="The address of Redis is not written as it should be. Begin with redis://, rediss:// or unix://, e.g. redis://127.0.0.1:6379/0",
        ) from error


def compose(settings: WorkerSettings, catalog: Catalog | Failure) -> tuple[Computing, str]:
    """The engine over the catalog, and what computes; where that cannot be put together, an engine that says so to each job.

    Beside one on a GPU, the CPU computes what is too large for it.
    """
    if isinstance(catalog, Failure):
        return _unable(catalog)
    # Imported here because they bring torch.
    from engine.engine import Engine
    from engine.models.cache import ModelCache
    from engine.models.loading import choose_device

    quiet_libraries()
    try:
        device = str(choose_device(settings.device))
    except EngineError as error:
        return _unable(error.as_failure())

    def engine_on(name: str) -> Engine:
        budget_bytes = settings.memory_budget_mb * 1024**2
        return Engine(catalog, ModelCache(memory_budget_bytes=budget_bytes, device=name, precision=settings.precision))

    engine = engine_on(settings.device)
    return (engine if device == "cpu" else WithSpare(engine, make_spare=lambda: engine_on("cpu"), catalog=catalog)), device


def _unable(failure: Failure) -> tuple[Unable, str]:
    print(f"{failure.message.en}\n{failure.message.ja}", file=sys.stderr, flush=True)
    return Unable(failure), "nothing"


def quiet_libraries() -> None:
    """Keep what the libraries tell while they load models out of the log: the engine checks by itself what it has loaded."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


class Unable:
    """An engine that could not be put together: it gives each Request the reason."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure

    def read(self, requests: Sequence[Request], on_progress: OnProgress | None = None) -> list[Outcome | Undrawn]:
        """The reason, for each."""
        return [self._failure] * len(requests)

    def model_of(self, request: Request) -> str | None:
        """No model."""
        return None

    def use(self, catalog: Catalog) -> None:
        """Nothing to answer with."""

    def warm_up(self, tasks: Sequence[Task], languages: Sequence[Any]) -> None:
        """Nothing to load."""


def warming(engine: Answering, tasks: Sequence[Task]) -> Iterator[Callable[[], None]]:
    """For each task, what loads its models."""
    return (partial(_load, engine, task) for task in tasks)


def no_address() -> QueueError:
    """Nobody said where Redis is."""
    return QueueError(
        ja="Redis の場所がありません。--redis か環境変数 YOMITE_REDIS_URL で指定してください（例：redis://127.0.0.1:6379/0）。",
        en="It is not said where Redis is. Give --redis or the environment variable YOMITE_REDIS_URL, e.g. redis://127.0.0.1:6379/0",
    )


def unreachable(error: Exception) -> Message:
    """Redis is not there when the worker starts. Without the error's own words, which may show the address."""
    name = type(error).__name__
    return Message(
        ja=f"Redis につながりません（{name}）。動いているか、場所とパスワードが正しいかを確かめてください。",
        en=f"Redis cannot be reached ({name}). See whether it runs, and whether address and password are right.",
    )


def _load(engine: Answering, task: Task) -> None:
    try:
        engine.warm_up([task], LANGUAGES)
    except Exception as error:  # noqa: BLE001  # nobody waits for it; the first Request will meet the same error and report it
        log.warning("the models for %s cannot be loaded (%s)", task, type(error).__name__)
        log.debug("%s", "".join(traceback.format_tb(error.__traceback__)))
