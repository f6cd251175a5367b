"""One question asked of every document, or of every publisher: one cited cell each.

Each cell is decided as a question narrowed to that document is: the same retrieval, reader, threshold and verifier. What is the
same for all, the question's language, translation and vectors, is made ready once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.assistant import Assistant, checked
from assistant.compare.figures import passage_figures
from assistant.compare.types import Figure, Source
from assistant.filters import Filter, FilterError, describe
from assistant.question import fold
from assistant.types import Citation
from index.duplicates import DUPLICATE_OF

DOCUMENT, PUBLISHER = "document", "publisher"
STATED, NOT_STATED, COPY = "stated", "not stated", "copy"
AT_ONCE = 100
"""Documents that are asked unless more are wanted."""
LONGEST_CELL = 700


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked: one document, or all of one publisher's. `rows` are the passages that may answer, sorted."""

    label: str
    doc_ids: tuple[str, ...]
    publisher: str
    date: str
    rows: NDArray[np.int64]
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one subject says. A cell that is "stated" has its best quote as `citation`; `more` counts further quotes.

    `status` is "stated", "not stated", or "copy" for a document that is nearly the same as another (`subject.copy_of`), which
    answers for both. `figures` are those in the quote.
    """

    subject: Subject
    status: str
    confidence: float
    citation: Citation | None = None
    more: int = 0
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The subjects of a comparison, the most promising first, and which of them are asked now: `[offset, offset + limit)`."""

    question: str
    by: str
    subjects: tuple[Subject, ...]
    offset: int
    limit: int
    where: Filter | None
    language: str
    index: str

    @property
    def asked(self) -> tuple[Subject, ...]:
        """The subjects that are asked now."""
        return self.subjects[self.offset : self.offset + self.limit]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan with its cells, in the order of the plan."""

    plan: Plan
    cells: tuple[Cell, ...]

    @property
    def stated(self) -> tuple[Cell, ...]:
        """The cells that hold an answer, the surest first."""
        return tuple(sorted((cell for cell in self.cells if cell.status == STATED), key=lambda cell: -cell.confidence))

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of all cells."""
        return tuple(figure for cell in self.cells for figure in cell.figures)


class Comparer:
    """Asks one question of many; the question is made ready once. Raises QuestionError and FilterError as `Assistant.ask`."""

    def __init__(
        self,
        assistant: Assistant,
        question: str,
        by: str = DOCUMENT,
        where: Filter | None = None,
        *,
        limit: int = AT_ONCE,
        offset: int = 0,
    ) -> None:
        self.assistant = assistant
        retriever = assistant.retriever
        self._query = retriever.prepare(checked(question))
        found = subjects(assistant, by, where)
        near = retriever.find(question, where, query=self._query)
        first = {c.stored.passage.doc_id: rank for rank, c in reversed(list(enumerate(near.candidates)))}
        last = len(near.candidates)
        ordered = sorted(found, key=lambda subject: min(first.get(doc_id, last) for doc_id in subject.doc_ids))
        self.plan = Plan(
            question, by, tuple(ordered), offset, limit, where or None, self._query.language, assistant.generation_id
        )

    def cells(self) -> Iterator[Cell]:
        """The cells one after the other, in the order of the plan."""
        return (self._cell(subject) for subject in self.plan.asked)

    def compared(self) -> Comparison:
        """All cells."""
        return Comparison(self.plan, tuple(self.cells()))

    def _cell(self, subject: Subject) -> Cell:
        if subject.copy_of:
            return Cell(subject, COPY, 0.0)
        answer, _ = self.assistant.ask_with_found(
            self.plan.question, 1, self.plan.where, query=self._query, rows=subject.rows
        )
        if answer.abstained:
            return Cell(subject, NOT_STATED, answer.confidence)
        citation, used = self._best(answer.citations)
        figures = tuple(figures_between(self.assistant, citation.doc_id, citation.start, citation.end))
        return Cell(subject, STATED, answer.confidence, citation, len(answer.citations) - used, figures)

    def _best(self, citations: Sequence[Citation]) -> tuple[Citation, int]:
        """The best quote, a lead-in together with the list that it announces, and how many citations it takes up."""
        first = citations[0]
        end, used = first.end, 1
        if first.quote.rstrip().endswith(":"):
            for other in citations[1:]:
                if other.doc_id != first.doc_id or other.start < end or other.end - first.start > LONGEST_CELL:
                    break
                end, used = other.end, used + 1
        if used == 1:
            return first, 1
        text = self.assistant.document(first.doc_id).text
        return (
            Citation(
                1, first.doc_id, first.title, first.start, end, text[first.start : end], first.page, first.headings,
                first.place, first.also_in,
            ),
            used,
        )  # fmt: skip


def subjects(assistant: Assistant, by: str = DOCUMENT, where: Filter | None = None) -> list[Subject]:
    """Whom a question can be asked of, in the order of the index; FilterError where the filter leaves nothing.

    By publisher, a document that names none stands for itself.
    """
    facets = assistant.facets
    allowed = facets.rows(where)
    of_row = facets.document_of_row
    rows = allowed if allowed is not None else np.arange(len(of_row))
    copies = {d: meta.get(DUPLICATE_OF, "") for d, _, _, meta in assistant.generation.corpus.described()}
    groups: dict[str, list[int]] = {}
    for number in np.unique(of_row[rows]).tolist():
        known = facets.documents[number]
        named = by == PUBLISHER and known.publisher
        groups.setdefault(f"p {fold(known.publisher)}" if named else f"d {known.doc_id}", []).append(number)
    if not groups:
        raise FilterError(
            f"there is nothing to compare{f': {describe(where)}' if where else ''}", "nothing", n=len(facets.documents)
        )
    found = []
    for members in groups.values():
        documents = [facets.documents[number] for number in members]
        first = documents[0]
        alone = by == DOCUMENT or not first.publisher
        found.append(
            Subject(
                first.title if alone else first.publisher,
                tuple(known.doc_id for known in documents),
                first.publisher,
                first.date if len(documents) == 1 else "",
                rows[np.isin(of_row[rows], members)],
                copies[first.doc_id] if len(documents) == 1 else "",
            )
        )
    return found


def figures_between(assistant: Assistant, doc_id: str, start: int, end: int) -> Iterator[Figure]:
    """The figures of one document that stand between two of its characters, in order."""
    document = assistant.document(doc_id)
    source = Source(
        doc_id,
        document.title,
        document.metadata.get("publisher", ""),
        document.language,
        document.metadata.get("date", ""),
    )
    for passage in assistant.passages(doc_id):
        if passage.start < end and start < passage.end:
            yield from (one for one in passage_figures(passage, source) if start <= one.start and one.end <= end)
