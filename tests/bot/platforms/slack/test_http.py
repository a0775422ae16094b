"""By HTTP, the bot hears only what Slack has signed a moment ago."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from bot.errors import PlatformError
from bot.platforms.slack import SlackSettings, serve_slack
from tests.bot.platforms.slack.scene import Scene, open_scene
from tests.fakes.slack.payloads import event_payload


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def play_by_http(redis_url: str, scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        port = free_port()
        async with open_scene(redis_url, http_port=port) as it:
            it.slack.app_url = f"http://127.0.0.1:{port}/slack/events"
            await scene(it)

    asyncio.run(run())


def test_what_slack_signed_is_answered(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        slash = await it.slack.slash("/sentiment", "この映画は最高！")
        mention = await it.slack.mention("sentiment great")
        message = await it.slack.write("素晴らしい")
        shortcut = await it.slack.shortcut("read_tokens", message=message)
        for delivery in (slash, mention, shortcut):
            assert await asyncio.wait_for(delivery.acknowledged_s, 30) < 3
        await it.answer("ポジティブ")
        await it.answer("positive")
        await it.answer("0 語")
        await it.slack.repeat(mention)
        assert len([said for said in it.slack.messages_in(it.slack.general) if said.thread_ts == mention.ts]) == 1

    play_by_http(redis_url, scene)


@pytest.mark.parametrize(
    "forged",
    [{"secret": "another-secret"}, {"timestamp": int(time.time()) - 3_600}, {"headers": {"X-Slack-Signature": "v0=00"}}],
    ids=["wrong secret", "stale timestamp", "wrong signature"],
)
def test_what_slack_did_not_sign_just_now_is_refused(redis_url: str, forged: dict[str, object]) -> None:
    async def scene(it: Scene) -> None:
        said = await it.slack.write(f"<@{it.slack.bot}> sentiment great", user=it.slack.asker)
        payload = event_payload(said.to_json() | {"type": "app_mention", "channel": said.channel}, number=1)
        status, _ = await it.slack.post_to_app("events_api", payload, **forged)  # type: ignore[arg-type]  # by name
        assert status == 401
        assert (await it.slack.post_to_app("events_api", payload))[0] == 200
        await it.answer("positive")
        assert len(it.worker.asked) == 1

    play_by_http(redis_url, scene)


def test_slack_can_prove_the_address(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        challenge = {"type": "url_verification", "challenge": "abc", "token": "unused"}
        status, body = await it.slack.post_to_app("events_api", challenge)
        assert (status, "abc" in body) == (200, True)

    play_by_http(redis_url, scene)


def test_a_taken_port_is_told(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        port = int(it.slack.app_url.rsplit(":", 1)[1].split("/")[0])
        settings = SlackSettings(bot_token=it.slack.bot_token, signing_secret="s", http_port=port, base_url=it.slack.base_url)
        with pytest.raises(PlatformError, match=str(port)):
            await serve_slack(settings, it.desk)

    play_by_http(redis_url, scene)


def test_without_either_secret_nothing_is_served(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        with pytest.raises(PlatformError, match="SLACK_APP_TOKEN"):
            await serve_slack(SlackSettings(bot_token=it.slack.bot_token, base_url=it.slack.base_url), it.desk)

    play_by_http(redis_url, scene)
