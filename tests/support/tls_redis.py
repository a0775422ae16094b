"""A redis-server with a password, behind TLS as a proxy or a cloud offers it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from workers.queue.server import find_server

PASSWORD = "hunter2"
PIECE_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class TlsRedis:
    """Where it is reached over TLS, and the certificate that proves it."""

    port: int
    certificate: Path

    def url(self, *, password: str = PASSWORD, trusted: bool = True) -> str:
        """An address for it; not `trusted`: one that knows nothing of its certificate."""
        return f"rediss://:{password}@127.0.0.1:{self.port}/0" + (f"?ssl_ca_certs={self.certificate}" if trusted else "")


@contextmanager
def tls_redis(folder: Path) -> Iterator[TlsRedis]:
    """Start it, with a certificate of its own for 127.0.0.1."""
    certificate, key = _certificate(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [find_server(), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        with _terminated(port, certificate, key) as tls_port:
            yield TlsRedis(port=tls_port, certificate=certificate)
    finally:
        server.terminate()
        server.wait()


def _certificate(folder: Path) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        raise RuntimeError("the tests of TLS need the program openssl. On Debian: apt-get install openssl")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    kind = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    command = ["openssl", "req", *kind, *subject, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def _wait_for(port: int) -> None:
    with Redis(port=port, password=PASSWORD, retry=None) as connection:
        for _ in range(200):
            with contextlib.suppress(Exception):
                connection.ping()
                return
            threading.Event().wait(0.05)
    raise TimeoutError("the redis-server did not start")


@contextmanager
def _terminated(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """TLS ends here, and what comes through goes to the plain `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()

    async def serve() -> asyncio.Server:
        async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

        return await asyncio.start_server(on_connection, "127.0.0.1", 0, ssl=context)

    async def end() -> None:
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0.1)  # for the sockets to be closed

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(serve(), loop).result(20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while piece := await reader.read(PIECE_BYTES):
                writer.write(piece)
                await writer.drain()
    finally:
        writer.close()
