"""Taking in documents that are sent from a page: within limits, whole or not at all, never over another file unasked."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, NamedTuple

from assistant.workbench.names import NameRefusedError, numbered, safe_name, same_name
from assistant.workbench.trash import REPLACED, TrashError, remove, within
from index.discovery import SUFFIXES
from index.errors import QuipuError

MEGABYTE = 1 << 20
STALE_SECONDS = 86_400
PIECE = MEGABYTE
Mode = Literal["ask", "replace", "both"]


class UploadRefusedError(QuipuError):
    """A document that is not taken in; `key` names the words that say why, `name` what it would be called."""

    def __init__(self, key: str, name: str = "") -> None:
        super().__init__(f"{key}: {name}")
        self.key = key
        self.name = name


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken in: bytes of one file, bytes and number of files in the source folder, bytes left free on the disk."""

    file_bytes: int = 200 * MEGABYTE
    folder_bytes: int = 20_000 * MEGABYTE
    folder_files: int = 50_000
    free_bytes: int = 500 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Held:
    """What the source folder holds already: files, and their bytes."""

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of a file: the name that it gets, and whether a file of that name is there already."""

    name: PurePosixPath
    taken: bool


def planned(source: Path, given: str, size: int, held: Held, limits: Limits) -> Planned:
    """Whether a file may come in, and under which name; UploadRefusedError if it may not."""
    try:
        name = safe_name(given)
    except NameRefusedError as error:
        raise UploadRefusedError(error.key) from None
    shown = name.as_posix()
    if name.suffix.lower() not in SUFFIXES:
        raise UploadRefusedError("refused_type", shown)
    if size == 0:
        raise UploadRefusedError("refused_empty", shown)
    if size > limits.file_bytes:
        raise UploadRefusedError("refused_size", shown)
    if held.files >= limits.folder_files:
        raise UploadRefusedError("refused_number", shown)
    if held.size + size > limits.folder_bytes:
        raise UploadRefusedError("refused_total", shown)
    if shutil.disk_usage(source).free < size + limits.free_bytes:
        raise UploadRefusedError("refused_space", shown)
    standing = _standing(source, name)
    return Planned(name if standing is None else standing, standing is not None)


def _standing(source: Path, name: PurePosixPath) -> PurePosixPath | None:
    """The name as far as it stands in the folder already, where a file or folder has all of it; None if nothing has."""
    folder = PurePosixPath()
    for part in name.parts:
        found = same_name(source / folder, part)
        if found is None:
            return None
        folder /= found
    return folder


class Received(NamedTuple):
    """A file that arrived whole, and the sha256 of its content."""

    path: Path
    sha256: bytes


async def receive(body: AsyncIterator[bytes], size: int, incoming: Path) -> Received:
    """Write what arrives to a file of `incoming`.

    Raises UploadRefusedError if another number of bytes than `size` arrives, or the disk is full.
    """
    import anyio

    incoming.mkdir(parents=True, exist_ok=True)
    path = incoming / f"{secrets.token_hex(12)}.part"
    digest = hashlib.sha256()
    arrived = 0
    waiting = bytearray()
    try:
        with path.open("xb") as file:

            async def write() -> None:
                content = bytes(waiting)
                waiting.clear()
                await anyio.to_thread.run_sync(_write, file, digest, content)

            async for piece in body:
                arrived += len(piece)
                if arrived > size:
                    raise UploadRefusedError("refused_cut")
                waiting += piece
                if len(waiting) >= PIECE:
                    await write()
            if arrived != size:
                raise UploadRefusedError("refused_cut")
            await write()
            await anyio.to_thread.run_sync(os.fsync, file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise UploadRefusedError("refused_disk") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path, digest.digest())


def _write(file: BinaryIO, digest: hashlib._Hash, content: bytes) -> None:
    file.write(content)
    digest.update(content)


@dataclass(frozen=True, slots=True)
class Placed:
    """A document that came in: its name, and whether the very same file stood there before."""

    name: str
    same: bool = False
    replaced: bool = False


def place(received: Received, source: Path, plan: Planned, mode: Mode, trash: Path) -> Placed:
    """Put a received file into the source folder under its planned name; it is gone from where it was received.

    Where a file of that name stands, it is replaced (the one before goes to the trash), another name is taken, or
    UploadRefusedError with the key `exists` is raised, by `mode`. The same content is never stored twice under one name.
    """
    name = plan.name
    try:
        target = within(source, name.as_posix())
        replaced = False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise UploadRefusedError("refused_name", name.as_posix()) from None
        if (
            target.is_dir()
            or target.is_symlink()
            or any((source / parent).is_symlink() for parent in name.parents[:-1])
        ):
            raise UploadRefusedError("refused_name", name.as_posix())
        if target.exists():
            if _sha256(target) == received.sha256:
                return Placed(name.as_posix(), same=True)
            if mode == "replace":
                remove(trash, source, name.as_posix(), REPLACED)
                replaced = True
            elif mode == "both":
                name = next(other for other in numbered(name) if _standing(source, other) is None)
                target = source / name
            else:
                raise UploadRefusedError("exists", name.as_posix())
        _settle(received.path, target)
        return Placed(name.as_posix(), replaced=replaced)
    except FileExistsError:
        raise UploadRefusedError("exists", name.as_posix()) from None
    except TrashError as error:
        raise UploadRefusedError("refused_disk", str(error)) from None
    except (OSError, StopIteration):
        raise UploadRefusedError("refused_disk", name.as_posix()) from None
    finally:
        received.path.unlink(missing_ok=True)


def _settle(received: Path, target: Path) -> None:
    """Give the file its name in one step, which fails with FileExistsError if somebody has taken that name meanwhile."""
    with _near(received, target) as ready:
        try:
            os.link(ready, target)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links. Opening exclusively takes the name; replacing fills it.
            target.open("xb").close()
            ready.replace(target)


@contextmanager
def _near(received: Path, target: Path) -> Iterator[Path]:
    """The received file on the file system of `target`, hidden from the index as long as it has no name."""
    if received.stat().st_dev == target.parent.stat().st_dev:
        yield received
        return
    hidden = target.with_name(f".quipu-{secrets.token_hex(8)}")
    try:
        shutil.copyfile(received, hidden)
        yield hidden
    finally:
        hidden.unlink(missing_ok=True)


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def sweep(incoming: Path) -> None:
    """Remove what an earlier server received by half."""
    for path in incoming.glob("*.part"):
        try:
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
        except OSError:
            continue
