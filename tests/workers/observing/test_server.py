"""Three addresses can be read, nothing else can be done there, and what keeps them from being served is said in both languages."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter

from tests.support.looking import get, samples
from workers.observing.errors import ObservingError
from workers.observing.health import OK
from workers.observing.server import Looked, Monitor, check_port

HOST = "127.0.0.1"


class Process:
    """What is looked at; a test may make it ill."""

    def __init__(self) -> None:
        self.heart = self.redis = OK
        self.registry = CollectorRegistry()
        Counter("yomite_things", "Things.", ["task"], registry=self.registry).labels("ner").inc(3)

    @property
    def looked(self) -> Looked:
        return Looked(
            health={"heart": lambda: self.heart},
            readiness={"heart": lambda: self.heart, "redis": lambda: self.redis},
            registry=self.registry,
        )


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def url(process: Process) -> Iterator[str]:
    with Monitor(process.looked, host=HOST, port=0) as monitor:
        yield monitor.url


def test_what_is_well_is_200(url: str) -> None:
    assert get(f"{url}/healthz") == (200, '{"status": "ok", "checks": {"heart": "ok"}}\n')
    assert get(f"{url}/readyz") == (200, '{"status": "ok", "checks": {"heart": "ok", "redis": "ok"}}\n')


def test_what_is_not_is_503_and_says_which_check_failed(process: Process, url: str) -> None:
    process.redis = "away (ConnectionError)"
    assert get(f"{url}/healthz")[0] == 200
    status, body = get(f"{url}/readyz")
    assert (status, json.loads(body)) == (503, {"status": "not ready", "checks": {"heart": "ok", "redis": "away (ConnectionError)"}})
    process.heart = "has stood still for 61 s"
    assert get(f"{url}/healthz") == (503, '{"status": "unhealthy", "checks": {"heart": "has stood still for 61 s"}}\n')


@pytest.mark.parametrize("accept", ["", "text/plain;version=0.0.4", "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,*/*;q=0.1"])
def test_metrics_are_in_prometheus_form(url: str, accept: str) -> None:
    status, body = get(f"{url}/metrics?name=x", headers={"Accept": accept})
    assert (status, samples(body)) == (200, {("yomite_things_total", "ner"): 3.0})


def test_metrics_are_in_the_open_form_for_who_asks_for_it(url: str) -> None:
    assert get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})[1].endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/", "/healthz/", "/metrics/../secret", "/ひみつ", "/healthz%00"])
def test_anything_else_is_404_and_is_not_quoted(url: str, path: str) -> None:
    status, body = get(url + path.encode().decode("latin-1") if path.isascii() else f"{url}/%E3%81%B2")
    assert status == 404
    assert json.loads(body) == {"status": "there are /healthz, /readyz and /metrics"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_can_be_changed(url: str, method: str) -> None:
    assert get(f"{url}/metrics", method=method) == (405, '{"status": "only GET and HEAD"}\n')


def test_a_head_has_the_length_and_no_body(url: str) -> None:
    connection = HTTPConnection(HOST, int(url.rpartition(":")[2]), timeout=30)
    connection.request("HEAD", "/healthz")
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Length"), response.read()) == (200, "44", b"")
    connection.request("GET", "/healthz")  # the same connection goes on
    assert len(connection.getresponse().read()) == 44
    connection.close()


def test_a_caller_who_says_nothing_or_rubbish_keeps_nobody_waiting(url: str) -> None:
    address = (HOST, int(url.rpartition(":")[2]))
    with socket.create_connection(address) as silent, socket.create_connection(address) as rude:
        rude.sendall(b"\xff\xfe rubbish\r\n\r\n")
        assert get(f"{url}/healthz")[0] == 200
        assert b"rubbish" not in rude.recv(4_096)
        silent.close()


def test_a_port_that_is_taken_is_said_in_both_languages(url: str, process: Process) -> None:
    port = int(url.rpartition(":")[2])
    for opens in (lambda: Monitor(process.looked, host=HOST, port=port), lambda: check_port(HOST, port)):
        with pytest.raises(ObservingError) as caught:
            opens()
        message = caught.value.message
        assert f"{HOST}:{port} は使用中です" in message.ja
        assert f"{HOST}:{port} for /healthz, /readyz and /metrics is taken" in message.en
        assert "YOMITE_MONITOR_PORT" in message.ja
        assert "YOMITE_MONITOR_PORT" in message.en


@pytest.mark.parametrize(
    ("host", "port", "variable", "reason"),
    [
        ("192.0.2.1", 0, "YOMITE_MONITOR_HOST", "（このマシンのアドレスではありません）"),
        ("no such host", 0, "YOMITE_MONITOR_HOST", ""),
        (HOST, 65_536, "65535", ""),
    ],
)
def test_an_address_that_is_none_is_said_in_both_languages(process: Process, host: str, port: int, variable: str, reason: str) -> None:
    with pytest.raises(ObservingError) as caught:
        Monitor(process.looked, host=host, port=port)
    assert variable in caught.value.message.ja
    assert reason in caught.value.message.ja
    assert variable in caught.value.message.en


def test_a_port_is_free_again_once_it_is_closed(process: Process) -> None:
    with Monitor(process.looked, host=HOST, port=0) as monitor:
        get(f"{monitor.url}/healthz")
        port = monitor.port
    check_port(HOST, port)
