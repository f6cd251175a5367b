"""Notes on figures: which of them agree, which conflict, and which may count different things, the weighty ones first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from assistant.compare import units
from assistant.compare.concepts import concepts_of
from assistant.compare.relations import AGREE, CONFLICT, DIFFERENT, UNRELATED, Relation, relate
from assistant.compare.types import Figure
from assistant.compare.units import unit_at
from assistant.question import fold
from index.stopwords import STOPWORDS

_STOP = frozenset().union(*STOPWORDS.values())
ORDER = {CONFLICT: 0, AGREE: 1, DIFFERENT: 2}
PAIRED_UP_TO = 60
"""Figures of one group up to which each is held beside each; past it only those of the same clause, period and place are."""


@dataclass(frozen=True, slots=True)
class Note:
    """Two figures and how they stand to each other; never "unrelated"."""

    left: Figure
    right: Figure
    relation: Relation

    @property
    def kind(self) -> str:
        """One of "conflict", "agree" and "different"."""
        return self.relation.kind


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one kind, as the documents give them, and the notes on them."""

    dimension: str
    counted: str
    figures: tuple[Figure, ...]
    notes: tuple[Note, ...]

    @property
    def documents(self) -> int:
        """How many documents give these figures."""
        return len({figure.source.doc_id for figure in self.figures})


def notes(figures: Sequence[Figure], *, across: bool = False) -> tuple[Note, ...]:
    """Every pair of figures that looks like the same thing: conflicts first, then agreements.

    With `across`, only pairs from two documents. Of more than PAIRED_UP_TO figures, those that merely differ are not paired.
    """
    found = []
    many = len(figures) > PAIRED_UP_TO
    for left, right in _pairs(figures):
        if across and left.source.doc_id == right.source.doc_id:
            continue
        relation = relate(left, right)
        if relation.kind != UNRELATED and not (many and relation.kind == DIFFERENT):
            found.append(Note(left, right, relation))
    return tuple(
        sorted(found, key=lambda note: (ORDER[note.kind], note.left.source.doc_id == note.right.source.doc_id))
    )


def _pairs(figures: Sequence[Figure]) -> Iterable[tuple[Figure, Figure]]:
    if len(figures) <= PAIRED_UP_TO:
        yield from combinations(figures, 2)
        return
    same: dict[tuple[str, frozenset[str], str, frozenset[str]], list[Figure]] = {}
    for figure in figures:
        said = frozenset(concept for concept in figure.claim if not concept.startswith("by "))
        same.setdefault((figure.dimension, said, figure.period, frozenset(figure.places)), []).append(figure)
    for members in same.values():
        yield from combinations(members[:PAIRED_UP_TO], 2)


def grouped(figures: Iterable[Figure]) -> tuple[Group, ...]:
    """Figures by what they count (communities, people) or measure (area, money), with the notes on each group.

    Groups with a conflict come first, then those that several documents speak of, then the larger ones.
    """
    members: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        head = " ".join(sorted(figure.head)) if figure.dimension == units.COUNT else ""
        if figure.dimension == units.COUNT and not head:
            continue
        members.setdefault((figure.dimension, head), []).append(figure)
    found = [
        Group(dimension, _plainest(listed), tuple(_once(listed)), notes(listed))
        for (dimension, _), listed in members.items()
    ]
    return tuple(
        sorted(
            found,
            key=lambda group: (
                not any(note.kind == CONFLICT for note in group.notes),
                -group.documents,
                -len(group.figures),
            ),
        )
    )


def _once(figures: Sequence[Figure]) -> list[Figure]:
    """Figures without those that overlapping passages give a second time."""
    return list({(figure.source.doc_id, figure.start, figure.end): figure for figure in figures}.values())


def _plainest(figures: Sequence[Figure]) -> str:
    """The shortest way in which the documents name what is counted."""
    named = sorted((figure.counted for figure in figures if figure.counted), key=len)
    return named[0].lower() if named else ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a figure must have to do with a term: its words, each as the concepts of either language, and a unit it names."""

    words: tuple[tuple[frozenset[str], ...], ...]
    dimension: str

    def holds(self, figure: Figure) -> bool:
        """Whether a figure is about the term."""
        if self.dimension and figure.dimension != self.dimension:
            return False
        said = figure.topic | figure.claim.keys() | figure.noun
        return bool(self.words or self.dimension) and all(
            any(concepts <= said for concepts in readings) for readings in self.words
        )


def about(term: str) -> Topic:
    """The topic of a term in English or Spanish; "hectares" and "dollars" ask for what is measured so."""
    words: list[tuple[frozenset[str], ...]] = []
    dimension = ""
    for word in re.findall(r"[^\W_]+(?:[-’'][^\W_]+)*", term):
        unit = unit_at(f"1 {fold(word)}", 0, 1)
        if unit is not None:
            dimension = unit.unit.dimension
            continue
        readings = tuple({concepts for language in ("en", "es") if (concepts := concepts_of(word, language))})
        if readings and fold(word) not in _STOP:
            words.append(readings)
    return Topic(tuple(words), dimension)
