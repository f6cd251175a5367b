"""Halves, fractions and ratios in words, English and Spanish, as shares or as the numbers that they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.writing.numerals import ONES, SCALES, UNITS, table
from assistant.writing.quantity import NUMBER, SHARE, Quantity, in_place
from index.stopwords import STOPWORDS

_STOP = frozenset().union(*STOPWORDS.values())


_PARTS = table(
    "2 half|halves|mitad third|thirds|tercio|tercios|tercera|terceras quarter|quarters|fourths|cuarto|cuartos|cuarta|cuartas"
    " fifth|fifths|quinto|quintos|quinta|quintas sixth|sixths|sexto|sextos|sexta|sextas seventh|sevenths|septimo|septimos|septima|septimas"
    " eighth|eighths|octavo|octavos|octava|octavas ninth|ninths|noveno|novenos|novena|novenas tenth|tenths|decimo|decimos|decima|decimas"
)
_MANY = "|".join(word for word, value in UNITS.items() if 2 <= value <= 9)
_FRACTION = re.compile(
    r"\b(?:(?P<half>half|halv(?:ed|es|ing)|mitad)"
    rf"|(?P<many>{_MANY})[- ](?P<parts>thirds|quarters|fourths|fifths|sixths|sevenths|eighths|ninths|tenths|tercios|cuartos|quintos|sextos"
    r"|septimos|octavos|decimos|(?:terceras|cuartas|quintas|sextas|septimas|octavas|decimas)(?= partes))"
    r"|(?:a|one|un)[- ](?P<one>third|quarter|fifth|sixth|eighth|tenth|tercio|cuarto|quinto|sexto|octavo|decimo)"
    r"|(?P<part>quarter(?= of)|(?:tercera|cuarta|quinta|sexta|octava|decima)(?= parte)))\b(?: partes?\b)?"
)
# "Half an hour", "half a million": a number, not a share.
_HALVED = re.compile(
    r"\b(?:half an? |half-|medi[oa] |half (?=million|dozen))(?P<of>million|dozen|hour|year|millon|docena|hora|ano)s?\b"
    r"|\b(?P<quarters>three[- ]quarters of an|a quarter of an|quarter of an|tres cuartos de|un cuarto de|cuarto de) h(?:our|ora)\b"
)
_HALVES = {"million": 5e5, "millon": 5e5, "dozen": 6, "docena": 6, "hour": 30, "hora": 30, "year": 6, "ano": 6}
_ONE_AND_A_HALF = re.compile(r"\b(?:(?:a|one|un|una) )?[a-z]{3,} (?:and a half|y medi[oa])\b")
_RATIO = re.compile(
    rf"\b(?P<some>\d{{1,2}}|{'|'.join([*UNITS, 'one', 'un', 'una', 'uno'])}) (?P<by>in|in every|out of|out of every|of every|of each|de cada)"
    rf" (?P<all>\d{{1,4}}|{'|'.join(UNITS)}|hundred|thousand|mil)\b"
)
_ORDER = re.compile(r"(?:a|un) .*")
_MEASURED = re.compile(r"\b(?:by|than|about|almost|nearly|roughly|around|over|under|en|casi|que) $")
_COUNTED = re.compile(rf"\b(?:\d|{'|'.join([*UNITS, *SCALES])})[\w.,]* $")
_MIXED = re.compile(r"\b(?:and|y) (?:an? )?$")
_FOLLOWING = re.compile(r"[ \t]+([^\W\d_]+)")


def halves(folded: str) -> Iterator[Quantity]:
    """Halves and quarters that are numbers: "half a million", "media hora", "a year and a half"."""
    for match in _HALVED.finditer(folded):
        value = _HALVES[match["of"]] if match["of"] else 45 if match["quarters"].startswith("t") else 15
        yield Quantity(NUMBER, frozenset({float(value)}), *match.span())
    for match in _ONE_AND_A_HALF.finditer(folded):
        words = re.findall(r"[a-z]+", match.group())
        if not any(word in SCALES or word in UNITS for word in words) and not _COUNTED.search(folded[: match.start()]):
            months = {18.0} if {"year", "ano"} & set(words) else set()
            yield Quantity(NUMBER, frozenset({1.5} | months), *match.span())


def fractions(folded: str) -> Iterator[Quantity]:
    """Shares in words: "half", "two thirds", "una quinta parte"."""
    for match in _FRACTION.finditer(folded):
        behind = _FOLLOWING.match(folded, match.end())
        if (
            _ORDER.fullmatch(match.group())
            and behind
            and behind.group(1) not in _STOP
            and not _MEASURED.search(folded[: match.start()])
        ):
            # "A fifth call" is the one after the fourth.
            continue
        if match["half"] and _MIXED.search(folded[: match.start()]):
            continue
        value = 0.5 if match["half"] else 1 / _PARTS[match["parts"] or match["one"] or match["part"]]
        value *= UNITS[match["many"]] if match["many"] else 1
        # A third may be given as 33 %.
        yield Quantity(SHARE, frozenset({value, round(value, 2), round(value, 3)}), match.start(), match.end())


def ratios(text: str) -> Iterator[Quantity]:
    """Shares that are told by two numbers, "one in five", "3 de cada 10"; `quantities` has the numbers themselves."""
    folded = in_place(text)
    for match in _RATIO.finditer(folded):
        some, whole = (_small(match[name]) for name in ("some", "all"))
        if 0 < some < whole and not (match["by"] == "in" and whole > 1000):
            value = some / whole
            yield Quantity(SHARE, frozenset({value, round(value, 2)}), *match.span())


def _small(word: str) -> float:
    return float(word) if word.isdecimal() else float({**SCALES, **ONES, **UNITS}[word])
