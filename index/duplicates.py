"""Near-duplicates: the same document saved twice is kept twice and cited once.

Sets of word 5-shingles are compared by MinHash (Broder 1997), banded (LSH), and every pair so found is checked exactly.
A version with other figures in it, such as an amended decree, is no duplicate.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datasketch import MinHash

ALIKE = 0.9
"""Jaccard similarity of shingles from which on two documents are the same."""
SHINGLE = 5
PERMUTATIONS = 64
SAMPLED = 4_000
ALSO_AS, DUPLICATE_OF = "also_as", "duplicate_of"
_WORD = re.compile(r"\w+")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


class Duplicate(NamedTuple):
    """Two doc_ids: the document that is cited, and the other one."""

    kept: str
    other: str


def mark_duplicates(corpus: Path) -> list[Duplicate]:
    """Find the near-duplicates among the documents of a corpus file, and write into their metadata what was found.

    The kept one (with pages before without, else the first) has the others in `also_as`; these have `duplicate_of`.
    """
    from datasketch import MinHashLSH

    db = sqlite3.connect(corpus)
    try:
        order = db.execute("SELECT row, doc_id FROM documents ORDER BY pages = '[]', row").fetchall()
        lsh = MinHashLSH(threshold=0.8, num_perm=PERMUTATIONS)
        found: list[tuple[int, int]] = []
        for row, _ in order:
            text = _text(db, row)
            shingles = shingles_of(text)
            signature = _signature(shingles)
            same = sorted(int(other) for other in lsh.query(signature))
            kept = next((other for other in same if _alike(text, shingles, _text(db, other))), None)
            if kept is None:
                lsh.insert(str(row), signature)
            else:
                found.append((kept, row))
        names = dict(order)
        _write(db, found, names)
        return [Duplicate(names[kept], names[other]) for kept, other in found]
    finally:
        db.close()


def shingles_of(text: str) -> NDArray[np.uint64]:
    """Hashes of the text's word 5-shingles, sorted, each once; case and punctuation do not count. `(n,)`."""
    # Python's hash of strings differs from run to run, and is never kept.
    words = np.fromiter((hash(word) & 0xFFFFFFFF for word in _WORD.findall(text.casefold())), dtype=np.uint64)
    if len(words) < SHINGLE:
        return np.unique(words.sum(keepdims=True)) if len(words) else words
    mixed = np.zeros(len(words) - SHINGLE + 1, dtype=np.uint64)
    for at in range(SHINGLE):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + words[at : at + len(mixed)]
    return np.unique(mixed)


def _signature(shingles: NDArray[np.uint64]) -> MinHash:
    from datasketch import MinHash

    # Those with the smallest mixed hashes are a fair sample that two alike documents share.
    sample = np.sort((shingles * np.uint64(0xD6E8FEB86659FD93)) >> np.uint64(32))[:SAMPLED]
    signature = MinHash(num_perm=PERMUTATIONS, hashfunc=int)
    if len(sample):
        signature.update_batch(sample.tolist())
    return signature


def _alike(text: str, shingles: NDArray[np.uint64], other: str) -> bool:
    theirs = shingles_of(other)
    shared = len(np.intersect1d(shingles, theirs, assume_unique=True))
    union = len(shingles) + len(theirs) - shared
    return shared >= ALIKE * union and set(_FIGURE.findall(text)) == set(_FIGURE.findall(other))


def _text(db: sqlite3.Connection, row: int) -> str:
    (text,) = db.execute("SELECT text FROM documents WHERE row = ?", (row,)).fetchone()
    return str(text)


def _write(db: sqlite3.Connection, found: list[tuple[int, int]], names: dict[int, str]) -> None:
    fields: dict[int, dict[str, str]] = {}
    for kept, other in found:
        fields[other] = {DUPLICATE_OF: names[kept]}
        also = fields.setdefault(kept, {}).get(ALSO_AS)
        fields[kept][ALSO_AS] = "; ".join(filter(None, (also, names[other])))
    for row, metadata in list(_metadata(db)):
        wanted = {k: v for k, v in metadata.items() if k not in (ALSO_AS, DUPLICATE_OF)} | fields.get(row, {})
        if wanted != metadata:
            db.execute("UPDATE documents SET metadata = ? WHERE row = ?", (json.dumps(wanted, ensure_ascii=False), row))
    db.commit()


def _metadata(db: sqlite3.Connection) -> Iterator[tuple[int, dict[str, str]]]:
    for row, metadata in db.execute("SELECT row, metadata FROM documents ORDER BY row"):
        yield int(row), json.loads(metadata)


def duplicates_in(corpus: Path) -> list[Duplicate]:
    """The near-duplicates that are marked in a corpus file."""
    db = sqlite3.connect(f"{corpus.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        query = "SELECT doc_id, metadata FROM documents WHERE metadata LIKE ? ORDER BY row"
        rows = db.execute(query, (f'%"{DUPLICATE_OF}"%',)).fetchall()
    finally:
        db.close()
    pairs = ((json.loads(metadata).get(DUPLICATE_OF), doc_id) for doc_id, metadata in rows)
    return [Duplicate(kept, other) for kept, other in pairs if kept]
