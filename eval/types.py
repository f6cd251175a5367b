"""The nouns of evaluation: question, question set, estimate, and the small interface that is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from assistant.types import Answer
from index.types import Document, Manifest

Kind = Literal["questions", "beir"]
Qrels = Mapping[str, Mapping[str, int]]
"""Relevance of documents: `qrels[query_id][doc_id]` is a grade; above 0 is relevant."""
Ranking = Sequence[tuple[str, float]]
"""Documents of one query, best first, with strictly falling scores."""


class Answerer(Protocol):
    """What evaluation needs of an assistant; `assistant.assistant.Assistant` is one."""

    @property
    def manifest(self) -> Manifest:
        """The manifest of the index generation that answers."""
        ...

    def ask(self, question: str, k: int = 10) -> Answer:
        """The answer to a question, with the `k` best passages as its hits."""
        ...

    def document(self, doc_id: str) -> Document:
        """A document of the index."""
        ...

    def doc_ids(self) -> tuple[str, ...]:
        """The ids of all documents of the index."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a set, with what a right answer must hold.

    `docs` are the documents that answer it and `evidence` verbatim quotes of them. `answers` are gold answers,
    any of which is right. `must_include` are strings that the cited quotes must contain.
    """

    id: str
    question: str
    lang: str
    type: str
    answerable: bool
    docs: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    must_include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions and qrels under one name, with the checksum of the file or files that they came from.

    `tuned` says that the set was used for tuning, so that its figures flatter. `corpus` is the BEIR folder whose
    documents are to be indexed; None when the questions are about the user's own index.
    """

    name: str
    path: Path
    sha256: str
    kind: Kind
    tuned: bool
    questions: tuple[Question, ...]
    qrels: Qrels
    corpus: Path | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% bootstrap interval `[low, high]` over `n` questions."""

    value: float
    low: float
    high: float
    n: int
