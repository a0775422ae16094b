"""The chat itself: takes lines from pages, and brings answers to them until they say that they have them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web
from redis.exceptions import RedisError

from bot.closing import CLOSING_S, let_end
from bot.conversation import failure_reply
from bot.desk import Desk, job_id_of
from bot.errors import BotError
from bot.feedback.press import Press
from bot.language import Speech
from bot.platforms.platform import Answer, Apology, CannotPost, Incoming, IncomingFile, TryLater
from bot.platforms.web import protocol
from bot.platforms.web.guesses import address_of
from bot.platforms.web.sessions import Message, Session, Sessions
from bot.platforms.web.settings import WebSettings
from bot.reply import Reply
from engine.contract import Message as Sentence

log = logging.getLogger("yomite.web")

HEARTBEAT_S = 20.0
GOT_TIMEOUT_S = 10.0  # how long a page may take to say that it has an answer
AWAY_S = 3.0  # how soon an answer is tried again whose page is away
ROOM_FOR_TEXT = 4 * 1024 * 1024  # bytes of a message beside its file


class WebChat:
    """The web as a platform of the desk, and the other end of every page's socket."""

    name = "web"

    def __init__(self, settings: WebSettings, desk: Desk) -> None:
        self._settings = settings
        self._desk = desk
        self._sessions = Sessions()
        self._sockets: set[web.WebSocketResponse] = set()
        self._working: set[asyncio.Task[None]] = set()

    # --- the desk's side -------------------------------------------------------------------------------------------

    async def post(self, answer: Answer) -> None:
        """Bring an answer to its page.

        Raises:
            TryLater: no page of the session is open, or none has said that it has the answer.
            CannotPost: its page stayed away too long.
        """
        await self._give(answer.reply, answer.delivery, thumbs=answer.thumbs)

    async def apologise(self, apology: Apology) -> None:
        """Tell the page that the answer will not come.

        Raises:
            TryLater: as for an answer.
            CannotPost: as for an answer.
        """
        await self._give(apology.reply, apology.delivery)

    async def _give(self, reply: Reply, delivery: dict[str, Any], *, thumbs: bool = False) -> None:
        session = self._sessions.open(delivery["session"])
        message = session.message(delivery["id"])
        if message.cancelled or message.got.is_set():
            return
        if message.answer is None:
            seconds = time.time() - delivery["asked_at"]
            message.give(await asyncio.to_thread(protocol.answer, delivery["id"], reply, seconds=seconds, thumbs=thumbs))
        if message.stale:
            raise CannotPost("the page stayed away")
        if not await self._bring(session, message):
            raise TryLater(AWAY_S)

    async def show_progress(self, job_id: str, share: float, *, delivery: dict[str, Any], speech: Speech) -> None:
        """Tell the page how far a long reading is."""
        await self._sessions.open(delivery["session"]).tell(protocol.progress(delivery["id"], share))

    async def _bring(self, session: Session, message: Message) -> bool:
        if not await session.tell(message.answer or ""):
            return False
        try:
            await asyncio.wait_for(message.got.wait(), GOT_TIMEOUT_S)
        except TimeoutError:
            return False
        return True

    # --- the page's side -------------------------------------------------------------------------------------------

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        """One page's socket, from its opening to its end."""
        # A file travels as base64, four bytes for three.
        room = self._settings.upload_limit * 4 // 3 + ROOM_FOR_TEXT
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=room)
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await self._listen(socket, address_of(request))
        finally:
            self._sockets.discard(socket)
        return socket

    async def close(self) -> None:
        """Say goodbye to every page, after what is being read; they come back by themselves when the server does."""
        await let_end(self._working, within_s=CLOSING_S)
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(self._sockets)), return_exceptions=True)

    async def _listen(self, socket: web.WebSocketResponse, address: str) -> None:
        session_id, session = "", Session()
        try:
            async for frame in socket:
                if frame.type is not WSMsgType.TEXT:
                    continue
                try:
                    said = protocol.read(frame.data)
                except ValueError:
                    await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"not understood")
                    return
                if isinstance(said, protocol.Hello):
                    session.sockets.discard(socket)
                    session_id, session = said.session, self._sessions.open(said.session)
                    session.sockets.add(socket)
                    session.address = address
                    await socket.send_str(protocol.ready(upload_limit=self._settings.upload_limit, thumbs=self._desk.takes_feedback))
                elif session_id:
                    await self._hear(said, socket, session_id, session)
        except ConnectionError:
            pass  # the page went away while something was sent to it
        finally:
            session.sockets.discard(socket)

    async def _hear(self, said: protocol.Said, socket: web.WebSocketResponse, session_id: str, session: Session) -> None:
        known = session.find(said.id) if not isinstance(said, protocol.Hello) else None
        if isinstance(said, protocol.Thumb):
            self._in_background(self._press(said, session_id, session))
        elif isinstance(said, protocol.Ask | protocol.Resume) and known is not None:
            await socket.send_str(_as_it_stands(said.id, known))
        elif isinstance(said, protocol.Ask):
            message = session.message(said.id)
            await socket.send_str(protocol.taken(said.id))
            self._in_background(self._read(said, session_id, session, message))
        elif isinstance(said, protocol.Resume):
            await socket.send_str(protocol.lost(said.id))
        elif isinstance(said, protocol.Got) and known is not None:
            known.got.set()
        elif isinstance(said, protocol.Cancel):
            await self._cancel(said.id, session)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _press(self, said: protocol.Thumb, session_id: str, session: Session) -> None:
        """Take what the person says of an answer, and tell every tab."""
        press = Press(
            platform=self.name,
            event_id=said.press,
            answer=job_id_of(_event(session_id, said.id)),
            person=session_id,
            pressed_at=said.at,
            choice=said.choice,
            correction=said.correction,
            team=session.address,
        )
        try:
            await session.tell(protocol.opinion(said.id, said.press, await self._desk.press(press)))
        except BotError as error:
            await session.tell(protocol.not_pressed(said.id, said.press, error.message))
        except Exception as error:  # noqa: BLE001  # as in `_read`
            log.error("a thumb could not be taken: %s", type(error).__name__)
            await session.tell(protocol.not_pressed(said.id, said.press, _broken(type(error).__name__)))

    async def _read(self, said: protocol.Ask, session_id: str, session: Session, message: Message) -> None:
        """Give a line to the desk, and show at once what it answers at once."""
        asked_at = time.time()
        try:
            reply = await self._hand_over(said, session_id, session.address, message, asked_at)
        except BotError as error:
            reply = failure_reply(error.message, said.lang)
        except Exception as error:  # noqa: BLE001  # whatever went wrong, the page must not wait for ever
            # The message of an unknown error may hold a person's text.
            log.error("a line could not be read: %s", type(error).__name__)
            reply = failure_reply(_broken(type(error).__name__), said.lang)
        if reply is not None and not message.cancelled:
            # Not settled: where the page does not get this, and this server is gone, it says its line again.
            await self._desk.release(_event(session_id, said.id))
            message.give(protocol.answer(said.id, reply, seconds=time.time() - asked_at))
            await session.tell(message.answer or "")

    async def _hand_over(self, said: protocol.Ask, session_id: str, address: str, message: Message, asked_at: float) -> Reply | None:
        if said.file is not None and len(said.file.data) > self._settings.upload_limit:
            return failure_reply(_too_large(said.file, self._settings.upload_limit), said.lang)
        incoming = replace(_incoming(said, session_id), team=address)
        reading = await self._desk.read(incoming, wait=True)
        if isinstance(reading, Reply):
            return reading
        if reading is None:  # it was taken before this server started
            message.job_id = job_id_of(incoming)
        elif not message.cancelled:
            delivery = {"session": session_id, "id": said.id, "asked_at": asked_at}
            message.job_id = await self._desk.submit(reading, delivery)
        else:
            await self._desk.settle(incoming)
        if message.cancelled:
            await self._call_off(message)
        return None

    async def _cancel(self, message_id: str, session: Session) -> None:
        message = session.message(message_id)
        if message.answer is not None:
            return  # it was faster
        message.cancelled = True
        await session.tell(protocol.cancelled(message_id))
        await self._call_off(message)

    async def _call_off(self, message: Message) -> None:
        """Tell the queue that nobody waits; where it cannot be told, the answer is dropped when it comes."""
        if message.job_id:
            with contextlib.suppress(RedisError):
                await self._desk.cancel(message.job_id)


def _as_it_stands(message_id: str, message: Message) -> str:
    if message.cancelled:
        return protocol.cancelled(message_id)
    return message.answer or protocol.taken(message_id)


def _incoming(said: protocol.Ask, session_id: str) -> Incoming:
    files: tuple[IncomingFile, ...] = ()
    if said.file is not None:
        data = said.file.data

        async def read() -> bytes:
            return data

        files = (IncomingFile(name=said.file.name, size=len(data), read=read),)
    return replace(_event(session_id, said.id), line=said.line, locale=said.lang, own_locale=said.lang if said.chosen else "", files=files)


def _event(session_id: str, message_id: str) -> Incoming:
    """A line of a session, as far as its ids go."""
    return Incoming(platform=WebChat.name, event_id=f"{session_id}-{message_id}", person=session_id, line="")


def _too_large(file: protocol.File, limit: int) -> Sentence:
    size, most = len(file.data) / 1024**2, limit / 1024**2
    return Sentence(
        ja=f"{file.name} は大きすぎます（{size:.1f} MB）。{most:.1f} MB までのファイルを添えてください。",
        en=f"{file.name} is too large ({size:.1f} MB). Attach a file of {most:.1f} MB at most.",
    )


def _broken(what: str) -> Sentence:
    return Sentence(
        ja=f"内部の問題で読めませんでした（{what}）。\nもう一度送ってください。続くときは Yomite を起動し直してください。",
        en=f"A fault in Yomite kept it from reading this ({what}).\nSend it again. If it happens again, restart Yomite.",
    )
