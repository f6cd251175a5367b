"""Embeddings kept by content: the same text under the same model is never encoded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.quantise import token_dtype

CHUNK = 500
PAGES_KEPT = -32_000


def cache_key(model_sha256: str, kind: str, text: str) -> bytes:
    """16 bytes that name (model, kind of vectors, text)."""
    digest = hashlib.sha256(f"{model_sha256}\n{kind}\n".encode())
    digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()[:16]


def size_of(folder: Path) -> int:
    """Bytes that the cache in `folder` takes on disk."""
    return sum(path.stat().st_size for path in folder.glob("embeddings.sqlite*"))


def discard(folder: Path) -> None:
    """Delete the cache in `folder`; what no generation holds is encoded anew."""
    for path in folder.glob("embeddings.sqlite*"):
        path.unlink()


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    try:
        db.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size={PAGES_KEPT};"
            # Rows stand in the order of writing and only their keys in random order, which are few pages: so a cache of
            # gigabytes is written from end to end and not all over the place.
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB UNIQUE NOT NULL, vector BLOB NOT NULL, tokens BLOB);"
        )
    except sqlite3.Error:
        db.close()
        raise
    return db


class EmbeddingCache:
    """Vectors `(dim,)` float16 and packed tokens on disk; every committed entry outlives a killed process."""

    def __init__(self, folder: Path, dim: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.dim = dim
        path = folder / "embeddings.sqlite"
        try:
            self._db = _opened(path)
        except sqlite3.DatabaseError:
            # Everything in a cache can be made again: a damaged one is thrown away.
            discard(folder)
            self._db = _opened(path)

    def missing(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of `keys` that are not stored whole."""
        found: set[bytes] = set()
        for first in range(0, len(keys), CHUNK):
            part = keys[first : first + CHUNK]
            marks = ",".join("?" * len(part))
            query = f"SELECT key FROM vectors WHERE key IN ({marks}) AND length(vector) = ?"
            found.update(row[0] for row in self._db.execute(query, [*part, 2 * self.dim]))
        return set(keys) - found

    def put(self, entries: Iterable[tuple[bytes, NDArray[np.float32], NDArray[np.void] | None]]) -> None:
        """Store and commit `(key, vector, packed tokens or None)`."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                (
                    (key, vector.astype("<f2").tobytes(), None if tokens is None else tokens.tobytes())
                    for key, vector, tokens in entries
                ),
            )

    def vector(self, key: bytes) -> NDArray[np.float16]:
        """The stored vector, shape `(dim,)`; KeyError if there is none."""
        row = self._db.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return np.frombuffer(row[0], dtype="<f2")

    def vectors(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The stored vectors of `keys`; those that are not there are left out."""
        found: dict[bytes, NDArray[np.float16]] = {}
        for first in range(0, len(keys), CHUNK):
            part = keys[first : first + CHUNK]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks}) AND length(vector) = ?"
            found.update((k, np.frombuffer(v, "<f2")) for k, v in self._db.execute(query, [*part, 2 * self.dim]))
        return found

    def tokens(self, key: bytes) -> NDArray[np.void]:
        """The stored packed tokens of a passage; KeyError if there are none."""
        row = self._db.execute("SELECT tokens FROM vectors WHERE key = ?", (key,)).fetchone()
        if row is None or row[0] is None:
            raise KeyError(key)
        return np.frombuffer(row[0], dtype=token_dtype(self.dim))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
