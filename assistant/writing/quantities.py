"""Numbers, shares, ordinals and dates in English and Spanish text, as values that can be compared across languages.

"5,500", "5.500" and "5 500" are one value; so are "six million", "seis millones" and "6,000,000", "20%" and "una quinta
parte", "October 2019" and "2019-10".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.writing.numerals import ORDINALS, SCALES, UNITS, romans, spelled, table
from assistant.writing.quantity import IGNORED, MONTH, NUMBER, ORDINAL, SHARE, WEEKDAY, Quantity, in_place
from assistant.writing.shares import fractions, halves, ratios

MONTHS = table(
    "1 january|enero february|febrero march|marzo april|abril may|mayo june|junio july|julio august|agosto"
    " september|septiembre|setiembre october|octubre november|noviembre december|diciembre"
)
_WEEKDAYS = table(
    "1 monday|mondays|lunes tuesday|tuesdays|martes wednesday|wednesdays|miercoles thursday|thursdays|jueves friday|fridays|viernes"
    " saturday|saturdays|sabado|sabados sunday|sundays|domingo|domingos"
)
_AND_A_HALF = re.compile(r"(?P<noun> (?!and\b|y\b)[a-z]+)?(?: and a half| y medi[oa])\b")
_LETTERS = {"k": 1e3, "m": 1e6, "mm": 1e6, "bn": 1e9, "b": 1e9}
_CURRENCY = re.compile(r"(?:[$€£]|\b[A-Z]{3}) ?$")
_SUFFIX = re.compile(r"(k|mm?|bn?)\b")
_ATTACHED = re.compile(
    r"(?:st|nd|rd|th|s|k|bn|kg|km|cm|mm|ha|m|g|l|ml|kw|kwh|mw|gw|mwh|gwh|t|h|hp|min|m2|m3|km2|hm3|[º°]c|º|ª|°)(?![a-z0-9])"
)
_LATER = re.compile(r" ?(?:p\.? ?m\b|(?:o.clock )?(?:in the (?:afternoon|evening)|at night)|de la (?:tarde|noche))")
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})[:.](\d{2})(?= ?(?:[ap]\.? ?m\b|h\b|hrs?\b|horas\b|hours\b))|(?<![\d:.])([012]?\d):(\d{2})(?![\d:])"
)
_SHORT_MONTHS = table("1 jan|ene feb mar apr|abr may jun jul aug|ago sep|sept|set oct nov dec|dic")
_SHORT_DATE = re.compile(rf"\b(?:(?<=\d )|(?<=\d-)|(?<=\d/))({'|'.join(_SHORT_MONTHS)})\b\.?(?=[ /-]\d)")
_SPAN = re.compile(r"\b(1[89]|20)\d\d[-–/](\d\d)(?![\d/–-])")
_BEFORE_MONTHS = re.compile(r"in|since|by|until|till|from|each|every|early|late|mid|last|next|during|between|of|to|and")
_ENUMERATOR = re.compile(r"^[ \t]*\(?\d{1,2}[.)](?=\s|$)", re.MULTILINE)
_ENGLISH = re.compile(r"\b(?:the|of|and|was|were|had|has|is|are|to|in|a)\b")
_SPANISH = re.compile(r"\b(?:el|la|los|las|de|del|y|que|en|por|con|un|una|al|se)\b")
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?![\d-])")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?![\d/])")
_TOKEN = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?|[^\W\d_]+|%|\S")
_TO_SHARE = re.compile(r" (?:to|and|or|a|al|y|o|e|u) (?:el |un |the )?| ?[-–/] ?")
_PERCENT = re.compile(r"\s*(?:%|per ?cent\b|por ciento\b)")
# "First he left", "por primera vez": no place in an order.
_ADVERBS = frozenset({"first", "second", "primero"})
_ONCE = re.compile(r" (?:time|vez)\b")
_DETERMINED = re.compile(r"\b(?:the|a|an|its|their|el|la|los|las|un|una|su|sus|world’s|world's)\s+$")
_GROUPED = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+")


def quantities(text: str) -> list[Quantity]:
    """Every quantity in `text`, in order. Figures that are part of a name ("DO-1", "CO2") are left to the names."""
    folded = in_place(text)
    found = [*_dates(folded), *halves(folded)]
    found += [one for one in fractions(folded) if not any(a.start < one.end and one.start < a.end for a in found)]
    found += [Quantity(NUMBER, frozenset({float(value)}), start, end) for value, start, end in romans(text)]
    # "12. Commencement": the number of an item counts nothing.
    taken = [*((one.start, one.end) for one in found), *(match.span() for match in _ENUMERATOR.finditer(folded))]
    if "once" in folded and len(_ENGLISH.findall(folded)) > len(_SPANISH.findall(folded)):
        taken += [match.span() for match in re.finditer(r"\bonce\b", folded)]
    tokens = [
        match for match in _TOKEN.finditer(folded) if not any(a < match.end() and match.start() < b for a, b in taken)
    ]
    found += _numbers(text, folded, tokens)
    ordered = sorted((one for one in found if one.kind != IGNORED), key=lambda one: (one.start, one.end))
    for at in range(len(ordered) - 1):
        one, behind = ordered[at : at + 2]
        if (
            one.kind == NUMBER
            and behind.kind == SHARE
            and _TO_SHARE.fullmatch(folded, one.end, behind.start)
            and not one.is_year
        ):
            # "From 41 to 26 per cent".
            ordered[at] = Quantity(SHARE, frozenset(value / 100 for value in one.values), one.start, one.end)
    return ordered


def is_quantity_word(folded: str) -> bool:
    """Whether a word, folded, is a number, an ordinal, a month or a day of the week by itself."""
    return folded in UNITS or folded in ORDINALS or folded in MONTHS or folded in _WEEKDAYS


def _dates(folded: str) -> Iterator[Quantity]:
    for match in _ISO.finditer(folded):
        if not 1 <= int(match.group(2)) <= 12:
            continue
        for group, kind in ((1, NUMBER), (2, MONTH), (3, NUMBER)):
            if match.group(group):
                yield Quantity(kind, frozenset({float(match.group(group))}), *match.span(group))
    for match in _SLASHED.finditer(folded):
        first, second, last = (float(part) for part in match.groups())
        if first > 31 or second > 31:
            continue
        yield Quantity(NUMBER, frozenset({first, second}), match.start(1), match.end(1))
        yield Quantity(MONTH, frozenset({first, second}), match.start(2), match.end(2))
        yield Quantity(NUMBER, frozenset({last, last + 2000}), match.start(3), match.end(3))

    for match in _CLOCK.finditer(folded):
        hour, minute = (1, 2) if match.group(1) else (3, 4)
        if int(match.group(hour)) <= 24 and int(match.group(minute)) < 60:
            yield Quantity(NUMBER, _hours(folded, float(match.group(hour)), match.end()), *match.span(hour))
            # "15:00" says no more than "3 p.m."
            if int(match.group(minute)):
                yield Quantity(NUMBER, frozenset({float(match.group(minute))}), *match.span(minute))
            else:
                yield Quantity(IGNORED, frozenset(), *match.span(minute))
    for match in _SHORT_DATE.finditer(folded):
        yield Quantity(MONTH, frozenset({float(_SHORT_MONTHS[match.group(1)])}), *match.span(1))
    for match in _SPAN.finditer(folded):
        if int(match.group(2)) > 12:
            years = frozenset({float(match.group(2)), float(match.group(1) + match.group(2))})
            yield Quantity(NUMBER, years, *match.span(2))


def _hours(folded: str, hour: float, end: int) -> frozenset[float]:
    """An hour of the clock, of the afternoon also counted from midnight."""
    return frozenset({hour, hour + 12} if hour < 12 and _LATER.match(folded, end) else {hour})


def _numbers(text: str, folded: str, tokens: Sequence[re.Match[str]]) -> list[Quantity]:
    found = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        word = token.group()
        if word in MONTHS and _is_month(text, word, tokens, at):
            found.append(Quantity(MONTH, frozenset({float(MONTHS[word])}), *token.span()))
            at += 1
        elif word in _WEEKDAYS and not (word == "domingo" and text[token.start()].isupper()):
            # "Domingo" with a capital is somebody's name, or Santo Domingo.
            found.append(Quantity(WEEKDAY, frozenset({float(_WEEKDAYS[word])}), *token.span()))
            at += 1
        elif (
            word in ORDINALS
            and (word not in _ADVERBS or _DETERMINED.search(folded[: token.start()]))
            and not _ONCE.match(folded, token.end())
        ):
            found.append(Quantity(ORDINAL, frozenset({float(ORDINALS[word])}), *token.span()))
            at += 1
        else:
            values, after = _run(text, folded, tokens, at)
            if values and re.match(r"(?:st|nd|rd|th)\b|\.?[ºª](?!c)", folded[tokens[after - 1].end() :]):
                found.append(Quantity(ORDINAL, values, token.start(), tokens[after - 1].end()))
            elif values:
                end = tokens[after - 1].end()
                percent = _PERCENT.match(folded, end)
                if percent:
                    after += sum(percent.start() <= one.start() < percent.end() for one in tokens[after : after + 3])
                    values = frozenset(value / 100 for value in values)
                found.append(Quantity(SHARE if percent else NUMBER, values, token.start(), end))
            at = max(after, at + 1)
    return found


def _run(text: str, folded: str, tokens: Sequence[re.Match[str]], at: int) -> tuple[frozenset[float], int]:
    """The value of the longest number that starts at a token, and the token behind it; empty if none does."""
    token = tokens[at]
    word = token.group()
    after = at + 1
    scale = 1.0
    if word[0].isdecimal():
        before = folded[max(token.start() - 2, 0) : token.start()]
        follows = folded[token.end() : token.end() + 1]
        if re.search(r"[a-z]-?$", before) or (follows.isalpha() and not _ATTACHED.match(folded, token.end())):
            return frozenset(), after
        values = _readings(word)
        suffix = _SUFFIX.match(folded, token.end())
        if suffix and (suffix[1] in ("k", "bn") or _CURRENCY.search(text[: token.start()])):
            values, after = {value * _LETTERS[suffix[1]] for value in values}, after + 1
        elif follows == "s" and word.isdecimal() and len(word) == 4:
            # "The 1990s" are "los años noventa".
            values, after = values | {float(word[2:])}, after + 1
        while after < len(tokens) and tokens[after].group() in SCALES:
            scale = SCALES[tokens[after].group()]
            values = {value * scale for value in values}
            after += 1
    else:
        value, scale, after = spelled(tokens, at)
        if after == at:
            return frozenset(), at + 1
        values = {value}
    half = _AND_A_HALF.match(folded, tokens[after - 1].end())
    if half:
        values = {value + 0.5 * (1 if half["noun"] else scale) for value in values}
    return _hours(folded, min(values), tokens[after - 1].end()) | frozenset(values), after


def _readings(figures: str) -> set[float]:
    """The values that digits with separators can have: three digits behind a point or comma may be thousands."""
    plain = re.sub(r"[\u00a0\u202f ]", "", figures)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return {float(plain)}
    readings = set()
    if len(set(marks)) == 2:
        thousands, decimal = marks[0], marks[-1]
        readings.add(float(plain.replace(thousands, "").replace(decimal, ".")))
    elif _GROUPED.fullmatch(plain):
        readings.add(float(re.sub(r"[.,]", "", plain)))
        if len(marks) == 1 and plain.startswith("0"):
            readings.add(float(plain.replace(",", ".")))
    elif len(marks) == 1:
        readings.add(float(plain.replace(",", ".")))
    else:
        readings.add(float(re.sub(r"[.,]", "", plain)))
    return readings


def _is_month(text: str, word: str, tokens: Sequence[re.Match[str]], at: int) -> bool:
    """Whether a month's name is one: "may" and "march" only with a capital, and a figure or "since" beside them."""
    if word not in ("may", "march"):
        return True
    if at and _BEFORE_MONTHS.fullmatch(tokens[at - 1].group()) and text[tokens[at].start()].isupper():
        return True
    beside = [tokens[i].group() for i in (at - 1, at + 1, at + 2) if 0 <= i < len(tokens)]
    return text[tokens[at].start()].isupper() and any(other[0].isdigit() for other in beside)


__all__ = [
    "MONTH",
    "MONTHS",
    "NUMBER",
    "ORDINAL",
    "SHARE",
    "WEEKDAY",
    "Quantity",
    "in_place",
    "is_quantity_word",
    "quantities",
    "ratios",
]
