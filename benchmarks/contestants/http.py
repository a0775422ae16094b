"""Other servers: mosec, LitServe and infinity-emb over HTTP, each in an environment and a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.contestants import environments
from benchmarks.contestants.contestant import BATCH, GATHER_MS, Contestant, free_port, served
from benchmarks.errors import BenchmarkError
from benchmarks.machine import ROOT

SCRIPTS = Path(__file__).parents[1] / "peers"
REQUEST_TIMEOUT_S = 120.0
MOST_CONNECTIONS = 256


@dataclass(frozen=True, kw_only=True)
class Peer:
    """How one of them is started and asked. `command` is given its programs' folder and the port."""

    name: str
    environment: str
    command: Callable[[Path, Path, int], list[str]]
    path: str
    body: Callable[[str], dict[str, Any]]
    vector: Callable[[Any], Sequence[float]]


PEERS = (
    Peer(
        name="mosec",
        environment="serving",
        command=lambda programs, model, port: [str(programs / "python"), "mosec_server.py", "--address", "127.0.0.1", "--port", str(port)],
        path="/inference",
        body=lambda text: {"text": text},
        vector=lambda answer: answer["vector"],
    ),
    Peer(
        name="litserve",
        environment="serving",
        command=lambda programs, model, port: [str(programs / "python"), "litserve_server.py", "--port", str(port)],
        path="/predict",
        body=lambda text: {"text": text},
        vector=lambda answer: answer["vector"],
    ),
    Peer(
        name="infinity-emb",
        environment="infinity",
        command=lambda programs, model, port: [
            *(str(programs / "infinity_emb"), "v2", "--model-id", str(model), "--engine", "torch", "--device", "cpu", "--dtype", "float32"),
            *("--no-bettertransformer", "--no-model-warmup", "--batch-size", str(BATCH), "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", "benchmark", "--log-level", "warning"),
        ],
        path="/embeddings",
        body=lambda text: {"model": "benchmark", "input": [text]},
        vector=lambda answer: answer["data"][0]["embedding"],
    ),
)


def install(peers: Iterable[Peer]) -> None:
    """Install what is not there yet; takes minutes the first time.

    Raises:
        BenchmarkError: `peer_not_installed`.
    """
    for peer in peers:
        environments.make(peer.environment, peer=peer.name)


@asynccontextmanager
async def running(peer: Peer, model: Path) -> AsyncIterator[Contestant]:
    """Start an installed peer over the model in a folder.

    Raises:
        BenchmarkError: it does not start.
    """
    programs = environments.programs(peer.environment)
    port = free_port()
    environment = {
        "MODEL": str(model),
        "BATCH": str(BATCH),
        "GATHER_MS": str(GATHER_MS),
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "INFINITY_ANONYMOUS_USAGE_STATS": "0",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin",
    }
    async with asking(peer, f"http://127.0.0.1:{port}") as contestant:

        async def ready() -> bool:
            try:
                await contestant.ask("ready")
            except (aiohttp.ClientError, BenchmarkError, TimeoutError):
                return False
            return True

        command = peer.command(programs, model, port)
        async with served(peer.name, command, environment, ready=ready, folder=SCRIPTS):
            yield contestant


@asynccontextmanager
async def asking(peer: Peer, address: str) -> AsyncIterator[Contestant]:
    """Ask a peer that runs at an address; connections are kept."""
    timeout = aiohttp.ClientTimeout(total=REQUEST_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS)) as session:

        async def ask(text: str) -> Sequence[float]:
            async with session.post(f"{address}{peer.path}", json=peer.body(text)) as response:
                if response.status != 200:
                    raise refused(peer.name, response.status)
                return peer.vector(await response.json(content_type=None))

        yield Contestant(name=peer.name, ask=ask)


def refused(name: str, status: int) -> BenchmarkError:
    """A request that a server did not answer must not count as a fast one."""
    return BenchmarkError("peer_refused", ja=f"{name} が HTTP {status} を返しました。", en=f"{name} answered with HTTP {status}.")


def versions(names: Mapping[str, str]) -> dict[str, str]:
    """Peer → what is installed of it."""
    return {f"{name} (peer)": environments.version(environment, name) for name, environment in names.items()}
