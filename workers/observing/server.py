"""Serves /healthz, /readyz and /metrics from threads of its own, so that it answers also while a loop or a model computes."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from engine.contract import reason_of
from workers.observing.errors import ObservingError
from workers.observing.health import Check, look
from workers.observing.settings import LAST_PORT

JSON_TYPE = "application/json; charset=utf-8"
SILENT_S = 10.0  # a caller who says nothing for so long is left


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What can be looked at: whether the process lives (`health`), whether it can serve (`readiness`), and its metrics."""

    health: Mapping[str, Check]
    readiness: Mapping[str, Check]
    registry: CollectorRegistry


class Monitor:
    """The server of one process; it listens until the end of the `with`, or of the process."""

    def __init__(self, looked: Looked, *, host: str, port: int) -> None:
        """Listen; `port` 0 takes any that is free.

        Raises:
            ObservingError: the port is taken, or the address is none of this machine.
        """
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series each, which tells when the first one began
        self._host = host
        self._server = _listen(host, port, looked)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, name="monitor", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Where it listens, as an address without a path."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self.port}"

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def check_port(host: str, port: int) -> None:
    """Whether a port can be listened at now, for a process that is yet to be started.

    Raises:
        ObservingError: it cannot.
    """
    _listen(host, port, Looked(health={}, readiness={}, registry=CollectorRegistry())).server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a caller who stays connected must not keep the process

    def __init__(self, address: tuple[str, int], looked: Looked) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.looked = looked
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without asking a name server what this machine is called, as the parent does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who has gone away is no trouble."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = SILENT_S

    def do_GET(self) -> None:  # http.server's name, as below
        """Answer one of the three."""
        pages: dict[str, Callable[[], tuple[int, str, bytes]]] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._metrics,
        }
        page = pages.get(self.path.partition("?")[0])
        self._answer(*(page() if page else _told(404, {"status": "there are /healthz, /readyz and /metrics"})))

    do_HEAD = do_GET  # noqa: N815

    def refuse(self) -> None:
        """Nothing can be changed here."""
        self.close_connection = True  # what may come along is not read
        self._answer(*_told(405, {"status": "only GET and HEAD"}), allow="GET, HEAD")

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = refuse  # noqa: N815

    def _health(self) -> tuple[int, str, bytes]:
        return _seen(self.server.looked.health, bad="unhealthy")

    def _readiness(self) -> tuple[int, str, bytes]:
        return _seen(self.server.looked.readiness, bad="not ready")

    def _metrics(self) -> tuple[int, str, bytes]:
        encode, media_type = choose_encoder(self.headers.get("Accept", ""))
        return 200, media_type, encode(self.server.looked.registry)

    def _answer(self, status: int, media_type: str, body: bytes, *, allow: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if allow:
            self.send_header("Allow", allow)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """As everything else, and without quoting what was asked."""
        self.close_connection = True
        self._answer(*_told(405 if code == 501 else int(code), {"status": "only GET and HEAD" if code == 501 else "not understood"}))

    def version_string(self) -> str:
        """What answers, without its version."""
        return "yomite"

    def log_message(self, format: str, *args: Any) -> None:  # the parent's name
        """Who looks is not logged."""


def _seen(checks: Mapping[str, Check], *, bad: str) -> tuple[int, str, bytes]:
    seen = look(checks)
    return _told(200 if seen.well else 503, {"status": "ok" if seen.well else bad, "checks": dict(seen.checks)})


def _told(status: int, body: dict[str, Any]) -> tuple[int, str, bytes]:
    return status, JSON_TYPE, json.dumps(body).encode() + b"\n"


def _listen(host: str, port: int, looked: Looked) -> _Server:
    try:
        return _Server((host, port), looked)
    except (OSError, OverflowError) as error:
        raise _cannot_listen(host, port, error) from error


def _cannot_listen(host: str, port: int, error: OSError | OverflowError) -> ObservingError:
    where = f"{host}:{port}"
    if port > LAST_PORT:
        return ObservingError(
            ja=f"監視用のポート {port} はありません（{LAST_PORT} まで）。YOMITE_MONITOR_PORT かワーカーの数を小さくしてください。",
            en=f"There is no port {port} for monitoring ({LAST_PORT} is the last). Lower YOMITE_MONITOR_PORT or the number of workers.",
        )
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return ObservingError(
            ja=f"監視用のポート {where} は使用中です。YOMITE_MONITOR_PORT で別の番号にしてください（0 にすると空いている番号を選びます）。",
            en=f"The port {where} for /healthz, /readyz and /metrics is taken. Choose another one with YOMITE_MONITOR_PORT (0 takes a free one).",
        )
    why = reason_of(error)
    return ObservingError(
        ja=f"監視用のアドレス {where} を使えません（{why.ja}）。YOMITE_MONITOR_HOST と YOMITE_MONITOR_PORT を確かめてください。",
        en=f"/healthz, /readyz and /metrics cannot be served at {where} ({why.en}). Check YOMITE_MONITOR_HOST and YOMITE_MONITOR_PORT.",
    )
