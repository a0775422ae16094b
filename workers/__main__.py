"""`python -m workers`: one worker process. It takes jobs from Redis until it is told to stop (SIGTERM or SIGINT)."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from redis.exceptions import AuthenticationError, AuthorizationError, BusyLoadingError, ConnectionError, RedisError, TimeoutError

from engine.contract import Message, Task
from workers import composition
from workers.observing.errors import ObservingError
from workers.observing.logs import set_up_logging
from workers.observing.settings import FORMS, LEVELS, ObservingSettings
from workers.queue.errors import QueueError
from workers.queue.processes import REDIS_URL_VARIABLE
from workers.queue.settings import QueueSettings, WorkerSettings

log = logging.getLogger("yomite.worker")

OK, CANNOT_START = 0, 2
# oneDNN and torch's own layer over it keep what they made ready for each shape of a batch that they met, by default for 1,024 shapes:
# some 350 MB after a few hundred batches in bf16. With 64 memory stays flat, and nothing was seen to be slower.
KEPT_SHAPES = {"LRU_CACHE_CAPACITY": "64", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}
START_PATIENCE_S = 30.0  # Redis and its workers are often started at the same moment
_SETTINGS = (
    *("profile", "catalog", "chosen", "lock", "models_dir", "models_cache", "hub_mirror"),
    *("device", "precision", "memory_budget_mb", "batch"),
)
_QUEUE_SETTINGS = ("timeout_s", "answer_ttl_s", "cache_ttl_s")
_OBSERVING_SETTINGS = ("log_level", "log_format", "monitor_host", "monitor_port")


def parser() -> argparse.ArgumentParser:
    """The command line that `as_arguments` of the three kinds of settings write, and some more."""
    found = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    defaults, queue, observing = WorkerSettings(), QueueSettings(), ObservingSettings()
    found.add_argument("--redis", metavar="URL", help=f"where jobs wait; else {REDIS_URL_VARIABLE} says it, which other users do not see")
    found.add_argument("--profile", default=defaults.profile)
    found.add_argument("--catalog", type=Path)
    found.add_argument("--chosen", type=Path, help="the file of `yomite models use`; looked at while the worker runs")
    found.add_argument("--lock", type=Path, help="the file of `yomite models pull`; looked at while the worker runs")
    found.add_argument("--models-dir", type=Path)
    found.add_argument("--models-cache", type=Path, help="where models of the hub lie; else where huggingface_hub keeps them")
    found.add_argument("--hub-mirror", metavar="URL", help="a mirror of the hub to fetch models from")
    found.add_argument("--device", default=defaults.device)
    found.add_argument("--precision", default=defaults.precision, choices=["auto", "fp32", "bf16"], help="what models compute in")
    found.add_argument("--memory-budget-mb", type=int, default=defaults.memory_budget_mb)
    found.add_argument("--batch", type=int, default=defaults.batch, help="the most jobs that are computed together")
    found.add_argument("--timeout-s", type=int, default=queue.timeout_s, help="not used: each job says its own")
    found.add_argument("--answer-ttl-s", type=int, default=queue.answer_ttl_s)
    found.add_argument("--cache-ttl-s", type=int, default=queue.cache_ttl_s, help="how long an answer may be given again; 0: never")
    found.add_argument("--log-level", default=observing.log_level, choices=LEVELS)
    found.add_argument("--log-format", default=observing.log_format, choices=FORMS)
    found.add_argument("--monitor-host", default=observing.monitor_host)
    found.add_argument(
        "--monitor-port", type=int, help="where /healthz, /readyz and /metrics are served; 0: any that is free; else nowhere"
    )
    found.add_argument("--name", help="what the worker's name begins with; else the machine's name")
    found.add_argument("--burst", action="store_true", help="leave when nothing waits")
    found.add_argument("--warm-up", nargs="*", type=Task, default=(), metavar="TASK", help="load these models before the first job")
    found.add_argument(
        "--warm-up-idle", nargs="*", type=Task, metavar="TASK", help="load these while no job waits (else: all bundled ones)"
    )
    found.add_argument("--with-parent", action="store_true", help="leave when stdin ends, which it does with the process that started this")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker process; returns its exit code."""
    options = parser().parse_args(arguments)
    os.environ.update({name: os.environ.get(name, value) for name, value in KEPT_SHAPES.items()})  # before torch reads them
    set_up_logging(level=options.log_level, form=options.log_format, process="worker")
    # Until the worker takes over: a signal while libraries and models load ends the process in good order too. At once, for nothing is
    # taken yet: an exception in the middle of a library's import may come out as another one.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(OK))
    signal.signal(signal.SIGINT, lambda *_: os._exit(OK))
    if options.with_parent:
        Thread(target=_leave_with_parent, daemon=True).start()
    try:
        return _start(options)
    except (QueueError, ObservingError) as error:
        return _say(error.message, options)
    except RedisError as error:
        return _say(composition.unreachable(error), options)


def _start(options: argparse.Namespace) -> int:
    url = options.redis or os.environ.get(REDIS_URL_VARIABLE)
    if not url:
        raise composition.no_address()
    _wait_for_redis(url)
    idle = options.warm_up_idle
    if idle is None:
        idle = list(Task) if options.profile == "bundled" else []
    settings = WorkerSettings(**{name: getattr(options, name) for name in _SETTINGS})
    os.environ.update(settings.environment())  # before huggingface_hub reads them
    composition.run(
        settings,
        redis_url=url,
        queue_settings=QueueSettings(**{name: getattr(options, name) for name in _QUEUE_SETTINGS}),
        name=options.name,
        burst=options.burst,
        warm_up=options.warm_up,
        warm_up_idle=idle,
        observing=ObservingSettings(**{name: getattr(options, name) for name in _OBSERVING_SETTINGS}),
    )
    return OK


def _wait_for_redis(url: str) -> None:
    """Wait until Redis answers.

    Raises:
        RedisError: it does not for a while, or it refuses.
    """
    end = time.monotonic() + START_PATIENCE_S
    with composition.connect(url) as connection:
        while True:
            try:
                connection.ping()
            except (AuthenticationError, AuthorizationError):
                raise
            except (BusyLoadingError, ConnectionError, TimeoutError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)
            else:
                return


def _leave_with_parent() -> None:
    # Not through sys.stdin, whose lock this thread would hold while the process ends.
    while os.read(0, 4_096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _say(message: Message, options: argparse.Namespace) -> int:
    if options.log_format == "json":  # one object a line, whatever happens
        log.error("%s / %s", message.en, message.ja)
    else:
        print(f"{message.en}\n{message.ja}", file=sys.stderr, flush=True)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
