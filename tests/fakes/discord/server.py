"""The fake Discord as a test holds it: start it, act as a person, order trouble, look at what the bot did."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.fakes.discord.checks import buttons_of
from tests.fakes.discord.filled_form import filled_form
from tests.fakes.discord.gateway import Gateway, as_seen
from tests.fakes.discord.objects import BOT_ID, BOT_ROLE, CHANNEL, DM_CHANNEL, PERSON, THREAD, TOKEN, channel, guild_of, member, user
from tests.fakes.discord.rest import API, Rest
from tests.fakes.discord.trouble import Trouble, Troubles
from tests.fakes.discord.world import BUTTON, COMMAND, SENT_FORM, FakeInteraction, Message, World, is_shown

WAIT_S = 20.0
Attached = Sequence[tuple[str, bytes]]


class FakeDiscord:
    """`async with FakeDiscord() as discord:`; then point a bot to `api_url`, `gateway_url` and `cdn_url` with `token`."""

    def __init__(self, *, locale: str = "en-US", heartbeat_ms: int = 41_250) -> None:
        self.token = TOKEN
        self.world = World()
        self.gateway = Gateway(self.world, locale=locale, heartbeat_ms=heartbeat_ms)
        self.rest = Rest(self.world, self.gateway)
        self.troubles = Troubles()

    async def __aenter__(self) -> Self:
        @web.middleware
        async def troubles(request: web.Request, handler: Any) -> web.StreamResponse:
            return await self.troubles.middleware(request, handler)

        app = web.Application(middlewares=[troubles], client_max_size=64 * 2**20)
        app.add_routes([*self.rest.routes(), web.get("/gateway", self.gateway.serve), web.get("/gateway/", self.gateway.serve)])
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.cdn_url = self.world.origin = f"http://127.0.0.1:{port}"
        self.api_url = self.cdn_url + API
        self.gateway_url = self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.gateway.close()
        await self._runner.cleanup()

    # --- what the bot does ---

    async def wait_until_ready(self, *, connections: int = 1, timeout_s: float = WAIT_S) -> None:
        """Until the bot has come in so many times, is there now, and its commands are published."""
        gateway, world = self.gateway, self.world
        await world.wait_until(lambda: gateway.connection and gateway.connections >= connections and world.commands, timeout_s)

    def messages_in(self, channel_id: str = CHANNEL) -> list[Message]:
        """All messages of a channel, oldest first, the private ones too."""
        return list(self.world.messages.get(channel_id, []))

    def answers_in(self, channel_id: str = CHANNEL) -> list[Message]:
        """What the bot shows there."""
        return [message for message in self.messages_in(channel_id) if is_shown(message)]

    async def wait_for_message(self, predicate: Callable[[Message], Any] = bool, *, timeout_s: float = WAIT_S) -> Message:
        """The first message of the bot, in any channel, that shows something and fits `predicate`, now or later."""

        def found() -> Message | None:
            shown = (message for messages in self.world.messages.values() for message in messages if is_shown(message))
            return next((message for message in shown if predicate(message)), None)

        message: Message = await self.world.wait_until(found, timeout_s)
        return message

    async def response_to(self, interaction: FakeInteraction, *, timeout_s: float = WAIT_S) -> Message:
        """The response to a command, once it is more than "is thinking…"."""
        return await self.wait_for_message(lambda message: message["id"] == interaction.message_id, timeout_s=timeout_s)

    def bytes_of(self, attachment: Mapping[str, Any]) -> bytes:
        """The bytes of an uploaded file."""
        return self.world.files[str(attachment["url"]).removeprefix(self.world.origin)]

    # --- what people do ---

    async def say(
        self, text: str, *, channel_id: str = CHANNEL, person: str = PERSON, reply_to: Message | None = None, attachments: Attached = ()
    ) -> Message:
        """Write a message. A reply pings the one it replies to, as it does unless people switch that off."""
        payload: dict[str, Any] = {"content": text}
        if reply_to is not None:
            payload["message_reference"] = {"message_id": reply_to["id"]}
        message = self.world.add(channel_id, person, payload, dict(enumerate(attachments)))
        session = self.gateway.session_of(message)
        seen = as_seen(message, session.intents) if session else None
        if seen is not None:
            await self.gateway.dispatch("MESSAGE_CREATE", seen)
        return message

    async def mention(self, text: str, *, by_role: bool = False, **more: Any) -> Message:
        """Write a message that begins with the bot's mention, or that of its role; otherwise as `say`."""
        return await self.say((f"<@&{BOT_ROLE}> " if by_role else f"<@{BOT_ID}> ") + text, **more)

    async def direct(self, text: str, **more: Any) -> Message:
        """Write to the bot directly."""
        return await self.say(text, channel_id=DM_CHANNEL, **more)

    async def slash(
        self, name: str, options: Mapping[str, Any] | None = None, *, locale: str = "en-US", channel_id: str = CHANNEL, person: str = PERSON
    ) -> FakeInteraction:
        """Use a command; Discord's own form lets only allowed values through. A file is given as (name, bytes)."""
        command = self._command(name, 1)
        filled, resolved = filled_form(command, options or {}, lambda file: self.world.store(channel_id, *file))
        data = {"id": command["id"], "name": name, "type": 1, "options": filled, "resolved": {"attachments": resolved}}
        return await self._interact(data, locale=locale, channel_id=channel_id, person=person)

    async def context_menu(
        self, name: str, message: Message, *, locale: str = "en-US", channel_id: str = CHANNEL, person: str = PERSON
    ) -> FakeInteraction:
        """Choose a menu on a message, whose words the bot then gets."""
        command = self._command(name, 3)
        resolved = {"messages": {message["id"]: message}}
        data = {"id": command["id"], "name": name, "type": 3, "target_id": message["id"], "resolved": resolved}
        return await self._interact(data, locale=locale, channel_id=channel_id, person=person)

    # --- trouble ---

    def close_thread(self, channel_id: str = THREAD, *, locked: bool = False) -> None:
        """Close a thread; a locked one is not opened again by what is sent."""
        self.world.archived.add(channel_id)
        if locked:
            self.world.locked.add(channel_id)

    async def drop_connection(self, *, resume: bool = True, again: int = 0, abruptly: bool = False) -> None:
        """End the gateway connection. After a resume the last `again` things that people did come once more."""
        await self.gateway.drop(resume=resume, again=again, abruptly=abruptly)

    def fail(self, method: str, path: str, *, status: int, code: int = 0, times: int = 1) -> Trouble:
        """Answer with an error, e.g. `fail("POST", "*/messages", status=500)`."""
        return self.troubles.add(Trouble(method, path, times, status=status, code=code))

    def rate_limit(self, method: str, path: str, *, retry_after_s: float, times: int = 1, via: bool = True) -> Trouble:
        """Answer 429; without `via` as the network before Discord does it."""
        headers = {"Retry-After": str(retry_after_s)} | ({"Via": "1.1 fake"} if via else {})
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": False}
        return self.troubles.add(Trouble(method, path, times, status=429, headers=headers, body=body))

    def delay(self, method: str, path: str, *, seconds: float, times: int = 1) -> Trouble:
        """Do what is asked, but take time for it."""
        return self.troubles.add(Trouble(method, path, times, status=200, hang_s=seconds))

    def lose_response(self, method: str, path: str, *, times: int = 1) -> Trouble:
        """Do what is asked and cut the line before the answer."""
        return self.troubles.add(Trouble(method, path, times, lose=True))

    def end_trouble(self) -> None:
        """Nothing more goes wrong."""
        self.troubles.waiting.clear()

    def expire_interactions(self) -> None:
        """The 15 minutes of all commands so far are over."""
        for interaction in self.world.interactions.values():
            interaction.expired = True

    def _command(self, name: str, kind: int) -> dict[str, Any]:
        for command in self.world.commands:
            if command["type"] == kind and command["name"] == name:
                return command
        raise KeyError(f"the bot has published no {name}")

    async def press(self, message: Message, label: str, *, locale: str = "en-US", person: str = PERSON) -> FakeInteraction:
        """Press the button of a message with this label.

        Raises:
            KeyError: there is none.
        """
        for button in buttons_of(message):
            if label in (button.get("label"), (button.get("emoji") or {}).get("name")):
                data = {"custom_id": button["custom_id"], "component_type": button["type"]}
                return await self._interact(data, locale=locale, channel_id=message["channel_id"], person=person, source=message)
        raise KeyError(f"no button {label}: {[button.get('label') for button in buttons_of(message)]}")

    async def form_of(self, interaction: FakeInteraction, *, timeout_s: float = WAIT_S) -> dict[str, Any]:
        """The form that the bot opens after a press."""
        form: dict[str, Any] = await self.world.wait_until(lambda: interaction.form, timeout_s)
        return form

    async def send_form(self, opened_by: FakeInteraction, typed: str, *, locale: str = "en-US") -> FakeInteraction:
        """Fill in the one field of a form, and send it."""
        form = await self.form_of(opened_by)
        fields = [
            {"type": label["type"], "id": 2 * i + 1, "component": {**label["component"], "id": 2 * i + 2, "value": typed}}
            for i, label in enumerate(form["components"])
        ]
        data = {"custom_id": form["custom_id"], "components": fields}
        return await self._interact(
            data, locale=locale, channel_id=opened_by.channel_id, person=opened_by.person, source=opened_by.source, kind=SENT_FORM
        )

    async def _interact(
        self,
        data: dict[str, Any],
        *,
        locale: str,
        channel_id: str,
        person: str,
        source: Message | None = None,
        kind: int | None = None,
    ) -> FakeInteraction:
        interaction_id = self.world.ids.new()
        now = asyncio.get_running_loop().time()
        kind = kind or (BUTTON if source else COMMAND)
        interaction = FakeInteraction(
            interaction_id, f"token-of-{interaction_id}", channel_id, person, created_at=now, source=source, kind=kind
        )
        self.world.interactions[interaction.token] = interaction
        direct = channel_id == DM_CHANNEL
        await self.gateway.dispatch(
            "INTERACTION_CREATE",
            {
                "id": interaction.id,
                "application_id": BOT_ID,
                "type": kind,
                "token": interaction.token,
                "version": 1,
                "data": data,
                **({"message": source} if source else {}),
                "channel_id": channel_id,
                "channel": channel(channel_id),
                "locale": locale,
                "entitlements": [],
                "authorizing_integration_owners": {},
                "attachment_size_limit": 10 * 2**20,
                "context": 1 if direct else 0,
                **(
                    {"user": user(person)}
                    if direct
                    else {"member": member(person), "guild_id": guild_of(channel_id), "guild_locale": "en-US"}
                ),
            },
        )
        return interaction
