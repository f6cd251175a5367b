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
from typing import NamedTuple

import numpy as np

from index.signatures import PERMUTATIONS, Signatures, shingles_of

ALIKE = 0.9
"""Jaccard similarity of shingles from which on two documents are the same."""
ALSO_AS, DUPLICATE_OF = "also_as", "duplicate_of"
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


class Duplicate(NamedTuple):
    """Two doc_ids: the document that is cited, and the other one."""

    kept: str
    other: str


def mark_duplicates(corpus: Path, cache: Path | None = None) -> list[Duplicate]:
    """Find the near-duplicates among the documents of a corpus file, and write into their metadata what was found.

    The kept one (with pages before without, else the first) has the others in `also_as`; these have `duplicate_of`.
    Signatures of texts that were met in an earlier build are taken from the folder `cache`.
    """
    from datasketch import MinHashLSH

    db = sqlite3.connect(corpus)
    known = Signatures(cache)
    try:
        order = db.execute("SELECT row, doc_id FROM documents ORDER BY pages = '[]', row").fetchall()
        lsh = MinHashLSH(threshold=0.8, num_perm=PERMUTATIONS)
        found: list[tuple[int, int]] = []
        for row, _ in order:
            text = _text(db, row)
            signature = known.of(text)
            same = sorted(int(other) for other in lsh.query(signature))
            kept = next((other for other in same if _alike(text, _text(db, other))), None)
            if kept is None:
                lsh.insert(str(row), signature)
            else:
                found.append((kept, row))
        known.save()
        names = dict(order)
        _write(db, found, names)
        return [Duplicate(names[kept], names[other]) for kept, other in found]
    finally:
        db.close()


def _alike(text: str, other: str) -> bool:
    shingles, theirs = shingles_of(text), shingles_of(other)
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
