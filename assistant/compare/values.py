"""Values as they are written: how exact a figure claims to be, and whether two can be the same beyond that."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.compare.units import Unit, factor

EXACT, ABOUT, AT_LEAST, AT_MOST = "exact", "about", "at least", "at most"
EQUAL, ROUNDED, COMPATIBLE, APART, INCOMPARABLE = "equal", "rounded", "compatible", "apart", "incomparable"
WIDEST_ROUNDING = 0.1
ABOUT_IS_WITHIN = 0.1

_LOWER = re.compile(
    r"(?:more than|over|at least|exceed\w*|upwards of|(?:no|not) (?:less|fewer) than|above|mas de|al menos|por lo menos|como minimo|no menos de"
    r"|superan?(?: (?:a|los|las))?|superior(?:es)? a|>=?|≥)\s*$"
)
_UPPER = re.compile(
    r"(?:less than|fewer than|under|below|up to|at most|(?:no|not) more than|menos de|hasta|como maximo|a lo sumo|no mas de|inferior(?:es)? a|<=?|≤)\s*$"
)
_ABOUT = re.compile(
    r"(?:about|around|approximately|approx\.?|some|(?:an )?estimated|roughly|circa|nearly|almost|close to|close on|~|≈|unos|unas|aproximadamente"
    r"|alrededor de|en torno a|cerca de|casi|(?:se )?estiman?(?: en)?|estimad[oa]s?(?: en)?|aprox\.?)\s*$"
)
_MORE_BEHIND = re.compile(r"\s*\+|\s+(?:or|o) (?:more|mas)\b")


@dataclass(frozen=True, slots=True)
class Value:
    """A number with how it is hedged.

    `low` and `high` enclose what the writing allows by rounding; `bound` is one of "exact", "about", "at least", "at most".
    `hedge` counts the characters of the hedge that stands before the number.
    """

    number: float
    low: float
    high: float
    bound: str = EXACT
    hedge: int = 0


def value_of(number: float, digits: str, folded: str, start: int, end: int) -> Value:
    """The value of a number written as `digits` at `[start, end)` of folded text."""
    before = folded[max(start - 32, 0) : start]
    # A currency sign may stand between the hedge and the number.
    bare = re.sub(r"(?:us\s?\$|usd|\$|s/\.?|€|£)\s?$", "", before)
    bound, hedge = EXACT, 0
    for name, pattern in ((AT_LEAST, _LOWER), (AT_MOST, _UPPER), (ABOUT, _ABOUT)):
        if found := pattern.search(bare):
            bound, hedge = name, len(before) - found.start()
            break
    if bound == EXACT and _MORE_BEHIND.match(folded, end):
        bound = AT_LEAST
    slack = rounding(number, digits)
    if bound == ABOUT:
        slack = max(slack, ABOUT_IS_WITHIN * abs(number))
    return Value(number, number - slack, number + slack, bound, hedge)


def rounding(number: float, digits: str) -> float:
    """Half of the last place that the writing shows: 0.05 million for "9.5 million", 50 for "5,500", 0 for "60".

    Never more than a tenth of the number; numbers below a hundred, and those that do not end in two zeros, are exact.
    """
    figures: re.Match[str] | None = re.search(r"\d[\d.,\u00a0\u202f ]*", digits)
    if not figures or not number:
        return 0.0
    plain = figures.group().strip(" .,\u00a0\u202f")
    decimals = re.search(r"[.,](\d{1,2}|\d{4,})$", plain)
    bare = float(re.sub(r"\D", "", plain) or 0) / (10.0 ** len(decimals.group(1)) if decimals else 1)
    scale = abs(number) / bare if bare else 1.0
    if decimals:
        return min(0.5 * scale / 10.0 ** len(decimals.group(1)), WIDEST_ROUNDING * abs(number))
    if scale >= 1000:
        return min(0.5 * scale, WIDEST_ROUNDING * abs(number))
    whole = round(abs(number))
    zeros = len(str(whole)) - len(str(whole).rstrip("0"))
    return min(0.5 * 10.0**zeros, WIDEST_ROUNDING * abs(number)) if zeros >= 2 else 0.0


def compare(left: Value, left_unit: Unit, right: Value, right_unit: Unit) -> str:
    """How two values stand: the same, the same by rounding or conversion, allowed by a "more than", or apart.

    "incomparable" where one unit is not told in the other, as dollars in soles.
    """
    between = factor(right_unit, left_unit)
    if between is None:
        return INCOMPARABLE
    smaller, larger = between
    low, high = right.low * smaller, right.high * larger
    slack = 1e-9 * max(abs(left.number), abs(right.number * larger))
    if left.low - slack <= high and low <= left.high + slack:
        same = left_unit == right_unit and abs(left.number - right.number) <= slack
        return EQUAL if same else ROUNDED
    # "More than 9,000" does not speak against 12,000, nor "up to 500" against 300.
    is_less = left.high < low
    if (left if is_less else right).bound == AT_LEAST or (right if is_less else left).bound == AT_MOST:
        return COMPATIBLE
    return APART
