"""The extractive reader: chooses verbatim sentences that answer, whole lists for list questions, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.asked import joined, stems_of
from assistant.features import SentenceView, sentence_views
from assistant.question import LIST, fold
from assistant.retrieval import Candidate, Found
from assistant.weights import LinearModel
from index.types import Sentence

LONGEST_LIST = 14
MOST_PLACES = 3
LOOKED_AT = 10
CLOSE = 1.0
JOINED = 1.6
WORTH = 2.5
DEPENDENT = re.compile(
    r"(?:this|that|these|those|it|they|he|she|its|their|his|her|such|both|este|esta|estos|estas|ese|esa|dicho|dicha|ello|ellos|ellas)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of one passage chosen for the answer: one sentence, or adjacent ones that belong together."""

    candidate: Candidate
    sentences: tuple[Sentence, ...]

    @property
    def start(self) -> int:
        """First character, counted in the document."""
        return self.sentences[0].start

    @property
    def end(self) -> int:
        """One past the last character, counted in the document."""
        return self.sentences[-1].end

    @property
    def text(self) -> str:
        """The stretch, verbatim."""
        passage = self.candidate.stored.passage
        return passage.text[self.start - passage.start : self.end - passage.start]


@dataclass(frozen=True, slots=True)
class Reading:
    """The chosen quotes in the order of the answer, with what the refusal needs to judge them."""

    quotes: tuple[Quote, ...]
    views: tuple[SentenceView, ...]
    scores: tuple[float, ...]


def read(found: Found, model: LinearModel) -> Reading:
    """Choose the sentences that answer, the best first, each list in its own order."""
    views = sentence_views(found)
    if not views:
        return Reading((), (), ())
    columns = {name: np.array([view.features[name] for view in views]) for name in views[0].features}
    scores = model.scores(columns)
    quotes: list[Quote] = []
    for places in _chosen(found, views, scores.tolist()):
        candidate = found.candidates[places[0].passage]
        for sentences in _surrounded(found, candidate, [view.position for view in places]):
            quote = Quote(candidate, sentences)
            if not any(_repeats(quote, other) for other in quotes):
                quotes.append(quote)
    return Reading(tuple(quotes), tuple(views), tuple(scores.tolist()))


def _chosen(found: Found, views: Sequence[SentenceView], scores: Sequence[float]) -> Iterator[list[SentenceView]]:
    """Places of the answer, each one sentence or two adjacent ones: the best, and others nearly as good or that add words."""
    ranked = np.argsort(-np.asarray(scores), kind="stable").tolist()
    best = ranked[0]
    asked = found.query.asked
    covered = stems_of(views[best].text)
    places: list[list[int]] = [[best]]
    for i in ranked[1:LOOKED_AT]:
        near = next((place for place in places if _adjacent(views, place, i)), None)
        if near is not None and len(near) == 1 and scores[near[0]] - scores[i] < JOINED:
            near.append(i)
            near.sort()
            covered = joined(covered, stems_of(views[i].text))
            continue
        if len(places) == MOST_PLACES or views[i].sentence.kind == "heading":
            continue
        union = joined(covered, stems_of(views[i].text))
        gain = asked.coverage(union) - asked.coverage(covered)
        if scores[best] - scores[i] < CLOSE + WORTH * gain:
            places.append([i])
            covered = union
    yield from ([views[i] for i in place] for place in places)


def _adjacent(views: Sequence[SentenceView], place: Sequence[int], i: int) -> bool:
    """Whether sentence i stands right beside a place of running text in the same passage."""
    return any(
        abs(i - j) == 1
        and views[i].passage == views[j].passage
        and views[i].sentence.kind == views[j].sentence.kind == "sentence"
        for j in place
    )


def _surrounded(found: Found, candidate: Candidate, positions: Sequence[int]) -> list[tuple[Sentence, ...]]:
    """A place with its list if it leads one or a list is asked for, or with what its first pronoun refers to."""
    sentences = candidate.stored.passage.sentences
    first, last = positions[0], positions[-1]
    chosen = sentences[first]
    if chosen.kind == "lead":
        return [(chosen,), *_items_after(sentences, first)]
    if chosen.kind == "item" and found.query.asked.kind == LIST:
        lead = next((i for i in range(first - 1, -1, -1) if sentences[i].kind != "item"), None)
        if lead is not None and sentences[lead].kind == "lead":
            return [(sentences[lead],), *_items_after(sentences, lead)]
    passage = candidate.stored.passage
    text = passage.text[chosen.start - passage.start : chosen.end - passage.start]
    if (
        first
        and first == last
        and chosen.kind == "sentence"
        and DEPENDENT.match(text)
        and sentences[first - 1].kind == "sentence"
    ):
        first -= 1
    return [tuple(sentences[first : last + 1])]


def _items_after(sentences: Sequence[Sentence], lead: int) -> list[tuple[Sentence, ...]]:
    items: list[tuple[Sentence, ...]] = []
    for sentence in sentences[lead + 1 : lead + 1 + LONGEST_LIST]:
        if sentence.kind != "item":
            break
        items.append((sentence,))
    return items


def _repeats(quote: Quote, other: Quote) -> bool:
    """Whether a quote says nothing that another does not: the same or an overlapping place, or the same words."""
    if quote.candidate.stored.passage.doc_id == other.candidate.stored.passage.doc_id:
        return quote.start < other.end and other.start < quote.end
    return fold(quote.text).split() == fold(other.text).split()
