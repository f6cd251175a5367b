"""Figures of the seeds, and of single sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.compare.figures import figures, passage_figures
from assistant.compare.types import Figure, Source
from index.types import Document, Passage

Read = Callable[..., list[Figure]]


@pytest.fixture(scope="session")
def read() -> Read:
    """The figures of one sentence of a document of its own: `read("…", "es", doc="b", publisher="CIPA")`."""

    def read_sentence(
        text: str,
        language: str = "en",
        *,
        doc: str = "a",
        title: str = "",
        publisher: str = "",
        headings: tuple[str, ...] = (),
        kind: str = "sentence",
    ) -> list[Figure]:
        source = Source(doc, title or f"Report {doc}", publisher or f"Publisher {doc}", language)
        return figures(text, 0, source, headings, kind)

    return read_sentence


@pytest.fixture(scope="session")
def seed_figures(seed_documents: dict[str, tuple[Document, list[Passage]]]) -> list[Figure]:
    """Every figure of the five seeds."""
    return [
        figure
        for document, passages in seed_documents.values()
        for passage in passages
        for figure in passage_figures(
            passage,
            Source(document.doc_id, document.title, document.metadata.get("publisher", ""), document.language),
        )
    ]
