"""The addresses of the fake Slack: Web API, websocket, uploads, hosted files and response_urls."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tests.fakes.slack.checks import Refused, check_message
from tests.fakes.slack.methods import Methods
from tests.fakes.slack.records import Call, Response, Said
from tests.fakes.slack.scopes import FILES, allowing
from tests.fakes.slack.sockets import Sockets
from tests.fakes.slack.store import BOT_ID, BOT_USER, Store
from tests.fakes.slack.trouble import Mishap, Trouble

USES = 5  # of a response_url


class Handlers:
    """One server's; `open` tells it its own address."""

    def __init__(self, store: Store, trouble: Trouble, sockets: Sockets, *, bot_token: str, app_token: str) -> None:
        self.store = store
        self.trouble = trouble
        self.sockets = sockets
        self.bot_token, self.app_token = bot_token, app_token
        self._tickets: set[str] = set()
        self._base = ""

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Serve all addresses."""
        router.add_route("*", "/api/{method}", self._api)
        router.add_get("/link/", self._link)
        router.add_post("/upload/v1/{file}", self._upload)
        router.add_get("/files/{name}", self._download)
        router.add_post("/response/{id}", self._response)

    def open(self, base: str) -> None:
        """From now on the server is at `base`."""
        self._base = base
        self._methods = Methods(self.store, base, self._new_ticket)

    def _new_ticket(self) -> str:
        ticket = f"ticket-{self.store.number()}"
        self._tickets.add(ticket)
        return ticket

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        self.store.calls.append(Call(method=method, arguments=arguments))
        await self.store.tell()
        mishap = self.trouble.take(method)
        if refused := await _before(mishap):
            return refused
        try:
            self._check_token(request, method)
            if method not in self._methods.by_name:
                raise Refused("unknown_method")
            self._check_scopes(method, arguments)
            body = {"ok": True, **await self._methods.by_name[method](arguments)}
        except Refused as error:
            body = error.body
        return _lost(request) if mishap and mishap.lost else web.json_response(body, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        """What comes with every answer: the scopes of the token, and the time."""
        date = formatdate(time.time() + self.store.clock_ahead_s, usegmt=True)
        return {"X-OAuth-Scopes": ",".join(sorted(self.store.scopes)), "Date": date}

    def _check_token(self, request: web.Request, method: str) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        right, wrong = (self.app_token, self.bot_token) if method == "apps.connections.open" else (self.bot_token, self.app_token)
        if not token:
            raise Refused("not_authed")
        if token != right:
            raise Refused("not_allowed_token_type" if token == wrong else "invalid_auth")

    def _check_scopes(self, method: str, arguments: dict[str, Any]) -> None:
        needed = allowing(method, self.store.channels.get(str(arguments.get("channel"))))
        if needed and not self.store.scopes.intersection(needed):
            raise Refused("missing_scope", needed=",".join(needed), provided=",".join(sorted(self.store.scopes)))

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=408)
        self._tickets.remove(ticket)
        return await self.sockets.serve(request)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        mishap = self.trouble.take("upload")
        if refused := await _before(mishap):
            return refused
        upload = next((upload for upload in self.store.uploads if upload.id == request.match_info["file"]), None)
        if upload is None:
            return web.Response(status=404)
        upload.data = await request.read()
        return _lost(request) if mishap and mishap.lost else web.Response(text=f"OK - {len(upload.data)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        if refused := await _before(self.trouble.take("download")):
            return refused
        if request.headers.get("Authorization") != f"Bearer {self.bot_token}" or FILES not in self.store.scopes:
            return web.HTTPFound(f"{self._base}/signin")
        data = self.store.hosted.get(f"{self._base}{request.path}")
        return web.Response(status=404) if data is None else web.Response(body=data, content_type="application/octet-stream")

    async def _response(self, request: web.Request) -> web.StreamResponse:
        arguments = json.loads(await request.text())
        self.store.calls.append(Call(method="response_url", arguments=arguments))
        mishap = self.trouble.take("response_url")
        if refused := await _before(mishap):
            return refused
        response = self.store.responses.get(request.match_info["id"])
        if response is None or response.uses >= USES or time.time() > response.expires_at:
            return web.json_response(
                {"ok": False, "error": "used_url" if response and response.uses >= USES else "expired_url"}, status=404
            )
        response.uses += 1
        try:
            check_message(arguments)
        except Refused as error:
            return web.json_response(error.body, status=400)
        await self._respond(response, arguments)
        return _lost(request) if mishap and mishap.lost else web.Response(text="ok")

    async def _respond(self, response: Response, arguments: dict[str, Any]) -> None:
        text, blocks = arguments.get("text") or "", arguments.get("blocks") or []
        if arguments.get("replace_original") and response.said is not None:
            await self.store.change(response.said, text=text, blocks=blocks)
            return
        to_all = arguments.get("response_type") == "in_channel"
        said = Said(channel=response.channel, ts=self.store.new_ts(), user=BOT_USER, bot_id=BOT_ID, text=text, blocks=blocks)
        said.only_to = "" if to_all else response.person
        said.thread_ts = arguments.get("thread_ts") or ""
        if not response.of_button:
            response.said = said
        await self.store.add(said)


async def _before(mishap: Mishap | None) -> web.Response | None:
    """What goes wrong before a call is taken."""
    if mishap is None:
        return None
    if mishap.hang_s:
        await asyncio.sleep(mishap.hang_s)
    headers = {"Retry-After": str(mishap.retry_after_s)} if mishap.status == 429 else {}
    if mishap.status != 200 or mishap.error:
        body = {"ok": False, "error": mishap.error} if mishap.error else None
        return web.json_response(body, status=mishap.status, headers=headers) if body else web.Response(status=mishap.status)
    return None


def _lost(request: web.Request) -> web.StreamResponse:
    """The call was taken, but its response never arrives."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _arguments(request: web.Request) -> dict[str, Any]:
    """A call's arguments, wherever they stand."""
    arguments: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        arguments |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        arguments |= dict(await request.post())
    return arguments
