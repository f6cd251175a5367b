"""What the chat needs from an assistant, so that pages can be made from any corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assistant.types import Answer
from index.types import Document, Passage


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


class ChatAssistant(Library, Protocol):
    """A library that answers questions; every method may be called from several threads at once."""

    def ask(self, question: str) -> Answer:
        """The answer; raises QuestionError for a question that cannot be asked."""
        ...
