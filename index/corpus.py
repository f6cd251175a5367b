"""Documents, passages and sentences of one generation, in SQLite.

Row i of a table belongs to row i of the vector files: passages to `passages.faiss`, the lexical index and
`token_offsets.npy`; sentences to `sentences.npy`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from index.errors import IndexDamagedError, SourceError
from index.types import Document, Passage, Sentence, Span

SCHEMA = """
CREATE TABLE documents (row INTEGER PRIMARY KEY, doc_id TEXT UNIQUE NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, metadata TEXT NOT NULL, pages TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE passages (row INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES documents (row),
    start INTEGER NOT NULL, end INTEGER NOT NULL, headings TEXT NOT NULL, text TEXT NOT NULL,
    context TEXT NOT NULL, first_sentence INTEGER NOT NULL, sentences INTEGER NOT NULL);
CREATE INDEX passages_of ON passages (document);
CREATE TABLE sentences (row INTEGER PRIMARY KEY, passage INTEGER NOT NULL REFERENCES passages (row),
    start INTEGER NOT NULL, end INTEGER NOT NULL, kind TEXT NOT NULL);
"""
AT_ONCE = 500
_PASSAGE = (
    "SELECT p.row, d.doc_id, p.start, p.end, p.text, p.headings, p.first_sentence, p.sentences, p.context "
    "FROM passages p JOIN documents d ON d.row = p.document "
)


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with its row, the row of its first sentence, and the title and headings put before it."""

    row: int
    passage: Passage
    first_sentence: int
    context: str

    @property
    def context_length(self) -> int:
        """Characters that stand before the passage in the text that was embedded."""
        return len(self.context)

    @property
    def whole(self) -> str:
        """The passage under its title and headings."""
        return self.context + self.passage.text


class CorpusWriter:
    """Fills a new corpus file; rows count from 0 in the order of writing."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        self.documents = self.passages = self.sentences = 0

    def add(self, document: Document, passages: Sequence[Passage], contexts: Sequence[str]) -> None:
        """Append a document and its passages."""
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,?)",
            (
                self.documents,
                document.doc_id,
                document.title,
                document.language,
                json.dumps(dict(document.metadata), ensure_ascii=False),
                json.dumps(document.pages),
                document.text,
            ),
        )
        for passage, context in zip(passages, contexts, strict=True):
            self._db.execute(
                "INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?)",
                (
                    self.passages,
                    self.documents,
                    passage.start,
                    passage.end,
                    json.dumps(passage.headings, ensure_ascii=False),
                    passage.text,
                    context,
                    self.sentences,
                    len(passage.sentences),
                ),
            )
            self._db.executemany(
                "INSERT INTO sentences VALUES (?,?,?,?,?)",
                [
                    (self.sentences + i, self.passages, sentence.start, sentence.end, sentence.kind)
                    for i, sentence in enumerate(passage.sentences)
                ],
            )
            self.passages += 1
            self.sentences += len(passage.sentences)
        self.documents += 1

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()


class Corpus:
    """A written corpus, open for reading. Thread-safe; the file is never changed."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._lock = Lock()
            self.documents, self.passages, self.sentences = (
                self._rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("documents", "passages", "sentences")
            )
        except sqlite3.Error as error:
            raise IndexDamagedError(f"{path.name} cannot be opened: {error}; run quipu build") from None

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def doc_ids(self) -> tuple[str, ...]:
        """All doc_ids in the order of the index."""
        return tuple(row[0] for row in self._rows("SELECT doc_id FROM documents ORDER BY row"))

    def document(self, doc_id: str) -> Document:
        """One document with its whole text; SourceError if the index holds none of that name."""
        found = self._rows(
            "SELECT doc_id, text, title, language, metadata, pages FROM documents WHERE doc_id = ?", (doc_id,)
        )
        if not found:
            raise SourceError(f"the index holds no document called {doc_id!r}; quipu status lists what it holds")
        name, text, title, language, metadata, pages = found[0]
        return Document(
            name, text, title, language, json.loads(metadata), tuple(Span(*page) for page in json.loads(pages))
        )

    def overview(self) -> list[tuple[str, str, str]]:
        """`(doc_id, title, language)` of every document, in the order of the index."""
        return self._rows("SELECT doc_id, title, language FROM documents ORDER BY row")

    def described(self) -> list[tuple[str, str, str, dict[str, str]]]:
        """`(doc_id, title, language, metadata)` of every document, in the order of the index."""
        found = self._rows("SELECT doc_id, title, language, metadata FROM documents ORDER BY row")
        return [(doc_id, title, language, json.loads(metadata)) for doc_id, title, language, metadata in found]

    def sections(self) -> tuple[list[int], list[str], list[tuple[int, str]]]:
        """What stands above and inside the passages, in the order of rows.

        Of every passage its document's place in the index, and the headings above it, one a line; then `(row, heading)` of
        every heading inside a passage.
        """
        found = self._rows("SELECT document, headings FROM passages ORDER BY row")
        above = {headings: "\n".join(json.loads(headings)) for headings in {headings for _, headings in found}}
        inside = self._rows(
            "SELECT p.row, substr(p.text, s.start - p.start + 1, s.end - s.start) FROM sentences s "
            "JOIN passages p ON p.row = s.passage WHERE s.kind = 'heading' ORDER BY s.row"
        )
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
            spans: dict[int, list[Sentence]] = {}
            for passage, start, end, kind in self._rows(
                f"SELECT passage, start, end, kind FROM sentences WHERE passage IN ({marks}) ORDER BY row", part
            ):
                spans.setdefault(passage, []).append(Sentence(start, end, kind))
            found = self._rows(_PASSAGE + f"WHERE p.row IN ({marks})", part)
            stored.update({values[0]: _stored(values, spans.get(values[0], [])) for values in found})
        return [stored[int(row)] for row in rows]

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


def _stored(values: tuple, sentences: list[Sentence]) -> StoredPassage:  # type: ignore[type-arg]
    row, doc_id, start, end, text, headings, first_sentence, _, context = values
    passage = Passage(doc_id, start, end, text, tuple(json.loads(headings)), tuple(sentences))
    return StoredPassage(row, passage, first_sentence, context)
