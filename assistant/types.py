"""The nouns of an answer: hit, citation, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.filters import Filter
from index.places import Place
from index.types import Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, its rank from 1, its score, and the parts that made the score."""

    passage: Passage
    rank: int
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The hit as `ask --json` and `search --json` print it."""
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "doc_id": self.passage.doc_id,
            "start": self.passage.start,
            "end": self.passage.end,
            "text": self.passage.text,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of an answer stands: `document.text[start:end] == quote`, character for character.

    `marker` is the number n of `[n]` in the answer's text, from 1. `page` counts from 1; None without pages.
    `place` names slide, sheet and row where the format has them; `also_in` the doc_ids of near-duplicates.
    """

    marker: int
    doc_id: str
    title: str
    start: int
    end: int
    quote: str
    page: int | None = None
    headings: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    also_in: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The citation as `ask --json` prints it; `place` and `also_in` only where there is something to say."""
        more: dict[str, Any] = {}
        if place := self.place.to_json():
            more["place"] = place
        if self.also_in:
            more["also_in"] = list(self.also_in)
        return {
            "marker": self.marker,
            "doc_id": self.doc_id,
            "title": self.title,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "page": self.page,
            "headings": list(self.headings),
            **more,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one question.

    `text` carries a marker `[n]` behind every sentence that it quotes. A refusal (`abstained`) has no
    citations: its text says so in the question's language, `hits` holds the nearest passages, and
    `missing_terms` the words of the question that the documents lack. `confidence` is the probability,
    in [0, 1], that the documents answer the question. `timings_ms` has the keys embed, search, rerank, read,
    verify and total. `index` is the id of the generation that answered. `where` is the filter that was applied.
    """

    question: str
    text: str
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    confidence: float
    language: str
    timings_ms: Mapping[str, float]
    index: str
    missing_terms: tuple[str, ...] = ()
    where: Filter | None = None

    def to_json(self, question_id: str | None = None) -> dict[str, Any]:
        """The answer as `ask --json` prints it."""
        return {
            "id": question_id,
            "question": self.question,
            "language": self.language,
            "answer": self.text,
            "abstained": self.abstained,
            "confidence": round(self.confidence, 4),
            "citations": [citation.to_json() for citation in self.citations],
            "hits": [hit.to_json() for hit in self.hits],
            "timings_ms": {part: round(ms, 2) for part, ms in self.timings_ms.items()},
            "index": self.index,
            **({"filter": self.where.to_json()} if self.where else {}),
        }
