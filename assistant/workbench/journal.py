"""Append-only files of JSON objects, one a line, that survive crashes and several writers.

A line counts once its line feed is on disk. What a crash left of a line is passed over by readers and closed by the next
writer, so that it never swallows the line after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.errors import QuipuError

MOST_BYTES = 64 * 1024 * 1024
"""What one file may hold; a public chat must not fill the disk."""
WAIT_SECONDS = 10.0


class JournalError(QuipuError):
    """A file of the workbench cannot be written."""


def append(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write `rows` behind those of the file, all of them or none, and onto the disk.

    The file is made if it is missing, readable for its owner alone. Raises JournalError.
    """
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    # Half of a surrogate pair has no UTF-8.
    content = lines.encode("utf-8", "replace")
    if not content:
        return
    with locked(path):
        _append(path, content)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`, whose folder is made if it is missing.

    Raises JournalError where another program holds it too long, and for what the system refuses meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=WAIT_SECONDS):
            yield
    except Timeout:
        raise JournalError(f"{path} is being written by another program; try again") from None
    except OSError as error:
        raise JournalError(f"{path} cannot be written ({error.strerror or error})") from error


def _append(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            content = b"\n" + content
        if size + len(content) > MOST_BYTES:
            raise JournalError(f"{path} is full (at most {MOST_BYTES:,} bytes); move it away to begin a new one")
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(file, left) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)
    if not size:
        sync_folder(path.parent)


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of the file in order; empty without one. Lines that are no JSON object are passed over."""
    try:
        content = path.read_bytes()
    except OSError:
        return []
    found = []
    for line in content.split(b"\n"):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            found.append(row)
    return found


def replace(path: Path, rows_: Iterable[Mapping[str, Any]]) -> None:
    """Put a file of these rows in the place of the one before, atomically. To be called while its lock is held; raises OSError."""
    staging = path.with_name(f"{path.name}.tmp")
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows_).encode("utf-8", "replace")
    try:
        with staging.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        staging.replace(path)
        sync_folder(path.parent)
    except OSError:
        staging.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now() -> str:
    """The time in ISO 8601, to the second, with its offset."""
    return datetime.now().astimezone().isoformat(timespec="seconds")
