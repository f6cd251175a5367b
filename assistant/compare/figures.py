"""Figures in a sentence: the number and unit as written, what is counted, and the clause that says what of it.

The reading is by rules that would rather doubt than guess: a figure whose noun is left out ("while 116 have yet to be …"), or
whose number can be read in two ways, is marked doubtful, and nothing doubtful is ever said to contradict anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistant.compare import units
from assistant.compare.beginnings import years_in
from assistant.compare.clauses import actor_of, claim_of, clause_of, head_of, names_of, period_of, places_of, subject_of
from assistant.compare.concepts import concepts_of
from assistant.compare.numbers import WORD, Found, language_of, masked, numbers_in
from assistant.compare.periods import Period, periods
from assistant.compare.places import places
from assistant.compare.rows import is_row, row_figures
from assistant.compare.types import HEADING, SENTENCE, TITLE, Figure, Source
from assistant.compare.values import AT_LEAST
from assistant.sections import headings_at
from assistant.writing.quantities import in_place
from index.types import Passage

ELLIPSIS, READINGS, RESPECTIVELY, CHANGE, OWN_PERIOD, OWN_PLACE, RANGE, WHOLE = (
    "ellipsis",
    "readings",
    "respectively",
    "change",
    "period",
    "place",
    "range",
    "whole",
)
_MAY_COUNT = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    r"|thousand|\w*illion|half|third|quarter|fifth|tenth|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|docena|trece|catorce|quince"
    r"|dieci\w+|veinti?\w+|treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|ciento|\w*cient[oa]s|quinient[oa]s|mil|mill[oó]n|millones|bill[oó]n"
    r"|billones|mitad|tercera|tercio|cuarta|cuarto|quinta|quinto|d[eé]cima|d[eé]cimo|decades?|d[eé]cadas?)\b",
    re.IGNORECASE,
)
"""Whether a sentence is worth reading for numbers: most hold none."""
_PART = re.compile(
    r"\b(?:of|de)\s+(?:which|those|these|them|whom|ellos|ellas|los cuales|las cuales|estos|estas|esos|esas)\b|\bof the (?=\w+\b)"
)
_REFERS_BACK = re.compile(
    r"^\W*(?:this|these|those|it|they|of these|of those|est[eao]s?|es[eao]s?|de ell[ao]s)\b|\b(?:of|de) (?:those|these|them|ellos|ellas|es[ao]s|est[ao]s)\b"
)
_TWO_SIDES = re.compile(r"\b(?:respectively|respectivamente)\b")
_CHANGE = re.compile(r"\b(?:from|desde)\s+$")
_BETWEEN = re.compile(r"\s*(?:%|percent|per cent)?\s*(?:to|a|and|y|e|or|o|u|-|–|—)\s*\$?")
_OUT_OF = re.compile(r"\d\s*(?:out\s+)?(?:of|de)\s+(?:the|its|all|las|los|sus)?\s*$")
_TO_NUMBER = re.compile(r"\s+(?:to|a)\s+\d")
_CONDITIONS = re.compile(
    r"\b(?:according|says?|said|reports?|reported|claims?|excluding|including|except|counting|considering|if|unless|adjusted|compared|segun|dice|dijo"
    r"|informa|informo|afirma|excluyendo|incluyendo|incluid[oa]s?|salvo|excepto|contar|si)\b"
)


def passage_figures(passage: Passage, source: Source) -> list[Figure]:
    """Every figure of a passage, in order; each is looked at in its own sentence."""
    found: list[Figure] = []
    language = language_of(source, passage.text)
    before: frozenset[str] = frozenset()
    nearby: Mapping[str, str] = {}
    for sentence in passage.sentences:
        if sentence.kind == "field":
            continue
        text = passage.text[sentence.start - passage.start : sentence.end - passage.start]
        if not any(char.isdigit() for char in text) and sentence.kind == "heading" and len(text.split()) < 4:
            continue
        headings = headings_at(passage, sentence.start)
        topic = _topic(text, language)
        if _REFERS_BACK.search(in_place(text)):
            topic |= before
        for one in figures(text, sentence.start, source, headings, sentence.kind):
            if nearby and one.place_from in (HEADING, TITLE, "") and not nearby.keys() <= one.places.keys():
                one = replace(one, doubtful=one.doubtful or OWN_PLACE)
            found.append(replace(one, topic=topic))
        before = topic
        nearby = {} if sentence.kind == "heading" else places(masked(text)) or nearby
    return found


def _topic(text: str, language: str) -> frozenset[str]:
    return frozenset().union(*(concepts_of(word.group(), language) for word in WORD.finditer(text)))


def figures(text: str, offset: int, source: Source, headings: Sequence[str] = (), kind: str = SENTENCE) -> list[Figure]:
    """The figures of one sentence that begins at `offset` of its document, under `headings`."""
    if not _MAY_COUNT.search(text):
        return []
    if kind == "item" and is_row(text):
        return list(row_figures(text, offset, source, headings))
    plain = masked(text)
    folded = in_place(plain)
    spans = periods(folded)
    numbers = list(numbers_in(plain, folded, spans, language_of(source, folded)))
    by_words = [
        one for one in spans if not any(n.year_like and n.start < one.end and one.start < n.end for n in numbers)
    ]
    found = [
        _figure(text, plain, folded, offset, number, numbers, by_words, source, headings, kind) for number in numbers
    ]
    found += years_in(text, plain, folded, offset, by_words, source, headings, kind)
    return list(_once(found))


def _figure(
    text: str,
    plain: str,
    folded: str,
    offset: int,
    number: Found,
    others: Sequence[Found],
    spans: Sequence[Period],
    source: Source,
    headings: Sequence[str],
    kind: str,
) -> Figure:
    language = language_of(source, folded)
    left, right = clause_of(folded, number, others)
    cut = [(o.start - o.value.hedge, max(o.end, o.noun_end)) for o in others] + [(p.start, p.end) for p in spans]
    claim = claim_of(
        plain, [(left, number.start - number.value.hedge), (number.noun_start, right)], cut, number, language
    )
    doubtful = ""
    head_span = (number.noun_start, number.noun_end)
    if number.unit == units.NUMBER and head_span[0] == head_span[1]:
        before = [o for o in others if o.start < number.start and o.unit == units.NUMBER and o.noun_end > o.noun_start]
        doubtful = ELLIPSIS
        if subject := subject_of(folded, left, number.start):
            doubtful, head_span = "", subject
        elif before:
            head_span = (before[-1].noun_start, before[-1].noun_end)
            for word in WORD.finditer(plain, *head_span):
                for concept in concepts_of(word.group(), language):
                    claim.setdefault(concept, word.group())
    counted, head = head_of(plain, folded, number, head_span, right, language)
    if len(number.quantity.values) > 1 or _ambiguous(plain[number.quantity.start : number.quantity.end], language):
        doubtful = doubtful or READINGS
    if _TWO_SIDES.search(folded):
        doubtful = doubtful or RESPECTIVELY
    changes = _TO_NUMBER.match(folded, max(number.end, number.noun_end)) or _TO_NUMBER.match(
        folded, number.quantity.end
    )
    if changes or _CHANGE.search(folded[: number.start - number.value.hedge]) or number.year_like:
        doubtful = doubtful or CHANGE
    if _in_range(folded, number, others):
        doubtful = doubtful or RANGE
    if _OUT_OF.search(folded[: number.start - number.value.hedge]):
        doubtful = doubtful or WHOLE
    if _PART.search(folded[max(left, number.start - 24) : number.start]) or _PART.match(
        folded[number.quantity.end :].lstrip()
    ):
        claim["part"] = "of those"
    if condition := _CONDITIONS.search(folded[:left] + " " * (right - left) + folded[right:]):
        # What is said behind the clause may narrow it in any way: only the same words leave it the same.
        rest = " ".join(folded[right:].split())
        claim.setdefault(f"condition {rest}", text[right:].strip(" ,.;") or condition.group())
    same_kind = [o for o in others if o is not number and o.unit.dimension == number.unit.dimension]
    period, period_from, own = period_of(folded, left, right, number, same_kind, spans, headings, source)
    if own:
        doubtful = doubtful or OWN_PERIOD
    where, place_from = places_of(plain, left, right, same_kind, headings, source)
    for name in where:
        for part in name.split():
            for concept in (*concepts_of(part, language), *concepts_of(where[name], language)):
                claim.pop(concept, None)
    for concept in [concept for concept, words in claim.items() if concept not in head and places(words)]:
        claim.pop(concept)
    actor_of(plain, folded, left, number, kind, claim)
    noun = head | frozenset().union(*(concepts_of(word.group(), language) for word in WORD.finditer(counted)))
    begin, end = number.start - number.value.hedge, max(number.end, number.noun_end)
    if (
        not doubtful
        and number.value.bound == AT_LEAST
        and end < len(folded)
        and folded[number.end : number.end + 1] == "+"
    ):
        end = max(end, number.end + 1)
    return Figure(
        source, offset + begin, offset + end, text[begin:end], offset, offset + len(text), text, number.value, number.unit,
        counted, head, claim, noun, names_of(plain, left, right) & claim.keys(),
        where, place_from, period, period_from, doubtful,
    )  # fmt: skip


def _in_range(folded: str, number: Found, others: Sequence[Found]) -> bool:
    """Whether a number is one end of "2,000 to 3,000", or of "between 200 and 300"."""
    first, second = number, number
    for other in others:
        if other.start < number.start:
            first = other
            if _BETWEEN.fullmatch(folded[max(first.quantity.end, 0) : number.start]):
                return True
        elif other.start > number.start:
            second = other
            return _BETWEEN.fullmatch(folded[number.quantity.end : second.start - second.value.hedge]) is not None
    return False


def _ambiguous(digits: str, language: str) -> bool:
    """Whether "1.234" or "1,234" is a decimal in the document's language, and thousands in the other."""
    foreign = "," if language == "es" else "."
    return re.fullmatch(rf"\d{{1,3}}{re.escape(foreign)}\d{{3}}(?:\D.*)?", digits) is not None


def _once(found: Iterable[Figure]) -> Iterator[Figure]:
    """Each figure once, and only what counts something: a card says its number large and again in its caption."""
    listed = sorted(found, key=lambda one: one.start)
    for i, one in enumerate(listed):
        again = any(other.value.number == one.value.number for other in listed[i + 1 : i + 2])
        if one.head or (one.unit != units.NUMBER and not again):
            yield one
