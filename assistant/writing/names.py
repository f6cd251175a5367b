"""Names in a sentence, and whether a source holds them: people, bodies, places, acronyms, codes.

A name may be written otherwise in the other language ("Peruvian", "peruana"; "Ministry of Justice", "Ministerio de
Justicia"), or by its initials where the source spells it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.question import fold
from assistant.writing.quantities import is_quantity_word
from index.stopwords import STOPWORDS

COGNATE = 6
PLACES = Path(__file__).with_name("places.tsv")
INSTITUTIONS = Path(__file__).with_name("institutions.tsv")
OPENERS = Path(__file__).with_name("openers.tsv")
_WORD = re.compile(r"[^\W_]+(?:[.’'&-][^\W_]+)*\.?")
_CODE = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w-]+")
_LINKS = re.compile(r"\s+|\b(?:de|del|la|las|los|of|the|for|to)\b")
_AND = re.compile(r"\s+(?:and|&|y|e)\s+")
_LOOSE_LINKS = re.compile(
    r"\s+|\b(?:de|del|la|las|los|of|the|for|to|and|y|e|in|on|against|contra|para|en)\b|[,&’'()*-]"
)
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
        return _place(self.plain) is not None


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


def names(text: str) -> list[Name]:
    """Every word of `text` that is, or may be, part of a name, and words for what comes from a country."""
    found: list[Name] = []
    run = 0
    last_end = -1
    for word in _words(text):
        plain = _plain(word.group())
        opens = not re.search(r"[^\W_]", re.split(r"[.!?:•\n]\s*", text[: word.start()])[-1])
        capital = word.group()[0].isupper()
        strong = sum(char.isupper() for char in word.group()) > 1 or bool(_CODE.fullmatch(word.group().strip(".")))
        if not (capital or strong or _place(plain) is not None):
            continue
        if ((plain in _STOP or plain in _forms_of(OPENERS)) and not strong) or is_quantity_word(plain):
            continue
        between = text[last_end : word.start()] if last_end >= 0 else ""
        joined = last_end >= 0 and not _LINKS.sub("", between)
        if joined and found and not found[-1].sure and between.strip() and _institution(found[-1].plain) is None:
            # "Members of the Federation": the first word has its capital from the sentence.
            joined = False
        run += not joined
        sure = strong or not opens or _place(plain) is not None
        if joined and found and not found[-1].sure and sure and capital:
            found[-1] = Name(found[-1].text, found[-1].plain, found[-1].start, found[-1].end, True, found[-1].run)
        found.append(Name(word.group().rstrip("."), plain, word.start(), word.end(), sure, run))
        last_end = word.end()
    return found


class Source:
    """The text that a sentence is checked against, with what its names can be matched by."""

    def __init__(self, text: str) -> None:
        text = unified(text)
        self.words = frozenset(_plain(word.group()) for word in _words(text))
        self.capitalised = frozenset(_plain(word.group()) for word in _words(text) if word.group()[0].isupper())
        self.runs = tuple(_runs(text))
        self.places = frozenset(place for word in self.words if (place := _place(word)) is not None)
        self.institutions = frozenset(kind for word in self.capitalised if (kind := _institution(word)) is not None)
        self.initials = frozenset(_initials(text))
        self.acronyms = frozenset(
            fold(word.group()).strip(".") for word in _words(text) if sum(char.isupper() for char in word.group()) > 1
        )

    def holds(self, name: Name, spelled: Sequence[Name], *, translated: bool = False) -> bool:
        """Whether the source holds a word of a name, by itself, translated, as a place, or by initials.

        `spelled` are all words of the same name; `translated` says that a translation of the word stands here.
        """
        # A word of a longer name must stand in a name there too: "Justice" of a department is not "justice" in general.
        words = self.capitalised if len(spelled) > 1 else self.words
        if any(form in words for form in _forms(name.plain)) and self._together(name, spelled):
            return True
        place = _place(name.plain)
        if place is not None:
            return place in self.places
        if _institution(name.plain) in self.institutions:
            return True
        parts = [part for part in re.split(r"[-’'&.]", name.plain) if part]
        if len(parts) > 1 and all(part in words for part in parts):
            return True
        if name.text.isupper() and name.plain in self.initials:
            return True
        if self.abbreviates(spelled):
            return True
        return translated and not name.text.isupper()

    def abbreviates(self, spelled: Sequence[Name]) -> bool:
        """Whether the initials of a longer name stand here as an acronym."""
        initials = "".join(word.plain[0] if not word.text.isupper() else word.plain for word in spelled)
        return len(spelled) > 1 and initials in self.acronyms

    def cognate(self, name: Name) -> bool:
        """Whether a long word of a name stands here in nearly the same letters ("Superintendencia", "Superintendency")."""
        return len(name.plain) >= COGNATE + 2 and any(
            word[:COGNATE] == name.plain[:COGNATE] for word in self.capitalised
        )

    def _together(self, name: Name, spelled: Sequence[Name]) -> bool:
        """Whether a word of a longer name stands beside another word of it; both may stand apart in names of others."""
        others = [other for other in spelled if other.start != name.start]
        return not others or any(
            any(form in run for form in _forms(name.plain))
            and any(form in run for other in others for form in _forms(other.plain))
            for run in self.runs
        )


def _runs(text: str) -> Iterator[frozenset[str]]:
    """Words of every stretch of capitalised words that only small words part."""
    run: set[str] = set()
    last_end = 0
    for word in _words(text):
        if not word.group()[0].isupper() and not word.group()[0].isdigit():
            continue
        if run and _LOOSE_LINKS.sub("", text[last_end : word.start()]):
            yield frozenset(run)
            run = set()
        run.add(_plain(word.group()))
        last_end = word.end()
    if run:
        yield frozenset(run)


def _forms(plain: str) -> tuple[str, str, str]:
    return plain, plain.rstrip("s"), plain + "s"


def _words(text: str) -> Iterator[re.Match[str]]:
    return _WORD.finditer(text)


def _plain(word: str) -> str:
    """A word as names are compared: folded, without a possessive ending or a full stop."""
    folded = re.sub(r"['’]s$|['’]$", "", fold(word).replace("’", "'"))
    return folded.rstrip(".'")


def _initials(text: str) -> Iterator[str]:
    """Initials of every stretch of two to eight capitalised words; words in capitals count whole."""
    runs: list[list[str]] = [[]]
    last_end = 0
    for word in _words(text):
        between = text[last_end : word.start()]
        last_end = word.end()
        small = word.group().casefold() in (
            "of",
            "and",
            "for",
            "the",
            "de",
            "del",
            "la",
            "las",
            "los",
            "y",
            "para",
            "contra",
            "without",
        )
        if re.search(r"[^\s]", between):
            runs.append([])
        if word.group()[0].isupper():
            runs[-1].append(
                _plain(word.group()) if word.group().isupper() and len(word.group()) < 5 else fold(word.group()[0])
            )
        elif not small:
            runs.append([])
    for run in runs:
        for first in range(len(run)):
            for last in range(first + 2, min(first + 8, len(run)) + 1):
                yield "".join(run[first:last])


@cache
def _forms_of(path: Path) -> dict[str, str]:
    """Each word of a file to the first one on its line."""
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            forms = line.split()
            table.update(dict.fromkeys(forms, forms[0]))
    return table


def _place(plain: str) -> str | None:
    """The name that a form of a country or region stands for."""
    return _forms_of(PLACES).get(plain)


def _institution(plain: str) -> str | None:
    """What a word that names of institutions are made of stands for, in either language."""
    return _forms_of(INSTITUTIONS).get(plain)
