"""Quipu as a LangChain retriever, for programs that are built with LangChain or LangGraph."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from assistant.assistant import Assistant
from assistant.types import Hit


class QuipuRetriever(BaseRetriever):
    """The `k` best passages for a query as LangChain documents, best first.

    `page_content` is the passage, verbatim; the metadata has doc_id, title, start, end (characters of the document's
    text), headings, rank from 1 and score. Raises QuestionError as `Assistant.search` does.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    assistant: Assistant
    k: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        titles = {doc_id: title for doc_id, title, _ in self.assistant.generation.corpus.overview()}
        return [as_document(hit, titles[hit.passage.doc_id]) for hit in self.assistant.search(query, self.k)]


def as_document(hit: Hit, title: str) -> Document:
    """A hit as a LangChain document."""
    passage = hit.passage
    return Document(
        id=passage.passage_id,
        page_content=passage.text,
        metadata={
            "doc_id": passage.doc_id,
            "title": title,
            "start": passage.start,
            "end": passage.end,
            "headings": list(passage.headings),
            "rank": hit.rank,
            "score": hit.score,
        },
    )
