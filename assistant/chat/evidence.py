"""Cited sentences inside their surroundings: the cards that stand beside an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from assistant.chat.library import Library
from assistant.chat.markup import escape, language_attribute, prose, web_address
from assistant.chat.strings import text, translated
from assistant.types import Answer, Citation, Hit
from index.duplicates import ALSO_AS
from index.places import NOWHERE, Place, place_at
from index.types import Document, Passage, Sentence, Span

CONTEXT = 240
"""Characters of the passage shown on either side of the cited sentences, at most."""

BEGINNING = 480
"""Characters shown of a passage that is not cited, at most, unless its first sentence is longer."""

NEAREST = 3
"""Passages shown with a refusal, and offered as further reading with an answer."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A highlighted range of a document: a citation with its marker, or a found passage with marker 0."""

    start: int
    end: int
    marker: int


@dataclass(frozen=True, slots=True)
class Card:
    """The citations of an answer that stand in one passage, and the stretch of the document shown around them.

    `span` is what is shown, `passage` the whole passage without its heading lines.
    """

    document: Document
    span: Span
    headings: tuple[str, ...]
    marks: tuple[Mark, ...]
    passage: Span


def cards(answer: Answer, library: Library) -> list[Card]:
    """One card for each passage that the answer cites, in order of first citation."""
    groups: dict[tuple[str, int], tuple[Passage, list[Citation]]] = {}
    for citation in answer.citations:
        passage = _passage_of(citation, answer.hits, library)
        groups.setdefault((passage.doc_id, passage.start), (passage, []))[1].append(citation)
    return [_card(library.document(passage.doc_id), passage, cited) for passage, cited in groups.values()]


def _card(document: Document, passage: Passage, cited: Sequence[Citation]) -> Card:
    place = Span(min(citation.start for citation in cited), max(citation.end for citation in cited))
    body = _body(passage, place.start)
    return Card(
        document,
        _surroundings(document.text, body, passage.sentences, place),
        cited[0].headings or passage.headings,
        tuple(Mark(citation.start, citation.end, citation.marker) for citation in cited),
        body,
    )


def nearest(answer: Answer, library: Library) -> list[Card]:
    """Cards without marks for the best passages that were found but are not cited."""
    cited = [(citation.doc_id, citation.start, citation.end) for citation in answer.citations]
    found = [
        hit.passage
        for hit in answer.hits
        if not any(
            doc_id == hit.passage.doc_id and start < hit.passage.end and hit.passage.start < end
            for doc_id, start, end in cited
        )
    ]
    return [_uncited_card(library.document(passage.doc_id), passage) for passage in found[:NEAREST]]


def _uncited_card(document: Document, passage: Passage) -> Card:
    body = _body(passage, passage.end)
    ends = sorted({body.end, *(sentence.end for sentence in passage.sentences if body.start < sentence.end < body.end)})
    end = max((offset for offset in ends if offset <= body.start + BEGINNING), default=ends[0])
    return Card(document, Span(body.start, end), passage.headings, (), body)


def _passage_of(citation: Citation, hits: Sequence[Hit], library: Library) -> Passage:
    """The passage that holds the citation: a hit, else one of the document's, else the quote alone."""
    found = [hit.passage for hit in hits if hit.passage.doc_id == citation.doc_id]
    for passage in [*found, *library.passages(citation.doc_id)]:
        if passage.start <= citation.start and citation.end <= passage.end:
            return passage
    return Passage(citation.doc_id, citation.start, citation.end, citation.quote, citation.headings)


def _surroundings(document_text: str, body: Span, sentences: Sequence[Sentence], cited: Span) -> Span:
    """`cited` widened to whole sentences of `body`, by at most CONTEXT characters on either side."""
    starts = [body.start, *(sentence.start for sentence in sentences if sentence.start >= body.start)]
    ends = [body.end, *(sentence.end for sentence in sentences if sentence.end <= body.end)]
    start = min((offset for offset in starts if cited.start - CONTEXT <= offset <= cited.start), default=cited.start)
    end = max((offset for offset in ends if cited.end <= offset <= cited.end + CONTEXT), default=cited.end)
    return Span(start, max(cited.end, start + len(document_text[start:end].rstrip())))


def _body(passage: Passage, limit: int) -> Span:
    """The passage without white space around it and without leading lines that only repeat its headings.

    The body begins at `limit` at the latest.
    """
    headings = {" ".join(heading.split()) for heading in passage.headings}
    start = passage.start
    for line in passage.text.splitlines(keepends=True):
        following = start + len(line)
        if following > limit or (line.strip() and " ".join(line.split()).strip("#*_= ") not in headings):
            break
        start = following
    end = passage.start + len(passage.text.rstrip())
    return Span(start, end) if start < end else Span(passage.start, passage.end)


def highlighted(document_text: str, span: Span, marks: Sequence[Mark]) -> str:
    """The characters of `span` as HTML, with those of each mark inside `<mark data-marker="n">`.

    Where marks overlap, the shared piece carries all their markers, separated by spaces.
    """
    inside = [mark for mark in marks if mark.start < span.end and span.start < mark.end]
    cuts = {span.start, span.end}
    for mark in inside:
        cuts |= {max(mark.start, span.start), min(mark.end, span.end)}
    edges = sorted(cuts)
    parts: list[str] = []
    for start, end in pairwise(edges):
        piece = prose(document_text[start:end])
        covering = [mark for mark in inside if mark.start <= start and end <= mark.end]
        if covering:
            markers = " ".join(str(mark.marker) for mark in covering)
            begins = " q-begins" if any(mark.start == start for mark in covering) else ""
            kind = " q-found" if all(mark.marker == 0 for mark in covering) else ""
            piece = f'<mark class="q-mark{begins}{kind}" data-marker="{markers}">{piece}</mark>'
        parts.append(piece)
    return "".join(parts)


def card_html(card: Card, language: str) -> str:
    """The card as HTML: source, headings, the marked sentences in their surroundings, the way to the document."""
    document = card.document
    start = card.marks[0].start if card.marks else card.passage.start
    page = document.page_at(start)
    knots = "".join(
        f'<span class="q-knot" data-marker="{mark.marker}" aria-hidden="true">{mark.marker}</span>'
        for mark in card.marks
    )
    cut_before = " q-cut-before" if card.span.start > card.passage.start else ""
    cut_after = " q-cut-after" if card.span.end < card.passage.end else ""
    return (
        f'<article class="q-card" data-doc="{escape(document.doc_id)}">'
        f'<div class="q-knots">{knots}</div>'
        f'<h4 class="q-card-title" dir="auto" {language_attribute(document.language)}>{title_html(document, language)}</h4>'
        f"{meta_html(document, page, language, place_at(document, start))}{_breadcrumbs(card.headings)}"
        f'<blockquote class="q-excerpt{cut_before}{cut_after}" dir="auto" {language_attribute(document.language)}>'
        f"{highlighted(document.text, card.span, card.marks)}</blockquote>"
        f'<button type="button" class="q-link" data-open="{card.marks[0].marker if card.marks else 0}" '
        f'data-start="{card.passage.start}" data-end="{card.passage.end}">{translated(language, "open")}</button>'
        "</article>"
    )


def title_html(document: Document, language: str) -> str:
    """The document's title, or words that say that it has none."""
    return escape(document.title) if document.title.strip() else translated(language, "untitled")


def meta_html(document: Document, page: int | None, language: str, place: Place = NOWHERE) -> str:
    """One line with publisher, date, page or place, and the names of near-duplicates, as far as they are known."""
    parts = []
    if publisher := document.metadata.get("publisher", "").strip():
        parts.append(f'<span dir="auto">{escape(publisher)}</span>')
    if published := document.metadata.get("date", "").strip():
        parts.append(date_html(published, language))
    if page is not None:
        parts.append(translated(language, "page" if place.slide is None else "slide", n=page))
    if place.row is not None:
        parts.append(translated(language, "row", n=place.row))
    if also := document.metadata.get(ALSO_AS, ""):
        parts.append(f'<span dir="auto">{escape(translated(language, "also", name=also))}</span>')
    if not parts:
        return ""
    return f'<p class="q-meta">{"<span class=q-dot aria-hidden=true> · </span>".join(parts)}</p>'


def source_html(document: Document, language: str) -> str:
    """A link to the page that the document was taken from, where its metadata gives a web address."""
    address = web_address(document.metadata.get("source", ""))
    if address is None:
        return ""
    return (
        f'<a class="q-link" href="{escape(address)}" target="_blank" rel="noopener noreferrer">'
        f"{translated(language, 'original')}</a>"
    )


def _breadcrumbs(headings: Sequence[str]) -> str:
    """The headings above a passage, outermost first."""
    if not headings:
        return ""
    steps = "".join(f'<li dir="auto">{escape(heading)}</li>' for heading in headings)
    return f'<ol class="q-crumbs">{steps}</ol>'


def date_html(value: str, language: str) -> str:
    """A date in words where `value` begins with an ISO date, else `value` as it stands."""
    try:
        day = date.fromisoformat(value[:10])
    except ValueError:
        return f"<span>{escape(value)}</span>"
    month = text(language, "months").split()[day.month - 1]
    words = text(language, "date", day=day.day, month=month, year=day.year)
    return f'<time datetime="{day.isoformat()}" data-date>{escape(words)}</time>'
