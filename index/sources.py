"""What the source files are now: told by size and times where nothing moved, by content where something did."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index.loading import SourceFile

SETTLED_NS = 2_000_000_000
"""A file that changed this shortly before it was hashed may change again without its times telling."""


class Stamp(NamedTuple):
    """What a file system tells of a file without reading it; times in nanoseconds."""

    size: int
    modified: int
    changed: int
    inode: int


@dataclass(frozen=True, slots=True)
class Source:
    """A source file, the sha256 of its content (empty if it cannot be read) and a digest of its metadata."""

    file: SourceFile
    stamp: Stamp | None
    content: bytes
    about: bytes


def stamp_of(path: Path) -> Stamp | None:
    """The file's stamp; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def scan(files: Sequence[SourceFile], metadata: Mapping[str, Mapping[str, str]], stamps: Stamps) -> list[Source]:
    """The state of every file; only those whose stamp is new are read."""
    known = stamps.load()
    learned: list[tuple[str, Stamp, int, bytes]] = []
    nested = _nested(metadata)
    sources = []
    for file in files:
        place = str(file.path.absolute())
        place = place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        stamp = stamp_of(file.path)
        content = b""
        if stamp is not None:
            remembered = known.get(place)
            if remembered is not None and remembered.tells(stamp):
                content = remembered.content
            else:
                at = time.time_ns()
                content = _hashed(file.path)
                learned.append((place, stamp, at, content))
        sources.append(Source(file, stamp, content, _digest(file.doc_id, metadata, nested)))
    stamps.save(learned)
    return sources


def fingerprint(recipe: str, sources: Iterable[Source]) -> str:
    """One name for everything that a generation is made from."""
    digest = hashlib.sha256(recipe.encode())
    for source in sources:
        digest.update(f"\0{source.file.doc_id}\0".encode("utf-8", "surrogateescape"))
        digest.update(source.content or b"unreadable")
        digest.update(source.about)
    return digest.hexdigest()


def _hashed(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError:
        return b""


def _nested(metadata: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """For each name, the doc_ids below it that metadata speaks of, as those inside an archive."""
    found: dict[str, list[str]] = {}
    for doc_id in sorted(metadata):
        parts = doc_id.split("/")
        for depth in range(1, len(parts)):
            found.setdefault("/".join(parts[:depth]), []).append(doc_id)
    return found


def _digest(doc_id: str, metadata: Mapping[str, Mapping[str, str]], nested: Mapping[str, Sequence[str]]) -> bytes:
    about = {name: dict(metadata[name]) for name in (doc_id, *nested.get(doc_id, ())) if metadata.get(name)}
    content = json.dumps(about, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(content.encode()).digest()[:16]


@dataclass(frozen=True, slots=True)
class _Remembered:
    stamp: Stamp
    hashed_at: int
    content: bytes

    def tells(self, stamp: Stamp) -> bool:
        """Whether a file with this stamp now has the content that it had then."""
        settled = max(stamp.modified, stamp.changed) + SETTLED_NS < self.hashed_at
        return bool(self.content) and settled and stamp == self.stamp


class Stamps:
    """Stamps and content hashes of files as they were last read; a help only, and thrown away if damaged."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "files.sqlite"

    def load(self) -> dict[str, _Remembered]:
        """Every path's last known state."""
        if not self._path.is_file():
            return {}
        try:
            db = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            try:
                rows = db.execute("SELECT path, size, modified, changed, inode, hashed_at, content FROM files")
                return {row[0]: _Remembered(Stamp(*row[1:5]), row[5], row[6]) for row in rows}
            finally:
                db.close()
        except (sqlite3.DatabaseError, TypeError):
            self._path.unlink(missing_ok=True)
            return {}

    def save(self, learned: Sequence[tuple[str, Stamp, int, bytes]]) -> None:
        """Remember `(path, stamp, time of hashing, content)`."""
        if not learned:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._write(learned)
        except sqlite3.DatabaseError:
            # What cannot be remembered is read again next time.
            self._path.unlink(missing_ok=True)

    def _write(self, learned: Sequence[tuple[str, Stamp, int, bytes]]) -> None:
        db = sqlite3.connect(self._path)
        try:
            with db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, modified INTEGER,"
                    " changed INTEGER, inode INTEGER, hashed_at INTEGER, content BLOB) WITHOUT ROWID"
                )
                db.executemany(
                    "INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?)",
                    ((path, *stamp, at, content) for path, stamp, at, content in learned),
                )
        finally:
            db.close()
