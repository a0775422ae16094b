"""What the tests of training share: a tiny pack that learns easily, and a way to give the command its words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.training.__main__ import main
from tests.engine.training.packs import write_calm_pack

Command = Callable[..., int]


@pytest.fixture(scope="session")
def calm_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as models/."""
    return write_calm_pack(tmp_path_factory.mktemp("calm"))


@pytest.fixture
def command(calm_pack: Path) -> Command:
    """`python -m engine.training` in this process, with what the settings add to its words."""

    def run(*words: object) -> int:
        return main([*map(str, words), "--models-dir", str(calm_pack), "--device=cpu", "--batch=32", "--chosen=/nowhere/chosen.json"])

    return run
