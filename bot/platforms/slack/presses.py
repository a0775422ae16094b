"""Takes the presses of thumbs on Slack, and tells the person, and nobody else, what became of each."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any

from bot.closing import CLOSING_S, let_end
from bot.desk import Desk
from bot.errors import BotError
from bot.feedback.press import Choice, Opinion, Press
from bot.language import Speech, both
from bot.platforms.platform import CannotPost, TryLater
from bot.platforms.slack.blocks import Drawn
from bot.platforms.slack.place import DIRECT
from bot.platforms.slack.reading import team_of
from bot.platforms.slack.sending import Sending
from bot.platforms.slack.thumbs import (
    FIELD,
    FIELD_BLOCK,
    RIGHT,
    THUMB,
    WRITE,
    FormPlace,
    form,
    form_place_from_json,
    read_value,
    told,
    told_trouble,
)
from engine.contract import AskRequest

log = logging.getLogger("yomite.slack")

PLATFORM = "slack"
FORM_S = 2.0
TRIES = 3

_FAULT = both("うまくいきませんでした（Yomite 側の問題です）。", "That went wrong (it is a fault of Yomite's).")


class Presses:
    """One workspace's. For one event loop; acknowledges nothing itself."""

    def __init__(self, desk: Desk, sending: Sending) -> None:
        self._desk = desk
        self._sending = sending
        self._running: set[asyncio.Task[None]] = set()

    def action(self, payload: Mapping[str, Any]) -> None:
        """A button was pressed; those of other kinds are passed over."""
        action = (payload.get("actions") or [{}])[0]
        name = str(action.get("action_id", ""))
        if name.startswith((THUMB, RIGHT)):
            self._start(self._press(payload, action, name))
        elif name == WRITE:
            self._start(self._open_form(payload, action))

    async def form(self, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """A form was sent; returns what is wrong with it, as Slack shows that beside the field.

        That must be said in Slack's 3 seconds: where the store takes longer, the person is told below their answer.
        """
        view = payload["view"]
        place = form_place_from_json(str(view["private_metadata"]))
        typed = str((view["state"]["values"][FIELD_BLOCK][FIELD] or {}).get("value") or "")
        press = Press(
            platform=PLATFORM,
            event_id=str(view["id"]),
            answer=place.answer,
            person=str(payload["user"]["id"]),
            pressed_at=time.time(),
            choice="correct",
            correction=typed,
            team=team_of(payload),
            channel=place.channel,
            direct=place.channel.startswith(DIRECT),
        )
        taking = asyncio.ensure_future(self._desk.press(press))
        done, _ = await asyncio.wait([taking], timeout=FORM_S)
        error = taking.exception() if done else None
        if isinstance(error, BotError):
            return {"response_action": "errors", "errors": {FIELD_BLOCK: error.message.in_language(place.speech)}}
        self._start(self._tell_of_form(taking, place))
        return None

    async def _tell_of_form(self, taking: asyncio.Future[Opinion], place: FormPlace) -> None:
        drawn = await _drawn(taking, place.answer, place.speech)
        await self._tell(place.response_url, drawn, in_place=True)

    async def close(self) -> None:
        """Let what has been taken come to its end, for a few seconds."""
        await let_end(self._running, within_s=CLOSING_S)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _press(self, payload: Mapping[str, Any], action: Mapping[str, Any], name: str) -> None:
        answer, speech, chosen = read_value(str(action["value"]))
        corrects = name.startswith(RIGHT)
        choice: Choice = "correct" if corrects else "good" if name == f"{THUMB}good" else "bad"
        press = _press_of(payload, action, answer=answer, choice=choice, correction=chosen)
        drawn = await _drawn(self._desk.press(press), answer, speech)
        thread_ts = str((payload.get("container") or {}).get("thread_ts") or (payload.get("message") or {}).get("thread_ts") or "")
        await self._tell(str(payload.get("response_url", "")), drawn, in_place=corrects, thread_ts=thread_ts)

    async def _open_form(self, payload: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        answer, speech, _ = read_value(str(action["value"]))
        url = str(payload.get("response_url", ""))
        try:
            answered = await self._desk.answered(_press_of(payload, action, answer=answer, choice="correct"))
            if isinstance(answered.request, AskRequest):
                place = FormPlace(answer=answer, speech=speech, response_url=url, channel=_channel_of(payload))
                await self._sending.open_form(str(payload.get("trigger_id", "")), form(answered.request, place))
        except BotError as error:
            await self._tell(url, told_trouble(error.message, speech), in_place=False)
        except (TryLater, CannotPost) as error:
            log.warning("a form could not be opened: %s", error)
            await self._tell(url, told_trouble(_FAULT, speech), in_place=False)

    async def _tell(self, url: str, drawn: Drawn, *, in_place: bool, thread_ts: str = "") -> None:
        """To the person alone; `in_place` of what they were told before."""
        for _ in range(TRIES):
            try:
                return await self._sending.tell(url, drawn, in_place=in_place, thread_ts=thread_ts)
            except TryLater as later:
                await asyncio.sleep(later.after_s)
            except CannotPost as error:
                log.warning("what became of a thumb cannot be told: %s", error)
                return None
        return None


async def _drawn(taking: Awaitable[Opinion], answer: str, speech: Speech) -> Drawn:
    """What the person is told of a press."""
    try:
        return told(await taking, answer, speech)
    except BotError as error:
        return told_trouble(error.message, speech)
    except Exception as error:  # noqa: BLE001  # the person must hear of a fault of ours
        log.error("a thumb could not be taken: %s", type(error).__name__)
        return told_trouble(_FAULT, speech)


def _press_of(payload: Mapping[str, Any], action: Mapping[str, Any], *, answer: str, choice: Choice, correction: str = "") -> Press:
    at = str(action.get("action_ts", ""))
    channel = _channel_of(payload)
    return Press(
        platform=PLATFORM,
        event_id=str(payload.get("trigger_id") or at),
        answer=answer,
        person=str(payload["user"]["id"]),
        pressed_at=float(at),
        choice=choice,
        correction=correction,
        team=team_of(payload),
        channel=channel,
        direct=channel.startswith(DIRECT),
    )


def _channel_of(payload: Mapping[str, Any]) -> str:
    return str((payload.get("channel") or {}).get("id") or (payload.get("container") or {}).get("channel_id") or "")
