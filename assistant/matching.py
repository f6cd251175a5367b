"""Token vectors against token vectors: how well a passage, or a sentence of it, covers each word of the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from assistant.retrieval import Candidate, Query
    from index.types import Sentence


def similarities(candidate: Candidate) -> NDArray[np.float32]:
    """The candidate's token similarities; empty, `(0, 0)`, where late interaction was not computed."""
    return candidate.similar if candidate.similar is not None else np.zeros((0, 0), dtype=np.float32)


def inside(candidate: Candidate, sentence: Sentence) -> NDArray[np.bool_]:
    """Which of the passage's tokens begin in the sentence, `(passage tokens,)`."""
    starts = candidate.token_starts if candidate.token_starts is not None else np.zeros(0, dtype=np.int64)
    offset = candidate.stored.passage.start
    within: NDArray[np.bool_] = (starts >= sentence.start - offset) & (starts < sentence.end - offset)
    return within


def best_matches(similar: NDArray[np.float32], columns: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Each question token's best match among the passage's tokens, or some of them; zeros where there are none."""
    chosen = similar if columns is None or not similar.size else similar[:, columns]
    if not chosen.size:
        return np.zeros(max(len(similar), 1), dtype=np.float32)
    best: NDArray[np.float32] = chosen.max(axis=1)
    return best


def sentence_edges(candidate: Candidate) -> NDArray[np.int64]:
    """The first token of each sentence and the one past its last, `(sentences, 2)`: a passage's tokens stand in order."""
    passage = candidate.stored.passage
    starts = candidate.token_starts if candidate.token_starts is not None else np.zeros(0, dtype=np.int64)
    if not passage.sentences:
        return np.zeros((0, 2), dtype=np.int64)
    spans = np.array([(s.start, s.end) for s in passage.sentences]) - passage.start
    return np.searchsorted(starts, spans)


def sentence_matches(candidate: Candidate) -> NDArray[np.float32]:
    """`best_matches` of each sentence of the candidate, `(question tokens, sentences)`.

    The tokens of a passage stand in the order of its text, so that those of a sentence are adjacent.
    """
    similar, passage = similarities(candidate), candidate.stored.passage
    best = np.zeros((max(len(similar), 1), len(passage.sentences)), dtype=np.float32)
    if not similar.size or not passage.sentences or candidate.token_starts is None:
        return best
    edges = sentence_edges(candidate)
    held = edges[:, 0] < edges[:, 1]
    # A column more, so that an edge may stand behind the last token; every other maximum is that between two sentences.
    wider = np.concatenate([similar, similar[:, :1]], axis=1)
    best[:, held] = np.maximum.reduceat(wider, edges[held].ravel(), axis=1)[:, ::2] if held.any() else 0.0
    return best


def word_matches(query: Query, best: NDArray[np.float32]) -> NDArray[np.float32]:
    """Best matches averaged over the tokens of each content word, `(words with tokens,)`."""
    # A word has a token or two, for which Python's own sums are faster than numpy's.
    known = best.tolist()
    means = [
        sum([known[token] for token in word.tokens]) / len(word.tokens)
        for word in query.asked.words
        if word.tokens and max(word.tokens) < len(known)
    ]
    return np.array(means, dtype=np.float32)


def word_weights(query: Query, best: NDArray[np.float32]) -> NDArray[np.float64]:
    """The weights (idf) of the words that `word_matches` looks at."""
    return np.array([word.idf for word in query.asked.words if word.tokens and max(word.tokens) < len(best)])
