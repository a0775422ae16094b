"""What the server remembers of each page: its open sockets, and its last answers, so that none is lost or given twice."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from aiohttp import web

KEPT_S = 3_600.0  # how long an answer waits for its page
KEPT_MESSAGES = 50  # of one session; the oldest answered ones go first
KEPT_SESSIONS = 100
SEND_TIMEOUT_S = 10.0


@dataclass
class Message:
    """One line of a session, from its arrival until it is forgotten. Times of the monotonic clock, in seconds."""

    job_id: str | None = None
    answer: str | None = None  # as it is sent
    answered_at: float = 0.0
    cancelled: bool = False
    got: asyncio.Event = field(default_factory=asyncio.Event)

    def give(self, answer: str) -> None:
        """Keep the answer, the first one that comes."""
        if self.answer is None:
            self.answer, self.answered_at = answer, time.monotonic()

    @property
    def over(self) -> bool:
        """Whether nothing more is to come."""
        return self.answer is not None or self.cancelled

    @property
    def stale(self) -> bool:
        """Whether its page stayed away too long."""
        return self.answer is not None and time.monotonic() - self.answered_at > KEPT_S


class Session:
    """One browser: its tabs share their answers."""

    def __init__(self) -> None:
        self.sockets: set[web.WebSocketResponse] = set()
        self.address = ""  # where it was opened last
        self._messages: OrderedDict[str, Message] = OrderedDict()

    def find(self, message_id: str) -> Message | None:
        """What is known of a line."""
        return self._messages.get(message_id)

    def message(self, message_id: str) -> Message:
        """What is known of a line; a new one where nothing is."""
        if message_id not in self._messages:
            self._trim()
            self._messages[message_id] = Message()
        return self._messages[message_id]

    async def tell(self, text: str) -> bool:
        """Send something to every tab; whether any took it."""
        sent = await asyncio.gather(*(_send(socket, text) for socket in list(self.sockets)))
        return any(sent)

    def _trim(self) -> None:
        for message_id, message in list(self._messages.items()):
            if message.stale or (message.over and len(self._messages) >= KEPT_MESSAGES):
                del self._messages[message_id]


class Sessions:
    """All sessions; those without a page that were quiet longest go first."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def open(self, session_id: str) -> Session:
        """The session of this id; a new one where there is none."""
        session = self._sessions.pop(session_id, None) or Session()
        quiet = [name for name, other in self._sessions.items() if not other.sockets]
        for name in quiet[: max(0, len(self._sessions) + 1 - KEPT_SESSIONS)]:
            del self._sessions[name]
        self._sessions[session_id] = session
        return session


async def _send(socket: web.WebSocketResponse, text: str) -> bool:
    """Whether a tab took what was sent; one that is gone or does not listen is no error."""
    if socket.closed:
        return False
    try:
        await asyncio.wait_for(socket.send_str(text), SEND_TIMEOUT_S)
    except (ConnectionError, RuntimeError, TimeoutError):
        return False
    return True
