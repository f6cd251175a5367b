"""The rules of the check: what a sentence counts, dates and names must stand in the window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from assistant.asked import Stems, stems_of
from assistant.bridge import OTHER
from assistant.writing.evidence import Claim
from assistant.writing.names import Name, institution_of, joined
from assistant.writing.quantities import NUMBER, ORDINAL, SHARE, Quantity, in_place, quantities, ratios
from assistant.writing.sources import Source, source_of

FREELY_TRANSLATED = 3
"""Of a name with as many words found, one more may be translated otherwise than a dictionary does."""
GENERIC = re.compile(r"agency|authority|board|department|directorate|office|program|project|service|unit")
_TELLS = {
    "two": frozenset({2.0}), "three": frozenset({3.0}), "four": frozenset({4.0}), "fortnight": frozenset({2.0, 14.0, 15.0}),
    "one": frozenset({1.0}), "second": frozenset({2.0}), "semester": frozenset({6.0}), "noon": frozenset({12.0}), "midnight": frozenset({0.0, 12.0, 24.0}), "hundred": frozenset({100.0}),
}  # fmt: skip
_TOLD = re.compile(
    r"\b(?:(?P<one>first|primer[oa]?|sole|single|unic[oa])|(?P<second>second)|(?P<semester>semest(?:re|er)s?|half-years?)|(?P<two>both|twice|doubl\w+|pair|couple|twins?|ambos|ambas|par|pareja|doble|duplic\w+|gemel[oa]s)"
    r"|(?P<three>triple\w*|triplic\w+|treble\w*|thrice)|(?P<four>quadrupl\w+|cuadruplic\w+)|(?P<fortnight>fortnight\w*|quincena\w*)"
    r"|(?P<noon>noon|midday|mediodia)|(?P<midnight>midnight|medianoche)|(?P<hundred>centur(?:y|ies)|siglos?|centenar))\b"
)
_BEHIND_A_NAME = re.compile(r"\b[A-ZÁÉÍÓÚÑ][\w-]+ (?:[Nn][.oº°]+ )?$")
_OF_A_HUNDRED = re.compile(
    r"\b(?:(?:of|in|out of) (?:every|each|a) (?:one )?(?:hundred|100)|(?:de|por) cada (?:cien|100))\b"
)
# Lengths of time in the smallest unit of their kind: days are told in hours or weeks, years in months.
_DURATION = re.compile(
    r"[ -](?:(?:working|business|calendar|whole|full) )?(?:(?P<hours>hours?|horas?)|(?P<days>days?|dias?)|(?P<weeks>weeks?|semanas?)"
    r"|(?P<months>months?|mes|meses)|(?P<years>years?|anos?)|(?P<semesters>semest(?:er|re)s?)|(?P<decades>decades?|decadas?))\b"
)
_UNITS = {
    "hours": ("hours", 1), "days": ("hours", 24), "weeks": ("hours", 168), "months": ("months", 1), "years": ("months", 12),
    "semesters": ("months", 6), "decades": ("months", 120),
}  # fmt: skip
_CODE = re.compile(r"\b[A-Z]{1,4}-?(\d{1,3})\b")


def missing_figures(claim: Claim, text: str, items: int = 0, about: str = "") -> tuple[str, ...]:
    """Numbers, shares, ordinals, months and days of the week of the claim that the text, with so many items of a list, does not hold."""
    held = _figures_of(text, items)
    codes = {float(number) for number in _CODE.findall(text)}
    missing = [
        one
        for one in claim.quantities
        # "The third objective" of a text that numbers them is the one that it calls "DO-3".
        if not any(_alike(one, other) for other in held) and not (one.kind == ORDINAL and one.values & codes)
    ]
    if missing:
        lasting = {time for one in held if (time := _duration(one, text))}
        missing = [one for one in missing if _duration(one, claim.text) not in lasting]
        # "One in five" of a text that gives it as 20 %.
        told = [one for one in ratios(claim.text) if any(one.same(other) for other in held)]
        missing = [one for one in missing if not any(ratio.start <= one.start < ratio.end for ratio in told)]
    if missing and about:
        # "Lumbra 300" of a document with that title.
        numbered = quantities(about)
        missing = [
            one
            for one in missing
            if not (_BEHIND_A_NAME.search(claim.text[: one.start]) and any(one.same(other) for other in numbered))
        ]
    return tuple(claim.text[one.start : one.end] for one in missing)


@lru_cache(maxsize=4096)
def _figures_of(text: str, items: int) -> tuple[Quantity, ...]:
    """The figures of a text, told and implied; remembered, since every sentence of an answer is held against the same windows."""
    held = quantities(text)
    return (*held, *_elided(text, held), *ratios(text), *_implied(text, held, items))


def _duration(one: Quantity, text: str) -> tuple[str, float] | None:
    """A length of time in a unit that others of its kind are told in too: "72 horas" and "three days"."""
    unit = _DURATION.match(in_place(text), one.end) if one.kind == NUMBER and len(one.values) == 1 else None
    if unit is None:
        return None
    kind, factor = _UNITS[str(unit.lastgroup)]
    return kind, min(one.values) * factor


def _alike(one: Quantity, other: Quantity) -> bool:
    """Whether two are the same value, an ordinal taken for its number: "21st of June", "article seven"."""
    if {one.kind, other.kind} == {NUMBER, ORDINAL}:
        return not one.values.isdisjoint(other.values)
    return one.same(other)


def _implied(text: str, held: Sequence[Quantity], items: int) -> Iterator[Quantity]:
    """Numbers that a text tells by another word ("both", "twice", "noon"), or by the items that it lists."""
    folded = in_place(text)
    for match in _TOLD.finditer(folded):
        yield Quantity(NUMBER, _TELLS[str(match.lastgroup)], *match.span())
    for match in re.finditer(r"\bmedi[oa]s?\b", folded):
        yield Quantity(SHARE, frozenset({0.5}), *match.span())
    if _OF_A_HUNDRED.search(folded):
        for one in held:
            if one.kind == NUMBER and max(one.values) <= 100:
                yield replace(one, kind=SHARE, values=frozenset(value / 100 for value in one.values))
    if items > 1:
        yield Quantity(NUMBER, frozenset({float(items)}), 0, 0)


def _elided(text: str, held: Sequence[Quantity]) -> Iterator[Quantity]:
    """Figures that leave out their scale, given it: of "5 million from one and 2.7 from the other" the second."""
    scale = 0.0
    last = 0
    for one in held:
        if one.kind != NUMBER or re.search(r"[.!?\n]\s", text[last : one.start]):
            scale = 0.0
        last = one.end
        written = re.match(r"[\d.,\s]+(?=(?:million|millon|millón|billion)\w*)", text[one.start : one.end])
        if written:
            scale = 1e9 if "billion" in text[one.start : one.end] else 1e6
        elif scale and re.fullmatch(r"\d+[.,]\d{1,2}", text[one.start : one.end]):
            yield replace(one, values=frozenset(value * scale for value in one.values))


def missing_names(
    claim: Claim, text: str, context: str, language: str, document: Source | None = None
) -> tuple[str, ...]:
    """Names of the claim that neither the text nor the title and headings above it hold.

    Of a name that they hold in part ("Mrs Cho") the document may have the rest ("Eulalia Cho").
    """
    source = source_of(f"{context}\n{text}")
    foreign = language != claim.language
    # Joining and sorting the words takes longer than looking a name up.
    stems = _stems(source.capitalised) if foreign and claim.names else None
    every = _stems(source.words) if foreign and claim.names else None
    missing: list[str] = []
    for _, group in groupby(claim.names, key=lambda name: name.run):
        spelled = list(group)
        lacking = [
            name for name in spelled if not _held(claim, name, spelled, source, stems if len(spelled) > 1 else every)
        ]
        if foreign and _freely(lacking, spelled):
            continue
        own = [name for name in spelled if name not in lacking and not institution_of(name.plain) and not name.is_place]
        if document is not None and lacking and own:
            further = _stems(document.capitalised) if foreign else None
            lacking = [name for name in lacking if not _held(claim, name, spelled, document, further)]
        missing += [name.text for name in lacking if name.sure]
    return tuple(missing)


def _stems(words: Set[str]) -> Stems:
    """Stems of the words of a source, for a claim in the other language."""
    return stems_of(" ".join(sorted(words)))


def _held(claim: Claim, name: Name, spelled: Sequence[Name], source: Source, stems: Stems | None) -> bool:
    """Whether the source, with these stems if it is in the other language, holds one word of a name."""
    translated = False
    if stems is not None:
        across = claim.translation.by_word.get(name.text, frozenset())
        # The glossary gives each word of "Ministry of the Interior" all of "ministerio del interior".
        whole = sum(claim.translation.by_word.get(other.text) == across for other in spelled)
        found = len(across & stems[OTHER[claim.language]])
        translated = found >= min(whole, len(across), 2) > 0
        if source.cognate(name):
            return True
    return source.abbreviates(joined(name, claim.names, claim.text)) or source.holds(
        name, spelled, translated=translated
    )


def _freely(lacking: Sequence[Name], spelled: Sequence[Name]) -> bool:
    """Whether all but one word of a name stand in the other language, and that one may have been translated freely."""
    if len(lacking) != 1 or lacking[0].text.isupper() or lacking[0].is_place:
        return False
    found = len(spelled) - 1
    return found >= FREELY_TRANSLATED or (
        found >= FREELY_TRANSLATED - 1 and GENERIC.fullmatch(institution_of(lacking[0].plain) or "") is not None
    )
