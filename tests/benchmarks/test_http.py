"""Servers are asked over HTTP; one that refuses, answers something else, does not start or is not installed is told, never left out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from benchmarks.contestants import environments, http
from benchmarks.contestants.contestant import Contestant, free_port, served
from benchmarks.errors import BenchmarkError
from benchmarks.load import load
from benchmarks.system import Plan, compare

PEER = {peer.name: peer for peer in http.PEERS}
BODIES = {
    "mosec": lambda vector: {"vector": vector},
    "litserve": lambda vector: {"vector": vector},
    "infinity-emb": lambda vector: {"data": [{"embedding": vector}]},
}


def vector_of(text: str) -> list[float]:
    return [float(len(text)), 1.0, float(text.count("a"))]


async def ours(text: str) -> list[float]:
    return vector_of(text)


@asynccontextmanager
async def fake(name: str, *, status: int = 200, wrong: bool = False) -> AsyncIterator[Contestant]:
    """A server that speaks as the peer does."""

    async def answer(request: web.Request) -> web.Response:
        asked = await request.json()
        text = asked["text"] if "text" in asked else asked["input"][0]
        return web.json_response(BODIES[name]([1.0, -1.0, 0.0] if wrong else vector_of(text)), status=status)

    app = web.Application()
    app.router.add_post(PEER[name].path, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with http.asking(PEER[name], f"http://127.0.0.1:{port}") as contestant:
            yield contestant
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", list(PEER))
def test_each_peers_answers_are_read(name: str) -> None:
    async def ask() -> tuple[object, ...]:
        async with fake(name) as contestant:
            return (await load(contestant.ask, ["a", "猫です", "banana"], concurrency=2)).answers

    assert asyncio.run(ask()) == (vector_of("a"), vector_of("猫です"), vector_of("banana"))


def test_peers_are_measured_in_turns_beside_ours() -> None:
    async def measure() -> list[tuple[str, str, int]]:
        async with fake("mosec") as mosec, fake("litserve") as litserve:
            rows = await compare(Contestant(name="yomite", ask=ours), [mosec, litserve], Plan(requests={1: 2, 4: 8}, rounds=3))
        return [(row.name, row.group, len(row.values)) for row in rows]

    rows = asyncio.run(measure())
    for group in ("1 at once", "4 at once"):
        assert ("yomite ÷ mosec", group, 3) in rows
        assert ("yomite ÷ litserve", group, 3) in rows
        assert ("yomite: requests/s", group, 6) in rows
        assert ("litserve: p95", group, 3) in rows
        assert ("mosec: client CPU", group, 3) in rows


def test_a_peer_that_computes_something_else_is_refused() -> None:
    async def measure() -> None:
        async with fake("mosec", wrong=True) as mosec:
            await compare(Contestant(name="yomite", ask=ours), [mosec], Plan(requests={1: 2}, rounds=1))

    with pytest.raises(BenchmarkError, match="mosec does not answer as the others do"):
        asyncio.run(measure())


def test_a_request_that_a_peer_refuses_does_not_count_as_a_fast_one() -> None:
    async def ask() -> None:
        async with fake("mosec", status=503) as mosec:
            await mosec.ask("a")

    with pytest.raises(BenchmarkError, match="mosec answered with HTTP 503"):
        asyncio.run(ask())


def test_a_server_that_ends_at_once_is_told_with_its_last_words() -> None:
    async def start() -> None:
        async def never() -> bool:
            return False

        async with served("mosec", [sys.executable, "-c", "raise SystemExit('no such port')"], {}, ready=never):
            pass

    with pytest.raises(BenchmarkError) as caught:
        asyncio.run(start())
    assert "no such port" in caught.value.message.en
    assert "--without mosec" in caught.value.message.en
    assert "mosec が起動しません" in caught.value.message.ja


def test_a_peer_that_cannot_be_installed_is_told(tmp_path: Path) -> None:
    (tmp_path / "serving").write_text("a file where the environment should be", encoding="utf-8")
    with pytest.raises(BenchmarkError) as caught:
        environments.make("serving", peer="mosec", folder=tmp_path)
    assert "not installed: mosec" in caught.value.message.en
    assert "mosec がインストールされていません" in caught.value.message.ja
    assert environments.version("serving", "mosec", folder=tmp_path) == "not installed"


def test_the_peers_torch_is_ours() -> None:
    for name in ("serving", "infinity", "backends"):
        file = environments.REQUIREMENTS[name]
        assert "torch==2.13.0" in file.read_text(encoding="utf-8").splitlines()
