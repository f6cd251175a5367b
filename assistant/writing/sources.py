"""The text that a written sentence is checked against, and whether it holds a name.

A name may be written otherwise in the other language ("Peruvian", "peruana"; "Ministry of Justice", "Ministerio de
Justicia"), or by its initials where the source spells it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from assistant.question import fold
from assistant.writing.names import Name, institution_of, place_of, plain_form, unified, words_of

COGNATE = 6
SHORTEST_HOME = 4
# Endings of what comes from a place, in both languages, and those that names of places lose before them.
_PEOPLE = re.compile(rf"([a-z]{{{SHORTEST_HOME},}}?)(?:i?ans?|i?an[oa]s?|enses?|en[oa]s?|ese|es(?:a|es|as)|ish)")
_HOME_ENDING = re.compile(r"(?:ia|[aeioy])$")
_SPELLINGS = (("ph", "f"), ("th", "t"), ("y", "i"), ("ch", "c"), ("k", "c"), ("qu", "c"), ("q", "c"))
_LOOSE_LINKS = re.compile(
    r"\s+|\b(?:de|del|la|las|los|of|the|for|to|and|y|e|in|on|against|contra|para|en)\b|[,&’'()*-]"
)


class Source:
    """The text that a sentence is checked against, with what its names can be matched by."""

    def __init__(self, text: str) -> None:
        text = unified(text)
        self.words = frozenset(form for word in words_of(text) for form in _parted(word.group()))
        self.capitalised = frozenset(
            form for word in words_of(text) if word.group()[0].isupper() for form in _parted(word.group())
        )
        self.peoples = frozenset(stem for word in self.words if (stem := _people_stem(word)))
        self.homes = frozenset(_home_stem(word) for word in self.capitalised)
        self.runs = tuple(_runs(text))
        self.places = frozenset(place for word in self.words if (place := place_of(word)) is not None)
        self.institutions = frozenset(kind for word in self.capitalised if (kind := institution_of(word)) is not None)
        self.kinds = frozenset(kind for word in self.words if (kind := institution_of(word)) is not None)
        self.initials = frozenset(_initials(text))
        self.acronyms = frozenset(
            fold(word.group()).strip(".") for word in words_of(text) if sum(char.isupper() for char in word.group()) > 1
        )

    def holds(self, name: Name, spelled: Sequence[Name], *, translated: bool = False) -> bool:
        """Whether the source holds a word of a name, by itself, translated, as a place, or by initials.

        `spelled` are all words of the same name; `translated` says that a translation of the word stands here.
        """
        # A word of a longer name must stand in a name there too: "Justice" of a department is not "justice" in general.
        if self._apart(name, spelled):
            return False
        # What stands before a name may have its capital in one text alone: "Prosecutor Ana Ruiz", "la estación T4".
        first = name.start == spelled[0].start and (
            len(spelled) == 1 or any(not institution_of(other.plain) for other in spelled[1:])
        )
        words = self.words if len(spelled) == 1 else self.capitalised
        if any(form in words for form in _forms(name.plain)) and self._together(name, spelled):
            return True
        place = place_of(name.plain)
        if place is not None:
            return place in self.places
        if institution_of(name.plain) in (self.kinds if first else self.institutions):
            return True
        if self._of_the_people(name.plain):
            return True
        parts = [part for part in re.split(r"[-’'&.]", name.plain) if part]
        if len(parts) > 1 and all(part in words for part in parts):
            return True
        if name.text.isupper() and name.plain in self.initials:
            return True
        if self.abbreviates(spelled):
            return True
        return translated and not name.text.isupper()

    def _apart(self, name: Name, spelled: Sequence[Name]) -> bool:
        """Whether a name stands here, and so does the kind of institution that the claim gives it, but nowhere together."""
        kinds = {institution_of(other.plain) for other in spelled if other.start != name.start} & self.institutions
        if not kinds or institution_of(name.plain) or not self._spelled(name, self.capitalised):
            return False
        return not any(
            self._spelled(name, run) and any(institution_of(word) in kinds for word in run) for run in self.runs
        )

    @staticmethod
    def _spelled(name: Name, words: frozenset[str]) -> bool:
        return any(form in words for form in _forms(name.plain))

    def _of_the_people(self, plain: str) -> bool:
        """Whether a place stands here by the word for what comes from it, or the reverse ("Tolmara", "tolmareño", "Tolmaran")."""
        if institution_of(plain):
            return False
        people = _people_stem(plain)
        home = _home_stem(plain)
        return (bool(people) and (people in self.homes or people in self.peoples)) or (
            len(home) >= SHORTEST_HOME and home in self.peoples
        )

    def abbreviates(self, spelled: Sequence[Name]) -> bool:
        """Whether the initials of a longer name stand here as an acronym."""
        initials = "".join(word.plain[0] if not word.text.isupper() else word.plain for word in spelled)
        return len(spelled) > 1 and initials in self.acronyms

    def cognate(self, name: Name) -> bool:
        """Whether a long word of a name stands here in nearly the same letters ("Superintendencia", "Superintendency")."""
        spelling = _spelling(name.plain)
        return len(spelling) >= COGNATE + 1 and any(
            _spelling(word)[:COGNATE] == spelling[:COGNATE] for word in self.capitalised
        )

    def _together(self, name: Name, spelled: Sequence[Name]) -> bool:
        """Whether a word of a longer name stands beside another word of it; both may stand apart in names of others."""
        title = spelled[0]
        common = institution_of(title.plain) not in self.institutions and not self._spelled(title, self.capitalised)
        others = [other for other in spelled[1 if common else 0 :] if other.start != name.start]
        return not others or any(
            any(form in run for form in _forms(name.plain))
            and any(form in run for other in others for form in _forms(other.plain))
            for run in self.runs
        )


@lru_cache(maxsize=4096)
def source_of(text: str) -> Source:
    """The source of a text; remembered, since every sentence of an answer is held against the same windows."""
    return Source(text)


def _people_stem(plain: str) -> str:
    """A word for what comes from a place without its ending; empty for a word that does not end so."""
    match = _PEOPLE.fullmatch(plain)
    return match[1] if match else ""


def _home_stem(plain: str) -> str:
    """The name of a place as words for what comes from there begin."""
    return _HOME_ENDING.sub("", plain)


def _parted(word: str) -> tuple[str, ...]:
    """A word as names are compared, and what a hyphen in it joins ("Maharaj-Scott")."""
    parts = [] if word.isupper() else [plain_form(part) for part in word.split("-")]
    return (plain_form(word), *(part for part in parts if len(part) > 1)) if len(parts) > 1 else (plain_form(word),)


@lru_cache(maxsize=4096)
def _spelling(plain: str) -> str:
    """A word as Spanish would spell it, for cognates: "ornithological" as "ornitological", "geophysical" as "geofisical"."""
    for english, spanish in _SPELLINGS:
        plain = plain.replace(english, spanish)
    return re.sub(r"(.)\1", r"\1", plain)


def _runs(text: str) -> Iterator[frozenset[str]]:
    """Words of every stretch of capitalised words that only small words part."""
    run: set[str] = set()
    last_end = 0
    for word in words_of(text):
        if not word.group()[0].isupper() and not word.group()[0].isdigit():
            continue
        if run and _LOOSE_LINKS.sub("", text[last_end : word.start()]):
            yield frozenset(run)
            run = set()
        run.add(plain_form(word.group()))
        last_end = word.end()
    if run:
        yield frozenset(run)


def _forms(plain: str) -> tuple[str, str, str]:
    return plain, plain.rstrip("s"), plain + "s"


def _initials(text: str) -> Iterator[str]:
    """Initials of every stretch of two to eight capitalised words; words in capitals count whole."""
    runs: list[list[str]] = [[]]
    last_end = 0
    for word in words_of(text):
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
                plain_form(word.group()) if word.group().isupper() and len(word.group()) < 5 else fold(word.group()[0])
            )
        elif not small:
            runs.append([])
    for run in runs:
        for first in range(len(run)):
            for last in range(first + 2, min(first + 8, len(run)) + 1):
                yield "".join(run[first:last])
