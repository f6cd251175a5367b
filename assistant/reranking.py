"""The final order of the best passages: the first score and what their words and best sentence add, in one linear model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.asked import Coverage
from assistant.matching import best_matches, sentence_matches, similarities, word_matches, word_weights
from assistant.weights import LinearModel, sigmoid

if TYPE_CHECKING:
    from assistant.retrieval import Candidate, Query

RERANKED = 20
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def rerank(query: Query, candidates: Sequence[Candidate], model: LinearModel) -> tuple[Candidate, ...]:
    """Candidates with the first 20 put in order by `model`; scores stay in (0, 1) and fall with the rank."""
    coverage = Coverage(query.asked)
    front = [
        c.scored(sigmoid(model.score(passage_features(query, c, coverage))))
        for c in candidates[:RERANKED]
        if c.similar is not None
    ]
    if not front:
        return tuple(candidates)
    front.sort(key=lambda c: -c.score)
    floor = front[-1].score
    top = max((c.score for c in candidates[len(front) :]), default=1.0) or 1.0
    back = [c.scored(floor * c.score / top) for c in candidates[len(front) :]]
    return (*front, *back)


def passage_features(query: Query, candidate: Candidate, coverage: Coverage | None = None) -> dict[str, float]:
    """What the reranker looks at in one passage; `coverage` is that of the question, if it is at hand."""
    passage = candidate.stored.passage
    coverage = coverage or Coverage(query.asked)
    best = best_matches(similarities(candidate))
    words, weights = word_matches(query, best), word_weights(query, best)
    start = passage.start - candidate.stored.context_length
    whole, each = coverage.of_each(
        candidate.stored.whole, [(s.start - start, s.end - start) for s in passage.sentences]
    )
    late = sentence_matches(candidate).mean(axis=0)
    scores = sorted(candidate.sentence_scores.tolist(), reverse=True)[:2]
    return {
        "score": candidate.score,
        "coverage": whole,
        "coverage_sentence": max(each, default=0.0),
        "words_mean": float(words.mean()) if len(words) else 0.0,
        "words_least": float(words.min()) if len(words) else 0.0,
        "words_weighted": float(words @ weights / weights.sum()) if len(words) and weights.sum() else 0.0,
        "late_sentence": float(late.max()) if len(late) else 0.0,
        "same_numbers": same_numbers(query.text, passage.text),
        "sentences_two": sum(scores) / len(scores) if scores else 0.0,
    }


def same_numbers(question: str, text: str) -> float:
    """Share of the question's numbers that stand in the text; 1 if it has none."""
    asked = set(NUMBER.findall(question))
    if not asked:
        return 1.0
    return len(asked & set(NUMBER.findall(text))) / len(asked)
