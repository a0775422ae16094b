"""Ports are free, or it is Yomite that has them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiohttp import web

from bot.operating.finding import Finding
from bot.operating.ports import check_port, check_ports
from bot.settings import Settings
from tests.bot.operating.findings import assert_bilingual, by_name


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on who says nothing that can be understood."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def look(port: int, *, path: str = "/") -> Finding:
    found = asyncio.run(check_port("port.web", "127.0.0.1", port, variable="YOMITE_WEB_PORT", path=path, ask_s=0.2))
    assert_bilingual([found])
    return found


def test_a_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (look(port).state, look(0).state) == ("ok", "skipped")


def test_a_port_of_another_program_is_an_error_that_names_the_setting(taken: int) -> None:
    found = look(taken)
    assert (found.state, str(taken) in found.found.ja) == ("error", True)
    assert "YOMITE_WEB_PORT" in (found.advice.en if found.advice else "")


@pytest.mark.parametrize(
    ("path", "said", "status", "state"),
    [
        ("/", "<title>Yomite</title>", 200, "ok"),
        ("/", "<title>Another page</title>", 200, "error"),
        ("/metrics", "# HELP yomite_redis_up x", 200, "ok"),
        ("/metrics", "# HELP others x", 200, "error"),
        ("/slack/events", '{"error": "invalid request"}', 401, "ok"),
        ("/slack/events", "no", 404, "error"),
    ],
)
def test_what_answers_as_yomite_does_is_yomite(path: str, said: str, status: int, state: str) -> None:
    found = asyncio.run(served(path, said, status))
    assert found.state == state
    assert_bilingual([found])


async def served(path: str, said: str, status: int) -> Finding:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=said, status=status)

    app = web.Application()
    app.router.add_route("*", path, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return await check_port("port", "127.0.0.1", runner.addresses[0][1], variable="X", path=path)
    finally:
        await runner.cleanup()


def test_an_address_of_another_machine_is_an_error() -> None:
    found = asyncio.run(check_port("port.web", "192.0.2.1", 8_765, variable="YOMITE_WEB_PORT", path="/"))
    assert (found.state, "（このマシンのアドレスではありません）" in found.found.ja) == ("error", True)
    assert_bilingual([found])


def test_a_page_that_others_could_open_needs_a_token(settings: Settings) -> None:
    found = by_name(asyncio.run(check_ports(replace(settings, web_host="0.0.0.0"))))
    assert found["web"].state == "error"
    assert "YOMITE_WEB_TOKEN" in found["web"].found.en
    assert "web" not in by_name(asyncio.run(check_ports(replace(settings, web_host="0.0.0.0", web_token="a-long-secret-text"))))


def test_slack_s_port_is_looked_at_where_it_would_be_opened(settings: Settings) -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        by_http = replace(settings, slack_signing_secret="0123456789abcdef", slack_port=port)
        here, there = (
            by_name(asyncio.run(check_ports(replace(by_http, slack_host=host))))["port.slack"] for host in ("127.0.0.1", "127.0.0.2")
        )
    assert (here.state, there.state) == ("ok", "error")
    assert f"127.0.0.2:{port}" in there.found.ja
    assert_bilingual([here, there])


def test_only_ports_that_would_be_opened_are_looked_at(settings: Settings) -> None:
    assert set(by_name(asyncio.run(check_ports(settings)))) == {"port.web"}
    more = replace(settings, slack_signing_secret="0123456789abcdef", slack_port=0, monitor_port=0)
    assert set(by_name(asyncio.run(check_ports(more)))) == {"port.web", "port.slack", "port.monitor"}
