"""The fake Discord's gateway: hello, heartbeats, identify, resume with replay, reconnect and invalid sessions, compressed."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.fakes.discord.objects import BOT_ID, DM_CHANNEL, GUILD, OTHER_GUILD, TOKEN, application, guild, shard_of, user
from tests.fakes.discord.world import World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT
AUTHENTICATION_FAILED, DISALLOWED_INTENTS, DECODE_ERROR, INVALID_SHARD, SHARDING_REQUIRED = 4004, 4014, 4002, 4010, 4011


@dataclass
class Session:
    """What a client may resume: all events so far."""

    id: str
    intents: int
    shard: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)


class Connection:
    """One websocket, compressed as one stream from its first to its last byte."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, *, compressed: bool) -> None:
        self.socket = socket
        self._request = request
        self._stream = zlib.compressobj() if compressed else None

    async def send(self, op: int, data: Any, **more: Any) -> None:
        """Send one payload; nothing where the socket is closed."""
        text = json.dumps({"op": op, "d": data, "s": None, "t": None} | more)
        if self.socket.closed:
            return
        if self._stream is None:
            await self.socket.send_str(text)
        else:
            await self.socket.send_bytes(self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH))

    def abort(self) -> None:
        """Cut the line without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()


class Gateway:
    """Knows one bot, which may come by several shards. `allowed_privileged`: the intents that its owner switched on.

    `recommended_shards` is what a bot is told, `least_shards` what it must come with. `session` and `connection` are those of its first shard,
    else of the one that it holds.
    """

    def __init__(self, world: World, *, locale: str, heartbeat_ms: int) -> None:
        self._world = world
        self._locale = locale
        self._heartbeat_ms = heartbeat_ms
        self.url = ""
        self.allowed_privileged = 0
        self.token = TOKEN
        self.recommended_shards = self.least_shards = 1
        self.shards = 1  # as the bot said last
        self.sessions: dict[int, Session] = {}
        self.connected: dict[int, Connection] = {}
        self.connections = 0
        self.resumes = 0
        self.heartbeats = 0
        self.identified_with: list[int] = []  # intents
        self._again = 0

    @property
    def session(self) -> Session | None:
        return self.sessions.get(min(self.sessions, default=0))

    @property
    def connection(self) -> Connection | None:
        return self.connected.get(min(self.connected, default=0))

    def session_of(self, data: dict[str, Any]) -> Session | None:
        """The session that is told of an event; None where no bot holds its shard."""
        return self.sessions.get(shard_of(data.get("guild_id"), shards=self.shards))

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection, until it closes."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            await socket.close(code=DECODE_ERROR)
            return socket
        connection = Connection(socket, request, compressed=request.query.get("compress") == "zlib-stream")
        await connection.send(HELLO, {"heartbeat_interval": self._heartbeat_ms})
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await self._take(connection, json.loads(frame.data))
        for shard in [shard for shard, held in self.connected.items() if held is connection]:
            del self.connected[shard]
            await self._world.tell()
        return socket

    async def dispatch(self, event: str, data: dict[str, Any]) -> None:
        """An event for the bot: sent now if it is connected, and kept for a resume. What happens on a shard that nobody holds is lost."""
        if not self.sessions:
            raise RuntimeError("no bot has identified yet")
        if (session := self.session_of(data)) is not None:
            await self._dispatch(session, event, data)

    async def _dispatch(self, session: Session, event: str, data: dict[str, Any]) -> None:
        payload = {"t": event, "s": len(session.events) + 1, "d": data}
        session.events.append(payload)
        if (connection := self.connected.get(session.shard)) is not None:
            await connection.send(DISPATCH, data, s=payload["s"], t=event)

    async def drop(self, *, resume: bool, again: int, abruptly: bool) -> None:
        """End the first shard's connection; the bot may resume, or must identify anew. The last `again` events come twice."""
        if not self.connected:
            raise RuntimeError("no bot is connected")
        shard = min(self.connected)
        connection = self.connected.pop(shard)
        self._again = again
        if not resume:
            del self.sessions[shard]
            await connection.send(INVALID_SESSION, False)
        elif abruptly:
            connection.abort()
        else:
            await connection.send(RECONNECT, None)
        await self._world.tell()

    async def close(self) -> None:
        """End all connections for good."""
        for connection in list(self.connected.values()):
            await connection.socket.close(code=1001)

    async def _take(self, connection: Connection, payload: dict[str, Any]) -> None:
        op, data = payload["op"], payload["d"]
        if op == HEARTBEAT:
            self.heartbeats += 1
            await connection.send(ACK, None)
        elif op == IDENTIFY:
            await self._identify(connection, data)
        elif op == RESUME:
            await self._resume(connection, data)

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        intents = data["intents"]
        self.identified_with.append(intents)
        if data["token"] != self.token:
            await connection.socket.close(code=AUTHENTICATION_FAILED)
            return
        if intents & PRIVILEGED & ~self.allowed_privileged:
            await connection.socket.close(code=DISALLOWED_INTENTS)
            return
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards or shards < self.least_shards:
            await connection.socket.close(code=SHARDING_REQUIRED if shards < self.least_shards else INVALID_SHARD)
            return
        self.shards = shards
        session = self.sessions[shard] = Session(id=self._world.ids.new(), intents=intents, shard=shard)
        self.connected[shard] = connection
        guilds = [one for one in (GUILD, OTHER_GUILD) if shard_of(one, shards=shards) == shard]
        ready = {
            "v": 10,
            "user": user(BOT_ID),
            "guilds": [{"id": one, "unavailable": True} for one in guilds],
            "shard": [shard, shards],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "application": {"id": application()["id"], "flags": 0},
        }
        await self._dispatch(session, "READY", ready)
        for one in guilds if intents & GUILDS else ():
            await self._dispatch(session, "GUILD_CREATE", guild(self._locale, one))
        self.connections += 1
        await self._world.tell()

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = next((one for one in self.sessions.values() if one.id == data["session_id"]), None)
        if session is None or data["token"] != self.token:
            await connection.send(INVALID_SESSION, False)
            return
        known, missed = session.events[: int(data["seq"])], session.events[int(data["seq"]) :]
        repeated = [event for event in known if _is_from_person(event)][-self._again :] if self._again else []
        self._again = 0
        for event in (*repeated, *missed):
            await connection.send(DISPATCH, event["d"], s=event["s"], t=event["t"])
        self.connected[session.shard] = connection
        await self._dispatch(session, "RESUMED", {"_trace": []})
        self.resumes += 1
        self.connections += 1
        await self._world.tell()


def _is_from_person(event: dict[str, Any]) -> bool:
    return event["t"] == "INTERACTION_CREATE" or (event["t"] == "MESSAGE_CREATE" and event["d"]["author"]["id"] != BOT_ID)


def as_seen(message: dict[str, Any], intents: int) -> dict[str, Any] | None:
    """A message as a bot with these intents gets it; None where it does not get it.

    Without the message content intent the words of a message are empty unless it is the bot's own, a direct one, or names the bot;
    that holds for the message within a reply, too.
    """
    direct = message["channel_id"] == DM_CHANNEL
    if not intents & (DIRECT_MESSAGES if direct else GUILD_MESSAGES):
        return None
    seen = dict(message)
    if message.get("referenced_message"):
        seen["referenced_message"] = as_seen(message["referenced_message"], intents)
    named = any(mentioned["id"] == BOT_ID for mentioned in message["mentions"])
    if not (direct or named or message["author"]["id"] == BOT_ID or intents & MESSAGE_CONTENT):
        seen |= {"content": "", "embeds": [], "attachments": []}
    return seen
