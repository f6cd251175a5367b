"""Numbers in a sentence, each with its unit and with the noun that it counts, in the sentence's own offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.compare import units
from assistant.compare.periods import Period
from assistant.compare.types import Source
from assistant.compare.units import Unit, unit_at
from assistant.compare.values import Value, value_of
from assistant.writing.quantities import NUMBER, SHARE, Quantity, in_place, quantities

HALF_A_PERCENT = 0.005
_LINK_TARGET = re.compile(
    r"(?<=\])\((?:https?:|/|mailto:|#)[^)\s]*\)|<[^<>\n]{1,300}>|https?://\S+|\bwww\.\S+|\b\S+@\S+\.\S+"
)
_TIME_OF_DAY = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")
_NUMBERED = re.compile(r"^\s*(?:\d{1,3}[.)]\s|[-*]\s+\d{1,3}[.)]\s)")
STOP = frozenset(
    """that which who whose whom where when while have has had are were was is be been being will would can could may might must of in on at by for
    from to with under over into through across between among than as and or nor but per each every continue continues live lives need needs
    do does did not yet also only so if because since until during including such after before about against upon within without
    que quien quienes cuyo cuya donde cuando mientras han ha hay son fueron fue era eran es sera seran esta estan de del en por para con sin sobre
    entre desde hasta segun contra como y e o u ni pero a al se no aun tambien solo si porque durante incluyendo tras ante
    represent represents represented protect protects remain remained received signed attended worked took lost gained joined left died""".split()  # noqa: SIM905
)
WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
PLURAL = re.compile(r"[^\W\d_]{2,}s$")
IRREGULAR = frozenset(
    "people men women children police staff feet fish cattle livestock personnel wildlife mice geese youth media piaci gente personal".split()  # noqa: SIM905
)
_REFERENCE = re.compile(
    r"[#§/]$|\b(?:n|no|nro|art|page|p|pag|pagina|table|tabla|figure|figura|chapter|capitulo|version|law|ley)[.º°]?\s?$"
)
"""What stands before a number that names something and counts nothing: "page 12", "Law 29763"."""
_OF_A_PERIOD = re.compile(
    r"\b(?:in|since|en|desde|between|entre|until|by|year|years|ano|anos|del?|and|y|to|al?|of|from|for|hasta|para|durante|during|[a-z]{3,9}o"
    r"|[a-z]*ary|[a-z]*ber|april|may|june|july|august|march|abril|julio|junio|agosto|marzo|mayo)\s+$|[-–—/(]\s*$"
)
_PERCENT = re.compile(r"\s*(?:%|per ?cent\b|por ciento\b)")
_SCALE = re.compile(r"(k|m|mm|bn)\b")
_SCALES = {"k": 1e3, "m": 1e6, "mm": 1e6, "bn": 1e9}


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a sentence, in the sentence's own offsets; `end` lies behind its unit, `noun_end` behind its noun."""

    quantity: Quantity
    value: Value
    unit: Unit
    start: int
    end: int
    noun_start: int
    noun_end: int
    year_like: bool


def masked(text: str) -> str:
    """The text with addresses, markup and times of day blanked, character for character."""
    for pattern in (_LINK_TARGET, _TIME_OF_DAY, _NUMBERED):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text.replace("*", " ").replace("[", " ").replace("]", " ").replace("_", " ")


def numbers_in(plain: str, folded: str, spans: Sequence[Period], language: str) -> Iterator[Found]:
    """The numbers of a sentence that count or measure something, in order; years that only date it are left out."""
    for quantity in quantities(plain):
        digits = plain[quantity.start : quantity.end]
        if (
            quantity.kind not in (NUMBER, SHARE)
            or _foreign(digits, language)
            or re.match(r"\d{4,}[ \u00a0\u202f]", digits)
        ):
            continue
        found = _number(quantity, digits, folded)
        if any(one.start < quantity.end and quantity.start < one.end for one in spans):
            # "In 2000 families …" has no year; "in 2000, families …" has.
            counts = found.noun_end > found.noun_start and not _OF_A_PERIOD.search(folded[: quantity.start])
            if found.unit != units.NUMBER or not counts:
                continue
            found = replace(found, year_like=True)
        if found.unit == units.NUMBER and found.noun_end == found.noun_start:
            if len(digits) == 1 and digits.isdigit():
                continue
            if _REFERENCE.search(folded[: quantity.start]) and not re.match(r"\s*[a-z]", folded[quantity.end :]):
                continue
        yield found


def _number(quantity: Quantity, digits: str, folded: str) -> Found:
    """A number with its unit, its hedge and its noun."""
    number = max(quantity.values)
    start, end, unit = quantity.start, quantity.end, units.NUMBER
    written = unit_at(folded, quantity.start, quantity.end)
    if quantity.kind == SHARE:
        sign = _PERCENT.match(folded, quantity.end)
        end, unit = sign.end() if sign else end, units.PERCENT
    elif written:
        start, end, unit = written.start, written.end, written.unit
    if (scale := _SCALE.match(folded, quantity.end)) and (not written or written.end == quantity.end):
        number, end = number * _SCALES[scale.group(1)], max(end, scale.end())
    value = value_of(number, digits, folded, start, end)
    if quantity.kind == SHARE and "." not in digits and "," not in digits:
        # Whole per cent are rounded, and "a quarter" is rounder still.
        slack = max(HALF_A_PERCENT if digits[0].isdigit() else 4 * HALF_A_PERCENT, value.high - value.number)
        value = replace(value, low=number - slack, high=number + slack)
    noun_start, noun_end = _noun(folded, end) if unit == units.NUMBER else (end, end)
    return Found(quantity, value, unit, start, end, noun_start, noun_end, False)


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
        step = (
            re.match(r"[ \t\u00a0-]+(?:(?:of|de|del|los|las|the|all)[ \t]+)*", folded[at:])
            if last == first
            else re.match(r"[ \t\u00a0]+", folded[at:])
        )
        if step is None:
            break
        word = WORD.match(folded, at + step.end())
        if word is None:
            break
        if word.group() in ("or", "and", "y", "o", "e", "u") and last > first:
            after = WORD.match(folded, word.end() + 1)
            if after and PLURAL.search(after.group()) is not None and not PLURAL.search(folded[first:last]):
                at = word.end()
                last = at
                continue
            if after and after.group() in ("women", "men", "mujeres", "hombres", "native", "nativas", "girls", "boys"):
                at = last = word.end()
                continue
            break
        if word.group() in STOP:
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
        for word in WORD.finditer(folded, first, last)
        if PLURAL.search(word.group()) or word.group() in IRREGULAR
    ]
    return ends[-1] if ends else first


def language_of(source: Source, text: str) -> str:
    """The document's language, or English or Spanish by the small words of a text."""
    if source.language in ("en", "es"):
        return source.language
    folded = in_place(text)
    spanish = len(re.findall(r"\b(?:el|la|los|las|de|del|en|que|se|por|con|una?|y)\b", folded))
    english = len(re.findall(r"\b(?:the|of|in|and|to|for|were|was|by|is|are|an?)\b", folded))
    return "es" if spanish > english else "en"
