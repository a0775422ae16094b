"""`python litserve_server.py --port N` with MODEL in the environment: the model behind LitServe. POST /predict {"text"} → {"vector"}."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.model import Vectors

litserve: Any = import_module("litserve")  # by name: it is in the peers' own environment and not in Yomite's


class Embedding(litserve.LitAPI):  # type: ignore[misc]  # as above
    """LitServe sets one up in a process of its own."""

    def setup(self, device: str) -> None:
        """Load the model."""
        self._vectors = Vectors(Path(os.environ["MODEL"]))

    # LitServe hands annotations on to FastAPI, which would look for the text in the address.
    def decode_request(self, request):  # type: ignore[no-untyped-def]  # as above
        """The text of a request."""
        return str(request["text"])

    def predict(self, texts: list[str]) -> list[list[float]]:
        """Answer the requests that came together."""
        found: list[list[float]] = self._vectors.of(texts)
        return found

    def encode_response(self, vector):  # type: ignore[no-untyped-def]  # as above
        """The answer's JSON."""
        return {"vector": vector}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    api = Embedding(max_batch_size=int(os.environ["BATCH"]), batch_timeout=int(os.environ["GATHER_MS"]) / 1_000)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(port=parser.parse_args().port, host="127.0.0.1", num_api_servers=1, generate_client_file=False, log_level="warning")
