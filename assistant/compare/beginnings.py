"""Years as figures: since when, or in which year, something began, was founded or approved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.compare import units
from assistant.compare.clauses import BREAK_LEFT, names_of
from assistant.compare.concepts import concepts_of
from assistant.compare.numbers import WORD, language_of
from assistant.compare.periods import Period
from assistant.compare.places import places
from assistant.compare.types import SENTENCE, Figure, Source
from assistant.compare.values import Value

_EVENT = re.compile(
    r"\b(?:began|started|founded|established|created|launched|approved|signed|adopted|since|desde|fundad[oa]s?|cread[oa]s?|inicio|iniciaron"
    r"|aprobad[oa]s?|establecid[oa]s?|lanzad[oa]s?|comenzo)\b"
)


def years_in(
    text: str,
    plain: str,
    folded: str,
    offset: int,
    spans: Sequence[Period],
    source: Source,
    headings: Sequence[str],
    kind: str,
) -> Iterator[Figure]:
    """Years as figures, where the sentence says since when, or in which year, something began, was founded or approved."""
    language = language_of(source, folded)
    single = [one for one in spans if one.name and re.fullmatch(r"(?:since )?\d{4}", one.name)]
    if len(single) != 1 or len(spans) != 1 or kind == "heading":
        return
    span = single[0]
    year = re.search(r"\d{4}", folded[span.start : span.end])
    assert year is not None
    begin, end = span.start + year.start(), span.start + year.end()
    cuts = [m.end() for m in BREAK_LEFT.finditer(folded, 0, begin)]
    left = cuts[-1] if cuts else 0
    stop = re.compile(r"[;!?|()]|\.(?:\s|$)|—|\n").search(folded, end)
    right = stop.start() if stop else len(folded)
    event = _EVENT.search(folded, left, right)
    if event is None or any(char.isdigit() for char in folded[left : span.start] + folded[span.end : right]):
        return
    number = float(folded[begin:end])
    claim: dict[str, str] = {}
    for word in WORD.finditer(plain, left, right):
        if not span.start <= word.start() < span.end:
            for concept in concepts_of(word.group(), language):
                claim.setdefault(concept, word.group())
    if span.name.startswith("since"):
        claim["since"] = "since"
    names = names_of(plain, left, right) & claim.keys()
    where = places(plain)
    for concept in [concept for concept, words in claim.items() if places(words)]:
        claim.pop(concept)
    head = concepts_of(event.group(), language) or frozenset({"since"})
    yield Figure(
        source, offset + begin, offset + end, text[begin:end], offset, offset + len(text), text, Value(number, number, number),
        units.CALENDAR_YEAR, event.group(), head, claim, head, names & claim.keys(), where, SENTENCE if where else "", "", "", "",
    )  # fmt: skip
