"""What the sentence network is shown: the words of a question, and how each is met in each of the best sentences.

A near miss has the right subject and lacks one thing; a sentence that answers lacks none. Which of the question's words
are that thing is not told by how rare they are, so the network sees each word by itself: its vector, what is known of it,
and its matches in the sentence, beside it, in the passage, in the headings, in the best three passages, and next to
whatever in the sentence is of the kind that was asked for (the number for a how many, the name for a who).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.asked import Stems, Word, covers, joined, stems_of
from assistant.features import KINDS, SentenceView, around, best_of, is_name
from assistant.matching import best_matches, similarities
from assistant.question import LIST, PLACE, answer_spans, fold, holds_kind, without
from assistant.retrieval import Candidate, Found

SENTENCES = 12
"""The best sentences, by the linear reader, that the network looks at."""
MATCHES = 12
TOLD = 5
TOKENS = 40
TOKEN_TOLD = 2
OPENING = 3
MOST_SPANS = 5
# Characters on either side of a number, date or name that tell what it is of; and those after it alone ("430 communities").
BEFORE, AFTER, NEXT = 30, 40, 25
# A place has no sign that an organisation has not, and a list none at all.
HELD = tuple(kind for kind in KINDS if kind not in (PLACE, LIST))


@dataclass(frozen=True, slots=True)
class Inputs:
    """A question and its best sentences as the network sees them; `n` sentences, `w` content words.

    `chosen` are the places of the sentences among the views; `sentences` their features by name, `(n,)` each; `words`
    `(w, dim)` the means of the words' token vectors; `told` `(w, 5)` what is known of the words; `opening` `(dim,)` the
    mean of the question's first tokens, which mostly tell what kind of thing is asked for; `matches` `(n, w, 12)`; `tokens`
    the packed tokens of each sentence, at most `TOKENS`, and `token_told` `(tokens, 2)` each: how well the question has
    the token, and whether it is of the kind that was asked for.
    """

    chosen: tuple[int, ...]
    sentences: Mapping[str, NDArray[np.float64]]
    words: NDArray[np.float32]
    told: NDArray[np.float32]
    opening: NDArray[np.float32]
    matches: NDArray[np.float32]
    tokens: tuple[NDArray[np.void], ...]
    token_told: tuple[NDArray[np.float32], ...]


def inputs_of(found: Found, views: Sequence[SentenceView], scores: Sequence[float]) -> Inputs | None:
    """What the network sees of the best views by `scores`; None without sentences, token vectors or content words."""
    tokens = found.query.encoded.tokens
    if not views or tokens is None or not len(tokens.vectors):
        return None
    words = [w for w in found.query.asked.words if w.tokens and max(w.tokens) < len(tokens.vectors)]
    if not words:
        return None
    chosen = np.argsort(-np.asarray(scores), kind="stable")[:SENTENCES].tolist()
    front = found.candidates[:3]
    averaging = np.zeros((len(words), len(tokens.vectors)), dtype=np.float32)
    for i, word in enumerate(words):
        averaging[i, list(word.tokens)] = 1 / len(word.tokens)
    in_three = best_of([best_matches(similarities(c)) for c in front if c.similar is not None])
    three = joined(*(stems_of(c.stored.whole) for c in front))
    asked_words = set(fold(found.query.text).split())
    passages: dict[int, _Passage] = {}
    matches, features, packed, packed_told = [], [], [], []
    for i in chosen:
        view = views[i]
        if view.passage not in passages:
            passages[view.passage] = _Passage.of(found.candidates[view.passage], words, three)
        passage = passages[view.passage]
        new = without(view.text, asked_words)
        spans = [
            (start, end)
            for start, end in answer_spans(view.text, found.query.asked.kind)
            if fold(view.text[start:end]).strip(".,;:()") not in asked_words
        ]
        best = passage.matches(view, spans)
        whole = [
            *best[:2],
            passage.best,
            passage.best_above,
            in_three if len(in_three) == len(averaging[0]) else best[0],
            *best[2:],
        ]
        soft = np.stack([m[: len(averaging[0])] for m in whole]) @ averaging.T * 2 - 1
        matches.append(np.concatenate([soft, passage.covered(view, words)]).T)
        of_sentence, of_tokens = passage.tokens(view, spans)
        packed.append(of_sentence)
        packed_told.append(of_tokens)
        features.append(
            {
                **view.features,
                **{f"holds_{kind}": float(holds_kind(new, kind)) for kind in HELD},
                "spans": float(bool(spans)),
                "spans_many": min(len(spans), MOST_SPANS) / MOST_SPANS,
                "reading": scores[i],
                "reading_gap": scores[i] - scores[chosen[0]],
            }
        )
    told = [
        [w.idf / 5, w.known, is_name(w.text, found.query.text), any(c.isdigit() for c in w.text), i / 8]
        for i, w in enumerate(words)
    ]
    return Inputs(
        tuple(chosen),
        {name: np.array([row[name] for row in features]) for name in features[0]},
        averaging @ tokens.vectors,
        np.array(told, dtype=np.float32),
        tokens.vectors[:OPENING].mean(axis=0).astype(np.float32),
        np.array(matches, dtype=np.float32),
        tuple(packed),
        tuple(packed_told),
    )


@dataclass(frozen=True, slots=True)
class _Passage:
    """What the sentences of one passage share: `covers` `(3, words)`, by the passage, its headings and the best three."""

    candidate: Candidate
    similar: NDArray[np.float32]
    starts: NDArray[np.int64]
    best: NDArray[np.float32]
    best_above: NDArray[np.float32]
    covers: NDArray[np.float32]

    @classmethod
    def of(cls, candidate: Candidate, words: Sequence[Word], three: Stems) -> _Passage:
        similar = similarities(candidate)
        starts = candidate.token_starts if candidate.token_starts is not None else np.zeros(0, dtype=np.int64)
        texts = (stems_of(candidate.stored.whole), stems_of(candidate.stored.context), three)
        return cls(
            candidate,
            similar,
            starts,
            best_matches(similar),
            best_matches(similar, starts < 0),
            _covered(words, texts),
        )

    def matches(self, view: SentenceView, spans: Sequence[tuple[int, int]]) -> list[NDArray[np.float32]]:
        """Best matches of the question's tokens in the sentence, around it, near what was asked for, and right after it."""
        passage = self.candidate.stored.passage
        start, end = view.sentence.start - passage.start, view.sentence.end - passage.start
        beside = passage.sentences[max(view.position - 1, 0) : view.position + 2]
        inside = self._between(start, end)
        best = best_matches(self.similar, inside)
        near, after = np.zeros_like(inside), np.zeros_like(inside)
        for first, last in spans:
            near |= self._between(start + first - BEFORE, start + last + AFTER)
            after |= self._between(start + last, start + last + NEXT)
        return [
            best,
            best_matches(self.similar, self._between(beside[0].start - passage.start, beside[-1].end - passage.start)),
            best_matches(self.similar, near & inside) if spans else best,
            best_matches(self.similar, after & inside) if spans else np.zeros_like(best),
        ]

    def tokens(
        self, view: SentenceView, spans: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.void], NDArray[np.float32]]:
        """The first tokens of the sentence, and what is told of them."""
        passage = self.candidate.stored.passage
        start, end = view.sentence.start - passage.start, view.sentence.end - passage.start
        first, last = np.searchsorted(self.starts, (start, end)).tolist()
        last = min(last, first + TOKENS)
        told = np.zeros((last - first, TOKEN_TOLD), dtype=np.float32)
        packed = self.candidate.tokens
        if packed is None or first == last:
            return np.zeros(0, dtype=np.void), told[:0]
        told[:, 0] = self.similar[:, first:last].max(axis=0) * 2 - 1
        starts = self.starts[first:last]
        for begin, stop in spans:
            # A token begins at the space before its word.
            told[(starts >= start + begin - 1) & (starts < start + stop), 1] = 1
        return packed[first:last], told

    def covered(self, view: SentenceView, words: Sequence[Word]) -> NDArray[np.float32]:
        """Which words stand in the sentence, around it, in the passage, in its headings and in the best three."""
        own = _covered(words, (stems_of(view.text), around(self.candidate, view.position)))
        return np.concatenate([own, self.covers])

    def _between(self, start: int, end: int) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = (self.starts >= start) & (self.starts < end)
        return found


def _covered(words: Sequence[Word], texts: Sequence[Stems]) -> NDArray[np.float32]:
    return np.array([[covers(word, stems) for word in words] for stems in texts], dtype=np.float32)
