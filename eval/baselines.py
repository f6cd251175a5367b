"""What Quipu is measured against: plain LangChain, BM25 alone, dense vectors alone.

A baseline ranks passages of the same documents, with the same embedding model. Its queries come all at once, so
that they can be embedded in batches: time is not what is compared.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.types import Hit
from index.embedding import Embedder
from index.language import question_language
from index.lexical import terms
from index.store import Generation
from index.types import Document, Passage

CHUNK_SIZE = 1000

SearchAll = Callable[[Sequence[str], int], list[list[Hit]]]
"""Ranks passages for many queries: `(queries, k)` to one list of hits a query."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A way to rank passages, under the name that results, runs and the report give it."""

    name: str
    label: str
    search_all: SearchAll


def dense_baseline(generation: Generation, embedder: Embedder) -> Baseline:
    """Quipu's own passages by the inner product of their vectors with the query's, and nothing else."""

    def search_all(queries: Sequence[str], k: int) -> list[list[Hit]]:
        found = []
        for encoded in embedder.encode(queries, "query"):
            near = generation.vectors.search(encoded.vector, k)
            found.append(_hits(generation, [int(row) for row in near.rows], [float(score) for score in near.scores]))
        return found

    return Baseline("dense", "Dense alone", search_all)


def bm25_baseline(generation: Generation) -> Baseline:
    """Quipu's own passages by BM25, words stemmed as the query's language has it, and nothing else."""

    def search_all(queries: Sequence[str], k: int) -> list[list[Hit]]:
        found = []
        for query in queries:
            language = question_language(query)
            near = generation.lexical.search(terms(query, language), language, k)
            found.append(_hits(generation, [hit.row for hit in near], [hit.score for hit in near]))
        return found

    return Baseline("bm25", "BM25 alone", search_all)


def _hits(generation: Generation, rows: Sequence[int], scores: Sequence[float]) -> list[Hit]:
    stored = generation.corpus.passages_at(rows)
    return [
        Hit(one.passage, rank, score) for rank, (one, score) in enumerate(zip(stored, scores, strict=True), start=1)
    ]


def langchain_baseline(documents: Sequence[Document], embedder: Embedder) -> Baseline:
    """Plain LangChain: its recursive splitter with its usual overlap, dense top k in its FAISS store.

    The splitter cuts at 1,000 characters. Prompts of the model are given, as its authors ask.
    """
    from langchain_core.documents import Document as Chunk
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    with warnings.catch_warnings():
        # The package announces that its stores move to packages of their own; there is none for FAISS yet.
        warnings.simplefilter("ignore", DeprecationWarning)
        from langchain_community.vectorstores import FAISS

    class Prompted(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [encoded.vector.tolist() for encoded in embedder.encode(texts, "passage")]

        def embed_query(self, text: str) -> list[float]:
            return list(embedder.encode([text], "query")[0].vector.tolist())

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK_SIZE, add_start_index=True)
    chunks = splitter.split_documents(
        [Chunk(page_content=document.text, metadata={"doc_id": document.doc_id}) for document in documents]
    )
    store = FAISS.from_documents(chunks, Prompted())

    def search_all(queries: Sequence[str], k: int) -> list[list[Hit]]:
        vectors = [encoded.vector.tolist() for encoded in embedder.encode(queries, "query")]
        return [
            [
                Hit(_passage(chunk), rank, -float(distance))
                for rank, (chunk, distance) in enumerate(
                    store.similarity_search_with_score_by_vector(vector, k=min(k, len(chunks))), start=1
                )
            ]
            for vector in vectors
        ]

    def _passage(chunk: Chunk) -> Passage:
        start = int(chunk.metadata["start_index"])
        text = chunk.page_content
        return Passage(str(chunk.metadata["doc_id"]), start, start + len(text), text)

    return Baseline("langchain", "LangChain (recursive splitter, FAISS)", search_all)
