"""Machines that pull models: each with a cache and a lock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog.locked import read_lock
from engine.models.__main__ import main
from engine.models.inventory import Places
from tests.support.hub import COMMIT

NAME = "owner/feelings"
ROW = f"""
[[models]]
task = "sentiment"
languages = ["ja", "en", "mixed"]
model = "{NAME}"
revision = "main"
licence = "MIT"
data = "sentences of this test"
window = 64
"""


@dataclass(frozen=True)
class Machine:
    """A machine with a cache and a lock of its own, whose catalog has one model of the hub."""

    folder: Path
    mirror: str

    @property
    def places(self) -> Places:
        return Places(catalog=self.folder / "catalog.toml", lock=self.folder / "models.lock", cache=self.folder / "cache")

    @property
    def snapshot(self) -> Path:
        return self.folder / "cache" / "models--owner--feelings" / "snapshots" / COMMIT

    def call(self, *words: str, lang: str = "en") -> int:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "catalog.toml").write_text(ROW, encoding="utf-8")
        given = {"catalog": self.places.catalog, "lock": self.places.lock, "models-cache": self.places.cache}
        settings = [f"--{name}={value}" for name, value in given.items()]
        return main([*words, *settings, f"--hub-mirror={self.mirror}", "--device=cpu", f"--lang={lang}"])

    def locked(self) -> Any:
        return read_lock(self.folder / "models.lock").of(NAME, "main")
