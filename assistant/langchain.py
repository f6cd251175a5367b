"""Quipu as a LangChain retriever and as a tool, for programs that are built with LangChain or LangGraph."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, ConfigDict, Field

from assistant.assistant import Assistant
from assistant.types import Answer, Hit
from index.errors import QuestionError


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


class Question(BaseModel):
    """What the tool is called with."""

    question: str = Field(description="A whole question in English or Spanish that can be understood by itself.")


def quipu_tool(assistant: Assistant, k: int = 5) -> StructuredTool:
    """A tool that answers a question from the documents.

    What the model gets is the verbatim answer with its markers, and a line for each source with document and characters; where
    the documents do not answer, it is told so. The artifact of the tool's message is the answer as `ask --json` prints it.
    """

    def answer(question: str) -> tuple[str, dict[str, Any]]:
        try:
            found = assistant.ask(question, k)
        except QuestionError as error:
            return f"The question cannot be asked: {error}", {}
        return as_text(found), found.to_json()

    return StructuredTool.from_function(
        answer,
        name="ask_documents",
        description="Answers a question from the user's documents with verbatim, cited sentences, or says that they do not answer it. "
        "Keep the markers [1] when you use the answer.",
        args_schema=Question,
        response_format="content_and_artifact",
    )


def as_text(answer: Answer) -> str:
    """An answer with its sources, for a model to read."""
    if answer.abstained:
        return answer.text
    sources = [f"[{c.marker}] {c.title} ({c.doc_id}, characters {c.start}-{c.end})" for c in answer.citations]
    return "\n".join([answer.text, "", "Sources:", *sources])
