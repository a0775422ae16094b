"""A Hugging Face hub on loopback: enough of its HTTP API for the real client to list and fetch a repository."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves folders as repositories; `asked` lists the paths of all requests.

    Each begins with the one commit `COMMIT`, which `main` stands for; `move` adds another. Files of `LARGE` kinds have a sha256, as those
    that the hub keeps beside git. `cut_after` bytes of the next body that is longer the connection breaks; of a file that `instead`
    names, other bytes are sent than were described; `claimed` sizes are said in place of the real ones.
    """

    LARGE = (".safetensors", ".bin")

    def __init__(self, repositories: dict[str, Path]) -> None:
        self.repositories = repositories
        self.commits = {name: {COMMIT: folder} for name, folder in repositories.items()}
        self.heads = dict.fromkeys(repositories, COMMIT)
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.cut_after: int | None = None
        self.instead: dict[str, bytes] = {}
        self.claimed: dict[str, int] = {}
        self.url = ""

    def move(self, repository: str, commit: str, folder: Path) -> None:
        """Let `main` stand for another commit; those before stay where they are."""
        self.commits[repository][commit] = folder
        self.heads[repository] = commit

    def commit(self, repository: str, revision: str) -> str | None:
        """What a revision stands for; None where there is no such."""
        found = self.heads[repository] if revision in ("", "main") else revision
        return found if found in self.commits[repository] else None

    def files(self, repository: str, revision: str = "main") -> dict[str, bytes]:
        commit = self.commit(repository, revision)
        if commit is None:
            return {}
        folder = self.commits[repository][commit]
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
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
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
                revision = path.removeprefix(name).strip("/").partition("/")[2].partition("/")[0]
                files, commit = self.shared.files(name, revision), self.shared.commit(name, revision)
                if commit is None:
                    self._send(b'{"error": "Invalid rev id"}', status=404, **{"X-Error-Code": "RevisionNotFound"})
                elif "/tree/" in path:
                    self._send(json.dumps([_tree_entry(file, data) for file, data in files.items()]).encode())
                else:
                    siblings = [_sibling(file, data, self.shared.claimed.get(file, len(data))) for file, data in files.items()]
                    self._send(json.dumps({"id": name, "modelId": name, "sha": commit, "siblings": siblings}).encode())
                return
        self._send(b'{"error": "Repository not found"}', status=404, **{"X-Error-Code": "RepoNotFound"})

    def _file(self, path: str) -> None:
        repository, _, rest = path.strip("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        known = repository in self.shared.repositories
        data = self.shared.files(repository, revision).get(name) if known else None
        if data is None:
            self._send(b"", status=404, **{"X-Error-Code": "EntryNotFound"})
        else:
            data = self.shared.instead.get(name, data)
            self._send_part(data, **{"X-Repo-Commit": self.shared.commit(repository, revision) or "", "ETag": f'"{_sha(data)}"'})

    def _send_part(self, data: bytes, **headers: str) -> None:
        """All of it, or what stands behind the place that the client asks for."""
        wanted = self.headers.get("Range", "")
        if self.command == "GET" and wanted.startswith("bytes="):
            self.shared.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            self._send(data[start:], status=206, **headers, **{"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})
        else:
            self._send(data, **headers)

    def _send(self, body: bytes, *, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "GET":
            return
        cut = self.shared.cut_after
        if cut is not None and len(body) > cut:
            self.shared.cut_after = None
            self.wfile.write(body[:cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.wfile.write(body)


def _sibling(name: str, data: bytes, size: int) -> dict[str, object]:
    found: dict[str, object] = {"rfilename": name, "size": size, "blobId": _sha(data)}
    if name.endswith(FakeHub.LARGE):
        found["lfs"] = {"size": size, "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 134}
    return found


def _tree_entry(name: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": name, "size": len(data), "oid": _sha(data)}


def _sha(data: bytes) -> str:
    """As git names a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
