"""What the chat needs from an assistant, so that pages can be made from any corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.filters import Facets, Filter
from assistant.types import Answer
from index.types import Document, Manifest, Passage


class Library(Protocol):
    """Documents and their passages, by document id."""

    def document(self, doc_id: str) -> Document:
        """The document with this id."""
        ...

    def passages(self, doc_id: str) -> Sequence[Passage]:
        """All passages of the document, in order."""
        ...

    def doc_ids(self) -> Sequence[str]:
        """The ids of all documents."""
        ...

    @property
    def facets(self) -> Facets:
        """What a filter can go by."""
        ...

    def source_file(self, doc_id: str) -> Path | None:
        """The file that a document was read from, where it is still there; None for an unknown document."""
        ...


class ChatAssistant(Library, Protocol):
    """A library that answers questions; every method may be called from several threads at once."""

    @property
    def manifest(self) -> Manifest:
        """The manifest of the generation that answers."""
        ...

    @property
    def generation_id(self) -> str:
        """The generation of the index that answers."""
        ...

    def encode_questions(self, questions: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of questions, `(questions, dim)`."""
        ...

    def holds_term(self, term: str) -> bool:
        """Whether a word of the term occurs in the documents."""
        ...

    def ask(self, question: str, *, where: Filter | None = None) -> Answer:
        """The answer; raises QuestionError for a question that cannot be asked, FilterError for such a filter."""
        ...
