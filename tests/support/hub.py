"""A Hugging Face hub on loopback: enough of its HTTP API for the real client to list and fetch a repository."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves folders as repositories, each with the one commit `COMMIT`; `asked` lists the paths of all requests."""

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.asked: list[str] = []
        self.url = ""

    def files(self, repository: str) -> dict[str, bytes]:
        folder = self.repositories[repository]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def fetched(self) -> set[str]:
        """The names of the files that were asked for."""
        return {path.split("/resolve/")[1].partition("/")[2] for path in self.asked if "/resolve/" in path}


@contextmanager
def serve_hub(repositories: dict[str, Path]) -> Iterator[FakeHub]:
    """Run the hub on a free port until the block ends."""
    hub = FakeHub(repositories)

    class Handler(_Handler):
        shared = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shared: FakeHub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.shared.asked.append(path)
        if path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
        else:
            self._file(path)

    def _api(self, path: str) -> None:
        for name in self.shared.repositories:
            if path == name or path.startswith((f"{name}/revision/", f"{name}/tree/")):
                files = self.shared.files(name)
                if "/tree/" in path:
                    self._send(json.dumps([_tree_entry(file, data) for file, data in files.items()]).encode())
                else:
                    siblings = [{"rfilename": file} for file in files]
                    self._send(json.dumps({"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}).encode())
                return
        self._send(b'{"error": "Repository not found"}', status=404, **{"X-Error-Code": "RepoNotFound"})

    def _file(self, path: str) -> None:
        repository, _, rest = path.strip("/").partition("/resolve/")
        _, _, name = rest.partition("/")
        data = self.shared.files(repository).get(name) if repository in self.shared.repositories else None
        if data is None:
            self._send(b"", status=404, **{"X-Error-Code": "EntryNotFound"})
        else:
            self._send(data, **{"X-Repo-Commit": COMMIT, "ETag": f'"{_sha(data)}"'})

    def _send(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _tree_entry(name: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(data), "oid": _sha(data)}


def _sha(data: bytes) -> str:
    """As git names a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
