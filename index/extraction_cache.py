"""Extracted texts by the hash of the file's content, so that the same file is never extracted twice."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from index.formats import VERSION
from index.formats.types import Outcome, from_json, to_json

NAME = "extracted.sqlite"
KEPT_DAYS = 180
_DAY = 86_400


def extraction_key(content_sha256: bytes, suffix: str, way: str = "") -> bytes:
    """Key of a file's extraction: its content, its suffix, the extractor's version, and how (`way`, for OCR)."""
    return hashlib.sha256(content_sha256 + f"\0{suffix.lower()}\0{VERSION}\0{way}".encode()).digest()


class ExtractionCache:
    """A SQLite file in `folder`, or nothing if that is None. Thread-safe. A damaged one is made anew; none is missed."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / NAME if folder is not None else None
        self._lock = Lock()
        self._db = self._open()

    def _open(self) -> sqlite3.Connection | None:
        if self._path is None:
            return None
        for attempt in (1, 2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                db = sqlite3.connect(self._path, check_same_thread=False, timeout=10)
                db.executescript(
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                    "CREATE TABLE IF NOT EXISTS extracted (key BLOB PRIMARY KEY, used INTEGER NOT NULL, value BLOB NOT NULL);"
                )
                db.execute("DELETE FROM extracted WHERE used < ?", (int(time.time()) // _DAY - KEPT_DAYS,))
                db.commit()
                return db
            except sqlite3.DatabaseError as error:
                if type(error) is not sqlite3.DatabaseError or attempt == 2:
                    return None
                self._discard()
            except OSError:
                return None
        return None

    def _discard(self) -> None:
        assert self._path is not None
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)

    def get(self, key: bytes) -> list[Outcome] | None:
        """What was extracted under `key`; None if nothing was, or if it is damaged."""
        with self._lock:
            if self._db is None:
                return None
            try:
                found = self._db.execute("SELECT value, used FROM extracted WHERE key = ?", (key,)).fetchone()
                if found is None:
                    return None
                today = int(time.time()) // _DAY
                if found[1] != today:
                    self._db.execute("UPDATE extracted SET used = ? WHERE key = ?", (today, key))
            except sqlite3.Error:
                return None
        try:
            return [from_json(content) for content in json.loads(zlib.decompress(found[0]))]
        except (ValueError, zlib.error, TypeError):
            return None

    def put(self, key: bytes, outcomes: Sequence[Outcome]) -> None:
        """Keep what was extracted; a cache that cannot be written is no error."""
        value = zlib.compress(json.dumps([to_json(outcome) for outcome in outcomes]).encode("ascii"), 3)
        with self._lock:
            if self._db is None:
                return
            try:
                self._db.execute(
                    "INSERT OR REPLACE INTO extracted VALUES (?, ?, ?)", (key, int(time.time()) // _DAY, value)
                )
                self._db.commit()
            except sqlite3.Error:
                return

    def close(self) -> None:
        """Commit and close."""
        with self._lock:
            if self._db is not None:
                try:
                    self._db.commit()
                finally:
                    self._db.close()
                self._db = None
