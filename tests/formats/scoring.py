"""The question set of the seeds, asked about the seeds in another format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from assistant.assistant import Assistant
from eval.answers import cites_all, fold

SET = Path(__file__).parents[2] / "eval" / "sets" / "seeds-dev.jsonl"
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
_MARKS = re.compile(r"[*_`#]+|<[^>]*>|^\s*[-+]\s+|\[\^\d+\]", re.MULTILINE)


def questions(docs: frozenset[str]) -> list[dict[str, Any]]:
    """Questions about these seeds (their stems), and those that no seed answers."""
    asked = [json.loads(line) for line in SET.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [q for q in asked if not q["answerable"] or {Path(doc).stem for doc in q["docs"]} <= docs]


def as_read(text: str) -> str:
    """Text as a reader sees it in any format: without marks of Markdown, white space folded."""
    return fold(_MARKS.sub("", _LINK.sub(r"\1", text)))


def scores(assistant: Assistant, asked: list[dict[str, Any]]) -> Mapping[str, float]:
    """Share of right answers, of the evidence in the first five passages, and of right refusals."""
    right: list[bool] = []
    evidence: list[bool] = []
    correct: list[bool] = []
    for question in asked:
        answer = assistant.ask(question["question"])
        for citation in answer.citations:
            text = assistant.document(citation.doc_id).text
            assert text[citation.start : citation.end] == citation.quote
        if not question["answerable"]:
            correct.append(answer.abstained)
            continue
        quoted = as_read(" ".join(citation.quote for citation in answer.citations))
        held = not answer.abstained and all(as_read(wanted) in quoted for wanted in question["must_include"])
        assert held or not cites_all(answer, question["must_include"]) or answer.abstained
        right.append(held)
        correct.append(held)
        stems = {Path(doc).stem for doc in question["docs"]}
        found = [as_read(hit.passage.text) for hit in answer.hits[:5] if Path(hit.passage.doc_id).stem in stems]
        evidence.append(all(any(as_read(quote) in text for text in found) for quote in question["evidence"]))
    return {"right": mean(right), "evidence@5": mean(evidence), "correct": mean(correct)}
