"""Logging in: a page that asks for name and password, and a cookie that stands for them afterwards."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from threading import Lock
from urllib.parse import parse_qs, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.chat.limits import Rate
from assistant.chat.markup import escape
from assistant.chat.metrics import Metrics
from assistant.chat.strings import DEFAULT_LANGUAGE, LANGUAGES, text
from assistant.chat.users import Users
from assistant.workbench.pages import PAGES

COOKIE = "quipu_session"
HOURS = 12
MOST_SESSIONS = 10_000
TRIES_A_MINUTE = 6
_BACK = "page"
_WAYS_BACK = frozenset({"/", *(f"/{page.path}" for page in PAGES)})

logger = logging.getLogger(__name__)


class Sessions:
    """Who is logged in. Only a digest of each token is kept. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._names: dict[bytes, tuple[str, float]] = {}
        self._lock = Lock()

    def begin(self, name: str) -> str:
        """A new token for this name."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._now()
            self._names = {key: held for key, held in self._names.items() if held[1] > now}
            while len(self._names) >= MOST_SESSIONS:
                self._names.pop(next(iter(self._names)))
            self._names[_digest(token)] = (name, now + HOURS * 3600)
        return token

    def name(self, token: str) -> str | None:
        """Whose token this is; None if it is nobody's or has run out."""
        with self._lock:
            held = self._names.get(_digest(token))
        return held[0] if held is not None and held[1] > self._now() else None

    def end(self, token: str) -> None:
        """Forget a token."""
        with self._lock:
            self._names.pop(_digest(token), None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


class Login:
    """ASGI middleware: lets only those who are logged in through to the chat; `/healthz` answers anybody.

    `/metrics` also takes name and password by HTTP Basic, as Prometheus sends them.
    """

    def __init__(self, app: ASGIApp, users: Users, metrics: Metrics) -> None:
        self._app = app
        self._users = users
        self._metrics = metrics
        self._sessions = Sessions()
        self._tries = Rate(TRIES_A_MINUTE, TRIES_A_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request if it is about logging in, or pass it on with the name that it comes from."""
        if scope["type"] != "http" or scope["path"] == "/healthz":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        response: Response | None = None
        name = self._sessions.name(request.cookies.get(COOKIE, ""))
        path = scope["path"]
        if path == "/logout" and request.method == "POST":
            response = self._logged_out(request)
        elif path == "/login":
            response = await self._log_in(request) if request.method == "POST" else login_page(request)
        elif path == "/metrics" and name is None:
            name = await self._basic(request)
            if name is None:
                response = PlainTextResponse("Log in.", 401, {"WWW-Authenticate": 'Basic realm="Quipu"'})
        elif name is None:
            response = _to_login(request) if path in _WAYS_BACK else PlainTextResponse("Log in.", 401)
        if response is None:
            scope["quipu.visitor"] = f"user:{name}"
            await self._app(scope, receive, send)
        else:
            response.headers["cache-control"] = "no-store"
            await response(scope, receive, send)

    async def _log_in(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        if self._tries.wait(address) > 0:
            self._metrics.logins.labels("limited").inc()
            return login_page(request, "login_limited", 429)
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        name, password = (fields.get(field, [""])[0] for field in ("name", "password"))
        if not await asyncio.to_thread(self._users.known, name, password):
            self._metrics.logins.labels("failed").inc()
            logger.warning("somebody at %s could not log in", address)
            return login_page(request, "login_failed", 401)
        self._metrics.logins.labels("done").inc()
        response = RedirectResponse(_way_back(request), 303)
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, self._sessions.begin(name), HOURS * 3600, httponly=True, samesite="lax", secure=secure
        )
        return response

    def _logged_out(self, request: Request) -> Response:
        self._sessions.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    async def _basic(self, request: Request) -> str | None:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic" or self._tries.wait(f"basic {request.client.host if request.client else ''}") > 0:
            return None
        try:
            name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if await asyncio.to_thread(self._users.known, name, password) else None


def _to_login(request: Request) -> RedirectResponse:
    """To the page that asks, which knows the way back."""
    query = [*request.query_params.multi_items()]
    if request.url.path != "/":
        query.append((_BACK, request.url.path))
    return RedirectResponse(f"/login?{urlencode(query)}" if query else "/login", 303)


def _way_back(request: Request) -> str:
    """The page that was asked for before logging in, one of our own."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != _BACK]
    path = request.query_params.get(_BACK, "/")
    return (path if path in _WAYS_BACK else "/") + (f"?{urlencode(query)}" if query else "")


def login_page(request: Request, problem: str = "", status: int = 200) -> HTMLResponse:
    """The page that asks for name and password, in the browser's language."""
    language = _language(request)
    query = escape(f"?{request.url.query}") if request.url.query else ""

    def words(key: str) -> str:
        return escape(text(language, key))

    said = f'<p role="alert" class="problem">{words(problem)}</p>' if problem else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{words("login")} · Quipu</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<style>{_STYLE}</style></head><body><main><h1>Quipu</h1><p>{words('login_text')}</p>{said}"
        f'<form method="post" action="/login{query}"><label for="name">{words("login_name")}</label>'
        '<input id="name" name="name" autocomplete="username" autocapitalize="none" required autofocus>'
        f'<label for="password">{words("login_password")}</label>'
        '<input id="password" name="password" type="password" autocomplete="current-password" required>'
        f'<button type="submit">{words("login")}</button></form></main></body></html>',
        status,
    )


def _language(request: Request) -> str:
    """The first language of the browser that the interface speaks."""
    wanted = [request.query_params.get("lang", "")]
    wanted += [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return next((code[:2].lower() for code in wanted if code[:2].lower() in LANGUAGES), DEFAULT_LANGUAGE)


_STYLE = """
:root { --paper: #fbfaf7; --ink: #24211d; --soft: #635c53; --edge: #8d857a; --sheet: #fff; --accent: #9b2f3f; --on: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #181715; --ink: #ece8e1; --soft: #aea69b; --edge: #827a70; --sheet: #211f1c; --accent: #f0a097; --on: #2a1210; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
main { width: min(22rem, calc(100vw - 2.5rem)); padding: 2rem 0 20vh; }
h1 { margin: 0; font: 2.25rem/1.1 Charter, "Noto Serif", "Liberation Serif", Georgia, serif; letter-spacing: -.015em; }
p { margin: .5rem 0 1.5rem; color: var(--soft); }
.problem { padding: .6rem .9rem; border-left: 3px solid var(--accent); color: var(--ink); }
label { display: block; margin: 1rem 0 .3rem; font-size: .875rem; font-weight: 600; }
input { width: 100%; padding: .6rem .8rem; font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--edge); border-radius: .6rem; }
button { margin-top: 1.5rem; width: 100%; min-height: 2.75rem; font: inherit; font-weight: 600; color: var(--on); background: var(--accent); border: 0; border-radius: .6rem; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
"""
