"""The fake Discord's REST API: what a bot calls to publish commands, to post and edit messages, and to answer interactions."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import BodyPartReader, web

from tests.fakes.discord.answers import answered
from tests.fakes.discord.checks import Refused, check_commands, check_form, check_message
from tests.fakes.discord.gateway import MESSAGE_CONTENT, Gateway, as_seen
from tests.fakes.discord.objects import BOT_ID, CHANNEL, DM_CHANNEL, EPHEMERAL, LOADING, OTHER_CHANNEL, THREAD, application, channel, user
from tests.fakes.discord.world import BUTTON, FakeInteraction, Message, World

API = "/api/v10"
LIMITED_CONTENT = 1 << 19  # of an application's flags: what a bot on few servers is granted
DEFERRED_MESSAGE, IMMEDIATE_MESSAGE, DEFERRED_CHANGE, FORM = 5, 4, 6, 9
Files = dict[int, tuple[str, bytes]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Rest:
    """The handlers, by route."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self.requests: list[tuple[str, str]] = []  # method and path, in turn

    def routes(self) -> list[web.RouteDef]:
        """All of them."""
        app, messages = f"{API}/applications/{{app}}/commands", f"{API}/channels/{{channel}}/messages"
        return [
            web.get(f"{API}/users/@me", self._bot(self._me)),
            web.get(f"{API}/oauth2/applications/@me", self._bot(self._application)),
            web.get(f"{API}/applications/@me", self._bot(self._own_application)),
            web.get(f"{API}/gateway/bot", self._bot(self._gateway_bot)),
            web.get(app, self._bot(self._get_commands)),
            web.put(app, self._bot(self._put_commands)),
            web.get(f"{API}/users/{{user}}", self._bot(self._get_user)),
            web.post(f"{API}/users/@me/channels", self._bot(self._open_direct_channel)),
            web.get(f"{API}/channels/{{channel}}", self._bot(self._get_channel)),
            web.post(f"{API}/channels/{{channel}}/typing", self._bot(self._type)),
            web.get(messages, self._bot(self._get_messages)),
            web.post(messages, self._bot(self._post_message)),
            web.get(messages + "/{message}", self._bot(self._get_message)),
            web.patch(messages + "/{message}", self._bot(self._edit_message)),
            web.post(f"{API}/interactions/{{id}}/{{token}}/callback", self._refusing(self._callback)),
            web.get(f"{API}/webhooks/{{app}}/{{token}}/messages/@original", self._refusing(self._get_original)),
            web.patch(f"{API}/webhooks/{{app}}/{{token}}/messages/@original", self._refusing(self._edit_original)),
            web.post(f"{API}/webhooks/{{app}}/{{token}}", self._refusing(self._follow_up)),
            web.get("/attachments/{channel}/{id}/{name}", self._download),
        ]

    def _bot(self, handler: Handler) -> Handler:
        """For the bot with its token only."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bot {self._gateway.token}":
                return answered({"message": "401: Unauthorized", "code": 0}, status=401)
            response = await self._refusing(handler)(request)
            response.headers["Date"] = formatdate(time.time() + self._world.clock_ahead_s, usegmt=True)
            return response

        return checked

    def _refusing(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            self.requests.append((request.method, request.path))
            try:
                return await handler(request)
            except Refused as error:
                return answered({"message": error.message, "code": error.code}, status=error.status)

        return checked

    async def _me(self, request: web.Request) -> web.StreamResponse:
        return answered(user(BOT_ID))

    async def _application(self, request: web.Request) -> web.StreamResponse:
        return answered(application())

    async def _own_application(self, request: web.Request) -> web.StreamResponse:
        flags = LIMITED_CONTENT if self._gateway.allowed_privileged & MESSAGE_CONTENT else 0
        return answered(application() | {"flags": flags, "approximate_guild_count": self._world.guild_count})

    async def _gateway_bot(self, request: web.Request) -> web.StreamResponse:
        limits = {"total": 1_000, "remaining": self._world.starts_left, "reset_after": 0, "max_concurrency": 1}
        return answered({"url": self._gateway.url, "shards": self._gateway.recommended_shards, "session_start_limit": limits})

    async def _get_commands(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("with_localizations") == "true":
            return answered(self._world.commands)
        hidden = ("name_localizations", "description_localizations")
        return answered([{key: value for key, value in command.items() if key not in hidden} for command in self._world.commands])

    async def _put_commands(self, request: web.Request) -> web.StreamResponse:
        commands = await request.json()
        check_commands(commands)
        known = {(command["type"], command["name"]): command["id"] for command in self._world.commands}
        self._world.commands = [_as_stored(command, known, self._world) for command in commands]
        self._world.times_published += 1
        await self._world.tell()
        return answered(self._world.commands)

    async def _get_user(self, request: web.Request) -> web.StreamResponse:
        return answered(user(request.match_info["user"]))

    async def _open_direct_channel(self, request: web.Request) -> web.StreamResponse:
        recipient = (await request.json())["recipient_id"]
        return answered(channel(DM_CHANNEL) | {"recipients": [user(str(recipient))]})

    async def _get_channel(self, request: web.Request) -> web.StreamResponse:
        return answered(channel(_known_channel(request)))

    async def _type(self, request: web.Request) -> web.StreamResponse:
        self._world.typing.append(_known_channel(request))
        await self._world.tell()
        return answered(None)

    async def _get_messages(self, request: web.Request) -> web.StreamResponse:
        """Newest first; nonces are not told any more, nor what only one person may see."""
        after, limit = int(request.query.get("after", 0)), int(request.query.get("limit", 50))
        found = [self._as_seen(message) for message in self._world.messages.get(_known_channel(request), [])]
        found = [message for message in found if int(message["id"]) > after and not message["flags"] & EPHEMERAL]
        return answered(found[:limit][::-1] if after else found[-limit:][::-1])

    async def _get_message(self, request: web.Request) -> web.StreamResponse:
        return answered(self._as_seen(self._world.find(_known_channel(request), request.match_info["message"])))

    async def _post_message(self, request: web.Request) -> web.StreamResponse:
        channel_id = _known_channel(request)
        payload, files = await _read_payload(request)
        check_message(payload, files)
        self._world.open_again(channel_id)
        message = self._world.with_nonce(channel_id, payload)
        if message is None:
            message = self._world.add(channel_id, BOT_ID, payload, files)
            await self._tell("MESSAGE_CREATE", message)
        return answered(message | ({"nonce": payload["nonce"]} if "nonce" in payload else {}))

    async def _edit_message(self, request: web.Request) -> web.StreamResponse:
        payload, files = await _read_payload(request)
        check_message(payload, files, editing=True)
        message = self._world.find(_known_channel(request), request.match_info["message"])
        self._world.check_open(message["channel_id"])
        if message["author"]["id"] != BOT_ID:
            raise Refused("Cannot edit a message authored by another user", status=403, code=50005)
        self._world.fill(message, payload, files)
        await self._tell("MESSAGE_UPDATE", message)
        return answered(message)

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        payload, files = await _read_payload(request)
        interaction = self._interaction(request)
        if interaction.used_up or interaction.id != request.match_info["id"]:
            raise Refused("Unknown interaction", status=404, code=10062)
        if interaction.acknowledged.is_set():
            raise Refused("Interaction has already been acknowledged.", code=40060)
        data = payload.get("data") or {}
        if payload["type"] == DEFERRED_CHANGE and interaction.source is not None:
            return await self._acknowledged(interaction, payload["type"], interaction.source)
        if payload["type"] == FORM and interaction.kind == BUTTON:
            check_form(data)
            interaction.form = data
            return await self._acknowledged(interaction, payload["type"], None)
        if payload["type"] not in (DEFERRED_MESSAGE, IMMEDIATE_MESSAGE):
            raise Refused(f"type: {payload['type']}")
        loading = LOADING if payload["type"] == DEFERRED_MESSAGE else 0
        if not loading:
            check_message(data, files)
        message = self._world.add(interaction.channel_id, BOT_ID, data, files, flags=loading | (data.get("flags", 0) & EPHEMERAL))
        interaction.private = bool(message["flags"] & EPHEMERAL)
        return await self._acknowledged(interaction, payload["type"], message, loading=bool(loading))

    async def _acknowledged(
        self, interaction: FakeInteraction, how: int, message: Message | None, *, loading: bool = False
    ) -> web.StreamResponse:
        """The interaction has its answer: a message, new or changed, or a form."""
        interaction.message_id = message["id"] if message else None
        interaction.acknowledged_after_s = asyncio.get_running_loop().time() - interaction.created_at
        interaction.acknowledged.set()
        await self._world.tell()
        told: dict[str, Any] = {"id": interaction.id, "type": interaction.kind}
        if message is not None:
            told |= {"response_message_id": message["id"], "response_message_loading": loading}
        return answered({"interaction": told, "resource": {"type": how, **({"message": message} if message else {})}})

    async def _get_original(self, request: web.Request) -> web.StreamResponse:
        return answered(self._original(request))

    async def _edit_original(self, request: web.Request) -> web.StreamResponse:
        payload, files = await _read_payload(request)
        check_message(payload, files, editing=True)
        message = self._original(request)
        self._world.check_open(message["channel_id"])
        message["flags"] &= ~LOADING
        self._world.fill(message, payload, files)
        if not message["flags"] & EPHEMERAL:
            await self._tell("MESSAGE_UPDATE", message)
        await self._world.tell()
        return answered(message)

    async def _follow_up(self, request: web.Request) -> web.StreamResponse:
        payload, files = await _read_payload(request)
        check_message(payload, files)
        interaction = self._interaction(request)
        self._world.check_open(interaction.channel_id)
        message = self._world.add(interaction.channel_id, BOT_ID, payload, files, flags=payload.get("flags", 0) & EPHEMERAL)
        await self._world.tell()
        return answered(message)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        data = self._world.files.get(request.path)
        return web.Response(status=404) if data is None else web.Response(body=data, content_type="application/octet-stream")

    def _interaction(self, request: web.Request) -> FakeInteraction:
        interaction = self._world.interactions.get(request.match_info["token"])
        if interaction is None:
            raise Refused("Unknown Webhook", status=404, code=10015)
        if interaction.expired:
            raise Refused("Invalid Webhook Token", status=401, code=50027)
        return interaction

    def _original(self, request: web.Request) -> Message:
        interaction = self._interaction(request)
        if interaction.message_id is None:
            raise Refused("Unknown Message", status=404, code=10008)
        return self._world.find(interaction.channel_id, interaction.message_id)

    def _as_seen(self, message: Message) -> Message:
        session = self._gateway.session
        return as_seen(message, session.intents if session else 0) or message

    async def _tell(self, event: str, message: Message) -> None:
        session = self._gateway.session_of(message)
        if session is not None and (seen := as_seen(message, session.intents)):
            await self._gateway.dispatch(event, seen)
        await self._world.tell()


async def _read_payload(request: web.Request) -> tuple[dict[str, Any], Files]:
    """The JSON of a request, and the files that come with it, by their numbers."""
    if not request.content_type.startswith("multipart/"):
        return await request.json(), {}
    payload: dict[str, Any] = {}
    files: Files = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise Refused("a multipart in a multipart")
        name = part.name or ""
        if name == "payload_json":
            payload = json.loads(await part.text())
        elif name.startswith("files["):
            files[int(name[6:-1])] = (part.filename or "", bytes(await part.read()))
    return payload, files


def _known_channel(request: web.Request) -> str:
    channel_id = request.match_info["channel"]
    if channel_id not in (CHANNEL, DM_CHANNEL, OTHER_CHANNEL, THREAD):
        raise Refused("Unknown Channel", status=404, code=10003)
    return channel_id


def _as_stored(command: dict[str, Any], known: dict[tuple[int, str], str], world: World) -> dict[str, Any]:
    """A command as Discord gives it back: with an id, without what is empty or false in its options."""
    kind = command.get("type", 1)
    options = [
        {key: value for key, value in option.items() if value not in (None, False, {}, [])} for option in command.get("options") or []
    ]
    stored = {key: value for key, value in command.items() if key not in ("options", "dm_permission")}
    common = {"id": known.get((kind, command["name"]), world.ids.new()), "application_id": BOT_ID, "version": world.ids.new(), "type": kind}
    return stored | common | {"description": command.get("description", "")} | ({"options": options} if options else {})
