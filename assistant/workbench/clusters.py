"""Questions sorted onto heaps by meaning, and what each heap is about.

Average linkage (UPGMA; Sokal & Michener 1958) over cosine distances. A multilingual encoder puts every question into the
same corner of its space, because all are questions; the mean of everyday questions about nothing in particular is taken
away first, so that what is left is what they ask about, in whatever language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.question import fold
from index.stopwords import STOPWORDS

APART = 0.60
"""Mean cosine distance from which two heaps stay two. On the 71 labelled questions of the tests no two of different subjects
then lie together, and nine in ten pairs of one subject do; from .65 on, neighbouring subjects run into one another."""
MOST_TERMS = 3

BACKGROUND = (
    "What is the goal of the project?",
    "Who wrote this report?",
    "When did it begin?",
    "How many people took part?",
    "Where does the organisation work?",
    "How much does it cost?",
    "Why was it founded?",
    "What does the word mean?",
    "Which countries are named?",
    "How can I get in touch?",
    "¿Cuál es el objetivo del proyecto?",
    "¿Quién escribió este informe?",
    "¿Cuándo comenzó?",
    "¿Cuántas personas participaron?",
    "¿Dónde trabaja la organización?",
    "¿Cuánto cuesta?",
    "¿Por qué se fundó?",
    "¿Qué significa la palabra?",
    "¿Qué países se nombran?",
    "¿Cómo puedo comunicarme?",
)

_COMMON = frozenset(word for words in STOPWORDS.values() for word in words)
_EDGES = "¿?¡!.,;:()[]{}\"'«»“”‘’…"

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""From texts to unit vectors, `(texts, dim)`."""


def clusters(vectors: NDArray[np.float32], background: NDArray[np.float32], apart: float = APART) -> list[list[int]]:
    """The rows of `vectors`, `(n, dim)`, sorted onto heaps, each in ascending order.

    `background` are the vectors of everyday questions, `(m, dim)`; `apart` is a mean cosine distance in (0, 2).
    """
    if len(vectors) < 2:
        return [[row] for row in range(len(vectors))]
    from scipy.cluster.hierarchy import fcluster, linkage

    centred = vectors - background.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    # A cosine needs a direction; what is nothing but background has none, and goes with nothing.
    unit = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 1e-6)
    distances = 1.0 - np.clip(unit @ unit.T, -1.0, 1.0)
    condensed = distances[np.triu_indices(len(unit), 1)].astype(np.float64)
    labels = fcluster(linkage(condensed, "average"), apart, "distance")
    found: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        found.setdefault(label, []).append(row)
    return list(found.values())


def label(
    weighted: Sequence[tuple[str, int]], missing: Sequence[Sequence[str]], everywhere: Mapping[str, int]
) -> tuple[str, ...]:
    """The terms that tell a heap from the rest, the most telling first, as they were asked.

    `weighted` are its questions and how often each was asked, `missing` the terms of each that the corpus lacks. Without any,
    it is the words that its questions share and other heaps do not have: `everywhere` are the counts of `word_counts` of all.
    """
    named = missing if any(missing) else [words_of(question) for question, _ in weighted]
    times_of: Counter[str] = Counter()
    spelt: dict[str, Counter[str]] = {}
    for (_, times), terms in zip(weighted, named, strict=True):
        for folded, term in {fold(term): term for term in terms}.items():
            times_of[folded] += times
            spelt.setdefault(folded, Counter())[term] += times
    scores: dict[str, float] = dict(times_of)
    if not any(missing):
        own = word_counts(question for question, _ in weighted)
        scores = {word: times / (1 + everywhere.get(word, 0) - own[word]) for word, times in times_of.items()}
    written = {word: spellings.most_common(1)[0][0] for word, spellings in spelt.items()}
    # Names before other words that are as telling, and else those that were asked first.
    best = sorted(scores, key=lambda word: (-scores[word], written[word].islower()))[:MOST_TERMS]
    return tuple(written[word] for word in best)


def word_counts(questions: Iterable[str]) -> Counter[str]:
    """In how many of the questions each content word stands, by its folded form."""
    return Counter(word for question in questions for word in {fold(word) for word in words_of(question)})


def words_of(question: str) -> list[str]:
    """The content words of a question in order, in any script: stop words of English and Spanish are left out."""
    words = (word.strip(_EDGES) for word in question.split())
    return [word for word in words if word and fold(word) not in _COMMON]
