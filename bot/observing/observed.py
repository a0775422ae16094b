"""Lets a bot be looked at: the one place where its metrics, its health and the server that shows them are wired together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from prometheus_client import CollectorRegistry

from bot.errors import SettingsError
from bot.language import both
from bot.observing.connections import Connections
from bot.observing.meter import NO_METER, BotMeter
from bot.observing.metrics import BotMetrics
from engine.contract import Message
from workers.observing.errors import ObservingError
from workers.observing.health import Beat, open_impatient, redis_check
from workers.observing.queue_metrics import QueueCollector
from workers.observing.server import Looked, Monitor, check_port
from workers.observing.settings import ObservingSettings
from workers.queue import names

BEAT_S = 1.0
HUNG_AFTER_S = 15.0  # a loop that has not turned for so long hangs


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What a bot's parts are given: a meter to tell, and where platforms say whether they are connected."""

    meter: BotMeter = NO_METER
    connections: Connections = field(default_factory=Connections)


@contextlib.asynccontextmanager
async def observed(
    settings: ObservingSettings,
    redis_url: str,
    *,
    platforms: Sequence[str],
    say: Callable[[Message], None],
    hung_after_s: float = HUNG_AFTER_S,
) -> AsyncIterator[Observed]:
    """Let this process be looked at where the settings say; `platforms` are those that it is to serve.

    It is unhealthy where its event loop has not turned for `hung_after_s` seconds.

    Raises:
        SettingsError: the port is taken, or the address is none of this machine.
    """
    if settings.monitor_port is None:
        yield Observed()
        return
    registry = CollectorRegistry()
    found, beat = Observed(meter=BotMetrics(registry)), Beat(late_after_s=hung_after_s)
    with open_impatient(redis_url) as connection:
        registry.register(QueueCollector(connection, platforms=names.PLATFORMS))
        connected = {platform: partial(found.connections.check, platform) for platform in platforms}
        looked = Looked(health={"loop": beat.check}, readiness={"redis": redis_check(connection), **connected}, registry=registry)
        with _as_settings_error(), Monitor(looked, host=settings.monitor_host, port=settings.monitor_port) as monitor:
            say(both(f"監視：{monitor.url}（/healthz、/readyz、/metrics）", f"Monitoring: {monitor.url} (/healthz, /readyz, /metrics)"))
            beating = asyncio.create_task(_beat(beat))
            try:
                yield found
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)


def check_ports(settings: ObservingSettings, *, workers: int) -> None:
    """Whether a bot and so many workers can all be looked at, before any of them is started.

    Raises:
        SettingsError: a port is taken, or the address is none of this machine.
    """
    if not settings.monitor_port:
        return
    with _as_settings_error():
        for port in range(settings.monitor_port, settings.monitor_port + 1 + workers):
            check_port(settings.monitor_host, port)


async def _beat(beat: Beat) -> None:
    while True:
        beat()
        await asyncio.sleep(BEAT_S)


@contextlib.contextmanager
def _as_settings_error() -> Iterator[None]:
    try:
        yield
    except ObservingError as error:
        raise SettingsError(ja=error.message.ja, en=error.message.en) from error
