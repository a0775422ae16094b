"""What a process needs to be told about how it can be looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

LogLevel = Literal["debug", "info", "warning", "error"]
LogForm = Literal["text", "json"]

LEVELS: tuple[LogLevel, ...] = ("debug", "info", "warning", "error")
FORMS: tuple[LogForm, ...] = ("text", "json")
LAST_PORT = 65_535


@dataclass(frozen=True, kw_only=True)
class ObservingSettings:
    """`monitor_port`: where /healthz, /readyz and /metrics are served; 0: any that is free, None: nowhere."""

    log_level: LogLevel = "warning"
    log_format: LogForm = "text"
    monitor_host: str = "127.0.0.1"
    monitor_port: int | None = None

    def for_worker(self, index: int) -> ObservingSettings:
        """The same for the worker `index` (from 0) of one that starts several: each has the next port."""
        if not self.monitor_port:
            return self
        return replace(self, monitor_port=self.monitor_port + 1 + index)

    def as_arguments(self) -> list[str]:
        """The command line of `python -m workers` that says the same."""
        found = [f"--log-level={self.log_level}", f"--log-format={self.log_format}", f"--monitor-host={self.monitor_host}"]
        return found if self.monitor_port is None else [*found, f"--monitor-port={self.monitor_port}"]
