"""The probe of health checks says by its exit code whether a process on this machine lives."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from workers.observing import probe

ROOT = Path(__file__).resolve().parents[3]
SAID = '{"status": "unhealthy", "checks": {"loop": "has stood still for 61 s"}}'


class Answers(BaseHTTPRequestHandler):
    """A process that lives and is not ready."""

    def do_GET(self) -> None:  # http.server's name
        self.send_response({"/healthz": 200, "/readyz": 503}.get(self.path, 404))
        self.end_headers()
        self.wfile.write(SAID.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def probed(port: int | str, *arguments: str, host: str = "0.0.0.0") -> int:
    return probe.main(arguments, {"YOMITE_MONITOR_HOST": host, "YOMITE_MONITOR_PORT": str(port)})


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", ""])
def test_a_process_that_lives_is_well(port: int, host: str) -> None:
    assert probed(port, host=host) == 0


def test_a_process_that_says_no_is_not_well_and_its_reason_is_shown(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert probed(port, "/readyz") == 1
    assert capsys.readouterr().out.strip() == SAID


def test_nobody_who_answers_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and not listened at
        assert probed(taken.getsockname()[1]) == 1
    said = capsys.readouterr().out
    assert "答えません" in said
    assert "does not answer (ConnectionRefusedError)" in said


def test_somebody_who_does_not_speak_http_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def mumble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"PONG\r\n\r\n")

        thread = threading.Thread(target=mumble)
        thread.start()
        assert probed(server.getsockname()[1]) == 1
        thread.join()


@pytest.mark.parametrize("value", ["", "off", "0", "65536", "９４６４"])
def test_without_a_port_there_is_nothing_to_ask(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert probed(value) == 2
    said = capsys.readouterr().out
    assert f"({value!r}) は 1〜65535 の番号ではありません" in said
    assert f"({value!r}) is no number from 1 to 65535" in said


def test_it_is_a_program_that_loads_nothing_but_python_s_own(port: int) -> None:
    code = "import sys; from workers.observing import probe; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert not {"prometheus_client", "structlog", "redis", "msgspec", "torch"} & set(loaded)
    environment = os.environ | {"YOMITE_MONITOR_PORT": str(port), "YOMITE_MONITOR_HOST": "127.0.0.1"}
    outcome = subprocess.run([sys.executable, "-m", "workers.observing.probe"], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert outcome.returncode == 0
