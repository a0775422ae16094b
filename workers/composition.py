"""Wires a worker process together: the one place where that happens."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from engine.contract import Failure, Message, Task
from engine.errors import EngineError
from engine.models.memory import give_back_free_memory
from workers.computing import Answering
from workers.introducing import introduce
from workers.observing.events import announce
from workers.observing.settings import ObservingSettings
from workers.offering import Offer
from workers.queue import names
from workers.queue.connections import open_blocking
from workers.queue.errors import QueueError
from workers.queue.processes import READY_MARK
from workers.queue.settings import QueueSettings, WorkerSettings
from workers.spare import Computing, WithSpare
from workers.unable import NOTHING, Compose, Unable
from workers.warming import Warming
from workers.watched import Watched, watched
from workers.worker import BatchingWorker

if TYPE_CHECKING:
    from engine.catalog.catalog import Catalog
    from engine.models.cache import ModelCache

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
    observing: ObservingSettings | None = None,
) -> None:
    """Be a worker until SIGTERM or SIGINT, or with `burst` until nothing waits.

    Args:
        warm_up: tasks whose models are loaded before the first job is taken.
        warm_up_idle: tasks whose models are loaded while no job waits.
        observing: where it can be looked at, also while it starts.
    Raises:
        QueueError: the address is none.
        ObservingError: it cannot be looked at there.
        RedisError: Redis is not there, or refuses.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    connection = connect(redis_url)
    with watched(observing or ObservingSettings(), redis_url, say=_say_where) as seen:
        made = _make(settings, connection, seen, queue_settings=queue_settings, name=name, warm_up_idle=[] if burst else warm_up_idle)
        # Where nothing can be loaded, that is told, not each task; once there is another catalog, models come with the first jobs.
        warm = [] if isinstance(made.engine, Unable) else warm_up
        seen.ready(made.worker, missing=[task for task in warm if not _load(made.engine, task)])
        announce(log, f"worker {made.worker.name}{READY_MARK}profile {settings.profile} on {made.device}")
        made.worker.work(burst=burst)


@dataclass(frozen=True, kw_only=True)
class _Made:
    worker: BatchingWorker
    engine: Computing
    device: str


def _make(
    settings: WorkerSettings,
    connection: Redis,
    seen: Watched,
    *,
    queue_settings: QueueSettings | None,
    name: str | None,
    warm_up_idle: Sequence[Task],
) -> _Made:
    """The worker over its engine, with nothing loaded yet."""
    seen.offer = offer = Offer(settings)
    offer.tell(connection)  # before the models' libraries are loaded: whoever only asks what there is need not wait for them
    engine, device = compose(settings, offer.catalog, on_cache=seen.caches.append)
    unable = engine if isinstance(engine, Unable) else None
    seen.failure = unable.failure if unable else None
    offer.on_change(engine.use)
    warming = Warming(
        connection,
        partial(_load, engine),
        worker=lambda: worker.name,
        used_bytes=lambda: sum(sum(cache.held_bytes().values()) for cache in list(seen.caches)),
        first=warm_up_idle,
    )
    introduction = introduce(
        lambda: worker.key, profile=settings.profile, device=lambda: unable.device if unable else device, loaded=seen.loaded
    )

    def on_beat() -> None:
        with connection.pipeline(transaction=False) as pipe:  # there and back once
            offer.tell(pipe)
            seen.failure = unable.failure if unable else None  # another catalog may have come
            introduction(pipe)
            pipe.get(names.WARM)
            *_, wish = pipe.execute()
        warming.hear(wish)

    worker = BatchingWorker(
        connection,
        engine,
        batch=settings.batch,
        name=name,
        settings=queue_settings,
        idle_work=warming,
        on_beat=on_beat,
        on_quiet=give_back_free_memory,
        meter=seen.meter,
    )
    return _Made(worker=worker, engine=engine, device=device)


def _say_where(url: str) -> None:
    announce(log, f"can be looked at: {url}/healthz {url}/readyz {url}/metrics")


def connect(redis_url: str) -> Redis:
    """A connection that repeats nothing by itself.

    Raises:
        QueueError: the address is none; its message does not show it, for it may hold a password.
    """
    try:
        return open_blocking(redis_url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=5, health_check_interval=0)
    except ValueError as error:
        raise QueueError(
            ja="Redis の場所の書き方が違います。redis://、rediss://、unix:// のどれかで始めてください（例：redis://127.0.0.1:6379/0）。"
            "Sentinel なら redis+sentinel://ホスト:26379,ホスト:26379/サービス名 です。",
            en="The address of Redis is not written as it should be. Begin with redis://, rediss:// or unix://, e.g. redis://127.0.0.1:6379/0; "
            "with sentinels it is redis+sentinel://HOST:26379,HOST:26379/SERVICE",
        ) from error


def compose(
    settings: WorkerSettings, catalog: Catalog | Failure, *, on_cache: Callable[[ModelCache], None] = lambda cache: None
) -> tuple[Computing, str]:
    """The engine over the catalog, and what computes; where that cannot be put together, an engine that says so to each job until it can.

    `on_cache` is given what keeps the models. Beside one on a GPU, the CPU computes what is too large for it.
    """
    again = partial(compose, settings, on_cache=on_cache)
    if isinstance(catalog, Failure):
        return _unable(catalog, again)
    # Imported here because they bring torch.
    from engine.engine import Engine
    from engine.models.cache import ModelCache
    from engine.models.device import choose_device

    quiet_libraries()
    try:
        device = str(choose_device(settings.device))
    except EngineError as error:
        return _unable(error.as_failure(), again)

    def engine_on(name: str) -> Engine:
        cache = ModelCache(memory_budget_bytes=settings.memory_budget_mb * 1024**2, device=name, precision=settings.precision)
        on_cache(cache)
        return Engine(catalog, cache)

    engine = engine_on(settings.device)
    return (engine if device == "cpu" else WithSpare(engine, make_spare=lambda: engine_on("cpu"), catalog=catalog)), device


def _unable(failure: Failure, compose: Compose) -> tuple[Unable, str]:
    log.error("%s / %s", *(" ".join(words.splitlines()) for words in (failure.message.en, failure.message.ja)))
    return Unable(failure, compose=compose), NOTHING


def quiet_libraries() -> None:
    """Keep what the libraries tell while they load models out of the log: the engine checks by itself what it has loaded."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


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


def _load(engine: Answering, task: Task) -> bool:
    """Load a task's models; False where they cannot be."""
    if isinstance(engine, Unable) and isinstance(engine.able(), Failure):
        return False
    try:
        engine.warm_up([task], LANGUAGES)
    except Exception as error:  # noqa: BLE001  # nobody waits for it; the first Request will meet the same error and report it
        log.warning("the models for %s cannot be loaded (%s)", task, type(error).__name__)
        log.debug("%s", "".join(traceback.format_tb(error.__traceback__)))
        return False
    return True
