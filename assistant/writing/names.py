"""Names in a sentence: people, bodies, places, acronyms, codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from assistant.question import fold
from assistant.writing.numerals import ROMAN
from assistant.writing.quantities import is_quantity_word
from index.stopwords import STOPWORDS

PLACES = Path(__file__).with_name("places.tsv")
INSTITUTIONS = Path(__file__).with_name("institutions.tsv")
OPENERS = Path(__file__).with_name("openers.tsv")
TITLES = Path(__file__).with_name("titles.tsv")
_WORD = re.compile(r"[^\W_]+(?:[.’'&-][^\W_]+)*\.?")
_CODE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]+")
_LINK = re.compile(r"\s+(?:(?:de|del|of|for|to|para)\s+(?:(?:el|la|las|los|the)\s+)?)?")
_UNIT = re.compile(r"\d[\d.,]*-[^\W\d_]+|\d[\d.,]*(?:k|mm?|bn)")
_CURRENCIES = frozenset(
    ["USD", "EUR", "GBP", "PEN", "COP", "MXN", "BRL", "CLP", "ARS", "BOB", "CAD", "JPY", "CHF", "NOK", "SEK"]
)
_POSSESSIVE = re.compile(r"['’]s?$")
_AND = re.compile(r"\s+(?:and|&|y|e)\s+")
_STOP = frozenset().union(*STOPWORDS.values())
# Multi-word names that have their own short forms; put in the place of the long ones before anything else is looked at.
_LONG = (
    (re.compile(r"\b(?:the )?united states(?: of america)?\b|\b(?:los )?estados unidos(?: de america)?\b|\bee\.? ?uu\.?", re.IGNORECASE), "US"),
    (re.compile(r"\bU\.\s?S\.(?:\s?A\.)?", re.IGNORECASE), "US"),
    (re.compile(r"\b(?:the )?united kingdom\b|\b(?:el )?reino unido\b", re.IGNORECASE), "UK"),
    (re.compile(r"\b(?:the )?european union\b|\b(?:la )?uni[oó]n europea\b", re.IGNORECASE), "EU"),
    (re.compile(r"\b(?:the )?united nations\b|\b(?:las )?naciones unidas\b", re.IGNORECASE), "UN"),
    (re.compile(r"\b(?:la )?ONU\b"), "UN"),
    (re.compile(r"\b(?:the )?organi[sz]ation of american states\b|\b(?:la )?organizaci[oó]n de los estados americanos\b|\b(?:la )?OEA\b"), "OAS"),
    (re.compile(r"\bONGs?\b|\bNGOs\b|\bnon-?governmental organi[sz]ations?\b|\borganizaci(?:ón|ones) no gubernamental(?:es)?\b"), "NGO"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """One word of a name, without a possessive ending.

    `sure` is False for a capital that may merely open the sentence. `run` numbers the name that the word is part of.
    """

    text: str
    plain: str
    start: int
    end: int
    sure: bool
    run: int

    @property
    def is_place(self) -> bool:
        """Whether the word stands for a country or region."""
        return place_of(self.plain) is not None


def joined(name: Name, among: Sequence[Name], text: str) -> list[Name]:
    """The words of the name that `name` is part of, also those behind an "and" ("Superintendencia de Banca y Seguros")."""
    at = next(i for i, other in enumerate(among) if other.start == name.start)
    first = last = at
    while first and _one_name(among[first - 1], among[first], text):
        first -= 1
    while last + 1 < len(among) and _one_name(among[last], among[last + 1], text):
        last += 1
    return list(among[first : last + 1])


def _one_name(left: Name, right: Name, text: str) -> bool:
    return left.run == right.run or bool(_AND.fullmatch(text[left.end : right.start]))


def unified(text: str) -> str:
    """`text` with long forms of states and unions exchanged for their short ones."""
    for pattern, short in _LONG:
        text = pattern.sub(short, text)
    return text


@lru_cache(maxsize=4096)
def names(text: str, ordinary: frozenset[str] = frozenset()) -> tuple[Name, ...]:
    """Every word of `text` that is, or may be, part of a name, and words for what comes from a country.

    A word of `ordinary`, as a dictionary knows it, has its capital from the sentence where it opens one.
    """
    found: list[Name] = []
    run = 0
    last_end = -1
    titled = False
    for word in words_of(text):
        plain = plain_form(word.group())
        opens = not titled and not re.search(r"[^\W_]", re.split(r"[.!?:•\n]\s*", text[: word.start()])[-1])
        titled = plain in _forms_of(TITLES)
        capital = word.group()[0].isupper()
        strong = sum(char.isupper() for char in word.group()) > 1 or bool(_CODE.fullmatch(word.group().strip(".")))
        if not (capital or strong or place_of(plain) is not None):
            continue
        if not strong and (plain in _STOP or plain in _forms_of(OPENERS) or plain in _forms_of(TITLES)):
            continue
        if is_quantity_word(plain) or ROMAN.fullmatch(word.group()) or _is_unit(text, word):
            continue
        if opens and not strong and word.group() in ordinary and not (place_of(plain) or institution_of(plain)):
            continue
        between = text[last_end : word.start()] if last_end >= 0 else ""
        joined = last_end >= 0 and _LINK.fullmatch(between) is not None
        if joined and found and not found[-1].sure and between.strip() and institution_of(found[-1].plain) is None:
            # "Members of the Federation": the first word has its capital from the sentence.
            joined = False
        run += not joined
        sure = strong or not opens or place_of(plain) is not None
        if joined and found and not found[-1].sure and sure and capital:
            found[-1] = Name(found[-1].text, found[-1].plain, found[-1].start, found[-1].end, True, found[-1].run)
        found.append(Name(_POSSESSIVE.sub("", word.group().rstrip(".")), plain, word.start(), word.end(), sure, run))
        last_end = word.end()
    return tuple(found)


def _is_unit(text: str, word: re.Match[str]) -> bool:
    """Whether a word with capitals belongs to a figure: "USD 60", "18 °C", "380-crown", "9.6m"."""
    if _UNIT.fullmatch(word.group()):
        return True
    if re.fullmatch(r"[A-Z]{3}", word.group()):
        return word.group() in _CURRENCIES and bool(
            re.match(r" ?\d", text[word.end() :])
            or re.search(r"\d ?$|(?:illion|ill[oó]n|illones) $", text[: word.start()])
        )
    return len(word.group()) == 1 and text[: word.start()].endswith(("°", "º", "° ", "º "))


def words_of(text: str) -> Iterator[re.Match[str]]:
    """Its words, a hyphen or an apostrophe inside them and an abbreviation's full stop included."""
    return _WORD.finditer(text)


def plain_form(word: str) -> str:
    """A word as names are compared: folded, without a possessive ending or a full stop."""
    folded = _POSSESSIVE.sub("", fold(word).replace("’", "'"))
    return folded.rstrip(".'")


@cache
def _forms_of(path: Path) -> dict[str, str]:
    """Each word of a file to the first one on its line."""
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            forms = line.split()
            table.update(dict.fromkeys(forms, forms[0]))
    return table


def place_of(plain: str) -> str | None:
    """The name that a form of a country or region stands for."""
    return _forms_of(PLACES).get(plain)


def institution_of(plain: str) -> str | None:
    """What a word that names of institutions are made of stands for, in either language."""
    return _forms_of(INSTITUTIONS).get(plain)
