"""Takes in what people say on Slack: writes it down before it is acknowledged, then shows "Reading…", hands over, and shows what needs no worker."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.closing import CLOSING_S, let_end
from bot.conversation import LocalRequest, failure_reply, understand
from bot.desk import Desk, Reading, TakenIn, waiting_line
from bot.errors import BotError, CommandError
from bot.faults import log_fault
from bot.language import Speech, both, speech_of
from bot.platforms.platform import CannotPost, Incoming, TryLater
from bot.platforms.slack.locales import Locales
from bot.platforms.slack.manifest import READ, line_of_slash
from bot.platforms.slack.markup import as_typed
from bot.platforms.slack.place import Place
from bot.platforms.slack.posting import SlackPlatform
from bot.platforms.slack.reading import Event, Reader, team_of
from bot.platforms.slack.sending import Sending
from bot.platforms.slack.wording import PRIVATE
from bot.reply import Reply
from workers.queue.intake import Left

log = logging.getLogger("yomite.slack")

TRIES = 4  # for a Reply that needs no worker and is kept nowhere
# Of what Slack sends, what is needed to read it; not the token that proves old requests, nor whole channels and profiles.
KEPT = (
    *("command", "text", "channel_id", "user_id", "team_id", "trigger_id", "response_url"),
    *("callback_id", "channel", "user", "team", "message"),
    *("ts", "thread_ts", "files", "channel_type", "subtype", "user_team"),
)

_FAULT = both(
    "うまくいきませんでした（Yomite 側の問題です）。もう一度お試しください。",
    "That went wrong (it is a fault of Yomite's). Please try again.",
)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What somebody asked, and where its answer goes. `shown_to_all`: errors and help, too. `files` as Slack told of them."""

    incoming: Incoming
    place: Place
    shown_to_all: bool
    files: Sequence[Event] = ()


Start = Callable[[], None]  # begins to read what was taken in; to be called once it is acknowledged


class Intake:
    """One workspace's questions. For one event loop.

    What takes something in gives what begins to read it: between both it is acknowledged.
    """

    def __init__(self, desk: Desk, sending: Sending, platform: SlackPlatform, reader: Reader, locales: Locales) -> None:
        self._desk = desk
        self._sending = sending
        self._platform = platform
        self._reader = reader
        self._locales = locales
        self._running: set[asyncio.Task[None]] = set()

    def is_for_all(self, payload: Mapping[str, Any]) -> bool:
        """Whether a slash command will be answered in the channel: it is right, needs a worker, is not `--private`, and may be asked."""
        event_id, place = str(payload.get("trigger_id", "")), _place_of_slash(payload)
        if not self._desk.lets_in(self._incoming(event_id, place, "", team=team_of(payload))):
            return False
        try:
            understood = understand(_line(payload), extra_options=(PRIVATE,), slash_optional=True)
        except CommandError:
            return False
        return not isinstance(understood.request, LocalRequest) and PRIVATE.name not in understood.extras

    def again(self, left: Left) -> None:
        """What a bot that ended was reading; it was acknowledged then.

        Raises:
            KeyError: another version wrote it down, in another form.
        """
        kind, payload, team = (left.told[name] for name in ("kind", "payload", "team"))
        asked: dict[str, Callable[[], _Asked | None]] = {
            "command": lambda: self._command(payload, left),
            "shortcut": lambda: self._shortcut(payload, left),
            "mention": lambda: self._mention(payload, left.event_id, team=team, left=left),
            "message": lambda: self._direct(payload, left.event_id, team=team, left=left),
        }
        if (found := asked[kind]()) is not None:
            self._start(found)

    async def command(self, payload: Mapping[str, Any]) -> Start:
        """A slash command: the answer goes to the channel, errors and help only to the asker."""
        return await self._take_in(self._command(payload))

    async def mention(self, event: Mapping[str, Any], event_id: str, *, team: str = "") -> Start:
        """A message that names the bot: answered in its thread."""
        return await self._take_in(self._mention(event, event_id, team=team))

    async def message(self, event: Mapping[str, Any], event_id: str, *, team: str = "") -> Start:
        """A direct message: answered below it, or in its thread."""
        return await self._take_in(self._direct(event, event_id, team=team))

    async def shortcut(self, payload: Mapping[str, Any]) -> Start:
        """The entry "read this" in the menu of a message: answered in the thread of that message."""
        return await self._take_in(self._shortcut(payload))

    async def close(self) -> None:
        """Let what has been taken in come to its end, for a few seconds."""
        await let_end(self._running, within_s=CLOSING_S)

    def _command(self, payload: Mapping[str, Any], left: Left | None = None) -> _Asked:
        event_id = str(payload.get("trigger_id", ""))
        place = _place_of_slash(payload)
        incoming = self._incoming(event_id, place, _line(payload), team=team_of(payload))
        return _Asked(incoming=_written_down(incoming, "command", payload, left), place=place, shown_to_all=False)

    def _mention(self, event: Mapping[str, Any], event_id: str, *, team: str, left: Left | None = None) -> _Asked | None:
        if self._reader.is_for_us(event) and not str(event["channel"]).startswith("D"):
            thread_ts = str(event.get("thread_ts") or event["ts"])
            return self._message("mention", event, event_id, thread_ts=thread_ts, team=team, left=left)
        return None

    def _direct(self, event: Mapping[str, Any], event_id: str, *, team: str, left: Left | None = None) -> _Asked | None:
        if event.get("channel_type") == "im" and self._reader.is_for_us(event):
            return self._message("message", event, event_id, thread_ts=str(event.get("thread_ts") or ""), team=team, left=left)
        return None

    def _shortcut(self, payload: Mapping[str, Any], left: Left | None = None) -> _Asked:
        name = str(payload.get("callback_id", "")).removeprefix(READ).replace("_", "-")
        message = payload.get("message") or {}
        event_id = str(payload.get("trigger_id", ""))
        place = replace(
            _place(event_id, channel=str(payload["channel"]["id"]), person=str(payload["user"]["id"])),
            thread_ts=str(message.get("thread_ts") or message.get("ts") or ""),
            response_url=str(payload.get("response_url", "")),
        )
        text = as_typed(str(message.get("text", "")))
        # The message is read as it is, whatever in it looks like an option: it comes along as an attached text does.
        incoming = replace(self._incoming(event_id, place, f"/{name}", team=team_of(payload)), nearby=lambda: _ready(text))
        files = () if text.strip() else message.get("files") or ()
        if text.strip():
            incoming = replace(incoming, locale=speech_of(text, otherwise="en"))
        return _Asked(incoming=_written_down(incoming, "shortcut", payload, left), place=place, shown_to_all=False, files=files)

    def _message(self, kind: str, event: Mapping[str, Any], event_id: str, *, thread_ts: str, team: str, left: Left | None) -> _Asked:
        place = replace(
            _place(event_id, channel=str(event["channel"]), person=str(event["user"])), thread_ts=thread_ts, asked_at=float(event["ts"])
        )
        # In a channel that two workspaces share, the person's own one counts.
        team = str(event.get("user_team") or event.get("team") or team)
        incoming = self._incoming(event_id, place, self._reader.line_of(event), team=team)
        if event.get("thread_ts"):
            incoming = replace(
                incoming, nearby=lambda: self._reader.thread_text(place.channel, str(event["thread_ts"]), before=str(event["ts"]))
            )
        files = event.get("files") or ()
        return _Asked(incoming=_written_down(incoming, kind, event, left), place=place, shown_to_all=True, files=files)

    def _incoming(self, event_id: str, place: Place, line: str, *, team: str) -> Incoming:
        return Incoming(
            platform=SlackPlatform.name,
            event_id=event_id,
            person=place.person,
            line=line,
            team=team,
            channel=place.channel,
            direct=place.is_direct,
            extra_options=(PRIVATE,),
        )

    async def _take_in(self, asked: _Asked | None) -> Start:
        if asked is None:
            return lambda: None
        taken = await self._desk.take_in(asked.incoming)
        return lambda: self._start(asked, taken)

    def _start(self, asked: _Asked, taken: TakenIn | None = None) -> None:
        place = replace(asked.place, asked_at=min(asked.place.asked_at, asked.incoming.at or asked.place.asked_at))
        task = asyncio.create_task(self._take(replace(asked, place=place), taken=taken))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _take(self, asked: _Asked, *, taken: TakenIn | None) -> None:
        incoming, place = asked.incoming, asked.place
        if self._desk.lets_in(incoming):  # of strangers, nothing is asked
            own_locale, files = await self._locales.of(incoming.person), await self._reader.files_of(asked.files)
            incoming = replace(incoming, own_locale=own_locale, files=files)
        speech = self._desk.speech_for(incoming)
        aside = place if asked.shown_to_all else replace(place, private=True)
        try:
            found = await self._desk.read(incoming, taken=taken)
            if found is None:
                return
            if isinstance(found, Reading):
                place = aside = await self._begin(found, place, again=incoming.tried > 0)
                await self._desk.submit(found, place.to_json())
                return
            alone = found.only_asker and not aside.is_direct
            await self._show(found, replace(aside, private=True) if alone else aside, speech)
        except BotError as error:
            await self._show(failure_reply(error.message, speech), aside, speech)
        except Exception as error:  # noqa: BLE001  # the person must hear of a fault of ours
            log_fault(log, "taking a question on Slack", error)
            await self._show(failure_reply(_FAULT, speech), aside, speech)
        await self._desk.settle(incoming)

    async def _begin(self, reading: Reading, place: Place, *, again: bool) -> Place:
        private = PRIVATE.name in reading.extras and not place.is_direct
        return await self._sending.begin(replace(place, private=private), waiting_line(reading.speech), again=again)

    async def _show(self, reply: Reply, place: Place, speech: Speech) -> None:
        for left in reversed(range(TRIES)):
            try:
                await self._platform.show(reply, place, speech=speech)
                return
            except TryLater as later:
                if left:
                    await asyncio.sleep(min(later.after_s, 30))
            except CannotPost as error:
                log.warning("a reply cannot be posted: %s", error)
                return
        log.warning("a reply could not be posted: Slack was in trouble too long")


def _written_down(incoming: Incoming, kind: str, payload: Mapping[str, Any], left: Left | None) -> Incoming:
    """With what another bot needs where this one ends before it has handed the event over."""
    told = {"kind": kind, "team": incoming.team, "payload": {name: payload[name] for name in KEPT if name in payload}}
    return replace(incoming, told=told, tried=left.tried if left else 0, at=left.at if left else time.time())


def _line(payload: Mapping[str, Any]) -> str:
    """A slash command as it is typed everywhere else."""
    return line_of_slash(str(payload.get("command", "")), as_typed(str(payload.get("text") or "")))


def _place(event_id: str, *, channel: str, person: str) -> Place:
    key = hashlib.sha256(event_id.encode()).hexdigest()[:24]
    return Place(key=key, channel=channel, person=person, asked_at=time.time())


def _place_of_slash(payload: Mapping[str, Any]) -> Place:
    place = _place(str(payload.get("trigger_id", "")), channel=str(payload["channel_id"]), person=str(payload["user_id"]))
    return replace(place, response_url=str(payload.get("response_url", "")))


async def _ready(text: str) -> str | None:
    return text
