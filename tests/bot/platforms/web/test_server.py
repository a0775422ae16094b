"""The server lets in only its own page, and gives each line one answer, whatever happens to the connection."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import redis.asyncio
from redis import Redis

from bot import deliveries, reading as reading_
from bot.attachments import TextRead
from bot.commands import COMMANDS
from bot.desk import Desk
from bot.errors import PlatformError
from bot.only_one import OnlyOne
from bot.platforms.web import WebSettings, serve_web
from bot.platforms.web.server import STATIC
from bot.platforms.web.sessions import KEPT_MESSAGES, KEPT_SESSIONS, Session, Sessions
from tests.bot.platforms.web.serving import TIMEOUT_S, Served
from workers.queue import names
from workers.queue.door import JobQueue

TOKEN = "a-token-that-nobody-guesses"
SESSION = "session-of-a-test"


class Page:
    """What the page's script does, without a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.says_got = True

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send_json({"type": kind, **fields})

    async def ask(self, message_id: str, line: str, **fields: Any) -> None:
        await self.say("ask", id=message_id, line=line, lang=fields.pop("lang", "ja"), **fields)

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of a kind; others are passed over."""
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                message: dict[str, Any] = await self.socket.receive_json()
                if message["type"] == "answer" and self.says_got:
                    await self.say("got", id=message["id"])
                if message["type"] == kind:
                    return message


@asynccontextmanager
async def opened(served: Served, *, session: str = SESSION, **headers: str) -> AsyncIterator[Page]:
    origin = {"Origin": served.url.rstrip("/")}
    async with aiohttp.ClientSession() as client, client.ws_connect(f"{served.url}chat", headers=origin | headers) as socket:
        page = Page(socket)
        await page.say("hello", session=session)
        await page.hear("ready")
        yield page


async def status(url: str, *, path: str = "", **headers: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(f"{url}{path}", headers=headers) as response:
        return response.status


def test_the_page_and_its_files_come_with_strict_headers(served: Served) -> None:
    async def look() -> None:
        async with aiohttp.ClientSession() as client:
            for path in ["", "api/commands", "nothing", *(f"static/{file.name}" for file in STATIC.iterdir())]:
                async with client.get(served.url + path) as response:
                    assert response.status == (404 if path == "nothing" else 200)
                    policy = response.headers["Content-Security-Policy"]
                    if path == "static/room.html":
                        # Foreign scripts run in it, so it has no origin and reaches nothing.
                        assert policy.startswith("sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';")
                        assert "connect-src" not in policy
                    else:
                        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
                        assert "unsafe" not in policy
                    assert response.headers["X-Content-Type-Options"] == "nosniff"
                    assert response.headers["Referrer-Policy"] == "no-referrer"
            async with client.get(f"{served.url}static/main.js") as response:
                assert response.content_type == "text/javascript"

    asyncio.run(look())


def test_no_file_but_the_pages_own_is_served(served: Served) -> None:
    for path in ("static/../server.py", "static/%2e%2e/server.py", "static/", "static/..%2fserver.py"):
        assert asyncio.run(status(served.url, path=path)) == 404


def test_commands_come_with_both_languages(served: Served) -> None:
    async def look() -> Any:
        async with aiohttp.ClientSession() as client, client.get(f"{served.url}api/commands") as response:
            return await response.json()

    commands = asyncio.run(look())
    assert [command["name"] for command in commands] == [command.name for command in COMMANDS]
    explain = next(command for command in commands if command["name"] == "explain-attention")
    assert set(explain["summary"]) == {"ja", "en"}
    layer = next(option for option in explain["options"] if option["name"] == "layer")
    assert {"at_least": 0, "at_most": None}.items() <= layer.items()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "evil.example"}, 403),  # a name that was made to point here
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_foreign_names_and_foreign_pages_get_nothing(served: Served, headers: dict[str, str], expected: int) -> None:
    assert asyncio.run(status(served.url, path="api/commands", **headers)) == expected


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}])
def test_a_foreign_page_cannot_open_the_chat(served: Served, headers: dict[str, str]) -> None:
    async def attempt() -> None:
        async with opened(served, **headers):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        asyncio.run(attempt())


def test_without_an_origin_the_chat_does_not_open(served: Served) -> None:
    async def attempt() -> None:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{served.url}chat"):
            pass

    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        asyncio.run(attempt())


def test_other_machines_need_the_token_once(redis_url: str) -> None:
    async def visit(url: str) -> None:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            for path in ("", "api/commands", "?token=wrong", "api/commands?token=" + TOKEN):
                async with client.get(url + path) as response:
                    assert response.status == 401
                    text = await response.text()
                    assert "トークン" in text
                    assert TOKEN not in text
            async with client.get(f"{url}?token={TOKEN}") as response:
                assert response.status == 200
                cookie = response.headers["Set-Cookie"]
                assert TOKEN not in cookie
                assert "HttpOnly" in cookie
                assert "SameSite=Strict" in cookie
                assert response.headers["Cache-Control"] == "no-store"
            async with client.get(f"{url}api/commands") as response:
                assert response.status == 200

    with Served(redis_url, host="0.0.0.0", token=TOKEN) as served:
        asyncio.run(visit(served.url))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_an_open_address_without_a_token_is_refused_at_start(host: str) -> None:
    error = _refused(WebSettings(host=host))
    assert "トークンが必要" in error.message.ja
    assert "needs a token" in error.message.en


def test_a_token_is_not_shown_with_the_settings() -> None:
    assert TOKEN not in repr(WebSettings(token=TOKEN))


def test_a_taken_port_says_what_to_do(served: Served) -> None:
    port = int(served.url.rstrip("/").rpartition(":")[2])
    error = _refused(WebSettings(port=port))
    assert "使用中" in error.message.ja
    assert "YOMITE_WEB_PORT" in error.message.ja
    assert "is taken" in error.message.en


def test_an_address_of_another_machine_says_what_to_do() -> None:
    error = _refused(WebSettings(host="192.0.2.1", token=TOKEN))
    assert "開けません（このマシンのアドレスではありません）" in error.message.ja
    assert "cannot be served" in error.message.en


@pytest.mark.parametrize(
    ("line", "lang", "chosen", "title"),
    [
        ("/sentiment この映画は最高！", "ja", True, "ポジティブ 91.2%"),
        ("/sentiment I love this.", "en", True, "positive 91.2%"),
        ("/sentiment I love this.", "ja", True, "ポジティブ 91.2%"),
        ("/sentiment この映画は最高！", "en", True, "positive 91.2%"),
        ("/sentiment I love this.", "ja", False, "positive 91.2%"),
        ("/sentiment この映画は最高！", "en", False, "ポジティブ 91.2%"),
    ],
)
def test_a_line_is_acknowledged_and_answered_in_the_language_that_the_page_was_switched_to_else_of_the_line(
    served: Served, line: str, lang: str, chosen: bool, title: str
) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.ask("message-of-" + lang, line, lang=lang, chosen=chosen)
            assert (await page.hear("taken"))["id"] == "message-of-" + lang
            answer = await page.hear("answer")
            assert answer["reply"]["title"] == title
            assert answer["reply"]["tone"] == "positive"
            assert answer["reply"]["blocks"][0]["kind"] == "table"
            assert answer["seconds"] >= 0

    asyncio.run(talk())


def test_a_picture_comes_with_its_bytes(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.ask("message-with-picture", "/explain-attention 猫が好き")
            blocks = (await page.hear("answer"))["reply"]["blocks"]
            (picture,) = [block for block in blocks if block["kind"] == "picture"]
            assert base64.b64decode(picture["data"]).startswith(b"\x89PNG")
            assert picture["width"] > 0

    asyncio.run(talk())


@pytest.mark.parametrize(("lang", "words"), [("ja", "のことですか"), ("en", "Did you mean")])
def test_a_wrong_command_is_answered_at_once(served: Served, lang: str, words: str) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.ask(f"message-wrong-{lang}", "/sentimnt", lang=lang)
            reply = (await page.hear("answer"))["reply"]
            assert reply["failed"]
            assert words in reply["title"]

    asyncio.run(talk())


def test_the_same_line_sent_twice_is_read_once(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            for _ in range(3):
                await page.ask("message-sent-twice", "/ner 山田太郎、待って")
                await page.hear("taken")
            await _until(lambda: bool(served.queue.held))
            served.queue.release()
            first = await page.hear("answer")
            await page.ask("message-sent-twice", "/ner 山田太郎、待って")
            assert await page.hear("answer") == first

    asyncio.run(talk())
    assert len(served.queue.submitted) == 1


def test_every_tab_of_a_session_gets_the_answer_and_no_other_session_does(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as one, opened(served) as two, opened(served, session="another-session") as foreign:
            await one.ask("message-for-tabs", "/ner 東京")
            assert (await one.hear("answer"))["id"] == (await two.hear("answer"))["id"]
            await foreign.say("resume", id="message-for-tabs")
            assert (await foreign.hear("lost"))["id"] == "message-for-tabs"

    asyncio.run(talk())


def test_an_answer_waits_for_a_page_that_was_away(served: Served) -> None:
    async def talk() -> None:
        async with opened(served, session="session-away") as page:
            await page.ask("message-away", "/ner 東京で待って")
            await page.hear("taken")
        await _until(lambda: bool(served.queue.held))
        served.queue.release()
        async with opened(served, session="session-away") as page:
            await page.say("resume", id="message-away")
            answer = await page.hear("answer")
            assert answer["reply"]["title"] == "固有名 1 件"

    asyncio.run(talk())


def test_an_answer_survives_a_restart_of_the_server(served: Served) -> None:
    async def before() -> None:
        async with opened(served, session="session-restart") as page:
            await page.ask("message-restart", "/ner 東京で待って")
            await page.hear("taken")
            await _until(lambda: bool(served.queue.held))

    async def after() -> None:
        async with opened(served, session="session-restart") as page:
            await page.ask("message-restart", "/ner 東京で待って")  # as the page does
            await page.hear("answer")

    asyncio.run(before())
    served.stop()
    served.queue.release()
    served.start()
    asyncio.run(after())
    assert len(served.queue.submitted) == 1


def test_an_answer_that_no_page_took_is_still_there_after_a_restart(served: Served) -> None:
    async def before() -> None:
        async with opened(served, session="session-untaken") as page:
            await page.ask("message-untaken", "/ner 東京で待って")
            await page.hear("taken")
            await _until(lambda: bool(served.queue.held))
        served.queue.release()
        async with opened(served, session="session-untaken") as page:
            page.says_got = False
            await page.say("resume", id="message-untaken")
            await page.hear("answer")  # and the page goes away before it says that it has it

    async def after() -> None:
        async with opened(served, session="session-untaken") as page:
            await page.ask("message-untaken", "/ner 東京で待って")
            await page.hear("answer")

    asyncio.run(before())
    served.restart()
    asyncio.run(after())


def test_a_line_that_a_killed_server_was_reading_is_read_when_its_lease_ends(served: Served) -> None:
    async def talk() -> None:
        seen = names.seen("web", f"{SESSION}-message-half-read")
        served.connection.set(seen, "lease-of-the-dead", ex=60)
        async with opened(served) as page:
            await page.ask("message-half-read", "/ner 東京")  # as the page does when it is connected again
            await page.hear("taken")
            await asyncio.sleep(0.2)
            assert served.queue.submitted == []
            served.connection.delete(seen)
            assert (await page.hear("answer"))["id"] == "message-half-read"

    asyncio.run(talk())
    assert len(served.queue.submitted) == 1


def test_help_that_no_page_got_is_given_again_after_a_restart(served: Served) -> None:
    async def before() -> None:
        async with opened(served, session="session-help") as page:
            page.says_got = False
            await page.ask("message-of-help", "/help")
            await page.hear("answer")

    async def after() -> None:
        async with opened(served, session="session-help") as page:
            await page.ask("message-of-help", "/help")
            await page.hear("answer")

    asyncio.run(before())
    served.restart()
    asyncio.run(after())


def test_what_is_being_read_is_handed_over_before_the_server_stops(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    async def slow(files: object) -> TextRead:
        begun.set()
        await asyncio.sleep(0.5)
        return TextRead(text="", notes=())

    async def talk() -> None:
        async with opened(served, session="session-slow") as page:
            await page.ask("message-slow", "/ner 東京で待って")
            await page.hear("taken")
            assert await asyncio.to_thread(begun.wait, TIMEOUT_S)

    monkeypatch.setattr(reading_, "read_files", slow)
    asyncio.run(talk())
    served.stop()
    assert len(served.connection.keys(names.delivery("*"))) == 1  # type: ignore[arg-type]  # no coroutine
    served.start()


@pytest.mark.parametrize(("lang", "line", "shown"), [("ja", "/ner 東京で待って", "失われました"), ("en", "/ner wait", "was lost")])
def test_a_page_is_told_when_redis_was_emptied(served: Served, monkeypatch: pytest.MonkeyPatch, lang: str, line: str, shown: str) -> None:
    async def talk() -> None:
        async with opened(served, session=f"session-emptied-{lang}") as page:
            await page.ask(f"message-emptied-{lang}", line, lang=lang)
            await _until(lambda: bool(served.queue.held))
            served.connection.flushall()
            assert shown in (await page.hear("answer"))["reply"]["title"]

    monkeypatch.setattr(deliveries, "LOOK_BACK_S", 0.1)
    asyncio.run(talk())


def test_progress_reaches_the_page(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.ask("message-progress", "/ner 待って")
            await page.hear("taken")
            hearing = asyncio.ensure_future(page.hear("progress"))
            while not hearing.done():  # what is told before the bot listens is gone
                served.queue.advance(0.25)
                await asyncio.wait([hearing], timeout=0.1)
            assert hearing.result() == {"type": "progress", "id": "message-progress", "share": 0.25}
            served.queue.release()

    asyncio.run(talk())


def test_what_is_cancelled_gets_no_answer(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.ask("message-cancelled", "/ner 待って")
            await page.hear("taken")
            await _until(lambda: bool(served.queue.held))
            await page.say("cancel", id="message-cancelled")
            assert (await page.hear("cancelled"))["id"] == "message-cancelled"
            served.queue.release()
            await page.ask("message-after-it", "/ner 東京")
            assert (await page.hear("answer"))["id"] == "message-after-it"
            await page.say("resume", id="message-cancelled")
            assert (await page.hear("cancelled"))["id"] == "message-cancelled"

    asyncio.run(talk())


@pytest.mark.parametrize(("lang", "words"), [("ja", "1 件を取り消しました"), ("en", "Cancelled 1")])
def test_the_command_cancel_ends_what_is_being_read(served: Served, lang: str, words: str) -> None:
    async def talk() -> None:
        async with opened(served, session=f"session-cancel-{lang}") as page:
            await page.ask("message-to-end", "/ner wait", lang=lang)
            await _until(lambda: bool(served.queue.held))
            await page.ask("message-cancel", "/cancel", lang=lang)
            answers = [await page.hear("answer"), await page.hear("answer")]
            replies = {answer["id"]: answer["reply"] for answer in answers}
            assert words in replies["message-cancel"]["title"]
            assert replies["message-to-end"]["failed"]

    asyncio.run(talk())


def test_a_session_keeps_its_last_answers_and_all_that_is_being_read() -> None:
    session = Session()
    session.message("still-read")
    for i in range(2 * KEPT_MESSAGES):
        session.message(f"answered-{i}").give("answer")
    assert session.find("still-read") is not None
    assert session.find("answered-0") is None
    assert session.find(f"answered-{2 * KEPT_MESSAGES - 1}") is not None


def test_sessions_without_a_page_are_forgotten_first() -> None:
    sessions = Sessions()
    held: Any = object()  # stands for an open socket
    sessions.open("with-a-page").sockets.add(held)
    first = sessions.open("without-a-page")
    for i in range(KEPT_SESSIONS):
        sessions.open(f"other-{i}")
    assert sessions.open("without-a-page") is not first
    assert sessions.open("with-a-page").sockets == {held}


def test_a_file_comes_along(served: Served) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            data = base64.b64encode("山田太郎は東京にいる。".encode()).decode()
            await page.ask("message-with-file", "/ner", file={"name": "文章.txt", "data": data})
            reply = (await page.hear("answer"))["reply"]
            assert [cells[0]["text"] for cells in reply["blocks"][1]["rows"]] == ["山田太郎", "東京"]

    asyncio.run(talk())


@pytest.mark.parametrize(("lang", "words"), [("ja", "大きすぎます（0.1 MB）"), ("en", "too large (0.1 MB)")])
def test_a_file_over_the_limit_is_refused_with_its_size(redis_url: str, lang: str, words: str) -> None:
    async def talk(served: Served) -> None:
        async with opened(served) as page:
            data = base64.b64encode(b"a" * 100_000).decode()
            await page.ask(f"message-large-{lang}", "/ner", lang=lang, file={"name": "large.txt", "data": data})
            reply = (await page.hear("answer"))["reply"]
            assert reply["failed"]
            assert words in reply["title"]

    with Served(redis_url, upload_limit=99_999) as served:
        asyncio.run(talk(served))
        assert served.queue.submitted == []


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"type": "unknown"}',
        '{"type": "ask", "id": "x", "line": "too short an id", "lang": "ja"}',
        '{"type": "ask", "id": "message-of-nobody", "line": 1, "lang": "ja"}',
        '{"type": "hello", "session": "../../etc"}',
        '{"type": "hello", "session": "a-session-of-a-page\\n"}',
        '{"type": "ask", "id": "half-a-character", "line": "\\ud800", "lang": "ja"}',
        pytest.param('{"type": "hello", "more": ' + "[" * 100_000 + "]" * 100_000 + "}", id="nested"),
    ],
)
def test_what_no_page_says_ends_the_connection(served: Served, text: str) -> None:
    async def talk() -> None:
        async with opened(served) as page:
            await page.socket.send_str(text)
            message = await page.socket.receive(TIMEOUT_S)
            assert message.type is aiohttp.WSMsgType.CLOSE
            assert message.data == aiohttp.WSCloseCode.POLICY_VIOLATION

    asyncio.run(talk())


def test_too_much_at_once_ends_the_connection(redis_url: str) -> None:
    async def talk(served: Served) -> None:
        async with opened(served) as page:
            try:
                await page.socket.send_str("x" * (6 * 1024 * 1024))
            except ConnectionError:
                return
            message = await page.socket.receive(TIMEOUT_S)
            assert message.data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG

    with Served(redis_url, upload_limit=1_000) as served:
        asyncio.run(talk(served))


def test_the_server_stops_while_pages_are_open(redis_url: str) -> None:
    async def talk(served: Served) -> None:
        async with opened(served) as page:
            await asyncio.to_thread(served.stop)
            message = await page.socket.receive(TIMEOUT_S)
            assert message.data == aiohttp.WSCloseCode.GOING_AWAY

    served = Served(redis_url)
    served.start()
    asyncio.run(talk(served))
    served.connection.close()


def test_where_another_process_serves_the_page_it_is_not_served_here(redis_url: str) -> None:
    async def run() -> None:
        async with redis.asyncio.Redis.from_url(redis_url) as connection:
            with Redis.from_url(redis_url) as blocking:
                async with OnlyOne(connection, platform="web", name="bot-000000000000-4321-7"):
                    with pytest.raises(PlatformError, match="process 4321"):
                        await serve_web(WebSettings(port=0), Desk(JobQueue(blocking), connection), on_ready=pytest.fail)

    asyncio.run(run())


def _refused(settings: WebSettings) -> PlatformError:
    async def run() -> None:
        async with redis.asyncio.Redis(port=1) as nowhere:
            with Redis(port=1) as blocking:
                await serve_web(settings, Desk(JobQueue(blocking), nowhere))

    with pytest.raises(PlatformError) as caught:
        asyncio.run(run())
    return caught.value


async def _until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while not true():
            await asyncio.sleep(0.02)
