"""The last step of every answer: a quote that does not stand in its document, character for character, is removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from assistant.reading import Quote
from assistant.types import Citation
from index.corpus import Corpus
from index.duplicates import ALSO_AS
from index.places import place_at
from index.types import Document


class Cited(NamedTuple):
    """A citation, and the sentences of its quote, each verbatim."""

    citation: Citation
    sentences: tuple[str, ...]


def cite(quotes: Iterable[Quote], corpus: Corpus) -> tuple[Cited, ...]:
    """Citations of those quotes that stand in their documents as they are, markers from 1 in the given order."""
    documents: dict[str, Document] = {}
    cited: list[Cited] = []
    for quote in quotes:
        passage = quote.passage
        document = documents.setdefault(passage.doc_id, corpus.document(passage.doc_id))
        citation = Citation(
            len(cited) + 1,
            document.doc_id,
            document.title,
            quote.start,
            quote.end,
            quote.text,
            document.page_at(quote.start),
            passage.headings,
            place_at(document, quote.start),
            tuple(filter(None, document.metadata.get(ALSO_AS, "").split("; "))),
        )
        if stands(citation, document):
            cited.append(Cited(citation, tuple(document.text[s.start : s.end] for s in quote.sentences)))
    return tuple(cited)


def stands(citation: Citation, document: Document) -> bool:
    """Whether the quote is in the document at its offsets."""
    return bool(citation.quote) and document.text[citation.start : citation.end] == citation.quote
