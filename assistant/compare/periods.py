"""The period that a sentence gives for its figures: years, spans of years, months."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.writing.quantities import MONTHS

_YEAR = r"(1[5-9]\d\d|20\d\d)"
_MONTH = "|".join(MONTHS)
_NOT_INSIDE = r"(?<![\w$€£.,/-])"
_ENDS = r"(?![\w%-]|[.,]\d)"
_SPAN = re.compile(
    rf"(?:\b(?:between|entre|from|desde|de|del|in|en|during|durante)\s+)?(?:the years\s+|los anos\s+|el ano\s+|el\s+)?{_NOT_INSIDE}{_YEAR}"
    rf"\s*(?:\b(?:and|y|to|a|al|until|till|through|hasta)\b(?:\s+el)?|[-–—])\s*{_YEAR}{_ENDS}"
)
_SINCE = re.compile(rf"\b(?:since|desde)(?:\s+(?:the year|el ano|el|{_MONTH}|of|de)\b)*\s+{_YEAR}{_ENDS}")
_AS_OF = re.compile(
    rf"\b(?:as of|as at|al|a fines de|at the end of)(?:\s+(?:ano|the year|{_MONTH}|of|de)\b)*\s+{_YEAR}{_ENDS}"
)
_BY = re.compile(
    rf"\b(?:by|until|till|before|para|hasta|antes de)(?:\s+(?:the year|el ano|el|fines de|the end of)\b)*\s+{_YEAR}{_ENDS}"
)
_OF_MONTH = re.compile(rf"\b({_MONTH})\b(?:\s+\d{{1,2}},?)?(?:\s+(?:de|del|of))?\s+{_YEAR}{_ENDS}")
_ISO = re.compile(rf"(?<![\d-]){_YEAR}-(\d\d)(?:-\d\d)?(?![\d-])")
_PLAIN = re.compile(
    rf"(?:\b(?:in|en|during|durante|of|de|del)\s+(?:the year\s+|el ano\s+|el\s+)?)?{_NOT_INSIDE}{_YEAR}{_ENDS}"
)
_RELATIVE = re.compile(
    r"\b(?:(?:over |during |in )?the (?:past|last|next|coming) (?:\w+ )?(?:years?|decades?|months?)|last year|this year|next year|recent years|currently|to date"
    r"|(?:en )?(?:la|las|los) (?:ultim|proxim)[oa]s? (?:\w+ )?(?:anos?|decadas?|mes(?:es)?)|el ano pasado|este ano|el ano (?:que viene|proximo)|anos recientes)\b"
)


@dataclass(frozen=True, slots=True)
class Period:
    """A period in one way of writing ("2022", "2001–2022", "since 2005", "by 2030", "2022-03"), and where it stands.

    `name` is empty where the words hang on the day that they were written ("the last decade").
    """

    name: str
    start: int
    end: int


def periods(folded: str) -> list[Period]:
    """Every period in folded text, in order."""
    found: list[Period] = []

    def add(name: str, match: re.Match[str]) -> None:
        if not any(one.start < match.end() and match.start() < one.end for one in found):
            found.append(Period(name, match.start(), match.end()))

    for match in _SPAN.finditer(folded):
        if int(match.group(1)) < int(match.group(2)):
            add(f"{match.group(1)}–{match.group(2)}", match)
    for match in _AS_OF.finditer(folded):
        add(f"as of {match.group(1)}", match)
    for match in _OF_MONTH.finditer(folded):
        month = int(MONTHS[match.group(1)])
        add(f"{match.group(2)}-{month:02}", match)
    for match in _ISO.finditer(folded):
        add(f"{match.group(1)}-{match.group(2)}", match)
    for match in _SINCE.finditer(folded):
        add(f"since {match.group(1)}", match)
    for match in _BY.finditer(folded):
        add(f"by {match.group(1)}", match)
    for match in _PLAIN.finditer(folded):
        add(match.group(1), match)
    for match in _RELATIVE.finditer(folded):
        add("", match)
    return sorted(found, key=lambda one: one.start)
