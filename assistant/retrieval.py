"""From a question to ranked passages: dense and BM25 candidates, their best sentences, late interaction, one score.

The first score is a convex combination of the parts, each min-max normalised over the candidates (Bruch, Gai & Ingber 2022,
"An Analysis of Fusion Functions for Hybrid Retrieval", https://arxiv.org/abs/2210.11934). Late interaction is MaxSim
(Khattab & Zaharia 2020, "ColBERT", https://arxiv.org/abs/2004.12832) over the token vectors stored at build time.
The best by this score are put in their final order by `assistant.reranking`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from assistant.asked import Asked, take_apart
from assistant.bridge import OTHER, Bridge, Translation
from assistant.filters import Facets, Filter
from assistant.reranking import rerank
from assistant.types import Hit
from assistant.weights import packaged_weights
from index.embedding import Embedder, Encoded
from index.language import question_language
from index.lexical import terms
from index.quantise import inner_products
from index.store import Generation
from index.stored import StoredPassage

PARTS = ("dense", "sentence", "lexical", "late")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to search. A part with weight 0 is not computed and finds no candidates.

    `weights` has the keys dense, sentence, lexical and late; None means those that ship with Quipu. `candidates` is
    the number taken from each side; `late` how many of the best by the other parts get late interaction; `rerank`
    whether the best of these are put in order by `assistant.reranking`.
    """

    weights: Mapping[str, float] | None = None
    candidates: int = 100
    late: int = 40
    rerank: bool = True

    def weight(self, part: str) -> float:
        """The weight of a part."""
        return float((self.weights if self.weights is not None else packaged_weights().ranking)[part])


BM25_ALONE = Settings({"dense": 0.0, "sentence": 0.0, "lexical": 1.0, "late": 0.0}, rerank=False)
DENSE_ALONE = Settings({"dense": 1.0, "sentence": 0.0, "lexical": 0.0, "late": 0.0}, rerank=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready for both sides. `words` are its analysed words in its own language."""

    text: str
    language: str
    translation: Translation
    words: tuple[str, ...]
    encoded: Encoded
    asked: Asked


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage and its parts, raw.

    `sentence_scores[i]` is the similarity of its i-th sentence, `(n,)` float32. Where late interaction was computed,
    `similar` has the inner products of the question's tokens with the passage's, `(question tokens, passage tokens)`
    float32, `token_starts` the characters, from the passage's start, at which the passage's tokens begin, and `tokens` the
    tokens themselves, packed (`index.quantise`).
    """

    stored: StoredPassage
    score: float
    parts: Mapping[str, float]
    sentence_scores: NDArray[np.float32]
    similar: NDArray[np.float32] | None = None
    token_starts: NDArray[np.int64] | None = None
    tokens: NDArray[np.void] | None = None

    def scored(self, score: float) -> Candidate:
        """The candidate with another score."""
        # Several hundred times a question, where `replace` takes five times as long.
        return Candidate(
            self.stored, score, self.parts, self.sentence_scores, self.similar, self.token_starts, self.tokens
        )


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates, best first, and the milliseconds of each step."""

    query: Query
    candidates: tuple[Candidate, ...]
    timings_ms: dict[str, float] = field(default_factory=dict)

    def hits(self, k: int) -> list[Hit]:
        """The `k` best as hits, ranks from 1."""
        return [
            Hit(candidate.stored.passage, rank, candidate.score, candidate.parts)
            for rank, candidate in enumerate(self.candidates[:k], start=1)
        ]


class Retriever:
    """Searches one generation. Thread-safe."""

    def __init__(
        self, generation: Generation, embedder: Embedder, bridge: Bridge, settings: Settings | None = None
    ) -> None:
        self.generation = generation
        self.embedder = embedder
        self.bridge = bridge
        self.settings = settings or Settings()
        self._duplicates = generation.corpus.duplicate_rows()
        self._sentences = np.asarray(generation.sentences)
        # A question's matrix products are tiny: threads of numpy's BLAS gain nothing, and while they spin they keep the
        # encoder's threads from the cores (a question took 100 ms with them, 40 ms without, on two cores).
        threadpool_limits(limits=1, user_api="blas")

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The `k` best passages for `query`, best first, ranks from 1."""
        return self.find(query).hits(k)

    @cached_property
    def facets(self) -> Facets:
        """What filters go by in this generation."""
        return Facets.of(self.generation.corpus)

    def find(
        self,
        text: str,
        where: Filter | None = None,
        *,
        query: Query | None = None,
        rows: NDArray[np.int64] | None = None,
    ) -> Found:
        """All candidates for a question, ranked, with what the reader needs of them.

        With a filter, only passages that fit it are looked at; FilterError if it leaves none. `query` is the question as
        `prepare` made it ready before; `rows`, sorted, are the passages that the filter leaves, where they are known.
        """
        started = time.perf_counter()
        allowed = rows if rows is not None else self.facets.rows(where) if where else None
        query = query or self.prepare(text)
        embedded = time.perf_counter()
        gathered, parts = self._gather(query, allowed)
        searched = time.perf_counter()
        candidates = self._rank(query, gathered, parts)
        if self.settings.rerank:
            candidates = rerank(query, candidates, packaged_weights().reranking)
        ranked = time.perf_counter()
        timings = {
            "embed": (embedded - started) * 1e3,
            "search": (searched - embedded) * 1e3,
            "rerank": (ranked - searched) * 1e3,
        }
        return Found(query, candidates, timings)

    def prepare(self, text: str) -> Query:
        """Language, translation, words and vectors of a question."""
        language = question_language(text)
        translation = self.bridge.translate(text, language)
        encoded = self.embedder.encode([text], "query", tokens=True)[0]
        asked = take_apart(text, language, translation, encoded.tokens, self.generation.lexical)
        return Query(text, language, translation, tuple(dict.fromkeys(terms(text, language))), encoded, asked)

    def _gather(
        self, query: Query, allowed: NDArray[np.int64] | None
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
        """Rows of all candidates, sorted, and their raw dense, lexical and sentence parts, each `(n,)`."""
        n = self.settings.candidates
        uses = {part: self.settings.weight(part) > 0 for part in PARTS}
        dense: dict[int, float] = {}
        if uses["dense"] or uses["sentence"] or uses["late"]:
            near = self.generation.vectors.search(query.encoded.vector, n, allowed)
            dense = dict(zip(near.rows.tolist(), near.scores.tolist(), strict=True))
        lexical: dict[int, float] = {}
        if uses["lexical"]:
            for words, language in (
                (query.words, query.language),
                (query.translation.words, OTHER[query.language]),
            ):
                for hit in self.generation.lexical.search(words, language, n, allowed):
                    lexical[hit.row] = max(lexical.get(hit.row, 0.0), hit.score)
        # A document that was saved twice would fill the ranks with the same passages: one of them stands for both.
        rows = np.array(sorted((dense.keys() | lexical.keys()) - self._duplicates), dtype=np.int64)
        parts = {"lexical": np.array([lexical.get(row, 0.0) for row in rows.tolist()])}
        if dense and len(rows):
            parts["dense"] = self._dense(query, rows, dense)
        return rows, parts

    def _dense(self, query: Query, rows: NDArray[np.int64], known: Mapping[int, float]) -> NDArray[np.float64]:
        unknown = [row for row in rows.tolist() if row not in known]
        scores = dict(known)
        if unknown:
            vectors = self.generation.vectors.vectors(np.array(unknown, dtype=np.int64))
            scores.update(zip(unknown, (vectors @ query.encoded.vector).tolist(), strict=True))
        return np.array([scores[row] for row in rows.tolist()])

    def _rank(
        self, query: Query, rows: NDArray[np.int64], parts: dict[str, NDArray[np.float64]]
    ) -> tuple[Candidate, ...]:
        if not len(rows):
            return ()
        corpus = self.generation.corpus
        edges = corpus.sentence_rows(rows)
        sentence_scores = self._sentence_scores(query, edges)
        parts["sentence"] = np.array([scores.max() if len(scores) else 0.0 for scores in sentence_scores])
        raw = zip(*(values.tolist() for values in parts.values()), strict=True)
        # Most of them are never looked into.
        passages = map(corpus.unread, rows.tolist(), edges[:, 0].tolist())
        candidates = [
            Candidate(passage, 0.0, dict(zip(parts, values, strict=True)), scores)
            for passage, values, scores in zip(passages, raw, sentence_scores, strict=True)
        ]
        return order(candidates, self.settings, lambda best: self._with_late(query, best))

    def _with_late(self, query: Query, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with their token similarities and their raw MaxSim."""
        tokens = self.generation.tokens
        rows = [candidate.stored.row for candidate in candidates]
        stored = self.generation.corpus.passages_at(rows)
        packed, bounds = tokens.of(rows)
        asked = query.encoded.tokens
        similar = inner_products(asked.vectors if asked else np.zeros((0, tokens.dim), np.float32), packed)
        late = np.zeros(len(candidates))
        held = np.flatnonzero(np.diff(bounds))
        if similar.size:
            late[held] = np.maximum.reduceat(similar, bounds[held], axis=1).mean(axis=0)
        edges = pairwise(bounds.tolist())
        return [
            Candidate(
                passage,
                candidate.score,
                {**candidate.parts, "late": value},
                candidate.sentence_scores,
                similar[:, first:last],
                packed["at"][first:last].astype(np.int64) - passage.context_length,
                packed[first:last],
            )
            for candidate, passage, value, (first, last) in zip(candidates, stored, late.tolist(), edges, strict=True)
        ]

    def _sentence_scores(self, query: Query, edges: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Similarity of every sentence of every candidate; `edges` as `Corpus.sentence_rows` gives them."""
        bounds = np.concatenate([[0], np.cumsum(edges[:, 1])])
        rows = np.arange(bounds[-1]) + np.repeat(edges[:, 0] - bounds[:-1], edges[:, 1])
        scores = self._sentences[rows].astype(np.float32) @ query.encoded.vector
        return [scores[first:last] for first, last in pairwise(bounds.tolist())]


def order(
    candidates: Sequence[Candidate], settings: Settings, with_late: Callable[[Sequence[Candidate]], Sequence[Candidate]]
) -> tuple[Candidate, ...]:
    """Candidates with their score in [0, 1], best first; the best of them with late interaction, ahead of the rest.

    `with_late` computes late interaction for those that it is given.
    """
    if not candidates:
        return ()
    weights = {part: settings.weight(part) for part in PARTS}
    total = _combined(candidates, weights, ("dense", "sentence", "lexical"))
    ranked = np.argsort(-total, kind="stable").tolist()
    whole = sum(weights.values()) or 1.0
    if weights["late"] == 0:
        return tuple(candidates[i].scored(float(total[i] / whole)) for i in ranked)
    best = with_late([candidates[i] for i in ranked[: settings.late]])
    scores = total[ranked[: settings.late]] + _combined(best, weights, ("late",))
    front = [best[i].scored(float(scores[i] / whole)) for i in np.argsort(-scores, kind="stable").tolist()]
    floor = front[-1].score
    back = [candidates[i].scored(min(float(total[i] / whole), floor)) for i in ranked[settings.late :]]
    return (*front, *back)


def _combined(
    candidates: Sequence[Candidate], weights: Mapping[str, float], parts: Sequence[str]
) -> NDArray[np.float64]:
    """Weighted sum of normalised parts, `(n,)`."""
    total = np.zeros(len(candidates))
    for part in parts:
        if weights[part] > 0:
            total += weights[part] * _normalise(np.array([candidate.parts.get(part, 0.0) for candidate in candidates]))
    return total


def _normalise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Min-max over the candidates; all alike become 0."""
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
