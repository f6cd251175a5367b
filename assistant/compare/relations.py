"""How two figures stand to each other: they agree, conflict, may count different things, or have nothing to do with each other.

A conflict is called only where both sentences speak of the same thing in the same concepts, of the same place and the same
period, both stated, and the numbers lie apart beyond rounding, conversion and their own hedges. Whatever differs between the
two otherwise is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.compare import units
from assistant.compare.concepts import packaged_concepts
from assistant.compare.types import SENTENCE, TITLE, Figure
from assistant.compare.values import APART, COMPATIBLE, EQUAL, INCOMPARABLE, ROUNDED, compare

AGREE, CONFLICT, DIFFERENT, UNRELATED = "agree", "conflict", "different", "unrelated"
WHAT, WHERE, WHEN, WHO, UNIT, BOUND, READING = "what", "where", "when", "who", "unit", "bound", "reading"
ALIKE = 0.4
GENERIC = frozenset(
    {
        "people",
        "country",
        "inhabitant",
        "woman",
        "man",
        "child",
        "project",
        "programme",
        "member",
        "region",
        "case",
        "group",
    }
)
"""What so many sentences count that the noun alone does not make two figures look like the same thing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One aspect in which two figures are not known to be the same; an empty side does not say it."""

    aspect: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Relation:
    """What two figures are to each other; `numbers` is the outcome of `values.compare`."""

    kind: str
    numbers: str
    differences: tuple[Difference, ...] = ()


def relate(left: Figure, right: Figure) -> Relation:
    """The relation of two figures; symmetric but for the sides of the differences."""
    if left.dimension != right.dimension or not _comparable(left, right):
        return Relation(UNRELATED, INCOMPARABLE)
    numbers = compare(left.value, left.unit, right.value, right.unit)
    differences = tuple(_differences(left, right, numbers))
    if numbers in (EQUAL, ROUNDED):
        contradicted = any(d.aspect in (WHEN, WHO) and d.left and d.right for d in differences) or (
            left.place_from == right.place_from == SENTENCE and any(d.aspect == WHERE for d in differences)
        )
        doubtful = left.doubtful or right.doubtful or _same_sentence(left, right)
        if not contradicted and not doubtful and _alike(left, right):
            return Relation(AGREE, numbers, differences)
        return Relation(DIFFERENT, numbers, differences)
    if numbers == APART and not differences and not _same_sentence(left, right):
        return Relation(CONFLICT, numbers)
    return Relation(DIFFERENT, numbers, differences)


def _same_sentence(left: Figure, right: Figure) -> bool:
    return left.source.doc_id == right.source.doc_id and left.sentence_start == right.sentence_start


def _said(figure: Figure) -> set[str]:
    """The concepts of the clause, without names of who acts."""
    return {concept for concept in figure.claim if not concept.startswith("by ")}


def _comparable(left: Figure, right: Figure) -> bool:
    """Whether two figures look as if they might count the same thing."""
    shared = _said(left) & _said(right)
    if left.dimension == units.COUNT:
        heads = left.head & right.head
        common = (shared | left.topic & right.topic) - heads
        return bool(heads) and (not heads <= GENERIC or bool(common))
    if left.dimension == units.YEAR:
        return bool(left.head & right.head) and bool(_shared_names(left, right))
    if left.dimension == units.SHARE and left.head and right.head:
        return bool(left.head & right.head)
    if left.dimension in (units.DURATION, units.SHARE):
        return len(shared) >= 2
    if left.head and right.head and not left.head & right.head:
        return False
    return bool(shared)


def _alike(left: Figure, right: Figure) -> bool:
    """Whether two clauses say enough in common for equal numbers to be the same figure.

    They share what is counted and something of what is said of it, unless one of them says nothing but what is counted.
    """
    a, b = _said(left), _said(right)
    smaller = min(len(a), len(b))
    shared = a & b
    nouns = left.noun | right.noun
    told = shared - nouns or not (a - nouns) or not (b - nouns)
    return bool(smaller and told) and len(shared) / smaller >= ALIKE


def _differences(left: Figure, right: Figure, numbers: str) -> list[Difference]:
    found: list[Difference] = []
    found += _difference(WHAT, _words(left, _said(left) - _said(right)), _words(right, _said(right) - _said(left)))
    found += _where(left, right)
    # A report of 2022 may give figures of the years before: the year of a title is not one that a sentence states.
    stated = left.period and TITLE not in (left.period_from, right.period_from)
    if left.dimension != units.YEAR and (left.period != right.period or not stated):
        found.append(Difference(WHEN, left.period, right.period))
    found += _who(left, right)
    if numbers == INCOMPARABLE:
        found.append(Difference(UNIT, left.unit.code, right.unit.code))
    if numbers == COMPATIBLE:
        found.append(Difference(BOUND, left.value.bound, right.value.bound))
    if left.doubtful or right.doubtful:
        found.append(Difference(READING, left.doubtful, right.doubtful))
    return found


def _difference(aspect: str, left: str, right: str) -> list[Difference]:
    return [Difference(aspect, left, right)] if left or right else []


def _words(figure: Figure, concepts: set[str]) -> str:
    """The words of a clause that stand for some of its concepts, each once, in their order."""
    return ", ".join(dict.fromkeys(word for concept, word in figure.claim.items() if concept in concepts))


def _where(left: Figure, right: Figure) -> list[Difference]:
    if left.places.keys() == right.places.keys():
        # What names itself needs no place; everything else does.
        if left.places or _shared_names(left, right):
            return []
        return [Difference(WHERE, "", "")]
    return [Difference(WHERE, _place_words(left.places), _place_words(right.places))]


def _place_words(places: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(places.values()))


def _shared_names(left: Figure, right: Figure) -> set[str]:
    return set((left.names | right.names) & left.claim.keys() & right.claim.keys())


def _who(left: Figure, right: Figure) -> list[Difference]:
    """Whose doing it is, where the clause says "we" or "the project", or what organisations do without naming one."""
    actors = (_actor(left), _actor(right))
    activities = packaged_concepts().activities
    unnamed = not _shared_names(left, right) and bool((left.claim.keys() | right.claim.keys()) & activities)
    if not any(actors) and not unnamed:
        return []
    one, other = (figure.source.publisher or figure.source.title for figure in (left, right))
    if one != other:
        return [Difference(WHO, one, other)]
    if left.source.title != right.source.title and not all(actor.startswith("by we") for actor in actors):
        return [Difference(WHO, left.source.title, right.source.title)]
    return []


def _actor(figure: Figure) -> str:
    return next((concept for concept in figure.claim if concept.startswith("by ")), "")
