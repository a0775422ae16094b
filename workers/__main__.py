"""`python -m workers`: one worker process. It takes jobs from Redis until it is told to stop (SIGTERM or SIGINT)."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from threading import Thread

from redis.exceptions import AuthenticationError, AuthorizationError, BusyLoadingError, ConnectionError, RedisError, TimeoutError

from engine.command_line import language_of
from engine.contract import Message, Task
from workers import composition
from workers.observing.errors import ObservingError
from workers.observing.logs import set_up_logging
from workers.observing.settings import ObservingSettings
from workers.options import parser
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker process; returns its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(language_of(words, os.environ)).parse_args(words)
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
