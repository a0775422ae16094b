"""Says things at a Place: into its channel or thread, or to the asker alone; each thing once, however often it is tried."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.platforms.platform import CannotPost, TryLater
from bot.platforms.slack.blocks import Drawn
from bot.platforms.slack.place import Place
from bot.platforms.slack.settings import RESPONSE_HOST, SlackSettings
from bot.platforms.slack.trouble import GONE, SHUT, Unsure, as_desk_errors, code_of, may_have_been_heard, unconfirmed

EVENT_TYPE = "yomite_answer"  # of the metadata that marks our messages
LOOK_BACK_S = 300.0  # clocks differ
PAGES = 5
PROGRESS_S = 2.0  # for saying how far it is: what would come later could stand over the answer that another bot has posted
# Told True when something is on its way that nobody can look up, and False when it surely did not arrive.
Once = Callable[[bool], Awaitable[None]]
_TROUBLE = (SlackApiError, aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that belongs to an answer. `name` is the same whenever the answer is tried again."""

    name: str
    title: str
    data: bytes
    alt: str = ""


@contextlib.asynccontextmanager
async def _at_most_once(once: Once | None) -> AsyncIterator[None]:
    """Around a call that must not be made again where it may have been heard.

    Raises:
        CannotPost: nobody knows whether it was.
    """
    if once is None:
        yield
        return
    await once(True)
    try:
        yield
    except (*_TROUBLE, TryLater) as error:
        if may_have_been_heard(error):
            raise unconfirmed() from error
        await once(False)
        raise


class Sending:
    """The way out, for one event loop. Methods raise TryLater and CannotPost unless they say otherwise."""

    def __init__(self, client: AsyncWebClient, settings: SlackSettings, session: aiohttp.ClientSession, logger: logging.Logger) -> None:
        self._client = client
        # Tries nothing again by itself.
        self._hasty = AsyncWebClient(
            token=settings.bot_token, base_url=settings.base_url, session=session, logger=logger, retry_handlers=[]
        )
        self._hasty.proxy = client.proxy
        self._settings = settings
        self._session = session
        self._logger = logger

    async def begin(self, place: Place, line: str, *, again: bool = False) -> Place:
        """Show that the question has been taken. Never fails: where Slack is in trouble the answer comes without this.

        `again` where a bot that ended may have shown it already.
        """
        if not place.private:
            try:
                if again and (found := await self._find(place, lambda message: _key_of(message) == place.key)):
                    return replace(place, message_ts=found)
                response = await self._post(place, Drawn(text=line, blocks=[]))
                return replace(place, message_ts=str(response["ts"]))
            except _TROUBLE as error:
                code = code_of(error) if isinstance(error, SlackApiError) else ""
                if code not in SHUT:
                    return place
                place = replace(place, outside=code)
        try:
            return replace(place, waiting=await self._respond(place, Drawn(text=line, blocks=[])))
        except (*_TROUBLE, TryLater):
            return place

    async def say(self, place: Place, drawn: Drawn, *, once: Once | None = None) -> Place:
        """Say it where it belongs, in the place of "Reading…". Returns where it stands now; `outside` tells that it is nowhere yet.

        `once` is told, of what only the asker sees, when it is on its way and when it surely did not arrive. Slack lets nobody look such
        a message up: without `once` it may come twice, with it where nobody knows whether it came that is a CannotPost.
        """
        with as_desk_errors():
            if place.only_asker:
                return await self._to_asker(place, drawn, once)
            try:
                return await self._in_channel(place, drawn)
            except SlackApiError as error:
                if code_of(error) not in SHUT:
                    raise
                return replace(place, outside=code_of(error))

    async def say_directly(self, place: Place, drawn: Drawn) -> None:
        """Say it in the asker's direct messages, where it can be looked up whether it stands there already."""
        with as_desk_errors():
            await self._in_channel(await self._direct_messages(place), drawn)

    async def change(self, place: Place, line: str) -> None:
        """Say another line where "Reading…" stands, at once or not at all.

        Nothing where only the asker sees it: Slack allows few changes there.
        """
        if place.message_ts and not place.only_asker:
            with as_desk_errors():
                async with asyncio.timeout(PROGRESS_S):
                    await self._update(place, place.message_ts, Drawn(text=line, blocks=[]), client=self._hasty)

    async def upload(self, place: Place, upload: Upload, *, again: bool) -> None:
        """Bring a file to the same place: to the asker's direct messages where only they see the answer."""
        with as_desk_errors():
            if place.only_asker:
                place = await self._direct_messages(place)
            try:
                await self._upload(place, upload, again=again)
            except SlackApiError as error:
                if code_of(error) not in SHUT or place.is_direct:
                    raise
                await self._upload(await self._direct_messages(place), upload, again=again)

    async def tell(self, url: str, drawn: Drawn, *, in_place: bool, thread_ts: str = "") -> None:
        """Tell somebody alone what became of what they pressed; `in_place` of the message that they pressed it in."""
        if not self._settings.is_slacks(url, host=RESPONSE_HOST):
            raise CannotPost("Slack: no response_url")
        body = {"text": drawn.text, "blocks": drawn.blocks, "response_type": "ephemeral", "replace_original": in_place}
        with as_desk_errors():
            response = await self._webhook(url).send_dict(body | ({"thread_ts": thread_ts} if thread_ts else {}))
        if response.status_code == 429 or response.status_code >= 500:
            raise TryLater
        if response.status_code != 200:
            raise CannotPost(f"Slack: response_url {response.status_code}")

    async def open_form(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a form, within 3 seconds of the press that it answers."""
        with as_desk_errors():
            await self._client.views_open(trigger_id=trigger_id, view=view)

    def _webhook(self, url: str) -> AsyncWebhookClient:
        client = AsyncWebhookClient(url, session=self._session, logger=self._logger, retry_handlers=[])
        client.proxy = self._client.proxy
        return client

    async def _in_channel(self, place: Place, drawn: Drawn) -> Place:
        if place.message_ts and await self._update(place, place.message_ts, drawn):
            return place
        found = await self._find(place, lambda message: _key_of(message) == place.key)
        if found and await self._update(place, found, drawn):
            return replace(place, message_ts=found)
        response = await self._post(place, drawn)
        return replace(place, message_ts=str(response["ts"]))

    async def _to_asker(self, place: Place, drawn: Drawn, once: Once | None) -> Place:
        """Through the response_url while it lives, else as a message that only they see, else as a direct message."""
        # An edit of what stands there may be made twice.
        async with _at_most_once(None if place.waiting else once):
            if await self._respond(place, drawn):
                return place
        async with _at_most_once(once):
            if await self._ephemeral(place, drawn):
                return place
        if once is not None:
            await once(False)  # nothing has come yet, and what comes now can be looked up
        await self._in_channel(await self._direct_messages(place), drawn)
        return place

    async def _post(self, place: Place, drawn: Drawn) -> AsyncSlackResponse:
        return await self._client.chat_postMessage(
            channel=place.channel,
            thread_ts=place.thread_ts or None,
            text=drawn.text,
            blocks=drawn.blocks or None,
            metadata=_metadata(place),
            unfurl_links=False,
            unfurl_media=False,
        )

    async def _update(self, place: Place, ts: str, drawn: Drawn, *, client: AsyncWebClient | None = None) -> bool:
        """False where the message cannot be changed any more."""
        update = (client or self._client).chat_update
        try:
            await update(channel=place.channel, ts=ts, text=drawn.text, blocks=drawn.blocks, metadata=_metadata(place))
        except SlackApiError as error:
            if code_of(error) in GONE:
                return False
            raise
        return True

    async def _respond(self, place: Place, drawn: Drawn) -> bool:
        """False where there is no response_url or it has been used up."""
        if not self._settings.is_slacks(place.response_url, host=RESPONSE_HOST):
            return False
        response = await self._webhook(place.response_url).send(
            text=drawn.text,
            blocks=drawn.blocks or None,
            response_type="ephemeral",
            replace_original=place.waiting,
            unfurl_links=False,
            unfurl_media=False,
        )
        if response.status_code in (429, 503):
            raise TryLater
        if response.status_code >= 500:
            raise Unsure
        return response.status_code == 200

    async def _ephemeral(self, place: Place, drawn: Drawn) -> bool:
        """False where the asker cannot be reached in the channel."""
        if place.is_direct:
            return False
        try:
            await self._client.chat_postEphemeral(
                channel=place.channel,
                user=place.person,
                thread_ts=place.thread_ts or None,
                text=drawn.text,
                blocks=drawn.blocks or None,
            )
        except SlackApiError as error:
            if code_of(error) in SHUT:
                return False
            raise
        return True

    async def _direct_messages(self, place: Place) -> Place:
        response = await self._client.conversations_open(users=place.person)
        return replace(place, channel=str(response["channel"]["id"]), thread_ts="", message_ts="", private=False, outside="")

    async def _upload(self, place: Place, upload: Upload, *, again: bool) -> None:
        if again and await self._find(place, lambda message: any(file.get("name") == upload.name for file in message.get("files", ()))):
            return
        await self._client.files_upload_v2(
            channel=place.channel,
            thread_ts=place.thread_ts or None,
            filename=upload.name,
            title=upload.title,
            file=upload.data,
            alt_txt=upload.alt[:1_000] or None,
        )

    async def _find(self, place: Place, wanted: Callable[[Mapping[str, Any]], bool]) -> str:
        """The ts of the newest message like this since the question was asked; empty where there is none, or we may not look."""
        found, cursor = "", ""
        for _ in range(PAGES):
            try:
                response = await self._page(place, cursor)
            except SlackApiError as error:
                if code_of(error) in ("missing_scope", "thread_not_found"):
                    break
                raise
            messages: list[dict[str, Any]] = response.get("messages") or []
            found = max((str(message["ts"]) for message in messages if wanted(message)), default=found)
            cursor = (response.get("response_metadata") or {}).get("next_cursor") or ""
            if found or not cursor:
                break
        return found

    async def _page(self, place: Place, cursor: str) -> AsyncSlackResponse:
        known: dict[str, Any] = {
            "channel": place.channel,
            "oldest": f"{place.asked_at - LOOK_BACK_S:.6f}",
            "limit": 200,
            "cursor": cursor or None,
            "include_all_metadata": True,
        }
        if place.thread_ts:
            return await self._client.conversations_replies(ts=place.thread_ts, **known)
        return await self._client.conversations_history(**known)


def _metadata(place: Place) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": place.key}}


def _key_of(message: Mapping[str, Any]) -> str:
    metadata = message.get("metadata") or {}
    return str(metadata.get("event_payload", {}).get("key", "")) if metadata.get("event_type") == EVENT_TYPE else ""
