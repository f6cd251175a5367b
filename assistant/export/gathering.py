"""Answers to an export: every quote is looked up in its document, and what does not stand there is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from assistant.export.types import Answered, Documents, Export, LeftOut, Provenance, Source, Turn
from assistant.statements import Statement, statements
from assistant.types import Citation
from assistant.verifying import stands
from index.duplicates import ALSO_AS
from index.errors import SourceError
from index.places import place_at
from index.types import Document, Manifest, Passage

NEAREST = 3
"""Passages named with a refusal."""


def now() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def provenance(manifest: Manifest) -> Provenance:
    """Where answers over this index come from, as of now."""
    return Provenance(
        manifest.generation, manifest.created, manifest.model_name, manifest.model_sha256, quipu_version(), now()
    )


def quipu_version() -> str:
    """The version of Quipu that runs; "unknown" where it is not installed."""
    try:
        return version("quipu")
    except PackageNotFoundError:
        return "unknown"


def gather(answered: Iterable[Answered], library: Documents, language: str, origin: Provenance) -> Export:
    """An export of these answers in `language`. Nothing that they claim of a document is taken over unchecked."""
    found = _Gathering(library)
    turns = tuple(found.turn(one) for one in answered)
    return Export(language, turns, tuple(found.sources.values()), tuple(found.left_out), origin, found.documents)


class _Gathering:
    def __init__(self, library: Documents) -> None:
        self._library = library
        self._passages: dict[str, Sequence[Passage]] = {}
        self.documents: dict[str, Document] = {}
        self.sources: dict[tuple[str, int, int], Source] = {}
        self.left_out: list[LeftOut] = []

    def turn(self, answered: Answered) -> Turn:
        answer = answered.answer
        kept: dict[int, Citation] = {}
        for citation in answer.citations:
            if (standing := self._standing(citation, answer.question)) is not None:
                kept[citation.marker] = standing
        numbers = {marker: self._number(citation) for marker, citation in kept.items()}
        said = []
        for statement in () if answer.abstained else statements(answer.text, answer.citations):
            if (kept_statement := self._statement(statement, kept, answered)) is not None:
                shown = tuple(numbers[marker] for marker in kept_statement.markers)
                said.append(Statement(kept_statement.text, shown))
        nearest = self._nearest([hit.passage for hit in answer.hits]) if answer.abstained else ()
        return Turn(answered, tuple(said), tuple(kept.values()), nearest)

    def _document(self, doc_id: str) -> Document | None:
        if doc_id not in self.documents:
            try:
                self.documents[doc_id] = self._library.document(doc_id)
            except (SourceError, KeyError):
                return None
        return self.documents[doc_id]

    def _standing(self, claimed: Citation, question: str) -> Citation | None:
        """The citation with what the index knows of its place; at its new place if the quote moved."""
        document = self._document(claimed.doc_id)
        if document is None:
            self.left_out.append(
                LeftOut(question, claimed.title or claimed.doc_id, claimed.marker, "gone", claimed.quote)
            )
            return None
        citation = claimed
        if claimed.start < 0 or not stands(claimed, document):
            start = document.text.find(claimed.quote) if claimed.quote else -1
            if start < 0:
                self.left_out.append(LeftOut(question, document.title, claimed.marker, "changed", claimed.quote))
                return None
            citation = replace(claimed, start=start, end=start + len(claimed.quote))
        return replace(
            citation,
            title=document.title,
            page=document.page_at(citation.start),
            headings=self._headings(citation),
            place=place_at(document, citation.start),
            also_in=tuple(filter(None, document.metadata.get(ALSO_AS, "").split("; "))),
        )

    def _headings(self, citation: Citation) -> tuple[str, ...]:
        for passage in self._passages_of(citation.doc_id):
            if passage.start <= citation.start and citation.end <= passage.end:
                return passage.headings
        return ()

    def _passages_of(self, doc_id: str) -> Sequence[Passage]:
        if doc_id not in self._passages:
            self._passages[doc_id] = self._library.passages(doc_id)
        return self._passages[doc_id]

    def _number(self, citation: Citation) -> int:
        place = (citation.doc_id, citation.start, citation.end)
        if place not in self.sources:
            number = len(self.sources) + 1
            self.sources[place] = Source(number, replace(citation, marker=number), self.documents[citation.doc_id])
        return self.sources[place].number

    def _statement(self, statement: Statement, kept: dict[int, Citation], answered: Answered) -> Statement | None:
        """The statement with the markers that stand; None if it may not be said."""
        markers = tuple(marker for marker in statement.markers if marker in kept)
        words = statement.text.strip()
        if not words:
            return None
        if answered.verbatim:
            # Whose quote was left out is named already.
            markers = tuple(marker for marker in markers if words in kept[marker].quote)
            if not markers and all(marker in kept for marker in statement.markers):
                marker = statement.markers[0] if statement.markers else 0
                self.left_out.append(LeftOut(answered.answer.question, "", marker, "unquoted", words))
        elif not statement.markers:
            return statement
        return Statement(statement.text, markers) if markers else None

    def _nearest(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """Of these places those that there are, with the text that stands there."""
        found = []
        for passage in passages[:NEAREST]:
            document = self._document(passage.doc_id)
            if document is not None and 0 <= passage.start < passage.end <= len(document.text):
                found.append(replace(passage, text=document.text[passage.start : passage.end]))
        return tuple(found)
