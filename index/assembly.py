"""The vector files of a new generation, put together block by block from the earlier one and from the cache."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.arrays import load_array, write_array
from index.cache import EmbeddingCache
from index.earlier import Earlier, Keys, as_keys
from index.tokens import FOLDER, PLACE, SegmentWriter, kept_segments, link
from index.vectors import write_vectors

BLOCK = 4_096
NONE = -1


@dataclass(slots=True)
class Rows:
    """For each row of a new file, in order: the key of its text, and the row of the earlier file that has its vectors."""

    keys: bytearray = field(default_factory=bytearray)
    earlier: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.earlier)

    def add(self, key: bytes) -> None:
        """A new row, of which only the key is known."""
        self.keys += key
        self.earlier.append(NONE)

    def take_over(self, rows: range, keys: Keys) -> None:
        """Rows that the earlier file has, with their keys there."""
        self.keys += keys[rows.start : rows.stop].tobytes()
        self.earlier.extend(rows)

    def resolved(self, offered: NDArray[np.int64], find: Callable[[Keys], NDArray[np.int64]]) -> NDArray[np.int64]:
        """The earlier row for each row, `(n,)`: what is `offered` for it, else what `find` says of its key."""
        rows = offered.copy()
        open_ = np.flatnonzero(rows < 0)
        if len(open_):
            rows[open_] = find(as_keys(self.keys)[open_])
        return rows

    def key(self, row: int) -> bytes:
        """The key of a row."""
        return bytes(self.keys[16 * row : 16 * row + 16])


def sources_of(passages: Rows, sentences: Rows, earlier: Earlier | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The earlier rows that passages and sentences take their vectors from; -1 for those in the cache."""
    if earlier is None:
        return np.full(len(passages), NONE), np.full(len(sentences), NONE)
    spoken = np.array(sentences.earlier, dtype=np.int64)
    return (
        passages.resolved(earlier.offers(np.array(passages.earlier, dtype=np.int64)), earlier.find_passages),
        sentences.resolved(spoken if earlier.sentences is not None else np.full_like(spoken, NONE),
                           earlier.find_sentences),
    )  # fmt: skip


def write_sentences(
    folder: Path, rows: Rows, sources: NDArray[np.int64], earlier: Earlier | None, cache: EmbeddingCache, dim: int
) -> None:
    """Write `sentences.npy`, float16 `(sentences, dim)`."""
    held = earlier.sentences if earlier is not None else None
    write_array(folder / "sentences.npy", (len(rows), dim), "<f2", _blocks(rows, sources, held, cache, dim))


def write_passages(
    folder: Path, rows: Rows, sources: NDArray[np.int64], earlier: Earlier | None, cache: EmbeddingCache, dim: int
) -> None:
    """Write `passages.faiss`. Vectors are gathered on disk first: FAISS learns from a sample before it takes them."""
    held = earlier.vectors.vectors if earlier is not None and earlier.vectors is not None else None
    gathered = folder / "gathered.npy"
    write_array(gathered, (len(rows), dim), "<f2", _blocks(rows, sources, held, cache, dim))
    write_vectors(folder / "passages.faiss", load_array(gathered))
    gathered.unlink()


def _blocks(
    rows: Rows,
    sources: NDArray[np.int64],
    held: NDArray[np.float16] | Callable[[NDArray[np.int64]], NDArray[np.float32]] | None,
    cache: EmbeddingCache,
    dim: int,
) -> Iterator[NDArray[np.float16]]:
    """Blocks of vectors, in order."""
    for first in range(0, len(rows), BLOCK):
        part = sources[first : first + BLOCK]
        block = np.empty((len(part), dim), dtype=np.float16)
        known = part >= 0
        if held is not None and known.any():
            block[known] = held(part[known]) if callable(held) else held[part[known]]
        new = np.flatnonzero(~known)
        if len(new):
            keys = [rows.key(first + row) for row in new.tolist()]
            vectors = cache.vectors(list(dict.fromkeys(keys)))
            for row, key in zip(new.tolist(), keys, strict=True):
                block[row] = vectors[key]
        yield block


def write_tokens(
    folder: Path,
    rows: Rows,
    sources: NDArray[np.int64],
    earlier: Earlier | None,
    cache: EmbeddingCache,
    dim: int,
    told: Callable[[int, int], None],
) -> int:
    """Link and write the segments, and `token_places.npy`; gives the number of tokens."""
    taken = _kept(sources, earlier)
    linked = [earlier.tokens.names[segment] for segment in sorted(taken)] if earlier is not None else []
    own = f"{folder.name}.npy"
    # Whether one is written is known only later; the order of names is that in which places count segments.
    order = {name: place for place, name in enumerate(sorted([*linked, own]))}
    places = np.zeros(len(rows), dtype=PLACE)
    with SegmentWriter(folder / FOLDER / own, dim) as writer:
        for row in range(len(rows)):
            source = int(sources[row])
            if earlier is not None and source >= 0:
                place = earlier.tokens.places[source]
                if place["segment"] in taken:
                    places[row] = (order[earlier.tokens.names[place["segment"]]], *place.item()[1:])
                else:
                    places[row] = (order[own], *writer.add(earlier.tokens.raw(source)))
            else:
                places[row] = (order[own], *writer.add(cache.tokens(rows.key(row)).tobytes()))
            if (row + 1) % 100 == 0 or row + 1 == len(rows):
                told(row + 1, len(rows))
        written = writer.rows
    if earlier is not None:
        for name in linked:
            link(earlier.folder / FOLDER / name, folder / FOLDER / name)
    if linked and not written:
        (folder / FOLDER / own).unlink()
        places["segment"] -= (places["segment"] > order[own]).astype("<u2")
    np.save(folder / "token_places.npy", places)
    return int(places["count"].sum())


def _kept(sources: NDArray[np.int64], earlier: Earlier | None) -> set[int]:
    """The segments of the earlier generation that are linked as they are."""
    if earlier is None:
        return set()
    counts = earlier.tokens.places["count"].astype(np.int64)
    held = np.unique(sources[sources >= 0])
    segments = earlier.tokens.places["segment"][held]
    used = {int(segment): int(counts[held[segments == segment]].sum()) for segment in np.unique(segments)}
    # New passages are about as long as those that are there.
    added = int((sources < 0).sum() * (counts.mean() if len(counts) else 0))
    return kept_segments({segment: n for segment, n in used.items() if n}, earlier.tokens.sizes, added)


def write_keys(folder: Path, passages: Rows, sentences: Rows) -> None:
    """Write `keys.npy`, uint64 `(passages + sentences, 2)`."""
    shape = (len(passages) + len(sentences), 2)
    write_array(folder / "keys.npy", shape, "<u8", (as_keys(rows.keys) for rows in (passages, sentences)))
