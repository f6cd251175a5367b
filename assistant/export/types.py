"""The nouns of an export: what was answered, the sources that it rests on, and what could not be taken along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.statements import Statement
from assistant.types import Answer, Citation
from index.errors import QuipuError
from index.types import Document, Passage


class ExportError(QuipuError):
    """What should be exported is not a conversation, is too long, or goes into a format that there is none of."""


class Documents(Protocol):
    """The documents that quotes are checked against."""

    def document(self, doc_id: str) -> Document:
        """The document with this id; raises SourceError or KeyError for an unknown one."""
        ...

    def passages(self, doc_id: str) -> Sequence[Passage]:
        """All passages of the document, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as it is to be taken away.

    `asked` is the time, ISO 8601 in UTC, or empty; `typed` what was written where the question is a follow-up that was put so
    that it stands by itself. With `verbatim`, every sentence must stand in a quote that it cites; answers that a language model
    (`written_by`) wrote are not.
    """

    answer: Answer
    asked: str = ""
    typed: str = ""
    verbatim: bool = True
    written_by: str = ""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where answers come from: the index, its model and Quipu's version. Times are ISO 8601 in UTC."""

    index: str
    built: str
    model: str
    model_sha256: str
    quipu: str
    made: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A quote that is not exported, since it does not stand in its document as that is now.

    `reason` is "gone" (no such document), "changed" (the quote is not in it) or "unquoted" (a sentence that no quote holds).
    """

    question: str
    title: str
    marker: int
    reason: str
    quote: str


@dataclass(frozen=True, slots=True)
class Source:
    """A quote with the number that it has in the whole export, from 1."""

    number: int
    citation: Citation
    document: Document


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with what stands of its answer.

    `statements` carry the numbers of sources; `citations` the answer's own markers; `nearest` are passages shown with a refusal.
    """

    answered: Answered
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Passage, ...]

    @property
    def answer(self) -> Answer:
        """The answer as it was given."""
        return self.answered.answer


@dataclass(frozen=True, slots=True)
class Export:
    """A conversation whose every quote stands in its document. `language` is that of the words around it."""

    language: str
    turns: tuple[Turn, ...]
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    provenance: Provenance
    documents: Mapping[str, Document] = field(default_factory=dict)
