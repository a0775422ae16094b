"""Writes docs/images: `python -m tools.pictures`, or `make pictures`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tools.pictures.answering import idle_system, open_asker, running_system
from tools.pictures.browser import chromium, column_picture
from tools.pictures.commands import command_pictures
from tools.pictures.discord import discord_page
from tools.pictures.scene import DISCORD, SLACK
from tools.pictures.slack import slack_page
from tools.pictures.web import page_pictures

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"


async def draw(redis_url: str, idle_url: str) -> dict[str, bytes]:
    """All pictures, by their names without .png; on the Redis of `idle_url` nobody computes."""
    async with open_asker(redis_url) as (desk, asker), open_asker(idle_url) as (idle, _), chromium() as browser:
        pictures = await page_pictures(desk, browser) | await command_pictures(desk, idle, browser)
        for scene in SLACK:
            reply, speech = await asker.ask(scene)
            pictures[scene.name] = await column_picture(browser, await slack_page(scene, reply, speech=speech))
        for scene in DISCORD:
            reply, speech = await asker.ask(scene)
            pictures[scene.name] = await column_picture(browser, discord_page(scene, reply, speech=speech))
        return pictures


def main() -> None:
    """Draw them and write them."""
    with running_system() as redis_url, idle_system() as idle_url:
        pictures = asyncio.run(draw(redis_url, idle_url))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        (FOLDER / f"{name}.png").write_bytes(data)
        print(f"wrote docs/images/{name}.png ({len(data) / 1_000:.0f} kB)")


if __name__ == "__main__":
    main()
