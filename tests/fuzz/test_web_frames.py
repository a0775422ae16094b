"""Whatever comes over the chat page's socket, the server stays there, logs no text of it, and answers the next page."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given, strategies as st

from tests.bot.platforms.web.serving import TIMEOUT_S, Served
from tests.fuzz.background import logged
from tests.fuzz.inputs import BYTES, DEEP, JSON, TEXTS, TRIED, fuzzed, mutated
from workers.queue.server import EmbeddedRedis

PRIVATE = "himitsu-no-bunshou"
HELLO = {"type": "hello", "session": "session-of-a-test"}
FILE = {"name": "a.txt", "data": base64.b64encode("猫".encode()).decode()}
MESSAGES: list[dict[str, Any]] = [
    HELLO,
    {"type": "ask", "id": "message-1", "line": f"/ner {PRIVATE}", "lang": "ja", "file": None},
    {"type": "ask", "id": "message-2", "line": "/ner", "lang": "en", "file": FILE},
    {"type": "resume", "id": "message-1"},
    {"type": "got", "id": "message-1"},
    {"type": "cancel", "id": "message-2"},
    {"type": "thumb", "id": "message-1", "press": "press-001", "at": 1.7e9, "choice": "good", "correction": PRIVATE},
]
TEXT, BINARY, CLOSE, PING, CONTINUED = 1, 2, 8, 9, 0
SAID = st.sampled_from(MESSAGES).flatmap(mutated) | JSON
# The bytes of frames: what is in them, their kind, whether they are the last part and masked, and the length that they claim.
FRAMES = st.tuples(
    st.integers(0, 15),
    SAID.map(lambda value: json.dumps(value).encode()) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")) | BYTES,
    st.sampled_from([True, True, True, False]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([None, None, None, None, 2**63 - 1, 2**31]),
)
NUMBERS = itertools.count()


def frame(kind: int, data: bytes, last: bool = True, masked: bool = True, claims: int | None = None) -> bytes:
    """A frame as a browser writes it, or as none does."""
    length = len(data) if claims is None else claims
    first, mask = (128 if last else 0) | kind, 128 if masked else 0
    if length < 126:
        head = struct.pack("!BB", first, mask | length)
    else:
        head = struct.pack("!BBH", first, mask | 126, length) if length < 2**16 else struct.pack("!BBQ", first, mask | 127, length)
    return head + (bytes(4) if masked else b"") + data


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), durable=False) as server, Served(server.url) as served:
        yield served


async def opened(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket to the chat, its opening over."""
    address = urlsplit(served.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ["GET /chat HTTP/1.1", f"Host: {address.netloc}", f"Origin: {served.url.rstrip('/')}", "Connection: Upgrade"]
    lines += ["Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""]
    writer.write("\r\n".join(lines).encode())
    assert b" 101 " in await reader.readline()
    return reader, writer


async def told(served: Served, frames: list[bytes], *, greets: bool) -> None:
    """Write the frames; the server may close the connection at any of them."""
    _, writer = await opened(served)
    try:
        for data in ([frame(TEXT, json.dumps(HELLO).encode())] if greets else []) + frames:
            writer.write(data)
            await writer.drain()
        writer.write(frame(CLOSE, struct.pack("!H", 1000)))
        await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def still_answers(served: Served) -> None:
    """Whether another page gets its answer."""
    number = next(NUMBERS)
    origin = {"Origin": served.url.rstrip("/")}
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{served.url}chat", headers=origin) as socket:
        await socket.send_json({"type": "hello", "session": f"another-session-{number}"})
        await socket.send_json({"type": "ask", "id": f"question-{number}", "line": "/sentiment 最高！", "lang": "ja"})
        async with asyncio.timeout(TIMEOUT_S):
            while (message := await socket.receive_json())["type"] != "answer":
                pass
        await socket.send_json({"type": "got", "id": message["id"]})
        assert not message["reply"]["failed"]


def holds_out(served: Served, frames: list[bytes], *, greets: bool) -> None:
    async def talk() -> None:
        await told(served, frames, greets=greets)
        await still_answers(served)

    with logged() as log:
        asyncio.run(talk())
    written = "\n".join(log.lines)
    assert PRIVATE not in written
    assert "Unhandled exception" not in written
    assert "Error handling request" not in written


@given(st.lists(SAID, min_size=1, max_size=10), st.booleans())
@fuzzed(of=0.4, shrinks=False)
def test_no_message_ends_the_server(served: Served, said: list[Any], greets: bool) -> None:
    TRIED["test_no_message_ends_the_server"] += len(said) - 1
    holds_out(served, [frame(TEXT, json.dumps(message).encode()) for message in said], greets=greets)


@given(st.lists(FRAMES, min_size=1, max_size=6), st.booleans())
@fuzzed(of=0.4, shrinks=False)
def test_no_frame_ends_the_server(served: Served, frames: list[tuple[int, bytes, bool, bool, int | None]], greets: bool) -> None:
    TRIED["test_no_frame_ends_the_server"] += len(frames) - 1
    holds_out(served, [frame(*parts) for parts in frames], greets=greets)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(frame(TEXT, b"\xff\xfe\xed\xa0\x80"), id="no UTF-8"),
        pytest.param(frame(BINARY, b"\x00" * 10**6), id="binary"),
        pytest.param(frame(TEXT, b'{"type": "hello", "x": ' + b"[" * DEEP + b"]" * DEEP + b"}"), id="nested"),
        pytest.param(frame(TEXT, b"", claims=2**62), id="a length beyond all memory"),
        pytest.param(frame(TEXT, b"a" * 2**25), id="32 MiB"),
        pytest.param(frame(TEXT, b'{"type": "ask", "id": "' + b"a" * 4 * 2**20 + b'"}'), id="an id of 4 MiB"),
        pytest.param(
            b"".join(frame(TEXT if i == 0 else CONTINUED, b"a" * 1_000, last=False) for i in range(2_000)), id="a message without end"
        ),
        pytest.param(frame(PING, b"a" * 125) * 500, id="pings"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no frame at all"),
    ],
)
@pytest.mark.parametrize("greets", [True, False])
def test_what_no_browser_sends_ends_its_own_connection_at_most(served: Served, data: bytes, greets: bool) -> None:
    holds_out(served, [data], greets=greets)
