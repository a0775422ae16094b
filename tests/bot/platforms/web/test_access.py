"""Whoever guesses at the page's token is soon not listened to any more, and one address can ask so much and no more."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import stat
from pathlib import Path

import aiohttp
import pytest
import redis.asyncio
from aiohttp.test_utils import make_mocked_request
from redis import Redis

from bot.desk import Desk
from bot.errors import PlatformError
from bot.guard.guard import GuardSettings
from bot.guard.limits import Limits
from bot.platforms.web import WebSettings, kept_key
from bot.platforms.web.access import COOKIE
from bot.platforms.web.guesses import MOST_ADDRESSES, MOST_WRONG, WITHIN_S, Guesses, address_of
from bot.platforms.web.settings import KEY_BYTES
from bot.serving import WEB_KEY_NAME, web_service
from bot.settings import read_settings
from tests.bot.platforms.web.serving import Served
from tests.bot.platforms.web.test_server import Page, opened
from workers.queue.door import JobQueue

TOKEN = "a-token-that-nobody-guesses"


async def got(url: str, query: str = "", *, cookie: str = "") -> tuple[int, str, str]:
    """Status, text and Retry-After of a page."""
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with aiohttp.ClientSession() as client, client.get(url + query, headers=headers) as response:
        return response.status, await response.text(), response.headers.get("Retry-After", "")


# --- Guesses of the token ------------------------------------------------------------------------------------------


def test_after_ten_wrong_tokens_not_even_the_right_one_is_taken_and_the_page_says_when(redis_url: str) -> None:
    async def guess(url: str) -> None:
        for number in range(MOST_WRONG):
            status, text, _ = await got(url, f"?token=wrong-{number}")
            assert status == 401
            assert "このトークンではありません" in text
        for token in ("wrong-again", TOKEN):
            status, text, retry_after = await got(url, f"?token={token}")
            assert status == 429
            assert 0 < int(retry_after) <= WITHIN_S
            minutes = math.ceil(int(retry_after) / 60)
            assert f"{minutes} 分後にもう一度" in text
            assert f"again in {minutes} minutes" in text
            assert TOKEN not in text

    with Served(redis_url, token=TOKEN) as served:
        asyncio.run(guess(served.url))


def test_the_right_token_in_time_makes_slips_forgotten(redis_url: str) -> None:
    async def slip(url: str) -> None:
        for _ in range(2):
            for _ in range(MOST_WRONG - 1):
                assert (await got(url, "?token=wrong"))[0] == 401
            assert (await got(url, f"?token={TOKEN}"))[0] == 200

    with Served(redis_url, token=TOKEN) as served:
        asyncio.run(slip(served.url))


def test_who_has_the_token_already_is_not_shut_out_by_somebody_who_guesses(redis_url: str) -> None:
    async def visit(url: str) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.get(f"{url}?token={TOKEN}") as response:
                assert response.status == 200
            for _ in range(MOST_WRONG + 1):
                status, _, _ = await got(url, "?token=wrong")
            assert status == 429
            async with client.get(f"{url}api/commands") as response:
                assert response.status == 200

    with Served(redis_url, token=TOKEN) as served:
        asyncio.run(visit(served.url))


def test_looking_at_the_door_is_no_guess(redis_url: str) -> None:
    async def look(url: str) -> None:
        for _ in range(2 * MOST_WRONG):
            assert (await got(url))[0] == 401
            assert (await got(url, "api/commands?token=wrong"))[0] == 401
        assert (await got(url, f"?token={TOKEN}"))[0] == 200

    with Served(redis_url, token=TOKEN) as served:
        asyncio.run(look(served.url))


def test_tokens_cannot_be_guessed_as_cookies(redis_url: str) -> None:
    made_from_the_token = hmac.new(TOKEN.encode(), b"yomite chat page", hashlib.sha256).hexdigest()
    with Served(redis_url, token=TOKEN) as served:
        for cookie in (made_from_the_token, TOKEN, hashlib.sha256(TOKEN.encode()).hexdigest()):
            assert asyncio.run(got(served.url, cookie=cookie))[0] == 401


def test_a_token_in_any_signs_is_compared_and_refused(redis_url: str) -> None:
    with Served(redis_url, token=TOKEN) as served:
        for query in ("?token=", "?token=%ED%A0%80", "?token=%00", "?token=合言葉", "?token=" + "x" * 5_000):
            assert asyncio.run(got(served.url, query))[0] == 401


def test_wrong_tokens_count_for_ten_minutes_from_each() -> None:
    now = [0.0]
    guesses = Guesses(clock=lambda: now[0])
    for _ in range(MOST_WRONG):
        assert guesses.wait_s("a") == 0
        guesses.wrong("a")
        now[0] += 10
    assert guesses.wait_s("a") == WITHIN_S - 10 * MOST_WRONG
    assert guesses.wait_s("b") == 0
    now[0] = WITHIN_S  # the first of them counts no more
    assert guesses.wait_s("a") == 0
    guesses.wrong("a")
    assert guesses.wait_s("a") == 10


def test_guessing_from_many_addresses_does_not_fill_the_memory() -> None:
    guesses = Guesses()
    for number in range(MOST_ADDRESSES + 50):
        guesses.wrong(str(number))
    assert len(guesses._wrong) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),  # whoever has one address has all of these
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_is_that_of_the_connection_whatever_a_header_says(remote: str, address: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"})
    assert address_of(request.clone(remote=remote)) == address


# --- The key of the cookies ----------------------------------------------------------------------------------------


def test_a_browser_needs_the_token_once_whatever_restarts(redis_url: str, tmp_path: Path) -> None:
    async def enter(url: str) -> str:
        async with aiohttp.ClientSession() as client, client.get(f"{url}?token={TOKEN}") as response:
            return response.cookies[COOKIE].value

    path = tmp_path / "state" / WEB_KEY_NAME
    with Served(redis_url, token=TOKEN, key=kept_key(path)) as served:
        cookie = asyncio.run(enter(served.url))
    with Served(redis_url, token=TOKEN, key=kept_key(path)) as served:
        assert asyncio.run(got(served.url, cookie=cookie))[0] == 200
    with Served(redis_url, token=TOKEN + "-new", key=kept_key(path)) as served:  # a new token shuts out those of the old one
        assert asyncio.run(got(served.url, cookie=cookie))[0] == 401
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / WEB_KEY_NAME
    path.write_bytes(b"short")
    with pytest.raises(PlatformError) as caught:
        kept_key(path)
    assert "このファイルを消すと" in caught.value.message.ja
    assert "Delete the file" in caught.value.message.en
    with pytest.raises(PlatformError, match=r"cannot be used \(Is a directory\)") as caught:
        kept_key(tmp_path)
    assert "（フォルダです）" in caught.value.message.ja


def test_a_key_is_not_shown_with_the_settings() -> None:
    key = b"k" * KEY_BYTES
    assert repr(key) not in repr(WebSettings(key=key))
    assert WebSettings().key != WebSettings().key


def test_yomite_keeps_the_key_in_its_state_folder_where_there_is_a_token(redis_url: str, tmp_path: Path) -> None:
    environment = {"YOMITE_WEB_PORT": "0", "YOMITE_OPEN_BROWSER": "no"}

    async def serve(**more: str) -> None:
        said = asyncio.Event()
        settings = read_settings(environment | {"YOMITE_STATE_DIR": str(tmp_path)} | more)
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            service = web_service(settings, lambda _: said.set())
            serving = asyncio.create_task(service.serve(_desk(redis_url, connection)))
            await asyncio.wait_for(said.wait(), 30)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(serve())
    assert not (tmp_path / WEB_KEY_NAME).exists()
    asyncio.run(serve(YOMITE_WEB_TOKEN=TOKEN))
    assert len((tmp_path / WEB_KEY_NAME).read_bytes()) == KEY_BYTES


def _desk(redis_url: str, connection: redis.asyncio.Redis) -> Desk:
    return Desk(JobQueue(Redis.from_url(redis_url)), connection)


# --- Limits --------------------------------------------------------------------------------------------------------


@pytest.fixture
def emptied(redis_url: str) -> str:
    """A Redis that knows nothing of other tests' sessions."""
    with Redis.from_url(redis_url) as connection:
        connection.flushall()
    return redis_url


async def ask(page: Page, number: int, lang: str = "ja") -> str:
    await page.ask(f"message-{number:04d}", "/sentiment 最高" if lang == "ja" else "/sentiment great", lang=lang)
    return str((await page.hear("answer"))["reply"]["title"])


@pytest.mark.parametrize(("lang", "said"), [("ja", "あなたが送れるのは 1 分に 1 件"), ("en", "you can send at most 1 a minute")])
def test_a_session_is_limited_and_told_so(emptied: str, lang: str, said: str) -> None:
    async def talk(served: Served) -> None:
        async with opened(served) as page:
            assert said not in await ask(page, 1, lang)
            assert said in await ask(page, 2, lang)
        async with opened(served, session="another-session") as page:
            assert said not in await ask(page, 3, lang)

    with Served(emptied, guard=GuardSettings(limits=Limits(person=1, channel=0, team=0))) as served:
        asyncio.run(talk(served))


def test_an_address_is_limited_however_many_sessions_it_makes_up(emptied: str) -> None:
    async def talk(served: Served) -> None:
        async with opened(served, session="session-one") as page:
            await ask(page, 1)
        async with opened(served, session="session-two") as page:
            assert "同じアドレスから受け付けられるのは 1 分に 1 件" in await ask(page, 2)

    with Served(emptied, guard=GuardSettings(limits=Limits(person=0, channel=0, team=1))) as served:
        asyncio.run(talk(served))


def test_the_page_is_for_this_machine_alone_unless_somebody_says_otherwise() -> None:
    assert read_settings({}).web_host == WebSettings().host == "127.0.0.1"
    assert WebSettings().loopback
