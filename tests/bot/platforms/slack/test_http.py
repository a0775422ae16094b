"""By HTTP, the bot hears only what Slack has signed a moment ago."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.errors import PlatformError
from bot.operating.ports import check_ports
from bot.platforms.slack import SlackSettings, serve_slack
from bot.settings import Settings
from engine.contract import SentimentRequest
from tests.bot.platforms.slack.scene import Scene, open_scene
from tests.bot.platforms.slack.test_trouble import settled
from tests.fakes.slack import FakeSlack
from tests.fakes.slack.payloads import event_payload, http_body, slash_payload


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def play_by_http(redis_url: str, scene: Callable[[Scene], Awaitable[None]], *, host: str = "127.0.0.1") -> None:
    async def run() -> None:
        port = free_port()
        async with open_scene(redis_url, http_port=port, http_host=host) as it:
            it.slack.app_url = f"http://{host}:{port}/slack/events"
            await scene(it)

    asyncio.run(run())


def test_what_slack_signed_is_answered(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        it.worker.free.clear()
        slash = await it.slack.slash("/sentiment", "この映画は最高！")
        mention = await it.slack.mention("sentiment great")
        message = await it.slack.write("素晴らしい")
        shortcut = await it.slack.shortcut("read_tokens", message=message)
        for delivery in (slash, mention, shortcut):
            await asyncio.wait_for(delivery.acknowledged_s, 30)
        it.worker.free.set()
        await it.answer("ポジティブ")
        await it.answer("positive")
        await it.answer("0 語")
        await it.slack.repeat(mention)
        await it.slack.repeat(slash)
        await it.slack.slash("/sentiment", "つぎ")
        await it.slack.store.until(lambda: SentimentRequest(text="つぎ") in it.worker.asked, timeout_s=30, what="the next question")
        await settled(it, 4)
        assert len(it.worker.asked) == 4
        assert len([said for said in it.slack.messages_in(it.slack.general) if said.user == it.slack.bot]) == 4

    play_by_http(redis_url, scene)


@pytest.mark.parametrize(
    "forged",
    [{"secret": "another-secret"}, {"timestamp": 1_700_000_000}, {"headers": {"X-Slack-Signature": "v0=00"}}],
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


def signed_headers(body: str, *, at_s: int | None = None) -> dict[str, str]:
    """What stands above a request with this body, signed by Slack's own library."""
    stamp = str(int(time.time()) if at_s is None else at_s)
    signature = SignatureVerifier(FakeSlack.signing_secret).generate_signature(timestamp=stamp, body=body)
    assert signature is not None
    return {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}


async def posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer to a request."""
    async with aiohttp.ClientSession() as session, session.post(url, data=io.BytesIO(body), headers=headers) as response:
        return response.status


def test_a_signature_of_slack_s_own_library_is_right_for_five_minutes(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        said = await it.slack.write(f"<@{it.slack.bot}> sentiment great", user=it.slack.asker)
        body, _ = http_body("events_api", event_payload(said.to_json() | {"type": "app_mention", "channel": said.channel}, number=1))
        now_s = int(time.time())
        for at_s, status in ((now_s - 400, 401), (now_s + 400, 401), (now_s - 200, 200)):
            assert await posted(it.slack.app_url, body.encode(), signed_headers(body, at_s=at_s)) == status
        await it.answer("positive")
        assert len(it.worker.asked) == 1

    play_by_http(redis_url, scene)


NOW = "now"  # stands for the time when the test runs
SHAPELESS: dict[str, tuple[bytes, dict[str, str]]] = {
    "no signature": (b"{}", {}),
    "a time that is no number": (b"{}", {"X-Slack-Request-Timestamp": "noon", "X-Slack-Signature": "v0=00"}),
    "a time without end": (b"{}", {"X-Slack-Request-Timestamp": "9" * 5_000, "X-Slack-Signature": "v0=00"}),
    "a signature in letters that no signature has": (b"{}", {"X-Slack-Request-Timestamp": NOW, "X-Slack-Signature": "v0=\u00e9"}),
    "no text": (b"\xff\xfe", {}),
    "no JSON": (b"{", {"Content-Type": "application/json"}),
    "a list": (b"[]", {"Content-Type": "application/json"}),
    "JSON of very many floors": (b"[" * 100_000, {"Content-Type": "application/json"}),
    "an unknown encoding": (b"a=1", {"Content-Type": "text/plain; charset=nothing"}),
}


@pytest.mark.parametrize(("body", "headers"), SHAPELESS.values(), ids=SHAPELESS)
def test_what_nobody_signed_is_not_even_read(
    redis_url: str, body: bytes, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(it: Scene) -> None:
        given = {name: str(int(time.time())) if value == NOW else value for name, value in headers.items()}
        with caplog.at_level(logging.WARNING):
            assert await posted(it.slack.app_url, body, given) == 401
        assert caplog.records == []
        assert it.worker.asked == []

    play_by_http(redis_url, scene)


def test_a_request_larger_than_any_of_slack_s_is_refused(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        assert await posted(it.slack.app_url, b"a" * 2**21, {}) == 413

    play_by_http(redis_url, scene)


def test_slack_can_try_the_certificate_without_a_signature(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        assert await posted(it.slack.app_url, b"ssl_check=1&token=unused", {"Content-Type": "application/x-www-form-urlencoded"}) == 200
        slash = slash_payload(
            "/sentiment",
            "great",
            channel=it.slack.store.channels[it.slack.general],
            user=it.slack.asker,
            number=1,
            response_url="http://x/",
        )
        body, content_type = http_body("slash_commands", slash)
        assert await posted(it.slack.app_url, f"ssl_check=1&{body}".encode(), {"Content-Type": content_type}) == 200
        assert it.desk_jobs() == []

    play_by_http(redis_url, scene)


async def reached(url: str) -> bool:
    """Whether anybody listens there."""
    try:
        return await posted(url, b"{}", {}) == 401
    except aiohttp.ClientConnectorError:
        return False


@pytest.mark.parametrize(
    ("host", "there"),
    [("127.0.0.1", {"127.0.0.1"}), ("127.0.0.2", {"127.0.0.2"}), ("0.0.0.0", {"127.0.0.1", "127.0.0.2"})],  # what is tried
)
def test_it_listens_at_the_host_that_is_set_and_nowhere_else(redis_url: str, host: str, there: set[str]) -> None:
    async def scene(it: Scene) -> None:
        port = it.slack.app_url.rsplit(":", 1)[1]
        assert {address for address in ("127.0.0.1", "127.0.0.2") if await reached(f"http://{address}:{port}")} == there

    play_by_http(redis_url, scene, host=host)


def test_the_doctor_knows_what_listens_there_for_yomite(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        settings = Settings(
            web_port=0,
            slack_signing_secret=it.slack.signing_secret,
            slack_host="127.0.0.2",
            slack_port=urlsplit(it.slack.app_url).port or 0,
        )
        [found] = [finding for finding in await check_ports(settings) if finding.name == "port.slack"]
        assert (found.state, "Yomite" in found.found.en) == ("ok", True)

    play_by_http(redis_url, scene, host="127.0.0.2")


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
        with pytest.raises(PlatformError, match=f"127.0.0.1:{port}") as caught:
            await serve_slack(settings, it.desk)
        assert all("YOMITE_SLACK_PORT" in words for words in (caught.value.message.ja, caught.value.message.en))

    play_by_http(redis_url, scene)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a..b"])
def test_a_host_that_is_none_of_this_machine_is_told(redis_url: str, host: str) -> None:
    async def scene(it: Scene) -> None:
        settings = SlackSettings(bot_token=it.slack.bot_token, signing_secret="s", http_host=host, base_url=it.slack.base_url)
        with pytest.raises(PlatformError, match=host) as caught:
            await serve_slack(settings, it.desk)
        assert all("YOMITE_SLACK_HOST" in words for words in (caught.value.message.ja, caught.value.message.en))

    play_by_http(redis_url, scene)


def test_without_either_secret_nothing_is_served(redis_url: str) -> None:
    async def scene(it: Scene) -> None:
        with pytest.raises(PlatformError, match="SLACK_APP_TOKEN"):
            await serve_slack(SlackSettings(bot_token=it.slack.bot_token, base_url=it.slack.base_url), it.desk)

    play_by_http(redis_url, scene)
