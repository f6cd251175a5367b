"""Receipts: what was answered and what it rests on, as JSON that `quipu verify FILE` checks against the documents later.

A receipt is complete by itself. Its `sha256` is that of its other fields as canonical JSON (keys sorted, no white space, ASCII),
which shows damage and careless changes; the quotes themselves are what is checked against the documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from assistant.export.types import Export, Turn
from index.types import Document

FORMAT = "quipu-receipts"
VERSION = 1


def receipts(export: Export) -> dict[str, Any]:
    """The export as the content of a file of receipts."""
    origin = export.provenance
    content = {
        "format": FORMAT,
        "version": VERSION,
        "made": origin.made,
        "quipu": origin.quipu,
        "language": export.language,
        "receipts": [_receipt(turn, export) for turn in export.turns],
        "left_out": [
            {
                "question": one.question,
                "marker": one.marker,
                "title": one.title,
                "reason": one.reason,
                "quote": one.quote,
            }
            for one in export.left_out
        ],
    }
    return {**content, "sha256": digest(content)}


def _receipt(turn: Turn, export: Export) -> dict[str, Any]:
    answer, origin = turn.answer, export.provenance
    cited = {citation.doc_id: export.documents[citation.doc_id] for citation in turn.citations}
    numbers = {
        (source.citation.doc_id, source.citation.start, source.citation.end): source.number for source in export.sources
    }
    markers = {numbers[(one.doc_id, one.start, one.end)]: one.marker for one in turn.citations}
    said = "".join(
        statement.text + "".join(f" [{markers[number]}]" for number in statement.markers)
        for statement in turn.statements
    )
    content: dict[str, Any] = {
        "version": VERSION,
        "asked": turn.answered.asked or origin.made,
        "question": answer.question,
        "language": answer.language,
        "answer": answer.text if answer.abstained else said.strip(),
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "citations": [citation.to_json() for citation in turn.citations],
        "documents": {doc_id: _described(document) for doc_id, document in cited.items()},
        "index": origin.index,
        "index_built": origin.built,
        "model": {"name": origin.model, "sha256": origin.model_sha256},
        "quipu": origin.quipu,
    }
    if turn.answered.typed:
        content["typed"] = turn.answered.typed
    if turn.answered.written_by:
        content["written_by"] = turn.answered.written_by
    if answer.where:
        content["filter"] = answer.where.to_json()
    if answer.abstained:
        content["missing"] = list(answer.missing_terms)
        content["nearest"] = [{"doc_id": near.doc_id, "start": near.start, "end": near.end} for near in turn.nearest]
    return {**content, "sha256": digest(content)}


def _described(document: Document) -> dict[str, str]:
    known = {name: document.metadata[name] for name in ("publisher", "date", "source") if document.metadata.get(name)}
    return {"title": document.title, "language": document.language, **known, "sha256": text_digest(document.text)}


def text_digest(text: str) -> str:
    """The sha256 of a document's text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def digest(content: Mapping[str, Any]) -> str:
    """The sha256 of a JSON object without its own `sha256`, written canonically."""
    rest = {name: value for name, value in content.items() if name != "sha256"}
    canonical = json.dumps(rest, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def receipts_text(export: Export) -> str:
    """The file of receipts as text, to be read by people too."""
    return json.dumps(receipts(export), ensure_ascii=False, indent=1) + "\n"
