"""BM25 over passages (tantivy), each indexed with English and with Spanish stemming.

Both analysers lower-case, fold accents ("mineria" finds "minería"), drop stop words and stem.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamagedError
from index.stopwords import STOPWORDS

STEMMERS = {"en": "english", "es": "spanish"}
WRITER_HEAP = 64_000_000
RANGES_UP_TO = 32
"""Stretches of rows up to which a search is narrowed by ranges, which are faster than a set for a few documents."""


class LexicalHit(NamedTuple):
    """A passage's row and its BM25 score."""

    row: int
    score: float


@cache
def analyser(language: str) -> Any:
    """The tantivy analyser for "en" or "es"."""
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(60))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.custom_stopword(sorted(STOPWORDS[language])))
        .filter(Filter.stemmer(STEMMERS[language]))
        .build()
    )


def terms(text: str, language: str) -> list[str]:
    """Stemmed content words of `text` in order, repeats kept; empty for a text of stop words."""
    found: list[str] = analyser(language).analyze(text)
    return found


def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=True, fast=True)
    for language in STEMMERS:
        builder.add_text_field(language, tokenizer_name=f"quipu_{language}", index_option="freq")
    return builder.build()


def _open(folder: Path, new: bool) -> Any:
    from tantivy import Index

    index = Index(_schema(), path=str(folder), reuse=not new)
    for language in STEMMERS:
        index.register_tokenizer(f"quipu_{language}", analyser(language))
    return index


def write_lexical(folder: Path, texts: Iterable[str]) -> None:
    """Index `texts`, row i for the i-th, into the new `folder`; raises OSError."""
    folder.mkdir(parents=True)
    with writable(folder, new=True) as index:
        writer = index.writer(heap_size=WRITER_HEAP, num_threads=1)
        for row, text in enumerate(texts):
            writer.add_document(passage_entry(row, text))
        writer.commit()
        writer.wait_merging_threads()


@contextmanager
def writable(folder: Path, *, new: bool) -> Iterator[Any]:
    """The tantivy index in `folder`, to be written to; raises OSError where that fails."""
    try:
        yield _open(folder, new=new)
    except ValueError as error:  # what tantivy raises where it cannot write
        raise OSError(str(error)) from None


def passage_entry(number: int, text: str) -> Any:
    """What tantivy is given of a passage."""
    from tantivy import Document

    document = Document()
    document.add_unsigned("row", number)
    for language in STEMMERS:
        document.add_text(language, text)
    return document


def rows_query(schema: Any, rows: NDArray[np.int64]) -> Any:
    """A query for the passages in sorted `rows`."""
    from tantivy import FieldType, Occur, Query

    stretches = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    if len(stretches) > RANGES_UP_TO:
        return Query.term_set_query(schema, "row", rows.tolist())
    ranges = [Query.range_query(schema, "row", FieldType.Unsigned, int(part[0]), int(part[-1])) for part in stretches]
    return Query.boolean_query([(Occur.Should, one) for one in ranges])


def _opened(folder: Path) -> tuple[Any, Any]:
    """The index in `folder` and a searcher over it."""
    try:
        index = _open(folder, new=False)
        return index, index.searcher()
    except (ValueError, OSError) as error:
        # tantivy takes a lock beside the files that it reads, which it cannot where these are read-only.
        try:
            with TemporaryDirectory(prefix="quipu-") as beside:
                for path in folder.iterdir():
                    if not path.name.endswith(".lock"):
                        Path(beside, path.name).symlink_to(path.absolute())
                index = _open(Path(beside), new=False)
                return index, index.searcher()
        except (ValueError, OSError):
            raise error from None


class LexicalIndex:
    """A written BM25 index, open for reading. Thread-safe.

    `numbers[i]`, int64, is the number under which row i stands in it; None where that is i.
    """

    def __init__(self, folder: Path, numbers: NDArray[np.int64] | None = None) -> None:
        try:
            self._index, self._searcher = _opened(folder)
        except (ValueError, OSError) as error:
            raise IndexDamagedError(f"the lexical index {folder} cannot be opened: {error}; run quipu build") from None
        self.count = int(self._searcher.num_docs)
        self._numbers = numbers
        if numbers is not None:
            self._order = np.argsort(numbers, kind="stable")
            self._sorted = numbers[self._order]

    def search(
        self, words: Sequence[str], language: str, n: int, allowed: NDArray[np.int64] | None = None
    ) -> list[LexicalHit]:
        """The `n` best passages for analysed `words`, best first; ties in the order of rows.

        Only the rows `allowed` (sorted) are found, or all; a row's score is the same either way.
        """
        if not words or not self.count or (allowed is not None and not len(allowed)):
            return []
        from tantivy import Occur, Query

        schema = self._index.schema
        query = Query.boolean_query(
            [(Occur.Should, Query.term_query(schema, language, word, index_option="freq")) for word in words]
        )
        if allowed is not None:
            chosen = allowed if self._numbers is None else np.sort(self._numbers[allowed])
            within = Query.const_score_query(rows_query(schema, chosen), 0.0)
            query = Query.boolean_query([(Occur.Must, query), (Occur.Must, within)])
        found = self._searcher.search(query, min(n, self.count), count=False)
        rows = self._rows_of(found.hits)
        hits = [LexicalHit(row, float(score)) for row, (score, _) in zip(rows, found.hits, strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.row))

    def rows(self) -> list[int]:
        """The rows of all passages, sorted."""
        from tantivy import Query

        found = self._searcher.search(Query.all_query(), max(self.count, 1), count=False)
        return sorted(self._rows_of(found.hits))

    def _rows_of(self, hits: Sequence[tuple[Any, Any]]) -> list[int]:
        """The rows of what tantivy found."""
        found = self._searcher.fast_field_values("row", [address for _, address in hits])
        if self._numbers is None:
            return [int(row) for row in found]
        numbers = np.array(found, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        if (self._sorted[places] != numbers).any():
            raise IndexDamagedError("the lexical index holds a passage that no row stands for; run quipu build")
        rows: list[int] = self._order[places].tolist()
        return rows

    def idf(self, word: str, language: str) -> float:
        """Inverse document frequency of an analysed word: ln(1 + (N - df + .5) / (df + .5)), as in BM25."""
        df = self.document_frequency(word, language)
        return float(np.log1p((self.count - df + 0.5) / (df + 0.5)))

    def document_frequency(self, word: str, language: str) -> int:
        """Number of passages that hold an analysed word."""
        if self._numbers is None:
            return int(self._searcher.doc_freq(language, word))
        from tantivy import Query

        # Where passages were deleted, tantivy's own figure counts them still.
        query = Query.term_query(self._index.schema, language, word, index_option="freq")
        return int(self._searcher.search(query, 1, count=True).count)
