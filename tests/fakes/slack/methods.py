"""The Web API methods that a reading bot uses, with the checks and errors of the real ones."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.slack.checks import Refused, check_message, check_view
from tests.fakes.slack.records import Said, Upload, View
from tests.fakes.slack.store import APP, ASKER, BOT_ID, BOT_NAME, BOT_USER, OTHER, TEAM, Store

Arguments = dict[str, Any]
Method = Callable[[Arguments], Awaitable[dict[str, Any]]]


class Methods:
    """By name, as in the address of a call. `base` is the server's own address."""

    def __init__(self, store: Store, base: str, ticket: Callable[[], str]) -> None:
        self._store = store
        self._base = base
        self._ticket = ticket
        self.by_name: dict[str, Method] = {
            "auth.test": self._auth_test,
            "apps.connections.open": self._connections_open,
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._post_ephemeral,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "files.info": self._file,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
            "users.info": self._user,
            "views.open": self._open_view,
        }

    async def _auth_test(self, _: Arguments) -> dict[str, Any]:
        return {"url": f"{self._base}/", "team": "Test", "user": BOT_NAME, "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT_ID}

    async def _connections_open(self, _: Arguments) -> dict[str, Any]:
        return {"url": f"{self._base.replace('http', 'ws', 1)}/link/?ticket={self._ticket()}&app_id={APP}"}

    async def _post_message(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._store.channel(_needed(arguments, "channel"), writing=True)
        check_message(arguments)
        said = await self._store.add(self._said(arguments, channel.id))
        return {"channel": channel.id, "ts": said.ts, "message": said.to_json()}

    async def _update(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._store.channel(_needed(arguments, "channel"), writing=True)
        said = self._store.message(channel.id, _needed(arguments, "ts"))
        if said.user != BOT_USER:
            raise Refused("cant_update_message")
        check_message(arguments)
        await self._store.change(
            said, text=arguments.get("text") or "", blocks=arguments.get("blocks") or [], metadata=arguments.get("metadata")
        )
        return {"channel": channel.id, "ts": said.ts, "text": said.text, "message": said.to_json()}

    async def _delete(self, arguments: Arguments) -> dict[str, Any]:
        said = self._store.message(self._store.channel(_needed(arguments, "channel")).id, _needed(arguments, "ts"))
        if said.user != BOT_USER:
            raise Refused("cant_delete_message")
        said.deleted = True
        await self._store.tell()
        return {"channel": said.channel, "ts": said.ts}

    async def _post_ephemeral(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._store.channel(_needed(arguments, "channel"), writing=True)
        person = _needed(arguments, "user")
        if person not in channel.members:
            raise Refused("user_not_in_channel")
        check_message(arguments)
        said = self._said(arguments, channel.id)
        said.only_to = person
        await self._store.add(said)
        return {"message_ts": said.ts}

    async def _open(self, arguments: Arguments) -> dict[str, Any]:
        return {"channel": {"id": self._store.direct(_needed(arguments, "users")).id}}

    async def _history(self, arguments: Arguments) -> dict[str, Any]:
        channel = self._store.channel(_needed(arguments, "channel"))
        return self._page([said for said in self._visible(channel.id) if said.thread_ts in ("", said.ts)][::-1], arguments)

    async def _replies(self, arguments: Arguments) -> dict[str, Any]:
        channel, ts = self._store.channel(_needed(arguments, "channel")), _needed(arguments, "ts")
        thread = [said for said in self._visible(channel.id) if ts in (said.ts, said.thread_ts)]
        if not thread:
            raise Refused("thread_not_found")
        return self._page(thread, arguments)

    async def _file(self, arguments: Arguments) -> dict[str, Any]:
        file = self._store.withheld.get(_needed(arguments, "file"))
        if file is None:
            raise Refused("file_not_found")
        return {"file": file, "comments": [], "response_metadata": {"next_cursor": ""}}

    async def _upload_url(self, arguments: Arguments) -> dict[str, Any]:
        name, length = _needed(arguments, "filename"), int(_needed(arguments, "length"))
        upload = Upload(id=f"F{self._store.number():08d}", name=name, length=length, alt=str(arguments.get("alt_txt") or ""))
        self._store.uploads.append(upload)
        return {"upload_url": f"{self._base}/upload/v1/{upload.id}", "file_id": upload.id}

    async def _complete_upload(self, arguments: Arguments) -> dict[str, Any]:
        files = json.loads(_needed(arguments, "files"))
        uploads = [upload for file in files for upload in self._store.uploads if upload.id == file["id"]]
        if len(uploads) != len(files) or any(len(upload.data) != upload.length for upload in uploads):
            raise Refused("file_not_found")
        for upload, file in zip(uploads, files, strict=True):
            upload.title = file.get("title") or upload.name
        if arguments.get("channel_id"):
            channel = self._store.channel(arguments["channel_id"], writing=True)
            for upload in uploads:
                upload.channel, upload.thread_ts = channel.id, arguments.get("thread_ts") or ""
            said = self._said({"text": arguments.get("initial_comment") or "", "thread_ts": arguments.get("thread_ts")}, channel.id)
            said.files = [{"id": upload.id, "name": upload.name, "title": upload.title, "alt_txt": upload.alt} for upload in uploads]
            await self._store.add(said)
        return {"files": [{"id": upload.id, "title": upload.title} for upload in uploads]}

    async def _user(self, arguments: Arguments) -> dict[str, Any]:
        user = _needed(arguments, "user")
        if user not in (ASKER, OTHER):
            raise Refused("user_not_found")
        asked = str(arguments.get("include_locale")).lower() in ("true", "1")
        locale = {"locale": self._store.locales[user]} if asked and user in self._store.locales else {}
        return {"user": {"id": user, "name": user.lower(), "is_bot": False, **locale}}

    async def _open_view(self, arguments: Arguments) -> dict[str, Any]:
        user, until = self._store.triggers.pop(_needed(arguments, "trigger_id"), ("", 0.0))
        if not user:
            raise Refused("exchanged_trigger_id")
        if time.time() > until:
            raise Refused("expired_trigger_id")
        given = arguments["view"]
        data = json.loads(given) if isinstance(given, str) else given
        check_view(data)
        view = View(id=f"V{self._store.number():08d}", user=user, data=data)
        self._store.views.append(view)
        await self._store.tell()
        return {"view": {"id": view.id, **data}}

    def _said(self, arguments: Arguments, channel: str) -> Said:
        return Said(
            channel=channel,
            ts=self._store.new_ts(),
            user=BOT_USER,
            bot_id=BOT_ID,
            text=arguments.get("text") or "",
            blocks=arguments.get("blocks") or [],
            thread_ts=arguments.get("thread_ts") or "",
            metadata=arguments.get("metadata") or {},
        )

    def _visible(self, channel: str) -> list[Said]:
        return [said for said in self._store.said if said.channel == channel and not said.only_to and not said.deleted]

    def _page(self, found: list[Said], arguments: Arguments) -> dict[str, Any]:
        oldest = float(arguments.get("oldest") or 0)
        found = [said for said in found if float(said.ts) > oldest]
        start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        end = start + limit
        with_metadata = str(arguments.get("include_all_metadata")).lower() in ("true", "1")
        more = {"next_cursor": str(end)} if end < len(found) else {"next_cursor": ""}
        messages = [said.to_json(with_metadata=with_metadata) for said in found[start:end]]
        return {"messages": messages, "has_more": end < len(found), "response_metadata": more}


def _needed(arguments: Arguments, name: str) -> str:
    """Raises Refused where a required argument is missing."""
    if not arguments.get(name):
        raise Refused("invalid_arguments", f"[ERROR] missing required field: {name}")
    return str(arguments[name])
