"""Who may use the page: same-origin requests only, and with a token where other machines can reach it."""

from __future__ import annotations

import hashlib
import hmac
import html
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.platforms.web.guesses import Guesses, address_of
from bot.platforms.web.settings import WebSettings, is_loopback

COOKIE = "yomite"
COOKIE_S = 30 * 24 * 3_600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}

# The room in which a page that came with an answer runs: its scripts are foreign, so it has no origin, no storage and no network.
ROOM_HEADERS = {
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "SAMEORIGIN",
}


def guard(settings: WebSettings) -> Middleware:
    """The middleware that lets in only those who may, and counts wrong tokens."""
    guesses = Guesses()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _from_here(request, settings):
            return web.Response(status=403, text="この場所からは使えません。 / Not from here.\n")
        # The files of the page are no secret, and the page that asks for the token is drawn with them.
        if settings.token is None or request.path.startswith("/static/") or _has_cookie(request, settings):
            return await handler(request)
        given = request.query.get("token")
        if request.path != "/" or given is None:
            return _door(wrong=False)
        address = address_of(request)
        if wait_s := guesses.wait_s(address):
            return _shut(wait_s)
        if not _same(given, settings.token):
            guesses.wrong(address)
            return _door(wrong=True)
        guesses.right(address)
        return _let_in(settings)

    return middleware


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Every response says that nothing foreign may run in it or around it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _from_here(request: web.Request, settings: WebSettings) -> bool:
    """Whether the request names this server and no foreign page made it."""
    host = request.headers.get("Host", "")
    # A foreign name that was made to point at this machine (DNS rebinding) is still a foreign name.
    if settings.loopback and not is_loopback(urlsplit(f"//{host}").hostname or ""):
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        # Browsers always send one for sockets.
        return request.path != "/chat"
    return urlsplit(origin).netloc.lower() == host.lower()


def _has_cookie(request: web.Request, settings: WebSettings) -> bool:
    return _same(request.cookies.get(COOKIE, ""), _cookie_for(settings))


def _cookie_for(settings: WebSettings) -> str:
    """What a browser keeps: proof that it had the token, without the token. It changes with the token, and cannot be guessed from it."""
    return hmac.new(settings.key, (settings.token or "").encode(), hashlib.sha256).hexdigest()


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), right.encode())


def _let_in(settings: WebSettings) -> web.Response:
    # A redirect that began at a foreign page would not carry a strict cookie; a page that moves on by itself does.
    response = _page('<meta http-equiv="refresh" content="0; url=/">', '<p><a href="/">Yomite</a></p>', status=200)
    response.set_cookie(COOKIE, _cookie_for(settings), max_age=COOKIE_S, httponly=True, samesite="Strict", path="/")
    return response


def _door(*, wrong: bool) -> web.Response:
    said = "このトークンではありません。 / That is not the token." if wrong else "トークンを入力してください。 / Enter the token."
    form = (
        f'<form class="door" action="/"><p role="alert">{html.escape(said)}</p>'
        '<label for="token">トークン / Token</label><input id="token" name="token" type="password" autocomplete="off" required autofocus>'
        "<button>開く / Open</button></form>"
    )
    return _page('<link rel="stylesheet" href="/static/style.css">', form, status=401)


def _shut(wait_s: int) -> web.Response:
    minutes = -(-wait_s // 60)
    said = (
        f"間違ったトークンが続いたため、しばらく受け付けません。{minutes} 分後にもう一度開いてください。 / "
        f"Too many wrong tokens. Open this page again in {minutes} minute{'' if minutes == 1 else 's'}."
    )
    body = f'<p class="door" role="alert">{html.escape(said)}</p>'
    response = _page('<link rel="stylesheet" href="/static/style.css">', body, status=429)
    response.headers["Retry-After"] = str(wait_s)
    return response


def _page(head: str, body: str, *, status: int) -> web.Response:
    text = (
        '<!doctype html><html lang="ja"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Yomite</title>{head}</head><body>{body}</body></html>"
    )
    return web.Response(text=text, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})
