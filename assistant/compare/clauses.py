"""The clause around a number: what it says of what is counted, of which place and period, and who acts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.compare import units
from assistant.compare.concepts import concepts_of, in_table
from assistant.compare.numbers import IRREGULAR, PLURAL, STOP, WORD, Found
from assistant.compare.periods import Period, periods
from assistant.compare.places import places
from assistant.compare.types import HEADING, SENTENCE, TITLE, Source
from assistant.writing.quantities import in_place

BREAK_LEFT = re.compile(
    r"[;:!?|]|\.\s|\(|\n\s*\n|,\s+(?=(?:and|y|e)\s+\w+(?:ed|ing|aron|ieron|o)\b)|\b(?:while|whereas|although|mientras(?: que)?|pero|aunque|sino|but)\b"
)
_BREAK_RIGHT = re.compile(
    r"[;:!?|,()]|\.(?:\s|$)|—|\n|\b(?:while|whereas|but|although|mientras|pero|aunque|sino|lo que|lo cual)\b"
)
_AND_NUMBER = re.compile(r"\s*(?:,\s*)?\b(?:and|y|e|or|o|to|a|versus|vs)\s+$")
_SELF = re.compile(
    r"\b(?:we|our|us|the (?:project|programme|program|organi[sz]ation|initiative|activity|foundation|institution|company|ministry|report|study)"
    r"|nosotros|nuestr[oa]s?|el (?:proyecto|programa|ministerio|informe|estudio)|la (?:organizacion|iniciativa|actividad|fundacion|institucion|empresa)"
    r"|it|they|he|she|ellos|ellas)\b"
)


_COUNTED_BEFORE = re.compile(
    r"\b(?:number|total|numero|cantidad)\s+(?:of|de)\s+(?:the\s+|los\s+|las\s+)?(\w+)|\b(?:population|poblacion)\b"
)
_THE_ONE = re.compile(
    r"^\W*(?:[^,]{0,40},\s*)?(?:[Tt]he|[Ee]l|[Ll]a|[Ll]os|[Ll]as)\s+([a-záéíóúñ]+)(?!.*\b(?:of|de|del)\b)"
)
"""A subject that only its own document knows: "the park covers …", unlike "the area of Manu is …"."""


def clause_of(folded: str, number: Found, others: Sequence[Found]) -> tuple[int, int]:
    """The stretch of the sentence that speaks of one number."""
    cuts = [match.end() for match in BREAK_LEFT.finditer(folded, 0, number.start)]
    left = cuts[-1] if cuts else 0
    behind = max(number.end, number.noun_end)
    stop = _BREAK_RIGHT.search(folded, behind)
    right = stop.start() if stop else len(folded)
    for other in others:
        if behind <= other.start < right:
            link = _AND_NUMBER.search(folded[behind : other.start - other.value.hedge])
            right = behind + link.start() if link else min(right, other.start - other.value.hedge)
    return left, right


def claim_of(
    plain: str, stretches: Sequence[tuple[int, int]], cut: Sequence[tuple[int, int]], number: Found, language: str
) -> dict[str, str]:
    """The concepts of some stretches of the sentence to their words there, without those of other numbers and periods."""
    own = (number.noun_start, number.noun_end)
    claim: dict[str, str] = {}
    for start, end in stretches:
        for word in WORD.finditer(plain, start, max(start, end)):
            inside_other = any(a <= word.start() < b for a, b in cut) and not own[0] <= word.start() < own[1]
            if inside_other:
                continue
            for concept in concepts_of(word.group(), language):
                claim.setdefault(concept, word.group())
    return claim


def head_of(
    plain: str, folded: str, number: Found, span: tuple[int, int], right: int, language: str
) -> tuple[str, frozenset[str]]:
    """What is counted, in its own words, and its concepts: the noun of a count, what stands behind the "of" of a measure."""
    if number.unit == units.NUMBER:
        words = list(WORD.finditer(plain, *span))
        if not words:
            return "", frozenset()
        core = words[0] if language == "es" else words[-1]
        if language == "es":
            core = next(
                (
                    word
                    for word in words
                    if PLURAL.search(in_place(word.group())) or in_place(word.group()) in IRREGULAR
                ),
                core,
            )
        concepts = concepts_of(core.group(), language) or frozenset({in_place(core.group())})
        return plain[words[0].start() : words[-1].end()], concepts
    behind = re.match(
        r"\s*(?:of|de|del|en)\s+(?:the |all |its |their |those |these |la |las |los |el |sus? )*", folded[number.end :]
    )
    if behind is None:
        return "", frozenset()
    begin = number.end + behind.end()
    kept = []
    for word in WORD.finditer(plain, begin, right):
        if in_place(word.group()) in STOP:
            break
        kept.append(word)
        if len(kept) == 4:
            break
    concepts = frozenset().union(*(concepts_of(word.group(), language) for word in kept)) if kept else frozenset()
    return (plain[kept[0].start() : kept[-1].end()] if kept else ""), concepts


def period_of(
    folded: str,
    left: int,
    right: int,
    number: Found,
    same_kind: Sequence[Found],
    spans: Sequence[Period],
    headings: Sequence[str],
    source: Source,
) -> tuple[str, str, bool]:
    """The period, where it was read, and whether the sentence leaves it open which of several is meant."""
    if spans:
        near = [one for one in spans if left <= one.start < right]
        opening = [
            one
            for one in spans
            if not folded[: one.start].strip() or one.end <= min([number.start, *(o.start for o in same_kind)])
        ]
        chosen = (
            near
            if len(near) == 1
            else opening
            if len(opening) == 1 and len(spans) == 1
            else spans
            if len(spans) == 1 and not same_kind
            else []
        )
        if len(chosen) == 1:
            return chosen[0].name, SENTENCE, not chosen[0].name
        return "", "", True
    for heading in reversed(headings):
        if named := {one.name for one in periods(in_place(heading)) if one.name}:
            return (named.pop(), HEADING, False) if len(named) == 1 else ("", "", True)
    if named := {one.name for one in periods(in_place(source.title)) if one.name}:
        return (named.pop(), TITLE, False) if len(named) == 1 else ("", "", True)
    return "", "", False


def places_of(
    plain: str, left: int, right: int, same_kind: Sequence[Found], headings: Sequence[str], source: Source
) -> tuple[Mapping[str, str], str]:
    """The places, and where they were read: in the sentence, in the nearest heading that names some, or in the title."""
    inside = places(plain[left:right] if same_kind else plain)
    if inside:
        return inside, SENTENCE
    for heading in reversed(headings):
        if found := places(heading):
            return found, HEADING
    if found := places(source.title.replace(source.publisher, " ") if source.publisher else source.title):
        return found, TITLE
    return {}, ""


def subject_of(folded: str, left: int, start: int) -> tuple[int, int] | None:
    """The noun before a number that has none behind it: "the number of communities was 60", "the population reached 900"."""
    found = _COUNTED_BEFORE.search(folded, left, start)
    if found is None:
        return None
    if found.group(1) is None:
        return found.span()
    words = []
    for word in WORD.finditer(folded, found.start(1), start):
        if word.group() in STOP:
            break
        words.append(word)
    return (words[0].start(), words[-1].end()) if words else None


def names_of(plain: str, left: int, right: int) -> frozenset[str]:
    """Concepts of the words that are names: capitals past the first word, or written large throughout."""
    words = list(WORD.finditer(plain, left, right))
    capital = [word for word in words if word.group()[0].isupper()]
    if len(words) > 3 and len(capital) > 0.6 * len(words):
        return frozenset()
    first = WORD.search(plain)
    found: set[str] = set()
    for word in capital:
        is_first = first is not None and word.start() == first.start()
        if (not is_first and not in_table(word.group())) or (len(word.group()) > 1 and word.group().isupper()):
            found |= concepts_of(word.group(), "en") | concepts_of(word.group(), "es")
    return frozenset(found)


def actor_of(plain: str, folded: str, left: int, number: Found, kind: str, claim: dict[str, str]) -> frozenset[str]:
    """Who acts where the clause says "we", "the project" or nobody: who that is, the document has to tell."""
    said = _SELF.search(folded, left, number.start) or _THE_ONE.search(plain[left : number.start - number.value.hedge])
    if not said and kind not in ("item", "card"):
        return frozenset()
    concept = "by we" if said and re.match(r"(?:we|our|us|nosotr\w+|nuestr\w+)\b", said.group()) else "by it"
    claim[concept] = said.group() if said else ""
    return frozenset({concept})
