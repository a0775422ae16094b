"""Runs the services of docker-compose.yml as processes: their commands, environments, health checks and signals, without containers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.deploy.composition import Service, service
from tests.deploy.images import IMAGES, ROOT, environment_in, lay_out, read_image
from workers.queue.server import find_server

PATIENCE_S = 90.0
PORTS = {"YOMITE_MONITOR_PORT", "YOMITE_WEB_PORT", "YOMITE_SLACK_PORT", "RQ_DASHBOARD_PORT"}
VALUES = {
    "REDIS_PASSWORD": "the-password-of-redis",
    "YOMITE_WEB_TOKEN": "the-secret-of-the-page",
    "SLACK_BOT_TOKEN": "xoxb-fake-bot-token",
    "SLACK_APP_TOKEN": "xapp-fake-app-token",
    "SLACK_SIGNING_SECRET": "fake-signing-secret",
    "RQ_DASHBOARD_PASSWORD": "the-password-of-the-dashboard",
}


class Container:
    """A service without a container: its command, its environment and its health check, as a process of this machine."""

    def __init__(self, found: Service, *, command: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self.service = found
        self.environment = environment
        self._command = command
        self._folder = folder
        self._log = folder / "log"
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def start(self) -> Container:
        """Start it, or start it again."""
        self._folder.mkdir(exist_ok=True)
        with self._log.open("ab") as out:
            # A test run in the background ignores Ctrl-C, and so would its children; a container heeds every signal.
            self._child = subprocess.Popen(
                ["env", "--default-signal", *self._command],
                env=self.environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        return self

    def check_health(self) -> int:
        """The exit code of the health check, as Docker would run it inside."""
        self._folder.mkdir(exist_ok=True)
        return subprocess.run(
            self.service.health, env=self.environment, cwd=self._folder, capture_output=True, timeout=PATIENCE_S, check=False
        ).returncode

    def wait_until_healthy(self) -> None:
        """Until the health check says so."""
        end = time.monotonic() + PATIENCE_S
        while self.check_health() != 0:
            assert self._child is not None
            assert self._child.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.2)

    def stop(self) -> int:
        """Send the signal that stops it, as Docker does, and give its exit code; it fails the test where it takes longer than it may."""
        self.ask_to_stop()
        return self.wait()

    def ask_to_stop(self) -> None:
        """Send the signal that stops it."""
        os.kill(self.pid, self.service.stop_signal)

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        assert self._child is not None
        return self._child.wait(self.service.grace_s)

    def kill(self) -> None:
        """End what a failed test left running."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """It does nothing while this lasts."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def said(self) -> str:
        """What it has written."""
        return self._log.read_text(encoding="utf-8", errors="replace")


@dataclass
class Machine:
    """A machine with the images' files on it. The names of hosts are 127.0.0.1 here, and ports are free ones."""

    folder: Path
    images: dict[str, Path]
    redis_port: int = field(default_factory=lambda: free_port())
    containers: list[Container] = field(default_factory=list)
    laid_out_ns: int = field(default_factory=time.time_ns)

    @property
    def redis_url(self) -> str:
        return f"redis://:{VALUES['REDIS_PASSWORD']}@127.0.0.1:{self.redis_port}/0"

    def container(self, name: str, *, values: Mapping[str, str] | None = None, addresses: Mapping[str, Any] | None = None) -> Container:
        """A service that is not started yet. With `addresses`, the fake of its platform is there."""
        found = service(name, VALUES | dict(values or {}))
        folder = self.folder / name
        environment = self._environment(found, folder)
        command = found.command
        if addresses is not None:
            environment["FAKE_ADDRESSES"] = json.dumps(addresses)
            command = ("python", "-P", str(ROOT / "tests/deploy/addressed.py"), *command[1:])
        made = Container(found, command=command, environment=environment, folder=folder)
        self.containers.append(made)
        return made

    def program(self, image: str, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program of an image, as `docker run` would."""
        environment = environment or environment_in(read_image(image), prefix=self.images[image], state=self.folder / "state")
        return subprocess.run(words, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def written_into_images(self) -> list[str]:
        """What has been changed in the folders of the images since they were laid out."""
        return [str(path) for path in self._files() if path.lstat().st_mtime_ns > self.laid_out_ns]

    def _files(self) -> Iterator[Path]:
        for folder in self.images.values():
            yield folder
            yield from folder.rglob("*")

    def _environment(self, found: Service, folder: Path) -> dict[str, str]:
        if found.image is None:
            return found.environment | {"PATH": f"{self._redis_programs()}{os.pathsep}/usr/bin{os.pathsep}/bin"}
        given = {key: value.replace("@redis:6379", f"@127.0.0.1:{self.redis_port}") for key, value in found.environment.items()}
        for name in PORTS & set(given):
            given[name] = str(free_port())
        inside = environment_in(found.image, prefix=self.images[found.image.name], state=folder)
        return inside | given | {"OMP_NUM_THREADS": "1"}  # other tests run beside

    def _redis_programs(self) -> Path:
        """Redis' own programs, at the free port."""
        folder = self.folder / "redis-programs"
        folder.mkdir(exist_ok=True)
        for name, option in (("redis-server", "--port"), ("redis-cli", "-p")):
            path = folder / name
            path.write_text(f'#!/bin/sh\nexec {Path(find_server()).with_name(name)} {option} {self.redis_port} "$@"\n', encoding="utf-8")
            path.chmod(0o755)
        return folder


@contextlib.contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine where nothing is started yet; at the end nothing runs any more."""
    found = Machine(folder=folder, images={name: lay_out(name, folder / f"image-{name}") for name in IMAGES})
    try:
        yield found
    finally:
        for container in reversed(found.containers):
            container.kill()


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
