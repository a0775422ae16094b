"""What the tests of operating share: settings of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With a state folder that is not there yet."""
    return Settings(state_dir=tmp_path / "state", web_port=0)
