"""Whether every quote of answers that were kept still stands where it was cited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assistant.batch import json_lines, json_object
from index.corpus import Corpus
from index.errors import SourceError
from index.store import live_folder, read_manifest
from index.types import Document


def check_answers(answers: Path, index: Path) -> tuple[int, list[str]]:
    """Number of quotes checked, and a line for each that does not stand in its document at its offsets.

    Raises SourceError for a file that does not hold lines of `ask --json`.
    """
    lines = list(json_lines(answers))
    folder = live_folder(index)
    read_manifest(folder)
    corpus = Corpus(folder / "corpus.sqlite")
    documents: dict[str, Document | None] = {}
    checked = 0
    wrong = []
    try:
        for number, line in lines:
            for citation in _citations(line, answers, number):
                checked += 1
                doc_id = citation["doc_id"]
                if doc_id not in documents:
                    documents[doc_id] = _document(corpus, doc_id)
                if reason := _fault(citation, documents[doc_id]):
                    wrong.append(f"{answers}, line {number}, [{citation['marker']}]: {reason}")
    finally:
        corpus.close()
    return checked, wrong


def _citations(line: str, path: Path, number: int) -> list[dict[str, Any]]:
    content = json_object(line)
    citations = content.get("citations") if content is not None else None
    if not isinstance(citations, list) or not all(_is_citation(citation) for citation in citations):
        raise SourceError(
            f"{path}, line {number}: expected a line of `quipu ask --json`, with citations that have "
            "marker, doc_id, start, end and quote"
        )
    return citations


def _is_citation(content: object) -> bool:
    types = {"marker": int, "doc_id": str, "start": int, "end": int, "quote": str}
    return isinstance(content, dict) and all(type(content.get(name)) is kind for name, kind in types.items())


def _document(corpus: Corpus, doc_id: str) -> Document | None:
    try:
        return corpus.document(doc_id)
    except SourceError:
        return None


def _fault(citation: dict[str, Any], document: Document | None) -> str | None:
    if document is None:
        return f"the index holds no document called {citation['doc_id']!r}"
    start, end = citation["start"], citation["end"]
    if 0 <= start < end and document.text[start:end] == citation["quote"]:
        return None
    moved = document.text.find(citation["quote"]) if citation["quote"] else -1
    if moved >= 0:
        return f"the quote moved within {document.doc_id} from {start} to {moved}"
    return f"the quote is not in {document.doc_id} any more: {citation['quote'][:80]!r}"
