"""MinHash signatures of documents' texts, kept from build to build by content.

Making one takes a hundred times as long as comparing it: without those of the build before, finding near-duplicates would
be half of the work when one document of thousands has changed.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.arrays import load_array
from index.errors import IndexDamagedError

if TYPE_CHECKING:
    from datasketch import MinHash

SHINGLE = 5
PERMUTATIONS = 64
SAMPLED = 4_000
_WORD = re.compile(r"\w+")
FILE = "signatures.npy"
KEPT = np.dtype([("key", "V16"), ("values", "<u4", (PERMUTATIONS,))])


class Signatures:
    """Signatures of texts, those in the file of a folder and new ones; a file that is damaged is made anew."""

    def __init__(self, folder: Path | None = None) -> None:
        from datasketch import MinHash, __version__

        self._path = folder / FILE if folder is not None else None
        self._recipe = f"{__version__} {PERMUTATIONS} {SAMPLED}\n".encode()
        self._empty = MinHash(num_perm=PERMUTATIONS, hashfunc=int)
        self._known = self._load()
        self._used: dict[bytes, NDArray[np.uint32]] = {}

    def _load(self) -> dict[bytes, NDArray[np.uint32]]:
        if self._path is None or not self._path.is_file():
            return {}
        try:
            kept = np.array(load_array(self._path))
        except (IndexDamagedError, OSError):
            return {}
        if kept.dtype != KEPT or kept.ndim != 1:
            return {}
        return dict(zip((key.tobytes() for key in kept["key"]), kept["values"], strict=True))

    def of(self, text: str) -> MinHash:
        """The signature of a text's shingles."""
        digest = hashlib.sha256(self._recipe)
        digest.update(text.encode("utf-8", "surrogatepass"))
        key = digest.digest()[:16]
        signature = self._empty.copy()
        values = self._known.get(key)
        if values is not None:
            signature.hashvalues = values.astype(self._empty.hashvalues.dtype)
        else:
            _fill(signature, text)
            values = signature.hashvalues.astype(np.uint32)
        self._used[key] = values
        return signature

    def save(self) -> None:
        """Keep the signatures that were asked for, and no others; that they cannot be kept is no reason to stop."""
        if self._path is None or self._used.keys() == self._known.keys():
            return
        kept = np.zeros(len(self._used), dtype=KEPT)
        kept["key"] = np.array(list(self._used), dtype="V16")
        kept["values"] = np.array(list(self._used.values())).reshape(-1, PERMUTATIONS)
        staging = self._path.with_name(f"{FILE}.tmp")
        try:
            staging.parent.mkdir(parents=True, exist_ok=True)
            with staging.open("wb") as file:
                np.save(file, kept, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            staging.replace(self._path)
        except OSError:
            staging.unlink(missing_ok=True)


def shingles_of(text: str) -> NDArray[np.uint64]:
    """Hashes of the text's word 5-shingles, sorted, each once; case and punctuation do not count. `(n,)`."""
    words = np.fromiter(map(_hash, _WORD.findall(text.casefold())), dtype=np.uint64)
    if len(words) < SHINGLE:
        return np.unique(words.sum(keepdims=True)) if len(words) else words
    mixed = np.zeros(len(words) - SHINGLE + 1, dtype=np.uint64)
    for at in range(SHINGLE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + words[at : at + len(mixed)]
    return np.unique(mixed)


def _hash(word: str) -> int:
    # The same in every run, unlike Python's own, so that signatures can be kept.
    return crc32(word.encode("utf-8", "surrogatepass"))


def _fill(signature: MinHash, text: str) -> None:
    # Those with the smallest mixed hashes are a fair sample that two alike documents share.
    sample = np.sort((shingles_of(text) * np.uint64(0xD6E8FEB86659FD93)) >> np.uint64(32))[:SAMPLED]
    if len(sample):
        signature.update_batch(sample.tolist())
