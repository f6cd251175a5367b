"""The rules of the check: what a sentence counts, dates and names must stand in the window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from assistant.asked import Stems, stems_of
from assistant.bridge import OTHER
from assistant.writing.evidence import Claim
from assistant.writing.names import Name, institution_of, joined
from assistant.writing.quantities import NUMBER, ORDINAL, Quantity, quantities
from assistant.writing.sources import Source

FREELY_TRANSLATED = 3
"""Of a name with as many words found, one more may be translated otherwise than a dictionary does."""
GENERIC = re.compile(r"agency|authority|board|department|directorate|office|program|project|service|unit")
_CODE = re.compile(r"\b[A-Z]{1,4}-?(\d{1,3})\b")


def missing_figures(claim: Claim, text: str) -> tuple[str, ...]:
    """Numbers, shares, ordinals, months and days of the week of the claim that the text does not hold."""
    held = quantities(text)
    held = [*held, *_elided(text, held)]
    codes = {float(number) for number in _CODE.findall(text)}
    return tuple(
        claim.text[one.start : one.end]
        for one in claim.quantities
        # "The third objective" of a text that numbers them is the one that it calls "DO-3".
        if not any(one.same(other) for other in held) and not (one.kind == ORDINAL and one.values & codes)
    )


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


def missing_names(claim: Claim, text: str, context: str, language: str) -> tuple[str, ...]:
    """Names of the claim that neither the text nor the title and headings above it hold."""
    source = Source(f"{context}\n{text}")
    foreign = language != claim.language
    missing: list[str] = []
    for _, group in groupby(claim.names, key=lambda name: name.run):
        spelled = list(group)
        words = source.capitalised if len(spelled) > 1 else source.words
        stems = stems_of(" ".join(sorted(words))) if foreign else None
        lacking = [name for name in spelled if not _held(claim, name, spelled, source, stems)]
        if foreign and _freely(lacking, spelled):
            continue
        missing += [name.text for name in lacking if name.sure]
    return tuple(missing)


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
