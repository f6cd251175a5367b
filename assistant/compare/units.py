"""Units as documents write them, in English and Spanish, and what they are in one another (pint)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

COUNT, AREA, LENGTH, MASS, VOLUME, POWER, MONEY, SHARE, DURATION, YEAR = (
    "count", "area", "length", "mass", "volume", "power", "money", "share", "duration", "year",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """What a figure is counted in.

    `code` is shown in conversions ("ha"); `pint` is the name in pint, empty where nothing is converted: counts, shares, money,
    whose rates the documents do not give, and years. `between` holds the smallest and the largest factor that the word may mean,
    in `pint`'s unit: an English "ton" is a short, a metric or a long one.
    """

    dimension: str
    code: str
    pint: str = ""
    between: tuple[float, float] = (1.0, 1.0)


NUMBER = Unit(COUNT, "")
PERCENT = Unit(SHARE, "%")
CALENDAR_YEAR = Unit(YEAR, "")
HECTARE = Unit(AREA, "ha", "hectare")
TONNE = Unit(MASS, "t", "tonne")
KILOMETRE = Unit(LENGTH, "km", "kilometer")
CUBIC_METRE = Unit(VOLUME, "m³", "meter ** 3")
MEGAWATT = Unit(POWER, "MW", "megawatt")
PREFERRED = {AREA: HECTARE, MASS: TONNE, LENGTH: KILOMETRE, VOLUME: CUBIC_METRE, POWER: MEGAWATT}
"""The unit of each dimension to which the others are converted as a help to the reader."""

# Tried in order on folded text; what stands behind a number, with "de" or a hyphen between them.
_BEHIND: tuple[tuple[str, Unit], ...] = (
    (r"hectares?|hectareas?|has?\b\.?", HECTARE),
    (r"acres?", Unit(AREA, "acres", "acre")),
    (r"(?:km ?[2²]|sq\.? ?km|square kilomet(?:er|re)s?|kilometros? cuadrados?)", Unit(AREA, "km²", "kilometer ** 2")),
    (r"(?:sq\.? ?mi(?:les)?|square miles?|millas? cuadradas?)", Unit(AREA, "sq mi", "mile ** 2")),
    (r"(?:m ?[2²]|sq\.? ?m|square met(?:er|re)s?|metros? cuadrados?)", Unit(AREA, "m²", "meter ** 2")),
    (r"(?:m ?[3³]|cubic met(?:er|re)s?|metros? cubicos?)", CUBIC_METRE),
    (r"(?:lit(?:er|re)s?|litros?)", Unit(VOLUME, "l", "liter")),
    (r"(?:barrels?|barriles)(?: of (?:oil|crude)| de (?:petroleo|crudo))?", Unit(VOLUME, "bbl", "oil_barrel")),
    (r"(?:km|kilomet(?:er|re)s?|kilometros?)", KILOMETRE),
    (r"(?:miles?|millas?)", Unit(LENGTH, "mi", "mile")),
    (r"(?:met(?:er|re)s?|metros?)", Unit(LENGTH, "m", "meter")),
    (r"(?:metric tons?|tonnes?|toneladas?(?: metricas?)?|tm)", TONNE),
    (r"tons?", Unit(MASS, "tons", "tonne", (0.90718474, 1.0160469088))),
    (r"(?:kg|kilos?|kilogram(?:me)?s?|kilogramos?)", Unit(MASS, "kg", "kilogram")),
    (r"(?:mw|megawatts?|megavatios?)", MEGAWATT),
    (r"(?:gw|gigawatts?|gigavatios?)", Unit(POWER, "GW", "gigawatt")),
    (r"(?:us ?dollars?|american dollars?|dollars?|dolares(?: americanos| estadounidenses)?|usd|us\$)", Unit(MONEY, "USD")),
    (r"(?:nuevos soles|soles|pen)", Unit(MONEY, "PEN")),
    (r"(?:euros?|eur)", Unit(MONEY, "EUR")),
    (r"(?:reais|reales|brl)", Unit(MONEY, "BRL")),
    (r"(?:pesos|cop|mxn|clp)", Unit(MONEY, "pesos")),
    (r"(?:years?|anos?)(?! old)", Unit(DURATION, "years", "year")),
    (r"(?:months?|mes(?:es)?)", Unit(DURATION, "months", "month")),
    (r"(?:weeks?|semanas?)", Unit(DURATION, "weeks", "week")),
    (r"(?:days?|dias?)", Unit(DURATION, "days", "day")),
    (r"(?:hours?|horas?)", Unit(DURATION, "hours", "hour")),
)  # fmt: skip
_LINK = r"(?:\s*-\s*|\s+(?:de\s+)?|(?:\s+(?:of|de)\s+(?:those|these|the|all|esas|estas|las|los|esos|estos)\s+))?"
_BEHIND_PATTERNS = tuple((re.compile(rf"{_LINK}(?:{pattern})(?![\w²³])"), unit) for pattern, unit in _BEHIND)
_BEFORE: tuple[tuple[re.Pattern[str], Unit], ...] = (
    (re.compile(r"(?:us\s?\$|usd|\$)\s?$"), Unit(MONEY, "USD")),
    (re.compile(r"(?:\bs/\.?|\bpen)\s?$"), Unit(MONEY, "PEN")),
    (re.compile(r"(?:€|\beur)\s?$"), Unit(MONEY, "EUR")),
    (re.compile(r"£\s?$"), Unit(MONEY, "GBP")),
)


@dataclass(frozen=True, slots=True)
class Written:
    """A unit with the stretch of text that figure and unit take together."""

    unit: Unit
    start: int
    end: int


def unit_at(folded: str, start: int, end: int) -> Written | None:
    """The unit that stands before or behind the number at `[start, end)` of folded text; None where none does."""
    for before, unit in _BEFORE:
        if found := before.search(folded, max(start - 6, 0), start):
            return Written(unit, found.start(), end)
    for behind, unit in _BEHIND_PATTERNS:
        if met := behind.match(folded, end):
            return Written(unit, start, met.end())
    return None


def factor(unit: Unit, into: Unit) -> tuple[float, float] | None:
    """The smallest and largest number of `into` that one of `unit` may be; None where nothing is converted."""
    if unit.dimension != into.dimension:
        return None
    if unit == into:
        return (1.0, 1.0)
    if not unit.pint or not into.pint:
        return (1.0, 1.0) if unit.code == into.code else None
    one = float(_registry().Quantity(1.0, unit.pint).to(into.pint).magnitude)
    low, high = unit.between
    into_low, into_high = into.between
    return one * low / into_high, one * high / into_low


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()
