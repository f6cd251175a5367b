"""Numbers, shares, ordinals and dates in English and Spanish text, as values that can be compared across languages.

"5,500", "5.500" and "5 500" are one value; so are "six million", "seis millones" and "6,000,000", "20%" and "una quinta
parte", "October 2019" and "2019-10".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.question import fold
from index.stopwords import STOPWORDS

NUMBER, SHARE, ORDINAL, MONTH, WEEKDAY = "number", "share", "ordinal", "month", "weekday"

_STOP = frozenset().union(*STOPWORDS.values())


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as it stands in `text[start:end]`; `values` has several where the writing allows several readings."""

    kind: str
    values: frozenset[float]
    start: int
    end: int

    @property
    def is_year(self) -> bool:
        """Whether the value can be a year of the last centuries."""
        return self.kind == NUMBER and any(value.is_integer() and 1500 <= value <= 2100 for value in self.values)

    def same(self, other: Quantity) -> bool:
        """Whether the two can mean the same value."""
        return self.kind == other.kind and any(
            abs(a - b) <= 1e-9 * max(abs(a), abs(b)) for a in self.values for b in other.values
        )


def _table(*groups: str) -> dict[str, int]:
    """Words to their value; each group starts with the value of its first word and counts on."""
    table = {}
    for group in groups:
        first, *words = group.split()
        for value, forms in enumerate(words, start=int(first)):
            table.update(dict.fromkeys(forms.split("|"), value))
    return table


_UNITS = _table(
    "2 two|dos three|tres four|cuatro five|cinco six|seis seven|siete eight|ocho nine|nueve ten|diez eleven|once twelve|doce|dozen|docena"
    " thirteen|trece fourteen|catorce fifteen|quince sixteen|dieciseis seventeen|diecisiete eighteen|dieciocho nineteen|diecinueve"
    " twenty|veinte veintiuno|veintiun|veintiuna veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho veintinueve"
    " thirty|treinta",
    "40 forty|cuarenta", "50 fifty|cincuenta", "60 sixty|sesenta", "70 seventy|setenta", "80 eighty|ochenta", "90 ninety|noventa",
    "100 cien|ciento", "200 doscientos|doscientas", "300 trescientos|trescientas", "400 cuatrocientos|cuatrocientas",
    "500 quinientos|quinientas", "600 seiscientos|seiscientas", "700 setecientos|setecientas", "800 ochocientos|ochocientas",
    "900 novecientos|novecientas",
)  # fmt: skip
_ONES = {"one": 1, "un": 1, "una": 1, "uno": 1, "a": 1}
_SCALES = {
    "hundred": 100, "thousand": 1e3, "mil": 1e3, "million": 1e6, "millions": 0, "millon": 1e6, "millones": 1e6,
    "billion": 1e9, "billon": 1e12, "billones": 1e12, "trillion": 1e12, "decade": 10, "decades": 10, "decada": 10,
    "decadas": 10,
}  # fmt: skip
_SCALES.pop("millions")  # "millions of people" names no number
_ORDINALS = _table(
    "1 first|primero|primera|primer second|segundo|segunda third|tercero|tercera|tercer fourth|cuarto|cuarta fifth|quinto|quinta"
    " sixth|sexto|sexta seventh|septimo|septima eighth|octavo|octava ninth|noveno|novena tenth|decimo|decima"
)
MONTHS = _table(
    "1 january|enero february|febrero march|marzo april|abril may|mayo june|junio july|julio august|agosto"
    " september|septiembre|setiembre october|octubre november|noviembre december|diciembre"
)
_WEEKDAYS = _table(
    "1 monday|mondays|lunes tuesday|tuesdays|martes wednesday|wednesdays|miercoles thursday|thursdays|jueves friday|fridays|viernes"
    " saturday|saturdays|sabado|sabados sunday|sundays|domingo|domingos"
)
_FRACTIONS = (
    (0.5, r"half|halv(?:ed|es|ing)|mitad"),
    (0.75, r"three[- ]quarters|tres cuartas? partes?|tres cuartos"),
    (2 / 3, r"two[- ]thirds|dos tercios|dos terceras partes"),
    (0.25, r"(?:a|one) quarter|quarter of|cuarta parte|un cuarto"),
    (1 / 3, r"(?:a|one) third|tercera parte|un tercio"),
    (0.2, r"(?:a|one) fifth|quinta parte|un quinto"),
    (0.1, r"(?:a|one) tenth|decima parte|un decimo"),
)
_BEFORE_MONTHS = re.compile(r"in|since|by|until|till|from|each|every|early|late|mid|last|next|during|between|of|to|and")
_FRACTION = re.compile("|".join(rf"(?P<f{i}>\b(?:{pattern})\b)" for i, (_, pattern) in enumerate(_FRACTIONS)))
_ORDER = re.compile(r"(?:a|un) .*")
_FOLLOWING = re.compile(r"[ \t]+([^\W\d_]+)")
_ENUMERATOR = re.compile(r"^[ \t]*\(?\d{1,2}[.)](?=\s|$)", re.MULTILINE)
_ENGLISH = re.compile(r"\b(?:the|of|and|was|were|had|has|is|are|to|in|a)\b")
_SPANISH = re.compile(r"\b(?:el|la|los|las|de|del|y|que|en|por|con|un|una|al|se)\b")
_ISO = re.compile(r"(?<![\d-])(\d{4})-(\d{1,2})(?:-(\d{1,2}))?(?![\d-])")
_SLASHED = re.compile(r"(?<![\d/])(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})(?![\d/])")
_TOKEN = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?|[^\W\d_]+|%|\S")
_PERCENT = re.compile(r"\s*(?:%|per ?cent\b|por ciento\b)")
_DETERMINED = re.compile(r"\b(?:the|a|an|its|their|el|la|los|las|un|una|su|sus|world’s|world's)\s+$")
_GROUPED = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+")


def quantities(text: str) -> list[Quantity]:
    """Every quantity in `text`, in order. Figures that are part of a name ("DO-1", "CO2") are left to the names."""
    folded = in_place(text)
    found = [*_dates(folded), *_fractions(folded)]
    # "12. Commencement": the number of an item counts nothing.
    taken = [*((one.start, one.end) for one in found), *(match.span() for match in _ENUMERATOR.finditer(folded))]
    if "once" in folded and len(_ENGLISH.findall(folded)) > len(_SPANISH.findall(folded)):
        taken += [match.span() for match in re.finditer(r"\bonce\b", folded)]
    tokens = [
        match for match in _TOKEN.finditer(folded) if not any(a < match.end() and match.start() < b for a, b in taken)
    ]
    found += _numbers(text, folded, tokens)
    return sorted(found, key=lambda one: (one.start, one.end))


def is_quantity_word(folded: str) -> bool:
    """Whether a word, folded, is a number, an ordinal, a month or a day of the week by itself."""
    return folded in _UNITS or folded in _ORDINALS or folded in MONTHS or folded in _WEEKDAYS


@lru_cache(maxsize=4096)
def in_place(text: str) -> str:
    """Lower case without accents, character for character, so that offsets hold."""
    return "".join((fold(char) or char)[:1] for char in text)


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


def _fractions(folded: str) -> Iterator[Quantity]:
    for match in _FRACTION.finditer(folded):
        behind = _FOLLOWING.match(folded, match.end())
        if _ORDER.fullmatch(match.group()) and behind and behind.group(1) not in _STOP:
            # "A fifth call" is the one after the fourth.
            continue
        value = next(_FRACTIONS[int(name[1:])][0] for name, group in match.groupdict().items() if group)
        yield Quantity(SHARE, frozenset({value}), match.start(), match.end())


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
        elif word in _ORDINALS and (word not in ("first", "second") or _DETERMINED.search(folded[: token.start()])):
            found.append(Quantity(ORDINAL, frozenset({float(_ORDINALS[word])}), *token.span()))
            at += 1
        else:
            values, after = _run(folded, tokens, at)
            if values and re.match(r"(?:st|nd|rd|th|º|ª)\b", folded[tokens[after - 1].end() :]):
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


def _run(folded: str, tokens: Sequence[re.Match[str]], at: int) -> tuple[frozenset[float], int]:
    """The value of the longest number that starts at a token, and the token behind it; empty if none does."""
    token = tokens[at]
    word = token.group()
    after = at + 1
    if word[0].isdecimal():
        before = folded[max(token.start() - 2, 0) : token.start()]
        follows = folded[token.end() : token.end() + 1]
        if re.search(r"[a-z]-?$", before) or (
            follows.isalpha() and not re.match(r"(?:st|nd|rd|th|k|m|bn)\b", folded[token.end() :])
        ):
            return frozenset(), after
        values = _readings(word)
    elif word in _UNITS:
        value, after = _spelled(tokens, at)
        values = {float(value)}
    elif word in _SCALES and (word.startswith("decad") or word in ("mil", "hundred", "thousand")):
        return frozenset({float(_SCALES[word])}), after
    elif (
        word in _ONES
        and after < len(tokens)
        and tokens[after].group() in _SCALES
        and tokens[after].group() != "millones"
    ):
        values = {1.0}
    else:
        return frozenset(), after
    while after < len(tokens) and tokens[after].group() in _SCALES:
        values = {value * _SCALES[tokens[after].group()] for value in values}
        after += 1
    return frozenset(values), after


def _spelled(tokens: Sequence[re.Match[str]], at: int) -> tuple[int, int]:
    """The value of number words such as "twenty-five" and "sesenta y cinco", and the token behind them."""
    value = _UNITS[tokens[at].group()]
    after = at + 1
    while after + 1 < len(tokens) and tokens[after].group() in ("-", "y", "and"):
        low = _UNITS.get(tokens[after + 1].group(), _ONES.get(tokens[after + 1].group(), 0))
        if not (0 < low < 10 and value % 10 == 0 and value % 100 + (100 if value % 100 == 0 else 0) >= 20):
            break
        value += low
        after += 2
    return value, after


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
