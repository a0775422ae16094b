"""`python mosec_server.py --port N` with MODEL in the environment: the model behind mosec. POST /inference {"text"} → {"vector"}."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.model import Vectors

mosec: Any = import_module("mosec")  # by name: it is in the peers' own environment and not in Yomite's


class Embedding(mosec.Worker):  # type: ignore[misc]  # as above
    """mosec makes one in a process of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._vectors = Vectors(Path(os.environ["MODEL"]))

    def forward(self, data: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Answer the requests that came together."""
        return [{"vector": vector} for vector in self._vectors.of([one["text"] for one in data])]


if __name__ == "__main__":
    server = mosec.Server()
    batch = int(os.environ["BATCH"])
    server.append_worker(Embedding, num=1, max_batch_size=batch, max_wait_time=int(os.environ["GATHER_MS"]), timeout=120)
    server.run()
