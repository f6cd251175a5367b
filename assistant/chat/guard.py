"""Which requests the chat answers at all, and the headers that go with every response.

Gradio's server can do far more than this chat needs: take uploads, hand out files, fetch through a proxy, show
monitoring pages. Only the routes that the chat's own page uses are let through; everything else is 404.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.chat.limits import Rate
from assistant.workbench.pages import PAGES

MAX_BODY = 64 * 1024
"""Bytes of a request's body, at most; a question has at most 2,000 characters."""
MAX_BODIES = {"/export": 2 * 1024 * 1024}
"""More for requests that carry a whole conversation."""

_READ = re.compile(
    r"/healthz|/metrics|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json"
    r"|/(assets|static)/[\w./@-]+|/gradio_api/(heartbeat/\w+|startup-events|app_id/?|info/?)"
)
_WRITE = re.compile(r"/ask|/export|/gradio_api/component_server/?")

_PAGES = frozenset({"/", *(f"/{page.path}" for page in PAGES)})
_PAGES_READ = frozenset(path for page in PAGES for path in page.reads)
_FRAMED = frozenset(path for page in PAGES for path in page.framed)
_PAGES_WRITE = {path: most for page in PAGES for path, most in page.writes}

_LOGIN = frozenset({("GET", "/login"), ("HEAD", "/login"), ("POST", "/login"), ("POST", "/logout")})

_POLICY = "; ".join(
    (
        "default-src 'none'",
        # Gradio compiles the templates of its HTML components in the browser; its page's own inline scripts carry a
        # nonce that is new for each response, so that no other inline script runs.
        "script-src 'self'{nonce} 'unsafe-eval'",
        "script-src-attr 'none'",
        # Gradio's components set styles as they go.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY.format(nonce="").encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


# A page that is shown in a frame of ours: its own scripts run, in an origin of its own that reaches nothing.
_FRAMED_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    b"form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
FRAMED_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _FRAMED_POLICY),
    (b"x-frame-options", b"SAMEORIGIN"),
    *(header for header in SECURITY_HEADERS if header[0] not in (b"content-security-policy", b"x-frame-options")),
)


class Guard:
    """ASGI middleware: lets the chat's own requests through and adds the security headers.

    `hosts` are the names that a request's Host header may give, without a port; None lets any through. A server on
    the loopback address names them, so that a page elsewhere cannot reach it under a name of its own. `rate` bounds how
    often one address may send something; `login` lets the requests for logging in through, which nothing else answers.
    """

    def __init__(
        self, app: ASGIApp, hosts: Iterable[str] | None = None, rate: Rate | None = None, *, login: bool = False
    ) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)
        self._rate = rate or Rate(0, 0)
        self._more = _LOGIN if login else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it with 400, 403, 404, 413 or 429."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        always = FRAMED_HEADERS if scope["path"] in _FRAMED else SECURITY_HEADERS
        send_with_headers = _Sender(send, scope["path"] in _PAGES, always).send

        headers = {name.lower(): value for name, value in scope["headers"]}
        if not self._host_allowed(headers.get(b"host", b"")):
            await _refuse(send_with_headers, 400, b"This server does not answer to that host name.")
        elif not (_route_allowed(scope["method"], scope["path"]) or (scope["method"], scope["path"]) in self._more):
            await _refuse(send_with_headers, 404, b"Not found.")
        elif scope["method"] == "POST" and not _own_page(headers):
            await _refuse(send_with_headers, 403, b"This request comes from another site.")
        elif not _size_allowed(scope["method"], scope["path"], headers.get(b"content-length", b"")):
            await _refuse(send_with_headers, 413, b"The request is too large.")
        elif scope["method"] == "POST" and self._rate.wait((scope.get("client") or ("",))[0]) > 0:
            await _refuse(send_with_headers, 429, b"Too many requests.")
        else:
            await self._app(scope, receive, send_with_headers)

    def _host_allowed(self, host: bytes) -> bool:
        if self._hosts is None:
            return True
        name = re.sub(r":\d+$", "", host.decode("latin-1")).lower()
        return name in self._hosts


class _Sender:
    """Sends one response with the security headers; in Gradio's page each script of its own gets the response's nonce."""

    def __init__(self, send: Send, is_page: bool, headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._send = send
        self._headers = headers
        self._is_page = is_page
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Send a message of the response, the body of a page in one piece."""
        if message["type"] == "http.response.start":
            html = any(name.lower() == b"content-type" and b"html" in value for name, value in message["headers"])
            if self._is_page and html:
                self._start = message
            else:
                await self._send(_with_headers(message, self._headers))
        elif self._start is None:
            await self._send(message)
        else:
            self._body.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._send_page(self._start, b"".join(self._body))

    async def _send_page(self, start: Message, body: bytes) -> None:
        nonce = secrets.token_urlsafe(16)
        # Whatever comes from documents stands in the page as JSON or as text, in which there is no "<".
        page = re.sub(rb"<script(?=[\s>])", b'<script nonce="' + nonce.encode() + b'"', body)
        policy = _POLICY.format(nonce=f" 'nonce-{nonce}'").encode("ascii")
        headers = [
            (b"content-security-policy", policy),
            *SECURITY_HEADERS[1:],
            (b"content-length", str(len(page)).encode()),
        ]
        await self._send(_with_headers(start, headers))
        await self._send({"type": "http.response.body", "body": page})


def _with_headers(message: Message, headers: Iterable[tuple[bytes, bytes]]) -> Message:
    """The beginning of a response with these headers in the place of its own of the same names."""
    ours = list(headers)
    names = {name for name, _ in ours}
    kept = [header for header in message.get("headers", []) if header[0].lower() not in names]
    return {**message, "headers": [*kept, *ours]}


def _route_allowed(method: str, path: str) -> bool:
    if ".." in path:
        return False
    if method in ("GET", "HEAD"):
        return path in _PAGES or path in _PAGES_READ or _READ.fullmatch(path) is not None
    return method == "POST" and (path in _PAGES_WRITE or _WRITE.fullmatch(path) is not None)


def _own_page(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request that may change something comes from a page of this server, or from no page at all.

    Browsers say which since 2020; where they do not (a page served without TLS), they name the page's origin.
    """
    if site := headers.get(b"sec-fetch-site"):
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return True
    asked = headers.get(b"x-forwarded-host", headers.get(b"host", b""))
    return origin.partition(b"://")[2].lower() == asked.lower()


def _size_allowed(method: str, path: str, length: bytes) -> bool:
    """A body must announce its size: browsers always do."""
    if method != "POST":
        return True
    most = MAX_BODIES.get(path, _PAGES_WRITE.get(path, MAX_BODY))
    return length.isdigit() and (most is None or int(length) <= most)


async def _refuse(send: Send, status: int, reason: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(reason)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason})
