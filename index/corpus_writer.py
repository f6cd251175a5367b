"""Writing a corpus: documents that were read, and whole files that are taken over from an earlier corpus."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from index.corpus import SCHEMA
from index.errors import SourceError
from index.types import Document, Passage


class CorpusWriter:
    """Fills a new corpus file; rows count from 0 in the order of writing.

    Files can be taken over from the corpus at `earlier`.
    """

    def __init__(self, path: Path, earlier: Path | None = None) -> None:
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rwc", uri=True)
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        if earlier is not None:
            self._db.execute("ATTACH ? AS earlier", (f"{earlier.absolute().as_uri()}?mode=ro&immutable=1",))
        self.files = self.documents = self.passages = self.sentences = 0
        self._ended = 0

    def end_file(self, name: str, content: bytes, about: bytes, skipped: Sequence[tuple[str, str]]) -> None:
        """Say that the documents added since the last file belong to this one."""
        self._db.execute(
            "INSERT INTO files VALUES (?,?,?,?,?,?,?)",
            (
                self.files,
                name,
                content,
                about,
                self._ended,
                self.documents - self._ended,
                json.dumps(skipped, ensure_ascii=True),
            ),
        )
        self.files += 1
        self._ended = self.documents

    def take_over(self, first: int, last: int) -> tuple[range, range]:
        """Append the files in rows `first` to `last` of the earlier corpus; gives their passage and sentence rows there."""
        execute = self._db.execute
        begin, end = execute(
            "SELECT min(first_document), max(first_document + documents) FROM earlier.files WHERE row BETWEEN ? AND ?",
            (first, last),
        ).fetchone()
        passages = _between(
            execute(
                "SELECT min(row), max(row) FROM earlier.passages WHERE document >= ? AND document < ?", (begin, end)
            ).fetchone()
        )
        sentences = range(0)
        if passages:
            edges = "SELECT first_sentence, first_sentence + sentences - 1 FROM earlier.passages WHERE row = ?"
            (low, _), (_, high) = (execute(edges, (row,)).fetchone() for row in (passages[0], passages[-1]))
            sentences = _between((low, high))
        files, documents = self.files - first, self.documents - begin
        moved, spoken = self.passages - passages.start, self.sentences - sentences.start
        execute(
            "INSERT INTO main.files SELECT row + ?, name, content, about, first_document + ?, documents, skipped "
            "FROM earlier.files WHERE row BETWEEN ? AND ? ORDER BY row",
            (files, documents, first, last),
        )
        execute(
            "INSERT INTO main.documents SELECT row + ?, doc_id, title, language, metadata, pages, text "
            "FROM earlier.documents WHERE row >= ? AND row < ? ORDER BY row",
            (documents, begin, end),
        )
        execute(
            "INSERT INTO main.passages SELECT row + ?, document + ?, start, end, headings, text, context, "
            "first_sentence + ?, sentences, spans FROM earlier.passages WHERE row >= ? AND row < ? ORDER BY row",
            (moved, documents, spoken, passages.start, passages.stop),
        )
        self.files += last - first + 1
        self.documents += end - begin
        self.passages += len(passages)
        self.sentences += len(sentences)
        self._ended = self.documents
        return passages, sentences

    def add(self, document: Document, passages: Sequence[Passage], contexts: Sequence[str]) -> None:
        """Append a document and its passages; SourceError if there is one of that doc_id already."""
        if self._db.execute("SELECT 1 FROM main.documents WHERE doc_id = ?", (document.doc_id,)).fetchone():
            raise SourceError("another document has the same name")
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
                "INSERT INTO passages VALUES (?,?,?,?,?,?,?,?,?,?)",
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
                    json.dumps(passage.sentences, ensure_ascii=False, separators=(",", ":")),
                ),
            )
            self.passages += 1
            self.sentences += len(passage.sentences)
        self.documents += 1

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()


def _between(edges: tuple[int | None, int | None]) -> range:
    """The rows from the first to the last of `edges`; none if there are none."""
    first, last = edges
    return range(0) if first is None or last is None else range(first, last + 1)
