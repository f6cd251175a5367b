"""Source files, documents, passages and sentences of one generation, in SQLite.

Row i of a table belongs to row i of the vector files: passages to `passages.faiss`, the lexical index and
`token_places.npy`; sentences to `sentences.npy`. The rows of one file, document or passage are adjacent.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import getsizeof
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.bounded import ByteCache
from index.errors import IndexDamagedError, SourceError
from index.stored import PASSAGE_COLUMNS, StoredPassage, UnreadPassage, stored_passage
from index.types import Document, Passage, Span

SCHEMA = """
CREATE TABLE files (row INTEGER PRIMARY KEY, name TEXT NOT NULL, content BLOB NOT NULL, about BLOB NOT NULL,
    first_document INTEGER NOT NULL, documents INTEGER NOT NULL, skipped TEXT NOT NULL);
CREATE TABLE documents (row INTEGER PRIMARY KEY, doc_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, metadata TEXT NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE passages (row INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (row),
    start INTEGER NOT NULL, end INTEGER NOT NULL, headings TEXT NOT NULL, text TEXT NOT NULL,
    context TEXT NOT NULL, first_sentence INTEGER NOT NULL, sentences INTEGER NOT NULL, spans TEXT NOT NULL);
CREATE INDEX passages_of ON passages (document);
"""
# The sentences of a passage stand in its own row, as JSON: a question reads those of two hundred passages at once, which
# takes a third of the time that rows of their own do.
PAGES_KEPT = -16_000
DOCUMENTS_KEPT = 32_000_000
"""Memory for documents that are kept as they were last read."""
AT_ONCE = 500
_PASSAGE = f"SELECT {PASSAGE_COLUMNS} FROM passages p JOIN documents d ON d.row = p.document "
_STATEMENTS = {statement.strip() for statement in SCHEMA.split(";") if statement.strip()}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A source file as it was indexed.

    `content` is its sha256, `about` a digest of its metadata, `documents` their number; `skipped` says what was left
    out of it, as `(doc_id, reason)`.
    """

    row: int
    name: str
    content: bytes
    about: bytes
    documents: int
    skipped: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A document without its text: how many pages and passages it has, and the name of the source file it stands in."""

    doc_id: str
    title: str
    language: str
    metadata: dict[str, str]
    pages: int
    passages: int
    file: str


class Corpus:
    """A written corpus, open for reading. Thread-safe; the file is never changed."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._lock = Lock()
            # An answer's evidence is shown with its documents, each of which is asked for several times.
            self._documents: ByteCache[str, Document] = ByteCache(
                DOCUMENTS_KEPT, lambda _, document: 2_000 + getsizeof(document.text) + 150 * len(document.pages)
            )
            # A file from elsewhere may hold views and triggers that call functions; none of them is used.
            self._db.execute("PRAGMA trusted_schema=OFF")
            self._db.execute("PRAGMA cell_size_check=ON")
            if {row[0] for row in self._rows("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")} != _STATEMENTS:
                raise sqlite3.DatabaseError("its tables are not those of an index")
            self._db.execute(f"PRAGMA cache_size={PAGES_KEPT}")
            self.documents = int(self._rows("SELECT count(*) FROM documents")[0][0])
            self.passages = int(self._rows("SELECT count(*) FROM passages")[0][0])
            last = self._rows("SELECT first_sentence + sentences FROM passages ORDER BY row DESC LIMIT 1")
            self.sentences = int(last[0][0]) if last else 0
        except sqlite3.Error as error:
            raise _damaged(error) from None

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(error) from None

    def _each(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple]:  # type: ignore[type-arg]
        """Rows of a large result, a few hundred at a time."""
        try:
            with self._lock:
                cursor = self._db.execute(query, values)
            while True:
                with self._lock:
                    rows = cursor.fetchmany(AT_ONCE)
                if not rows:
                    return
                yield from rows
        except sqlite3.DatabaseError as error:
            raise _damaged(error) from None

    def files(self) -> Iterator[StoredFile]:
        """Every source file, in the order of the index."""
        for row, name, content, about, documents, skipped in self._each(
            "SELECT row, name, content, about, documents, skipped FROM files ORDER BY row"
        ):
            reasons = tuple((str(doc_id), str(reason)) for doc_id, reason in json.loads(skipped))
            yield StoredFile(row, name, content, about, documents, reasons)

    def doc_ids_of(self, file: StoredFile) -> list[str]:
        """The doc_ids of one file's documents, in order."""
        query = (
            "SELECT d.doc_id FROM files f JOIN documents d "
            "ON d.row >= f.first_document AND d.row < f.first_document + f.documents WHERE f.row = ? ORDER BY d.row"
        )
        return [row[0] for row in self._rows(query, (file.row,))]

    def file_of(self, doc_id: str) -> StoredFile | None:
        """The source file that a document was read from; None for a document that the index does not hold."""
        found = self._rows(
            "SELECT f.row, f.name, f.content, f.about, f.documents, f.skipped FROM documents d JOIN files f "
            "ON d.row >= f.first_document AND d.row < f.first_document + f.documents WHERE d.doc_id = ?",
            (doc_id,),
        )
        if not found:
            return None
        row, name, content, about, documents, skipped = found[0]
        reasons = tuple((str(inner), str(reason)) for inner, reason in json.loads(skipped))
        return StoredFile(row, name, content, about, documents, reasons)

    def holding(self, words: str, limit: int = 3) -> list[str]:
        """The doc_ids of at most `limit` documents whose text holds `words`, character for character."""
        query = "SELECT doc_id FROM documents WHERE instr(text, ?) > 0 ORDER BY row LIMIT ?"
        return [row[0] for row in self._rows(query, (words, limit))]

    def embedded_passages(self) -> Iterator[tuple[str, str]]:
        """`(text, context)` of every passage in the order of rows."""
        yield from self._each("SELECT text, context FROM passages ORDER BY row")

    def doc_ids(self) -> tuple[str, ...]:
        """All doc_ids in the order of the index."""
        return tuple(row[0] for row in self._rows("SELECT doc_id FROM documents ORDER BY row"))

    def document(self, doc_id: str) -> Document:
        """One document with its whole text; SourceError if the index holds none of that name."""
        if (kept := self._documents.get(doc_id)) is not None:
            return kept
        found = self._rows(
            "SELECT doc_id, text, title, language, metadata, pages FROM documents WHERE doc_id = ?", (doc_id,)
        )
        if not found:
            raise SourceError(f"the index holds no document called {doc_id!r}; quipu status lists what it holds")
        name, text, title, language, metadata, pages = found[0]
        document = Document(
            name, text, title, language, json.loads(metadata), tuple(Span(*page) for page in json.loads(pages))
        )
        self._documents.put(doc_id, document)
        return document

    def overview(self) -> list[tuple[str, str, str]]:
        """`(doc_id, title, language)` of every document, in the order of the index."""
        return self._rows("SELECT doc_id, title, language FROM documents ORDER BY row")

    def described(self) -> list[tuple[str, str, str, dict[str, str]]]:
        """`(doc_id, title, language, metadata)` of every document, in the order of the index."""
        found = self._rows("SELECT doc_id, title, language, metadata FROM documents ORDER BY row")
        return [(doc_id, title, language, json.loads(metadata)) for doc_id, title, language, metadata in found]

    def listed(self) -> list[Listed]:
        """Every document without its text, in the order of the index."""
        files = self._rows("SELECT first_document, name FROM files WHERE documents > 0 ORDER BY first_document DESC")
        passages = dict(self._rows("SELECT document, count(*) FROM passages GROUP BY document"))
        found = []
        for row, doc_id, title, language, metadata, pages in self._each(
            "SELECT row, doc_id, title, language, metadata, json_array_length(pages) FROM documents ORDER BY row"
        ):
            while len(files) > 1 and files[-2][0] <= row:
                files.pop()
            about = json.loads(metadata)
            found.append(Listed(doc_id, title, language, about, pages, passages.get(row, 0), files[-1][1]))
        return found

    def sections(self) -> tuple[list[int], list[str], list[tuple[int, str]]]:
        """What stands above and inside the passages, in the order of rows.

        Of every passage its document's place in the index, and the headings above it, one a line; then `(row, heading)` of
        every heading inside a passage.
        """
        found = self._rows("SELECT document, headings FROM passages ORDER BY row")
        above = {headings: "\n".join(json.loads(headings)) for headings in {headings for _, headings in found}}
        inside = [
            (row, text[begin - start : end - start])
            for row, start, text, spans in self._each(
                "SELECT row, start, text, spans FROM passages WHERE instr(spans, '\"heading\"') ORDER BY row"
            )
            for begin, end, kind in json.loads(spans)
            if kind == "heading"
        ]
        return [document for document, _ in found], [above[headings] for _, headings in found], inside

    def passage(self, row: int) -> StoredPassage:
        """The passage in `row`."""
        return self.passages_at([row])[0]

    def passages_at(self, rows: Sequence[int]) -> list[StoredPassage]:
        """Passages of `rows`, in the order of `rows`."""
        stored: dict[int, StoredPassage] = {}
        for first in range(0, len(rows), AT_ONCE):
            part = [int(row) for row in rows[first : first + AT_ONCE]]
            marks = ",".join("?" * len(part))
            found = self._rows(_PASSAGE + f"WHERE p.row IN ({marks})", part)
            stored.update({values[0]: stored_passage(values) for values in found})
        return [stored[int(row)] for row in rows]

    def sentence_rows(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row of the first sentence of each passage and their number, `(passages, 2)`; `rows` are sorted and distinct."""
        query = "SELECT first_sentence, sentences FROM passages WHERE row IN ({}) ORDER BY row"
        found: list[tuple[int, int]] = []
        for first in range(0, len(rows), AT_ONCE):
            part = rows[first : first + AT_ONCE].tolist()
            found += self._rows(query.format(",".join("?" * len(part))), part)
        if len(found) != len(rows):
            raise _damaged(sqlite3.DatabaseError("it lacks passages that other files of the index hold"))
        return np.array(found, dtype=np.int64).reshape(-1, 2)

    def unread(self, row: int, first_sentence: int) -> StoredPassage:
        """The passage in `row`, read when it is first looked at."""
        return UnreadPassage.at(row, first_sentence, self.passage)

    def rows_of(self, doc_id: str) -> list[int]:
        """Rows of a document's passages, in order."""
        query = "SELECT p.row FROM passages p JOIN documents d ON d.row = p.document WHERE d.doc_id = ? ORDER BY p.row"
        return [row[0] for row in self._rows(query, (doc_id,))]

    def duplicate_rows(self) -> frozenset[int]:
        """Rows of the passages of documents that another document stands for, since they are nearly the same."""
        marked = [
            row[0] for row in self._rows("SELECT row, metadata FROM documents") if "duplicate_of" in json.loads(row[1])
        ]
        rows: list[int] = []
        for first in range(0, len(marked), AT_ONCE):
            part = marked[first : first + AT_ONCE]
            rows += [
                r[0]
                for r in self._rows(f"SELECT row FROM passages WHERE document IN ({','.join('?' * len(part))})", part)
            ]
        return frozenset(rows)

    def passages_of(self, doc_id: str) -> list[Passage]:
        """A document's passages, in order."""
        return [stored.passage for stored in self.passages_at(self.rows_of(doc_id))]

    def all_passages(self) -> Iterator[StoredPassage]:
        """Every passage in the order of rows, a few hundred read at a time."""
        for first in range(0, self.passages, AT_ONCE):
            yield from self.passages_at(range(first, min(first + AT_ONCE, self.passages)))

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _damaged(error: sqlite3.Error) -> IndexDamagedError:
    return IndexDamagedError(f"corpus.sqlite cannot be read: {error}; run quipu verify --repair, or quipu build")
