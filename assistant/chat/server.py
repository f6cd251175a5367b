"""A web server for the chat: one port, loopback by default, a health check, nothing sent anywhere else."""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.chat.guard import Guard
from assistant.chat.limits import Rate
from assistant.chat.login import Login
from index.errors import QuipuError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

FIRST_PORT = 7860
PORTS_TRIED = 100
REQUESTS_A_MINUTE = 1_200
"""What one address may send in a minute to a server that is open to others, many of whom may share an address."""

logger = logging.getLogger(__name__)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket; without a port, on the first free one from FIRST_PORT.

    Raises QuipuError where the port is taken, or the host is not an address of this machine.
    """
    ports = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else [port]
    try:
        family, _, _, _, _ = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise QuipuError(f"the host {host!r} has no address; use 127.0.0.1 or an address of this machine") from error
    reason: OSError | None = None
    for candidate in ports:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            listener.close()
            reason = error if isinstance(error, OSError) else OSError(str(error))
            continue
        return listener
    if port is None:
        tried = f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1} is free on {host}"
        raise QuipuError(f"{tried}; name one with --port") from reason
    raise QuipuError(
        f"cannot listen on {host}:{port} ({(reason and reason.strerror) or reason}); choose another port with --port, "
        "or leave it out to take a free one"
    ) from reason


def run(
    app: ASGIApp,
    listener: socket.socket,
    host: str,
    on_ready: Callable[[str], None] | None,
    *,
    protected: bool = False,
) -> None:
    """Serve on the listening socket until interrupted; `on_ready` gets the address once requests are answered.

    Past the loopback address a warning is logged; `protected` says that a password is asked for.
    """
    port: int = listener.getsockname()[1]
    if not is_loopback(host):
        if protected:
            logger.warning(
                "warning: passwords and documents travel unencrypted to and from %s:%d; put a proxy with TLS in front",
                host,
                port,
            )
        else:
            logger.warning(
                "warning: anyone who can reach %s:%d can ask questions and read the documents; there is no password "
                "(--users FILE asks for one)",
                host,
                port,
            )
    try:
        web_server(app, host, port, on_ready).run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


def web_server(app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None] | None = None) -> uvicorn.Server:
    """A guarded server for the application; its `run(sockets=[…])` blocks, `should_exit = True` ends it."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started and on_ready is not None:
                on_ready(address(host, port))

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # An open page holds a connection that never ends by itself.
            for connection in list(self.server_state.connections):
                connection.transport.close()
            await super().shutdown(sockets)

    hosts = {"localhost", "127.0.0.1", "[::1]", host} if is_loopback(host) else None
    return Server(
        uvicorn.Config(
            Guard(
                app,
                hosts,
                None if is_loopback(host) else Rate(REQUESTS_A_MINUTE, REQUESTS_A_MINUTE // 4),
                login=isinstance(app, Login),
            ),
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=3,
        )
    )


def address(host: str, port: int) -> str:
    """The address to open in a browser for a server that listens on `host` and `port`."""
    name = {"0.0.0.0": "localhost", "::": "localhost", "::1": "[::1]"}.get(host, host)
    return f"http://{name}:{port}/"
