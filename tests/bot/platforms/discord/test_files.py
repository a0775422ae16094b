"""Files are fetched from where Discord keeps them and from nowhere else."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from bot.errors import InputError
from bot.platforms.discord.files import Downloads
from tests.fakes.discord import CHANNEL, FakeDiscord


def fetch(url: str | None = None, *, data: bytes = b"text") -> bytes:
    """Fetch `url`, or a stored file with `data`."""

    async def run() -> bytes:
        async with FakeDiscord() as discord, aiohttp.ClientSession() as session:
            stored = discord.world.store(CHANNEL, "notes.txt", data)["url"]
            return await Downloads(session, origin=discord.cdn_url).fetch(url or stored, name="notes.txt")

    return asyncio.run(run())


def test_a_file_on_the_cdn_is_fetched() -> None:
    assert fetch(data="猫".encode()) == "猫".encode()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/attachments/1/2/notes.txt",
        "http://cdn.discordapp.com/attachments/1/2/notes.txt",
        "https://cdn.discordapp.com.evil.example/notes.txt",
        "https://cdn.discordapp.com@evil.example/notes.txt",
        "https://evil.example/cdn.discordapp.com/notes.txt",
        "file:///etc/passwd",
        "notes.txt",
        "",
    ],
)
def test_a_file_elsewhere_is_not(url: str) -> None:
    with pytest.raises(InputError, match="not on Discord"):
        fetch(url or "//")


def test_more_than_the_limit_is_not_read_to_its_end() -> None:
    with pytest.raises(InputError, match="too large"):
        fetch(data=b"x" * (10 * 2**20 + 1))


def test_a_file_that_is_gone_is_told_of() -> None:
    async def run() -> None:
        async with FakeDiscord() as discord, aiohttp.ClientSession() as session:
            await Downloads(session, origin=discord.cdn_url).fetch(f"{discord.cdn_url}/attachments/1/2/gone.txt", name="gone.txt")

    with pytest.raises(InputError) as caught:
        asyncio.run(run())
    assert "もう一度送ってください" in caught.value.message.ja
