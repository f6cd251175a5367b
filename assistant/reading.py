"""The extractive reader: chooses verbatim sentences that answer, whole lists for list questions, in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.asked import joined, stems_of
from assistant.features import SentenceView
from assistant.judging import Cuts, Judged
from assistant.question import DEFINITION, LIST, VISIBLE, fold, holds_kind, shows_surely, without
from assistant.retrieval import Found
from index.corpus import Corpus
from index.stored import StoredPassage
from index.types import Passage, Sentence

LONGEST_LIST = 14
MOST_PLACES = 4
MOST_PLACES_SEVERAL = 5
LOOKED_AT = 12
OF_EACH = 2
SHORT_HEADING = 5
# How far apart, in log odds, items of a list may score that answer together.
ALIKE = 2.0
SECTIONS_WITHIN = 8
DEPENDENT = re.compile(
    r"(?:this|that|these|those|it|they|he|she|its|their|his|her|such|both|the guide|este|esta|estos|estas|ese|esa|dicho|dicha|ello"
    r"|ellos|ellas)\b",
    re.IGNORECASE,
)
# What such a sentence names first is what its list is not of.
BESIDE = re.compile(r"(?:in addition to|besides|apart from|aside from|other than|ademas de|aparte de|fuera de)\b")
ELSE = re.compile(
    r"\b(?:beyond|others?|else|also|additional(?:ly)?|otr[oa]s?|demas|tambien|adicional(?:es)?|mas alla)\b"
)
COUNTS = {
    word: n
    for n, words in enumerate(
        ("two dos", "three tres", "four cuatro", "five cinco", "six seis", "seven siete", "eight ocho"), 2
    )
    for word in words.split()
}
SEVERAL = re.compile(
    r"\b(both|compare\w*|each of|which of the|different documents|across|respectively|and (?:which|what|who|how)|compar\w+|cada un[oa]"
    r"|ambos|ambas|distint[oa]s|y (?:que|cual|quien|cuant[oa]s?))\b"
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of one passage chosen for the answer: one sentence, or adjacent ones that belong together."""

    passage: Passage
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
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]


def read(found: Found, judged: Judged, corpus: Corpus) -> tuple[Quote, ...]:
    """Choose the sentences that answer, the best first, each list in its own order."""
    asked = _counts(found.query.text)
    quotes: list[Quote] = []
    for place in _chosen(found, judged):
        own = _surrounded(found, judged, place, corpus)
        if not quotes and len(own) > 1 and asked == [len(own) - 1]:
            # "Which three ...?": a lead-in with its three items is the whole answer.
            return tuple(own)
        quotes += own
    return without_repeats(quotes)


def _counts(text: str) -> list[int]:
    """The small numbers that a text gives in words, in order."""
    return [COUNTS[word] for word in re.findall(r"\w+", fold(text)) if word in COUNTS]


def without_repeats(quotes: Iterable[Quote]) -> tuple[Quote, ...]:
    """The quotes in their order, each of which says something that none before it says; those that overlap become one."""
    kept: list[Quote] = []
    for quote in quotes:
        same = next((i for i, other in enumerate(kept) if _overlap(quote, other)), None)
        if same is None:
            kept += [] if any(fold(quote.text).split() == fold(other.text).split() for other in kept) else [quote]
        elif quote.passage == kept[same].passage:
            together = {sentence.start: sentence for sentence in (*kept[same].sentences, *quote.sentences)}
            whole = Quote(quote.passage, tuple(together[start] for start in sorted(together)))
            kept[same:] = [whole, *(other for other in kept[same + 1 :] if not _overlap(other, whole))]
    return tuple(kept)


def lacks_kind(found: Found, quotes: Sequence[Quote]) -> bool:
    """Whether a number, a share or a date was asked for and no quote adds one to the words of the question."""
    kind = found.query.asked.kind
    asked = set(fold(found.query.text).split())
    return shows_surely(found.query.text, kind) and not any(
        holds_kind(without(quote.text, asked), kind) for quote in quotes
    )


def _chosen(found: Found, judged: Judged) -> Iterator[list[SentenceView]]:
    """Places of the answer, each one sentence or two adjacent ones.

    The best; the best two of each document that the question names, if it names several; and others that are nearly as
    good or add words.
    """
    views, cuts, named = judged.views, judged.cuts, judged.named
    scores = _without_asides(found, judged)
    ranked = [i for i in np.argsort(-np.asarray(scores), kind="stable").tolist() if _can_stand(views[i])]
    if not ranked:
        return
    asked = found.query.asked
    best = _best(views, scores, cuts, ranked, asked.kind)
    ranked.remove(best)
    several = SEVERAL.search(fold(found.query.text)) is not None
    covered = stems_of(views[best].text)
    places: list[list[int]] = [[best]]
    documents = {_doc_id(found, views[best])}
    if len(named) > 1:
        for doc_id in sorted(named):
            own = [i for i in ranked if _doc_id(found, views[i]) == doc_id]
            for other in own[: OF_EACH - (doc_id in documents)]:
                places.append([other])
                ranked.remove(other)
                covered = joined(covered, stems_of(views[other].text))
        documents |= named
    for i in ranked[:LOOKED_AT]:
        near = next(
            (place for place in places if len(place) == 1 and _belong_together(found, views, place[0], i)), None
        )
        if near is not None and scores[near[0]] - scores[i] < cuts.joined:
            near.append(i)
            near.sort()
            covered = joined(covered, stems_of(views[i].text))
            continue
        if len(places) == (MOST_PLACES_SEVERAL if several else MOST_PLACES):
            continue
        union = joined(covered, stems_of(views[i].text))
        gain = asked.coverage(union) - asked.coverage(covered)
        elsewhere = several and _doc_id(found, views[i]) not in documents
        if scores[best] - scores[i] < cuts.close * (1 + elsewhere) + cuts.worth * gain:
            places.append([i])
            documents.add(_doc_id(found, views[i]))
            covered = union
    yield from ([views[i] for i in place] for place in places)


def _without_asides(found: Found, judged: Judged) -> Sequence[float]:
    """The scores, lower for a lead-in, and its list, that names what was asked for only to go on to something else.

    "In addition to the three objectives, there are some activities:" does not list the objectives.
    """
    asked, question = found.query.asked, fold(found.query.text)
    if BESIDE.search(question) or ELSE.search(question):
        return judged.scores
    aside: dict[tuple[int, int], bool] = {}
    scores = list(judged.scores)
    for i, view in enumerate(judged.views):
        passage = found.candidates[view.passage].stored.passage
        lead = _lead_of(passage, view.position)
        if lead is None:
            continue
        if (view.passage, lead) not in aside:
            first, _, rest = _text(passage, lead).partition(",")
            aside[view.passage, lead] = BESIDE.match(fold(first)) is not None and asked.coverage(
                stems_of(first)
            ) > asked.coverage(stems_of(rest))
        scores[i] -= judged.cuts.joined * aside[view.passage, lead]
    return scores


def _lead_of(passage: Passage, position: int) -> int | None:
    """The place of the lead-in that a sentence is, or is listed under; None if it is neither."""
    sentences = passage.sentences
    lead = next((i for i in range(position, -1, -1) if sentences[i].kind != "item"), None)
    return lead if lead is not None and sentences[lead].kind == "lead" else None


def _text(passage: Passage, position: int) -> str:
    sentence = passage.sentences[position]
    return passage.text[sentence.start - passage.start : sentence.end - passage.start]


def _best(views: Sequence[SentenceView], scores: Sequence[float], cuts: Cuts, ranked: Sequence[int], kind: str) -> int:
    """The best sentence that holds what was asked for, if one is near enough to the best of all; else that one."""
    sign = "kind_new" if kind in VISIBLE else "spells_out"
    if kind not in VISIBLE and kind != DEFINITION:
        return ranked[0]
    least = scores[ranked[0]] - cuts.fitting
    return next((i for i in ranked if views[i].features[sign] and scores[i] > least), ranked[0])


def _doc_id(found: Found, view: SentenceView) -> str:
    return found.candidates[view.passage].stored.passage.doc_id


def _can_stand(view: SentenceView) -> bool:
    """Whether a sentence can be an answer at all: a short heading says nothing by itself."""
    return view.sentence.kind != "heading" or len(view.text.split()) >= SHORT_HEADING


def _belong_together(found: Found, views: Sequence[SentenceView], i: int, j: int) -> bool:
    """Whether two sentences are adjacent in running text, or in one item of a list."""
    first, second = sorted((views[i], views[j]), key=lambda view: view.position)
    if first.passage != second.passage or second.position - first.position != 1:
        return False
    kinds = {first.sentence.kind, second.sentence.kind}
    if kinds == {"item"}:
        passage = found.candidates[first.passage].stored.passage
        return "\n" not in passage.text[first.sentence.end - passage.start : second.sentence.start - passage.start]
    return kinds == {"sentence"}


def _surrounded(found: Found, judged: Judged, place: Sequence[SentenceView], corpus: Corpus) -> list[Quote]:
    """A place with its list if it leads one or a list is asked for, or with what its first pronoun refers to."""
    stored = found.candidates[place[0].passage].stored
    passage = stored.passage
    sentences = passage.sentences
    first, last = place[0].position, place[-1].position
    if sentences[last].kind == "lead":
        whole = Quote(passage, tuple(sentences[first : last + 1]))
        return [whole, *(_items_after(passage, last) or _sections_after(stored, last, corpus))]
    if sentences[first].kind == "item" and found.query.asked.kind == LIST:
        lead = _lead_of(passage, first)
        items = _items_after(passage, lead) if lead is not None else []
        if lead is not None and _is_meant(judged, place[0], lead, len(items)):
            return [Quote(passage, (sentences[lead],)), *items]
    if sentences[first].kind == "heading" and found.query.asked.kind == LIST:
        announced = _announced_with(stored, sentences[first], corpus)
        if announced:
            return announced
    before = sentences[first - 1] if first else None
    if (
        before is not None
        and DEPENDENT.match(_text(passage, first))
        and before.kind == sentences[first].kind == "sentence"
    ):
        first -= 1
    return [Quote(passage, tuple(sentences[first : last + 1]))]


def _is_meant(judged: Judged, item: SentenceView, lead: int, count: int) -> bool:
    """Whether a list answers as a whole, and not one item alone: its lead-in or half of its `count` items score like `item`."""
    own = {
        view.position: score
        for view, score in zip(judged.views, judged.scores, strict=True)
        if view.passage == item.passage
    }
    near = [place for place, score in own.items() if score > own[item.position] - ALIKE]
    return lead in near or 2 * sum(lead < place <= lead + count for place in near) >= count


def _items_after(passage: Passage, lead: int) -> list[Quote]:
    items: list[Quote] = []
    for sentence in passage.sentences[lead + 1 : lead + 1 + LONGEST_LIST]:
        if sentence.kind != "item":
            break
        items.append(Quote(passage, (sentence,)))
    return items


def _sections_after(stored: StoredPassage, lead: int, corpus: Corpus) -> list[Quote]:
    """The headings of the sections that a lead-in announces by number ("our three priority areas:")."""
    passage = stored.passage
    count = next(iter(_counts(_text(passage, lead))), 0)
    headings: list[Quote] = []
    rows = [row for row in corpus.rows_of(passage.doc_id) if stored.row <= row < stored.row + SECTIONS_WITHIN]
    for part in corpus.passages_at(rows):
        later = part.passage.sentences[lead + 1 :] if part.row == stored.row else part.passage.sentences
        headings += [Quote(part.passage, (s,)) for s in later if s.kind == "heading"]
    return headings[:count] if len(headings) >= count else []


def _announced_with(stored: StoredPassage, heading: Sentence, corpus: Corpus) -> list[Quote]:
    """The lead-in that announces a heading by number, and all headings that it announces; empty without such a lead-in."""
    rows = [row for row in corpus.rows_of(stored.passage.doc_id) if stored.row - SECTIONS_WITHIN < row <= stored.row]
    for part in corpus.passages_at(rows):
        for place, sentence in enumerate(part.passage.sentences):
            headings = _sections_after(part, place, corpus) if sentence.kind == "lead" else []
            if any(quote.start == heading.start for quote in headings):
                return [Quote(part.passage, (sentence,)), *headings]
    return []


def _overlap(quote: Quote, other: Quote) -> bool:
    return quote.passage.doc_id == other.passage.doc_id and quote.start < other.end and other.start < quote.end
