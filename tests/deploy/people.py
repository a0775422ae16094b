"""People who ask on each platform, at bots that run as processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp

from tests.deploy.running import PATIENCE_S, VALUES, Container, Machine
from tests.fakes.discord import FakeDiscord
from tests.fakes.slack import FakeSlack

PLATFORMS = ("web", "slack", "slack-http", "discord")


class Person(Protocol):
    """Somebody on a platform, and the bot's container there."""

    container: Container

    async def arrive(self) -> None:
        """Wait until the bot is there, for the first time or again."""

    async def ask(self, text: str) -> None:
        """Send a question; returns when it was acknowledged."""

    async def answer(self, part: str) -> None:
        """Wait for an answer that begins with `part`."""

    def answers(self) -> int:
        """How many answers are there to be seen."""


class OnSlack:
    """In a channel, by mentions."""

    def __init__(self, slack: FakeSlack, container: Container) -> None:
        self.container = container
        self._slack = slack

    async def arrive(self) -> None:
        await self._slack.connected(timeout_s=PATIENCE_S)

    async def ask(self, text: str) -> None:
        delivery = await self._slack.mention(f"sentiment {text}")
        await asyncio.wait_for(delivery.acknowledged_s, PATIENCE_S)

    async def answer(self, part: str) -> None:
        await self._slack.wait_for_message(lambda said: said.text.startswith(part), timeout_s=PATIENCE_S)

    def answers(self) -> int:
        return len(self._slack.messages_in(self._slack.general))


class OnSlackByHttp(OnSlack):
    """The same where Slack calls the bot, as it does through a web server in front of the container's port."""

    def __init__(self, slack: FakeSlack, container: Container) -> None:
        super().__init__(slack, container)
        slack.app_url = f"http://127.0.0.1:{container.environment['YOMITE_SLACK_PORT']}/slack/events"

    async def arrive(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self._proves_its_address():
                await asyncio.sleep(0.05)

    async def _proves_its_address(self) -> bool:
        """As Slack asks when somebody types the address into the app's settings."""
        try:
            status, body = await self._slack.post_to_app(
                "events_api", {"type": "url_verification", "challenge": "a-word", "token": "unused"}
            )
        except aiohttp.ClientConnectionError:
            return False
        return status == 200 and "a-word" in body


class OnDiscord:
    """In a channel, by mentions."""

    def __init__(self, discord: FakeDiscord, container: Container) -> None:
        self.container = container
        self._discord = discord
        self._arrivals = 0

    async def arrive(self) -> None:
        self._arrivals += 1
        await self._discord.wait_until_ready(connections=self._arrivals, timeout_s=PATIENCE_S)

    async def ask(self, text: str) -> None:
        await self._discord.mention(f"sentiment {text}")

    async def answer(self, part: str) -> None:
        await self._discord.wait_for_message(lambda message: titles_of(message).startswith(part), timeout_s=PATIENCE_S)

    def answers(self) -> int:
        return len(self._discord.answers_in())


class OnWeb:
    """At the chat page, which asks again for what it has no answer to when the connection was lost."""

    def __init__(self, client: aiohttp.ClientSession, container: Container) -> None:
        self.container = container
        self._client = client
        self._url = f"http://127.0.0.1:{container.environment['YOMITE_WEB_PORT']}"
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._asked: dict[str, dict[str, Any]] = {}
        self._answers: list[dict[str, Any]] = []

    async def arrive(self) -> None:
        await self.leave()
        async with asyncio.timeout(PATIENCE_S):
            while not await self._is_there():
                await asyncio.sleep(0.05)
        self._socket = await self._client.ws_connect(f"{self._url}/chat", headers={"Origin": self._url})
        await self._say({"type": "hello", "session": "session-of-a-test"})
        await self._hear("ready")
        for message in self._asked.values():
            await self._say(message)

    async def leave(self) -> None:
        """Close the page, where it is open."""
        if self._socket is not None:
            await self._socket.close()

    async def _is_there(self) -> bool:
        try:
            async with self._client.get(f"{self._url}/?token={VALUES['YOMITE_WEB_TOKEN']}") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def ask(self, text: str) -> None:
        message = {"type": "ask", "id": f"message-{len(self._answers)}", "line": f"/sentiment {text}", "lang": "ja"}
        self._asked[str(message["id"])] = message
        await self._say(message)
        await self._hear("taken")

    async def answer(self, part: str) -> None:
        answer = await self._hear("answer")
        assert answer["reply"]["title"].startswith(part)
        del self._asked[answer["id"]]
        self._answers.append(answer)
        await self._say({"type": "got", "id": answer["id"]})

    async def _say(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        await self._socket.send_json(message)

    async def _hear(self, kind: str) -> dict[str, Any]:
        assert self._socket is not None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message: dict[str, Any] = await self._socket.receive_json()
                if message["type"] == kind:
                    return message

    def answers(self) -> int:
        return len(self._answers)


def titles_of(message: Any) -> str:
    """What the embeds of a message on Discord begin with."""
    return "".join(embed.get("title", "") for embed in message["embeds"])


@asynccontextmanager
async def somebody_on(platform: str, here: Machine) -> AsyncIterator[Person]:
    """A person on a platform whose bot is not started yet."""
    if platform == "slack":
        async with FakeSlack() as slack:
            yield OnSlack(slack, here.container("slack", addresses={"base_url": slack.base_url}))
    elif platform == "slack-http":
        async with FakeSlack() as slack:
            yield OnSlackByHttp(slack, here.container("slack-http", addresses={"base_url": slack.base_url}))
    elif platform == "discord":
        async with FakeDiscord() as discord:
            addresses = {"api_url": discord.api_url, "gateway_url": discord.gateway_url, "cdn_url": discord.cdn_url}
            yield OnDiscord(discord, here.container("discord", values={"DISCORD_TOKEN": discord.token}, addresses=addresses))
    else:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            browser = OnWeb(client, here.container("web"))
            try:
                yield browser
            finally:
                await browser.leave()
