"""Holds a coroutine method of a real part back until a test lets it go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


def hold(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> asyncio.Event:
    """From now on `owner.name` waits until the event is set, and does then what it always does."""
    go_on, method = asyncio.Event(), getattr(owner, name)

    async def held(*arguments: Any, **options: Any) -> Any:
        await go_on.wait()
        return await method(*arguments, **options)

    monkeypatch.setattr(owner, name, held)
    return go_on
