"""A BM25 index carried on from that of the generation before: what stays is linked, what is gone deleted, what is new added.

tantivy's segments are never changed once written, so that generations can share them; only the list of segments is each
one's own. A deleted passage stays in its segment, unseen by searches, and still counts in how rare words are and how long
passages are on average. So that this stays below what any ranking notices, no more than one passage in fifty may be such a
remnant: past that, and where the index is small, everything is written anew.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.lexical import WRITER_HEAP, passage_entry, rows_query, writable
from index.tokens import link

SHARED_FROM = 20_000
"""Passages from which on it is worth while: writing these anew takes two seconds."""
REMNANTS_OF = 50
OWN_FILES = frozenset({"meta.json", ".managed.json"})
NEW = -1


def numbers_for(sources: NDArray[np.int64], known: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The number of every passage in the index that is carried on, and which of these are new to it.

    `sources[i]` is the row of the generation before that has the same text as row i, or -1; `known` are the numbers
    there. Of rows with the same source the first gets its number. Gives `(numbers, rows)`: numbers `(n,)`, and the
    sorted rows of passages that must be added.
    """
    numbers = np.full(len(sources), NEW, dtype=np.int64)
    held = np.flatnonzero(sources >= 0)
    _, first = np.unique(sources[held], return_index=True)
    numbers[held[first]] = known[sources[held[first]]]
    new = np.flatnonzero(numbers == NEW)
    numbers[new] = (int(known.max()) + 1 if len(known) else 0) + np.arange(len(new))
    return numbers, new


def can_carry_on(folder: Path, numbers: NDArray[np.int64], known: NDArray[np.int64]) -> bool:
    """Whether the index in `folder`, with the numbers `known`, may be carried on as one with `numbers`."""
    if len(numbers) < SHARED_FROM:
        return False
    gone = len(np.setdiff1d(known, numbers))
    try:
        return (remnants(folder) + gone) * REMNANTS_OF <= len(numbers)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def remnants(folder: Path) -> int:
    """Deleted passages that the segments of the index in `folder` still hold."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return sum(segment["deletes"]["num_deleted_docs"] for segment in meta["segments"] if segment.get("deletes"))


def carry_on(
    folder: Path,
    earlier: Path,
    gone: NDArray[np.int64],
    new: Iterable[tuple[int, str]],
) -> None:
    """Write to the new `folder` the index in `earlier` without the numbers `gone` and with the `(number, text)` of `new`.

    Raises OSError.
    """
    folder.mkdir(parents=True)
    for path in sorted(earlier.iterdir()):
        if path.name in OWN_FILES:
            shutil.copyfile(path, folder / path.name)
        elif not path.name.endswith(".lock"):
            link(path, folder / path.name)
    with writable(folder, new=False) as index:
        writer = index.writer(heap_size=WRITER_HEAP, num_threads=1)
        if len(gone):
            # By query: of terms, tantivy-py deletes none in a field of unsigned numbers.
            writer.delete_documents_by_query(rows_query(index.schema, gone))
        for number, text in new:
            writer.add_document(passage_entry(number, text))
        writer.commit()
        writer.wait_merging_threads()
