"""Which requests the chat answers at all, and the headers that go with every response.

Gradio's server can do far more than this chat needs: take uploads, hand out files, fetch through a proxy, show
monitoring pages. Only the routes that the chat's own page uses are let through; everything else is 404.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024
"""Bytes of a request's body, at most; a question has at most 2,000 characters."""

_READ = re.compile(
    r"/|/healthz|/config/?|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json"
    r"|/(assets|static)/[\w./@-]+|/gradio_api/(queue/data|heartbeat/\w+|startup-events|app_id/?|info/?)"
)
_WRITE = re.compile(r"/gradio_api/(queue/join/?|cancel|reset/?|component_server/?)")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        # Gradio compiles the templates of its HTML components in the browser and starts from inline scripts.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class Guard:
    """ASGI middleware: lets the chat's own requests through and adds the security headers.

    `hosts` are the names that a request's Host header may give, without a port; None lets any through. A server on
    the loopback address names them, so that a page elsewhere cannot reach it under a name of its own.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None = None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or refuse it with 400, 404 or 413."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in SECURITY_HEADERS}
                kept = [header for header in message.get("headers", []) if header[0].lower() not in ours]
                message = {**message, "headers": [*kept, *SECURITY_HEADERS]}
            await send(message)

        headers = {name.lower(): value for name, value in scope["headers"]}
        if not self._host_allowed(headers.get(b"host", b"")):
            await _refuse(send_with_headers, 400, b"This server does not answer to that host name.")
        elif not _route_allowed(scope["method"], scope["path"]):
            await _refuse(send_with_headers, 404, b"Not found.")
        elif not _size_allowed(scope["method"], headers.get(b"content-length", b"")):
            await _refuse(send_with_headers, 413, b"The request is too large.")
        else:
            await self._app(scope, receive, send_with_headers)

    def _host_allowed(self, host: bytes) -> bool:
        if self._hosts is None:
            return True
        name = re.sub(r":\d+$", "", host.decode("latin-1")).lower()
        return name in self._hosts


def _route_allowed(method: str, path: str) -> bool:
    if ".." in path:
        return False
    if method in ("GET", "HEAD"):
        return _READ.fullmatch(path) is not None
    return method == "POST" and _WRITE.fullmatch(path) is not None


def _size_allowed(method: str, length: bytes) -> bool:
    """A body must announce its size: browsers always do."""
    if method != "POST":
        return True
    return length.isdigit() and int(length) <= MAX_BODY


async def _refuse(send: Send, status: int, reason: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(reason)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason})
