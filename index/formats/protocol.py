"""Messages between the build and a worker: a length in four bytes, then JSON. No pickle: a worker is not trusted."""

from __future__ import annotations

import array
import json
import socket
import struct
import time
from typing import Any

LARGEST_MESSAGE = 256 << 20
_LENGTH = struct.Struct(">I")


class ClosedError(Exception):
    """The other side has gone."""


def send(connection: socket.socket, message: dict[str, Any], descriptor: int | None = None) -> None:
    """Send a message, and an open file with it."""
    data = json.dumps(message, ensure_ascii=True).encode("ascii")
    head = _LENGTH.pack(len(data))
    if descriptor is None:
        connection.sendall(head + data)
        return
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]).tobytes())]
    connection.sendmsg([head], rights)
    connection.sendall(data)


def receive(connection: socket.socket, deadline: float | None = None) -> tuple[dict[str, Any], int | None]:
    """The next message and the file that came with it, before `deadline` on the monotonic clock.

    Raises ClosedError, TimeoutError, or ValueError for what is no message.
    """
    _wait_until(connection, deadline)
    head, rights, _, _ = connection.recvmsg(_LENGTH.size, socket.CMSG_SPACE(4))
    if not head:
        raise ClosedError
    descriptor = None
    for level, kind, data in rights:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS and len(data) >= 4:
            (descriptor,) = array.array("i", data[:4])
    if len(head) < _LENGTH.size:
        head += _exactly(connection, _LENGTH.size - len(head), deadline)
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST_MESSAGE:
        raise ValueError(f"a message of {length:,} bytes; at most {LARGEST_MESSAGE:,} are taken")
    message = json.loads(_exactly(connection, length, deadline))
    if not isinstance(message, dict):
        raise ValueError("a message that is no object")
    return message, descriptor


def _wait_until(connection: socket.socket, deadline: float | None) -> None:
    connection.settimeout(None if deadline is None else max(1e-3, deadline - time.monotonic()))


def _exactly(connection: socket.socket, length: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        _wait_until(connection, deadline)
        part = connection.recv(min(1 << 20, length - len(parts)))
        if not part:
            raise ClosedError
        parts += part
    return bytes(parts)
