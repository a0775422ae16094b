"""What the tests of the chat page share: a Redis, a server, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.feedback.store import FILE_NAME, FeedbackStore
from tests.bot.platforms.web.driving import Opened, opened
from tests.bot.platforms.web.serving import Served
from tests.support.chromium import chromium
from workers.queue.server import EmbeddedRedis

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("web-redis"), durable=False) as server:
        yield server.url


@pytest.fixture
def served(redis_url: str) -> Iterator[Served]:
    with Served(redis_url) as served:
        yield served
        served.connection.flushall()  # what a test left must not come to the next


@pytest.fixture
def asking(redis_url: str, tmp_path: Path) -> Iterator[Served]:
    """A server that asks people what they think of answers."""
    with Served(redis_url, store=FeedbackStore(tmp_path / FILE_NAME)) as served:
        yield served
        served.connection.flushall()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module: see `chromium`."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A page for tests that send nothing. Its Redis is its own: two servers on one would take each other's answers."""
    folder = tmp_path_factory.mktemp("empty-redis")
    with EmbeddedRedis(folder, durable=False) as server, Served(server.url) as served, opened(browser, served) as found:
        yield found
