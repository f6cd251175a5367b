"""The figures of the whole index, or of what is about a term in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from assistant.assistant import Assistant
from assistant.compare.figures import passage_figures
from assistant.compare.notes import Group, about, grouped
from assistant.compare.types import Figure, Source
from assistant.filters import Filter
from index.duplicates import DUPLICATE_OF

AT_ONCE = 500


def survey(
    assistant: Assistant,
    term: str = "",
    where: Filter | None = None,
    progress: Callable[[str, int, int], None] = lambda _stage, _done, _total: None,
) -> tuple[Group, ...]:
    """Figures by what they count, those about `term` where one is given; FilterError for a filter that leaves nothing.

    Copies of a document are left out: they would agree with it in everything.
    """
    topic = about(term) if term else None
    found = [figure for figure in _figures(assistant, where, progress) if topic is None or topic.holds(figure)]
    return grouped(found)


def _figures(assistant: Assistant, where: Filter | None, progress: Callable[[str, int, int], None]) -> Iterator[Figure]:
    corpus = assistant.generation.corpus
    allowed = assistant.facets.rows(where)
    rows = allowed.tolist() if allowed is not None else list(range(corpus.passages))
    sources = {
        doc_id: Source(doc_id, title, meta.get("publisher", ""), language, meta.get("date", ""))
        for doc_id, title, language, meta in corpus.described()
        if DUPLICATE_OF not in meta
    }
    for first in range(0, len(rows), AT_ONCE):
        for stored in corpus.passages_at(rows[first : first + AT_ONCE]):
            source = sources.get(stored.passage.doc_id)
            if source is None:
                continue
            for figure in passage_figures(stored.passage, source):
                if where is None or where.fits(stored.passage, figure.start):
                    yield figure
        progress("reading figures", min(first + AT_ONCE, len(rows)), len(rows))
