"""The fake Slack itself: its server on loopback, and what a test can do with it."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.fakes.slack.handlers import Handlers
from tests.fakes.slack.payloads import (
    event_payload,
    form_payload,
    http_body,
    message_event,
    press_payload,
    shortcut_payload,
    signature,
    slash_payload,
)
from tests.fakes.slack.records import Delivery, Response, Said, Upload, View
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.store import ASKER, BOT_USER, ELSEWHERE, GENERAL, OTHER, Store
from tests.fakes.slack.trouble import Trouble

MANIFEST = Path(__file__).parents[3] / "docs" / "slack-manifest.json"  # with which the app was made
LIFE_S = 1_800  # of a response_url
TRIGGER_S = 3.0  # a form must be opened within


class FakeSlack:
    """One workspace. Use it as `async with FakeSlack() as slack:`; everything runs in the event loop of the test.

    The bot connects with `base_url`, `bot_token` and `app_token`. With `app_url`, what happens is told by HTTP instead of Socket Mode,
    signed with `signing_secret`. `ack_s`: after so many seconds Slack takes an event as not acknowledged.
    """

    bot_token, app_token, signing_secret = "xoxb-fake-bot-token", "xapp-fake-app-token", "fake-signing-secret"
    bot, asker, other = BOT_USER, ASKER, OTHER
    general, elsewhere = GENERAL, ELSEWHERE  # a channel with the bot, and one without it

    def __init__(self, *, ack_s: float = 3.0) -> None:
        self.app_url = ""
        self.trouble = Trouble()
        self.store = Store()
        self.sockets = Sockets(ack_s=ack_s)
        self._telling: set[asyncio.Task[None]] = set()
        self._base = ""

    async def __aenter__(self) -> FakeSlack:
        handlers = Handlers(self.store, self.trouble, self.sockets, bot_token=self.bot_token, app_token=self.app_token)
        app = web.Application(client_max_size=2**26)
        handlers.add_to(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        handlers.open(self._base)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)
        await self.sockets.drop()
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"{self._base}/api/"

    # --- what people do ----------------------------------------------------------------------------------------------

    async def slash(self, command: str, text: str = "", *, user: str = ASKER, channel: str = GENERAL, registered: bool = True) -> Delivery:
        """Somebody types a slash command; `registered=False` for one that the app has from an older manifest.

        Raises:
            ValueError: it does not stand in the manifest, so that Slack would not tell the app of it.
        """
        if registered and command not in _registered():
            raise ValueError(f"{command} is none of the slash commands in {MANIFEST.name}")
        url = self._response_url(channel, user)
        payload = slash_payload(
            command, text, channel=self.store.channels[channel], user=user, number=self.store.number(), response_url=url
        )
        return self._tell("slash_commands", payload)

    async def mention(
        self, text: str, *, user: str = ASKER, channel: str = GENERAL, thread_ts: str = "", files: dict[str, bytes] | None = None
    ) -> Delivery:
        """Somebody writes to the bot in a channel; `text` is what follows "@Yomite ", in Slack's markup. `files` by their names."""
        said = await self.write(f"<@{BOT_USER}> {text}", user=user, channel=channel, thread_ts=thread_ts, files=files)
        return self.tell_event(message_event(said, "app_mention"))

    async def direct_message(self, text: str, *, user: str = ASKER, thread_ts: str = "", files: dict[str, bytes] | None = None) -> Delivery:
        """Somebody writes to the bot alone."""
        channel = self.store.direct(user).id
        said = await self.write(text, user=user, channel=channel, thread_ts=thread_ts, files=files)
        return self.tell_event(message_event(said, "message"))

    async def shortcut(self, callback_id: str, *, message: Said, user: str = ASKER) -> Delivery:
        """Somebody chooses a shortcut in the menu of a message."""
        url = self._response_url(message.channel, user)
        channel = self.store.channels[message.channel]
        payload = shortcut_payload(callback_id, message, channel=channel, user=user, number=self.store.number(), response_url=url)
        return self._tell("interactive", payload)

    async def press(self, said: Said, action_id: str, *, user: str = ASKER, told: bool = True) -> Delivery:
        """Somebody presses a button; with `told=False` the bot does not hear of it yet: `tell_press` brings it."""
        url = self._response_url(said.channel, user)
        response = self.store.responses[url.rsplit("/", 1)[1]]
        response.said, response.of_button = said, True
        channel = self.store.channels[said.channel]
        payload = press_payload(said, action_id, channel=channel, user=user, number=self.store.number(), response_url=url)
        self.store.triggers[payload["trigger_id"]] = (user, time.time() + TRIGGER_S)
        return self._tell("interactive", payload) if told else self._untold("interactive", payload)

    def tell_press(self, delivery: Delivery) -> Delivery:
        """Tell the bot of a press that it has not heard of."""
        return self._start(delivery)

    async def send_form(self, view: View, typed: dict[str, dict[str, str]]) -> Delivery:
        """Somebody sends a form. It closes, unless the bot says what is wrong with it."""
        delivery = self._tell("interactive", form_payload(view, typed, number=self.store.number()))
        await asyncio.wait_for(delivery.acknowledged_s, 30)
        wrong = delivery.answer.get("errors") or {}
        if not set(wrong) <= {block.get("block_id") for block in view.data["blocks"]}:
            raise ValueError(f"errors for fields that there are not: {wrong}")
        view.closed = delivery.answer.get("response_action") != "errors"
        return delivery

    async def write(
        self, text: str, *, user: str = OTHER, channel: str = GENERAL, thread_ts: str = "", files: dict[str, bytes] | None = None
    ) -> Said:
        """Somebody writes, and the bot is not told of it."""
        said = Said(channel=channel, ts=self.store.new_ts(), user=user, text=text, thread_ts=thread_ts)
        said.files = [self.host(name, data) for name, data in (files or {}).items()]
        return await self.store.add(said)

    def host(self, name: str, data: bytes, *, url: str = "", mimetype: str = "text/plain", shared: bool = False) -> dict[str, Any]:
        """A file of somebody's, as messages tell of it; of one in a channel that is `shared` with another company they tell the id alone."""
        address = url or f"{self._base}/files/{self.store.number()}-{name}"
        self.store.hosted[address] = data
        file = {"id": f"F{self.store.number():08d}", "name": name, "size": len(data), "mimetype": mimetype}
        whole = {**file, "url_private": address, "url_private_download": address}
        if not shared:
            return whole
        self.store.withheld[file["id"]] = whole
        return {"id": file["id"], "created": 0, "timestamp": 0, "file_access": "check_file_info"}

    def tell_event(self, event: dict[str, Any]) -> Delivery:
        """Tell the bot of an event."""
        delivery = self._tell("events_api", event_payload(event, number=self.store.number()))
        delivery.ts = event["ts"]
        return delivery

    async def repeat(self, delivery: Delivery) -> None:
        """Tell the bot once more of what it acknowledged already."""
        if self.app_url:
            await self.post_to_app(delivery.kind, delivery.payload, headers={"X-Slack-Retry-Num": "1"})
        else:
            await self.sockets.repeat(delivery)

    async def post_to_app(
        self,
        kind: str,
        payload: dict[str, Any],
        *,
        secret: str = "",
        timestamp: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, str]:
        """Send a signed request to `app_url`; returns its status and body."""
        body, content_type = http_body(kind, payload)
        at = int(time.time()) if timestamp is None else timestamp
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": signature(secret or self.signing_secret, at, body),
            **(headers or {}),
        }
        async with aiohttp.ClientSession() as session, session.post(self.app_url, data=body.encode(), headers=signed) as response:
            return response.status, await response.text()

    # --- what there is to see ----------------------------------------------------------------------------------------

    def messages_in(self, channel: str, *, by_bot: bool = True) -> list[Said]:
        """The bot's messages in a channel that everybody sees, oldest first; all messages with `by_bot=False`."""
        seen = [said for said in self.store.said if said.channel == channel and not said.only_to and not said.deleted]
        return [said for said in seen if said.user == BOT_USER or not by_bot]

    @property
    def ephemerals(self) -> list[Said]:
        """What only one person sees."""
        return [said for said in self.store.said if said.only_to and not said.deleted]

    @property
    def uploads(self) -> list[Upload]:
        """Files that the bot shared."""
        return [upload for upload in self.store.uploads if upload.channel]

    def calls_of(self, method: str) -> list[dict[str, Any]]:
        """The arguments of all calls of a method, refused ones too."""
        return [call.arguments for call in self.store.calls if call.method == method]

    async def wait_for_message(self, wanted: Callable[[Said], bool], *, timeout_s: float = 30.0) -> Said:
        """The bot's first message like this, public or not, as soon as there is one."""

        def found() -> Said | None:
            return next((said for said in self.store.said if said.user == BOT_USER and not said.deleted and wanted(said)), None)

        said: Said = await self.store.until(found, timeout_s=timeout_s, what="a message")
        return said

    async def wait_for_view(self, *, timeout_s: float = 30.0) -> View:
        """The form that is open, as soon as there is one."""
        view: View = await self.store.until(
            lambda: next((view for view in self.store.views if not view.closed), None), timeout_s=timeout_s, what="a form"
        )
        return view

    async def wait_for_uploads(self, count: int = 1, *, timeout_s: float = 30.0) -> list[Upload]:
        """The files that the bot shared, as soon as there are so many."""
        await self.store.until(lambda: len(self.uploads) >= count, timeout_s=timeout_s, what="a file")
        return self.uploads

    async def wait_for_call(self, method: str, *, timeout_s: float = 30.0) -> None:
        """Until the bot has called a method."""
        await self.store.until(lambda: self.calls_of(method), timeout_s=timeout_s, what=f"a call of {method}")

    async def connected(self, *, timeout_s: float = 30.0) -> None:
        """Wait until the bot is connected by Socket Mode."""
        await self.sockets.connected(timeout_s=timeout_s)

    # --- the server --------------------------------------------------------------------------------------------------

    def _tell(self, kind: str, payload: dict[str, Any]) -> Delivery:
        return self._start(self._untold(kind, payload))

    def _untold(self, kind: str, payload: dict[str, Any]) -> Delivery:
        acknowledged = asyncio.get_running_loop().create_future()
        return Delivery(kind=kind, payload=payload, envelope_id=f"envelope-{self.store.number()}", acknowledged_s=acknowledged)

    def _start(self, delivery: Delivery) -> Delivery:
        task = asyncio.create_task(self._tell_by_http(delivery) if self.app_url else self.sockets.tell(delivery))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return delivery

    async def _tell_by_http(self, delivery: Delivery) -> None:
        started = time.monotonic()
        delivery.attempts += 1
        status, body = await self.post_to_app(delivery.kind, delivery.payload)
        if status == 200 and not delivery.acknowledged_s.done():
            delivery.answer = json.loads(body) if body.startswith("{") else {}
            delivery.acknowledged_s.set_result(time.monotonic() - started)

    def _response_url(self, channel: str, user: str) -> str:
        number = str(self.store.number())
        self.store.responses[number] = Response(channel=channel, person=user, expires_at=time.time() + LIFE_S)
        return f"{self._base}/response/{number}"


@functools.cache
def _registered() -> frozenset[str]:
    """The slash commands that Slack tells the app of."""
    made = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return frozenset(command["command"] for command in made["features"]["slash_commands"])
