"""Figures in a sentence: the number and unit as written, what is counted, and the clause that says what of it.

The reading is by rules that would rather doubt than guess: a figure whose noun is left out ("while 116 have yet to be …"), or
whose number can be read in two ways, is marked doubtful, and nothing doubtful is ever said to contradict anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.compare import units
from assistant.compare.concepts import concepts_of, in_table
from assistant.compare.periods import Period, periods
from assistant.compare.places import places
from assistant.compare.types import HEADING, SENTENCE, TITLE, Figure, Source
from assistant.compare.units import Unit, unit_at
from assistant.compare.values import AT_LEAST, Value, value_of
from assistant.question import fold
from assistant.sections import headings_at
from assistant.writing.quantities import NUMBER, SHARE, Quantity, in_place, quantities
from index.types import Passage

ELLIPSIS, READINGS, RESPECTIVELY, CHANGE, OWN_PERIOD, OWN_PLACE, RANGE = "ellipsis", "readings", "respectively", "change", "period", "place", "range"
HALF_A_PERCENT = 0.005
_LINK_TARGET = re.compile(r"(?<=\])\((?:https?:|/|mailto:|#)[^)\s]*\)|<[^<>\n]{1,300}>|https?://\S+|\bwww\.\S+|\b\S+@\S+\.\S+")
_TIME_OF_DAY = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_NUMBERED = re.compile(r"^\s*(?:\d{1,3}[.)]\s|[-*]\s+\d{1,3}[.)]\s)")
_STOP = frozenset(
    """that which who whose whom where when while have has had are were was is be been being will would can could may might must of in on at by for
    from to with under over into through across between among than as and or nor but per each every continue continues live lives need needs
    do does did not yet also only so if because since until during including such after before about against upon within without
    que quien quienes cuyo cuya donde cuando mientras han ha hay son fueron fue era eran es sera seran esta estan de del en por para con sin sobre
    entre desde hasta segun contra como y e o u ni pero a al se no aun tambien solo si porque durante incluyendo tras ante
    represent represents represented protect protects remain remained received signed attended worked took lost gained joined left died""".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_PLURAL = re.compile(r"[^\W\d_]{2,}s$")
_IRREGULAR = frozenset(
    "people men women children police staff feet fish cattle livestock personnel wildlife mice geese youth media piaci gente personal".split()  # noqa: SIM905
)
_BREAK_LEFT = re.compile(
    r"[;:!?|]|\.\s|\(|\n\s*\n|,\s+(?=(?:and|y|e)\s+\w+(?:ed|ing|aron|ieron|o)\b)|\b(?:while|whereas|although|mientras(?: que)?|pero|aunque|sino|but)\b"
)
_BREAK_RIGHT = re.compile(
    r"[;:!?|,()]|\.(?:\s|$)|—|\n|\b(?:while|whereas|but|although|mientras|pero|aunque|sino|lo que|lo cual)\b"
)
_AND_NUMBER = re.compile(r"\s*(?:,\s*)?\b(?:and|y|e|or|o|to|a|versus|vs)\s+$")
_PART = re.compile(r"\b(?:of|de)\s+(?:which|those|these|them|whom|ellos|ellas|los cuales|las cuales|estos|estas|esos|esas)\b|\bof the (?=\w+\b)")
_REFERS_BACK = re.compile(r"^\W*(?:this|these|those|it|they|of these|of those|est[eao]s?|es[eao]s?|de ell[ao]s)\b|\b(?:of|de) (?:those|these|them|ellos|ellas|es[ao]s|est[ao]s)\b")
_TWO_SIDES = re.compile(r"\b(?:respectively|respectivamente)\b")
_CHANGE = re.compile(r"\b(?:from|desde)\s+$")
_BETWEEN = re.compile(r"\s*(?:%|percent|per cent)?\s*(?:to|a|and|y|e|or|o|u|-|–|—)\s*\$?")
_TO_NUMBER = re.compile(r"\s+(?:to|a)\s+\d")
_EVENT = re.compile(
    r"\b(?:began|started|founded|established|created|launched|approved|signed|adopted|since|desde|fundad[oa]s?|cread[oa]s?|inicio|iniciaron"
    r"|aprobad[oa]s?|establecid[oa]s?|lanzad[oa]s?|comenzo)\b"
)
_CONDITIONS = re.compile(
    r"\b(?:according|segun|excluding|including|except|counting|considering|if|unless|adjusted|compared|excluyendo|incluyendo|incluid[oa]s?|salvo|excepto|contar|si)\b"
)
_SELF = re.compile(
    r"\b(?:we|our|us|the (?:project|programme|program|organi[sz]ation|initiative|activity|foundation|institution|company|ministry|report|study)"
    r"|nosotros|nuestr[oa]s?|el (?:proyecto|programa|ministerio|informe|estudio)|la (?:organizacion|iniciativa|actividad|fundacion|institucion|empresa)"
    r"|it|they|he|she|ellos|ellas)\b"
)
_BY_WHOM = re.compile(r"\b(?:by|por)\s+(?:the\s+|el\s+|la\s+)?[A-ZÁÉÍÓÚÑ]")


@dataclass(frozen=True, slots=True)
class _Found:
    """A number in a sentence, in the sentence's own offsets; `end` lies behind its unit, `noun_end` behind its noun."""

    quantity: Quantity
    value: Value
    unit: Unit
    start: int
    end: int
    noun_start: int
    noun_end: int
    year_like: bool


def passage_figures(passage: Passage, source: Source) -> list[Figure]:
    """Every figure of a passage, in order; each is looked at in its own sentence."""
    found: list[Figure] = []
    language = _language_of(source, passage.text)
    before: frozenset[str] = frozenset()
    nearby: dict[str, str] = {}
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
        nearby = {} if sentence.kind == "heading" else places(_masked(text)) or nearby
    return found


def _topic(text: str, language: str) -> frozenset[str]:
    return frozenset().union(*(concepts_of(word.group(), language) for word in _WORD.finditer(text)))


def figures(
    text: str, offset: int, source: Source, headings: Sequence[str] = (), kind: str = SENTENCE
) -> list[Figure]:
    """The figures of one sentence that begins at `offset` of its document, under `headings`."""
    plain = _masked(text)
    folded = in_place(plain)
    spans = periods(folded)
    numbers = list(_numbers(plain, folded, spans, _language_of(source, folded)))
    by_words = [one for one in spans if not any(n.year_like and n.start < one.end and one.start < n.end for n in numbers)]
    found = [_figure(text, plain, folded, offset, number, numbers, by_words, source, headings, kind) for number in numbers]
    found += _years(text, plain, folded, offset, by_words, source, headings, kind)
    return list(_once(found))


def _masked(text: str) -> str:
    """The text with addresses, markup and times of day blanked, character for character."""
    for pattern in (_LINK_TARGET, _TIME_OF_DAY, _NUMBERED):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text.replace("*", " ").replace("[", " ").replace("]", " ").replace("_", " ")


def _numbers(plain: str, folded: str, spans: Sequence[Period], language: str) -> Iterator[_Found]:
    for quantity in quantities(plain):
        if quantity.kind not in (NUMBER, SHARE):
            continue
        digits = plain[quantity.start : quantity.end]
        if _foreign(digits, language):
            continue
        if " " in digits and re.match(r"\d{4,}[ \u00a0\u202f]", digits):
            continue
        if re.search(r"[#§/]$|\b(?:n|no|nro|art|page|p|pag|pagina|table|tabla|figure|figura|chapter|capitulo|version|law|ley)[.º°]?\s?$", folded[: quantity.start]) and quantity.kind == NUMBER and not re.match(r"\s*[a-z]", folded[quantity.end :]):
            continue
        number = max(quantity.values)
        written = unit_at(folded, quantity.start, quantity.end)
        is_period = any(one.start < quantity.end and quantity.start < one.end for one in spans)
        end = quantity.end
        scale = re.match(r"(k|m|mm|bn)\b", folded[end:])
        if scale and not written:
            number *= {"k": 1e3, "m": 1e6, "mm": 1e6, "bn": 1e9}[scale.group(1)]
            end += scale.end()
        if quantity.kind == SHARE:
            sign = re.match(r"\s*(?:%|per ?cent\b|por ciento\b)", folded[quantity.end :])
            end = quantity.end + (sign.end() if sign else 0)
            unit = units.PERCENT
        elif written:
            end, unit = max(written.end, end), written.unit
            if unit.dimension == units.DURATION and is_period:
                continue
        else:
            unit = units.NUMBER
        noun_start, noun_end = _noun(folded, end) if unit == units.NUMBER else (end, end)
        year_like = False
        if is_period:
            near = re.search(r"\b(?:in|since|en|desde|between|entre|until|by|year|years|ano|anos|del?|and|y|to|al?|of|from|for|hasta|para|durante|during|[a-z]{3,9}o|[a-z]*ary|[a-z]*ber|april|may|june|july|august|march|abril|julio|junio|agosto|marzo|mayo)\s+$|[-–—/(]\s*$", folded[: quantity.start])
            year_like = noun_end > noun_start and not near and quantity.is_year
            if not year_like:
                continue
        if unit == units.NUMBER and (quantity.end - quantity.start == 1 and digits.isdigit() and noun_end == noun_start):
            continue
        value = value_of(number, digits, folded, written.start if written else quantity.start, end)
        if quantity.kind == SHARE and "." not in digits and "," not in digits:
            # Whole per cent are rounded, and "a quarter" is rounder still.
            slack = max(HALF_A_PERCENT if digits[0].isdigit() else 4 * HALF_A_PERCENT, value.high - value.number)
            value = replace(value, low=number - slack, high=number + slack)
        start = written.start if written else quantity.start
        yield _Found(quantity, value, unit, start, end, noun_start, noun_end, year_like)


def _foreign(digits: str, language: str) -> bool:
    """Whether letters are no number word here: "DOs" for objectives, or "once" and "dos" in an English text."""
    if digits[0].isdigit():
        return False
    mixed = not (digits.islower() or digits.isupper() or digits.istitle() or " " in digits)
    return mixed or (language == "en" and digits.casefold() in ("dos", "once", "mil", "un", "una"))


def _noun(folded: str, end: int) -> tuple[int, int]:
    """The words behind a number that name what is counted; an empty stretch where they are left out."""
    at = end
    plus = re.match(r"\s*\+", folded[at:])
    at += plus.end() if plus else 0
    first, last = at, at
    for _ in range(6):
        step = re.match(r"[ \t\u00a0-]+(?:(?:of|de|del|los|las|the|all)[ \t]+)*", folded[at:]) if last == first else re.match(r"[ \t\u00a0]+", folded[at:])
        if step is None:
            break
        word = _WORD.match(folded, at + step.end())
        if word is None:
            break
        if word.group() in ("or", "and", "y", "o", "e", "u") and last > first:
            after = _WORD.match(folded, word.end() + 1)
            if after and _PLURAL.search(after.group()) is not None and not _PLURAL.search(folded[first:last]):
                at = word.end()
                last = at
                continue
            if after and after.group() in ("women", "men", "mujeres", "hombres", "native", "nativas", "girls", "boys"):
                at = last = word.end()
                continue
            break
        if word.group() in _STOP:
            break
        if last == first:
            first = word.start()
        at = last = word.end()
    last = _to_plural(folded, first, last)
    return first, last


def _to_plural(folded: str, first: int, last: int) -> int:
    """The end of the last plural in a stretch: what is counted is a plural, what follows it is a verb."""
    ends = [
        word.end()
        for word in _WORD.finditer(folded, first, last)
        if _PLURAL.search(word.group()) or word.group() in _IRREGULAR
    ]
    return ends[-1] if ends else first


def _figure(
    text: str,
    plain: str,
    folded: str,
    offset: int,
    number: _Found,
    others: Sequence[_Found],
    spans: Sequence[Period],
    source: Source,
    headings: Sequence[str],
    kind: str,
) -> Figure:
    language = _language_of(source, folded)
    left, right = _clause(folded, number, others)
    cut = [(o.start - o.value.hedge, max(o.end, o.noun_end)) for o in others] + [(p.start, p.end) for p in spans]
    claim = _claim(plain, [(left, number.start - number.value.hedge), (number.noun_start, right)], cut, number, language)
    doubtful = ""
    head_span = (number.noun_start, number.noun_end)
    if number.unit == units.NUMBER and head_span[0] == head_span[1]:
        before = [o for o in others if o.start < number.start and o.unit == units.NUMBER and o.noun_end > o.noun_start]
        doubtful = ELLIPSIS
        if before:
            head_span = (before[-1].noun_start, before[-1].noun_end)
            for word in _WORD.finditer(plain, *head_span):
                for concept in concepts_of(word.group(), language):
                    claim.setdefault(concept, word.group())
    counted, head = _head(plain, folded, number, head_span, right, language)
    if len(number.quantity.values) > 1 or _ambiguous(plain[number.quantity.start : number.quantity.end], language):
        doubtful = doubtful or READINGS
    if _TWO_SIDES.search(folded):
        doubtful = doubtful or RESPECTIVELY
    changes = _TO_NUMBER.match(folded, max(number.end, number.noun_end)) or _TO_NUMBER.match(folded, number.quantity.end)
    if changes or _CHANGE.search(folded[: number.start - number.value.hedge]) or number.year_like:
        doubtful = doubtful or CHANGE
    if _in_range(folded, number, others):
        doubtful = doubtful or RANGE
    if _PART.search(folded[max(left, number.start - 24) : number.start]) or _PART.match(folded[number.quantity.end :].lstrip()):
        claim["part"] = "of those"
    if condition := _CONDITIONS.search(folded[:left] + " " * (right - left) + folded[right:]):
        claim.setdefault("condition", condition.group())
    same_kind = [o for o in others if o is not number and o.unit.dimension == number.unit.dimension]
    period, period_from, own = _period(folded, left, right, number, same_kind, spans, headings, source)
    if own:
        doubtful = doubtful or OWN_PERIOD
    where, place_from = _places(plain, left, right, same_kind, headings, source)
    for name in where:
        for part in name.split():
            for concept in (*concepts_of(part, language), *concepts_of(where[name], language)):
                claim.pop(concept, None)
    for word in list(claim):
        if places(claim[word]) and word not in head:
            claim.pop(word)
    _acting(folded, left, number, kind, claim)
    noun = head | frozenset().union(*(concepts_of(word.group(), language) for word in _WORD.finditer(counted)))
    begin, end = number.start - number.value.hedge, max(number.end, number.noun_end)
    if not doubtful and number.value.bound == AT_LEAST and end < len(folded) and folded[number.end : number.end + 1] == "+":
        end = max(end, number.end + 1)
    return Figure(
        source, offset + begin, offset + end, text[begin:end], offset, offset + len(text), text, number.value, number.unit,
        counted, head, claim, noun, _names(plain, left, right) & claim.keys(),
        where, place_from, period, period_from, doubtful,
    )  # fmt: skip


def _in_range(folded: str, number: _Found, others: Sequence[_Found]) -> bool:
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


def _clause(folded: str, number: _Found, others: Sequence[_Found]) -> tuple[int, int]:
    """The stretch of the sentence that speaks of one number."""
    cuts = [match.end() for match in _BREAK_LEFT.finditer(folded, 0, number.start)]
    left = cuts[-1] if cuts else 0
    behind = max(number.end, number.noun_end)
    stop = _BREAK_RIGHT.search(folded, behind)
    right = stop.start() if stop else len(folded)
    for other in others:
        if behind <= other.start < right:
            link = _AND_NUMBER.search(folded[behind : other.start - other.value.hedge])
            right = behind + link.start() if link else min(right, other.start - other.value.hedge)
    return left, right


def _claim(
    plain: str, stretches: Sequence[tuple[int, int]], cut: Sequence[tuple[int, int]], number: _Found, language: str
) -> dict[str, str]:
    own = (number.noun_start, number.noun_end)
    claim: dict[str, str] = {}
    for start, end in stretches:
        for word in _WORD.finditer(plain, start, max(start, end)):
            inside_other = any(a <= word.start() < b for a, b in cut) and not own[0] <= word.start() < own[1]
            if inside_other:
                continue
            for concept in concepts_of(word.group(), language):
                claim.setdefault(concept, word.group())
    return claim


def _head(
    plain: str, folded: str, number: _Found, span: tuple[int, int], right: int, language: str
) -> tuple[str, frozenset[str]]:
    """What is counted, in its own words, and its concepts: the noun of a count, what stands behind the "of" of a measure."""
    if number.unit == units.NUMBER:
        words = [word for word in _WORD.finditer(plain, *span)]
        if not words:
            return "", frozenset()
        core = words[0] if language == "es" else words[-1]
        if language == "es":
            core = next((word for word in words if _PLURAL.search(in_place(word.group())) or in_place(word.group()) in _IRREGULAR), core)
        concepts = concepts_of(core.group(), language) or frozenset({in_place(core.group())})
        return plain[words[0].start() : words[-1].end()], concepts
    behind = re.match(r"\s*(?:of|de|del|en)\s+(?:the |all |its |their |those |these |la |las |los |el |sus? )*", folded[number.end :])
    if behind is None:
        return "", frozenset()
    begin = number.end + behind.end()
    kept = []
    for word in _WORD.finditer(plain, begin, right):
        if in_place(word.group()) in _STOP:
            break
        kept.append(word)
        if len(kept) == 4:
            break
    concepts = frozenset().union(*(concepts_of(word.group(), language) for word in kept)) if kept else frozenset()
    return (plain[kept[0].start() : kept[-1].end()] if kept else ""), concepts


def _ambiguous(digits: str, language: str) -> bool:
    """Whether "1.234" or "1,234" is a decimal in the document's language, and thousands in the other."""
    foreign = "," if language == "es" else "."
    return re.fullmatch(rf"\d{{1,3}}{re.escape(foreign)}\d{{3}}(?:\D.*)?", digits) is not None


def _period(
    folded: str,
    left: int,
    right: int,
    number: _Found,
    same_kind: Sequence[_Found],
    spans: Sequence[Period],
    headings: Sequence[str],
    source: Source,
) -> tuple[str, str, bool]:
    """The period, where it was read, and whether the sentence leaves it open which of several is meant."""
    if spans:
        near = [one for one in spans if left <= one.start < right]
        opening = [one for one in spans if not folded[: one.start].strip() or one.end <= min([number.start, *(o.start for o in same_kind)])]
        chosen = near if len(near) == 1 else opening if len(opening) == 1 and len(spans) == 1 else spans if len(spans) == 1 and not same_kind else []
        if len(chosen) == 1:
            return chosen[0].name, SENTENCE, not chosen[0].name
        return "", "", True
    for heading in reversed(headings):
        if named := {one.name for one in periods(in_place(heading)) if one.name}:
            return (named.pop(), HEADING, False) if len(named) == 1 else ("", "", True)
    if named := {one.name for one in periods(in_place(source.title)) if one.name}:
        return (named.pop(), TITLE, False) if len(named) == 1 else ("", "", True)
    return "", "", False


def _places(
    plain: str, left: int, right: int, same_kind: Sequence[_Found], headings: Sequence[str], source: Source
) -> tuple[dict[str, str], str]:
    inside = places(plain[left:right] if same_kind else plain)
    if inside:
        return inside, SENTENCE
    for heading in reversed(headings):
        if found := places(heading):
            return found, HEADING
    if found := places(source.title.replace(source.publisher, " ") if source.publisher else source.title):
        return found, TITLE
    return {}, ""


def _names(plain: str, left: int, right: int) -> frozenset[str]:
    """Concepts of the words that are names: capitals past the first word, or written large throughout."""
    words = list(_WORD.finditer(plain, left, right))
    capital = [word for word in words if word.group()[0].isupper()]
    if len(words) > 3 and len(capital) > 0.6 * len(words):
        return frozenset()
    first = _WORD.search(plain)
    found: set[str] = set()
    for word in capital:
        is_first = first is not None and word.start() == first.start()
        if (not is_first and not in_table(word.group())) or (len(word.group()) > 1 and word.group().isupper()):
            found |= concepts_of(word.group(), "en") | concepts_of(word.group(), "es")
    return frozenset(found)


def _acting(folded: str, left: int, number: _Found, kind: str, claim: dict[str, str]) -> frozenset[str]:
    """Who acts where the clause says "we", "the project" or nobody: who that is, the document has to tell."""
    said = _SELF.search(folded, left, number.start)
    if not said and kind not in ("item", "card"):
        return frozenset()
    concept = "by we" if said and said.group() in ("we", "our", "us") or said and said.group().startswith("n") else "by it"
    claim[concept] = said.group() if said else ""
    return frozenset({concept})


def _years(
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
    language = _language_of(source, folded)
    single = [one for one in spans if one.name and re.fullmatch(r"(?:since )?\d{4}", one.name)]
    if len(single) != 1 or len(spans) != 1 or kind == "heading":
        return
    span = single[0]
    year = re.search(r"\d{4}", folded[span.start : span.end])
    assert year is not None
    begin, end = span.start + year.start(), span.start + year.end()
    cuts = [m.end() for m in _BREAK_LEFT.finditer(folded, 0, begin)]
    left = cuts[-1] if cuts else 0
    stop = re.compile(r"[;!?|()]|\.(?:\s|$)|—|\n").search(folded, end)
    right = stop.start() if stop else len(folded)
    event = _EVENT.search(folded, left, right)
    if event is None or any(char.isdigit() for char in folded[left:span.start] + folded[span.end : right]):
        return
    number = float(folded[begin:end])
    claim: dict[str, str] = {}
    for word in _WORD.finditer(plain, left, right):
        if not span.start <= word.start() < span.end:
            for concept in concepts_of(word.group(), language):
                claim.setdefault(concept, word.group())
    if span.name.startswith("since"):
        claim["since"] = "since"
    names = _names(plain, left, right) & claim.keys()
    where = places(plain)
    for word in list(claim):
        if places(claim[word]):
            claim.pop(word)
    head = concepts_of(event.group(), language) or frozenset({"since"})
    yield Figure(
        source, offset + begin, offset + end, text[begin:end], offset, offset + len(text), text, Value(number, number, number),
        units.CALENDAR_YEAR, event.group(), head, claim, head, names & claim.keys(), where, SENTENCE if where else "", "", "", "",
    )  # fmt: skip


def _once(found: Iterable[Figure]) -> Iterator[Figure]:
    """Each figure once: a card says its number large and again in its caption."""
    listed = sorted(found, key=lambda one: one.start)
    for i, one in enumerate(listed):
        again = any(
            other.value.number == one.value.number and other.unit.dimension != units.YEAR for other in listed[i + 1 : i + 2]
        )
        if not one.head and again:
            continue
        yield one


def _language_of(source: Source, text: str) -> str:
    """The document's language, or English or Spanish by the small words of a text."""
    if source.language in ("en", "es"):
        return source.language
    folded = in_place(text)
    spanish = len(re.findall(r"\b(?:el|la|los|las|de|del|en|que|se|por|con|una?|y)\b", folded))
    english = len(re.findall(r"\b(?:the|of|in|and|to|for|were|was|by|is|are|an?)\b", folded))
    return "es" if spanish > english else "en"
