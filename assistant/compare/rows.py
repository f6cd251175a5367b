"""Figures in the rows of tables, which the index keeps as "- Region: Ucayali | Year: 2020 | Forest loss (ha): 1,200".

A number alone in its cell is counted by its column's name; the other cells, and the heading above, say of what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.compare import units
from assistant.compare.concepts import concepts_of
from assistant.compare.numbers import WORD, language_of
from assistant.compare.periods import periods
from assistant.compare.places import places
from assistant.compare.types import HEADING, SENTENCE, TITLE, Figure, Source
from assistant.compare.units import Unit, unit_at
from assistant.compare.values import value_of
from assistant.writing.quantities import NUMBER, SHARE, in_place, quantities

_ROW = re.compile(r"\s*(?:[-*]\s+)?[^|:\n]{1,80}:\s[^|\n]*\|")
_CELL = re.compile(r"(?:^\s*(?:[-*]\s+)?|\|)\s*([^|:\n]{1,80}):[ \t]+([^|\n]*?)\s*(?=\||$)")
_DATED = re.compile(r"\b(?:year|date|month|period|ano|fecha|mes|periodo)s?\b")
_CODED = re.compile(
    r"\b(?:id|no|nro|code|codigo|number|numero|phone|telefono|ruc|dni|ubigeo|page|pagina|rank|puesto)\b"
)


@dataclass(frozen=True, slots=True)
class _Cell:
    name: str
    value: str
    start: int


def is_row(text: str) -> bool:
    """Whether a sentence is a row of a table."""
    return _ROW.match(text) is not None


def row_figures(text: str, offset: int, source: Source, headings: Sequence[str]) -> Iterator[Figure]:
    """The figures of a row that begins at `offset` of its document."""
    language = language_of(source, in_place(text))
    cells = [_Cell(match.group(1).strip(), match.group(2), match.start(2)) for match in _CELL.finditer(text)]
    said = [
        cell for cell in cells if not any(char.isdigit() for char in cell.value) or _DATED.search(in_place(cell.name))
    ]
    above = headings[-1] if headings else ""
    told = {
        concept: word.group()
        for words in (*(cell.value for cell in said), above)
        for word in WORD.finditer(words)
        if not places(word.group())
        for concept in concepts_of(word.group(), language)
    }
    where, place_from = _first_places([(cell.value for cell in said), headings[::-1], [source.title]])
    for cell in cells:
        if cell in said or _CODED.search(in_place(cell.name)):
            continue
        folded = in_place(cell.value)
        found = [quantity for quantity in quantities(cell.value) if quantity.kind in (NUMBER, SHARE)]
        if len(found) != 1:
            continue
        quantity = found[0]
        digits = cell.value[quantity.start : quantity.end]
        written = unit_at(folded, quantity.start, quantity.end)
        start, end = (written.start, written.end) if written else (quantity.start, quantity.end)
        rest = (folded[:start] + folded[end:]).strip(" %.")
        if rest and not re.fullmatch(r"(?:about|approx|unos|unas|aprox|ca)\.?|[<>~≈+]", rest):
            continue
        share = quantity.kind == SHARE
        unit = units.PERCENT if share else written.unit if written else _column_unit(cell.name)
        number = max(quantity.values)
        if unit == units.PERCENT and not share:
            number /= 100
        dated = [*_named(cell.name), *(period for other in said for period in _named(other.value))]
        period, period_from = (dated[0], SENTENCE) if len(set(dated)) == 1 else ("", "")
        if not dated:
            period, period_from = _heading_period(headings)
        named = {
            concept: word.group()
            for word in WORD.finditer(_without_unit(cell.name))
            for concept in concepts_of(word.group(), language)
        }
        if not named:
            continue
        begin, stop = cell.start + start, cell.start + max(end, quantity.end)
        yield Figure(
            source, offset + begin, offset + stop, text[begin:stop], offset, offset + len(text), text,
            value_of(number, digits, folded, start, end), unit, _without_unit(cell.name).strip(), frozenset(named), {**told, **named},
            frozenset(named), frozenset(), where, place_from, period, period_from, "period" if len(set(dated)) > 1 else "",
        )  # fmt: skip


def _column_unit(name: str) -> Unit:
    """The unit that a column's name gives: "Area (ha)", "Budget in soles", "Share %"."""
    folded = in_place(name)
    if "%" in folded or re.search(r"\bper ?cent|\bporcentaje\b|\bpercentage\b", folded):
        return units.PERCENT
    for word in (*re.findall(r"\(([^()]{1,20})\)", folded), *re.findall(r"\b(?:in|en)\s+([\w²³$ ]{1,20})$", folded)):
        if found := unit_at(f"1 {word.strip()}", 0, 1):
            return found.unit
    single = unit_at(f"1 {folded.strip()}", 0, 1)
    return single.unit if single and single.end == len(folded.strip()) + 2 else units.NUMBER


def _without_unit(name: str) -> str:
    return re.sub(r"\([^()]*\)|%", " ", name)


def _named(words: str) -> list[str]:
    return [one.name for one in periods(in_place(words)) if one.name]


def _heading_period(headings: Sequence[str]) -> tuple[str, str]:
    for heading in reversed(headings):
        if named := set(_named(heading)):
            return (named.pop(), HEADING) if len(named) == 1 else ("", "")
    return "", ""


def _first_places(groups: Sequence[Iterator[str] | Sequence[str]]) -> tuple[dict[str, str], str]:
    for group, place_from in zip(groups, (SENTENCE, HEADING, TITLE), strict=True):
        for words in group:
            if found := places(words):
                return dict(found), place_from
    return {}, ""
