"""A question taken apart: the kind of answer it wants, and its content words with what may stand for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase

import numpy as np

from assistant.bridge import OTHER, Translation
from assistant.question import expected_kind
from index.bounded import kept_within
from index.embedding import TokenVectors
from index.lexical import LexicalIndex, terms

Stems = Mapping[str, frozenset[str]]
PARTS_KEPT = 32_768
"""Words of which the stems are remembered: some 10 MB."""


@dataclass(frozen=True, slots=True)
class Word:
    """A content word of the question.

    `stems` holds, for "en" and "es", the stems that may stand for it; `idf` is its weight in the corpus; `tokens` are
    the rows of the question's token vectors that it covers; `known` whether the corpus holds it in either language.
    """

    text: str
    stems: Stems
    idf: float
    tokens: tuple[int, ...]
    known: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The kind of answer that is wanted (see `assistant.question`) and the content words."""

    kind: str
    words: tuple[Word, ...]

    def coverage(self, stems: Stems) -> float:
        """Share of the words, weighted by rarity, that a text with these stems holds; 1 for a question without any."""
        whole = sum(word.idf for word in self.words)
        return sum(word.idf for word in self.words if covers(word, stems)) / whole if whole else 1.0

    def missing(self) -> tuple[str, ...]:
        """Words that occur nowhere in the corpus, in either language, as they were asked."""
        return tuple(dict.fromkeys(word.text for word in self.words if not word.known))


def take_apart(
    text: str, language: str, translation: Translation, tokens: TokenVectors | None, lexical: LexicalIndex
) -> Asked:
    """The kind and the content words of a question asked in `language`."""
    other = OTHER[language]
    spans = tokens.spans.tolist() if tokens is not None else []
    words = []
    for match in re.finditer(r"\w+(?:[.,]\d+)*", text):
        own = frozenset(terms(match.group(), language))
        if not own:
            continue
        foreign = frozenset(terms(match.group(), other)) | translation.by_word.get(match.group(), frozenset())
        stems = {language: own, other: foreign}
        df = max(
            (lexical.document_frequency(stem, tongue) for tongue, group in stems.items() for stem in group),
            default=0,
        )
        idf = float(np.log1p((lexical.count - df + 0.5) / (df + 0.5)))
        inside = tuple(i for i, (start, end) in enumerate(spans) if start < match.end() and end > match.start())
        words.append(Word(match.group(), stems, idf, inside, df > 0))
    return Asked(expected_kind(text), tuple(words))


# Some 30 bytes a character.
@kept_within(32_000_000, lambda text, _: 600 + 30 * len(text))
def stems_of(text: str) -> Stems:
    """Stems of a text by either analyser; remembered, since the same passages are met again and again."""
    return {language: frozenset(terms(text, language)) for language in OTHER}


class Coverage:
    """`Asked.coverage` of many texts, a question's own stems looked for in them and no others.

    `of(text)` is `coverage(stems_of(text))`, in a third of the time.
    """

    def __init__(self, asked: Asked) -> None:
        self._words = [
            (word.idf, frozenset(_marked(stem, language) for language in OTHER for stem in word.stems[language]))
            for word in asked.words
        ]
        self._wanted = frozenset().union(*[stems for _, stems in self._words])
        self._starts = starts_of(stem for word in asked.words for stems in word.stems.values() for stem in stems)
        self._whole = sum(idf for idf, _ in self._words)

    def of(self, text: str) -> float:
        """Share of the question's words, weighted by rarity, that the text holds; 1 for a question without any."""
        return self.of_each(text, ())[0]

    def of_each(self, text: str, spans: Iterable[tuple[int, int]]) -> tuple[float, list[float]]:
        """`of` the text and of each of its stretches from one character to another."""
        if not self._whole:
            return 1.0, [1.0 for _ in spans]
        # White space stands in no word, so that a text's stems are those of its parts; and the parts are met in other texts.
        starts = self._starts
        parts = [part for part in text.split() if part[:2].lower() in starts or not (part.isascii() and part.isalpha())]
        holding = {part: held for part in parts if (held := self._wanted.intersection(_stems_of_part(part)))}
        shares = []
        for start, end in spans:
            # Of a stretch that begins or ends within a part, the parts are others.
            if _parted(text, start) and _parted(text, end):
                met = holding.keys() & text[start:end].split() if holding else ()
                shares.append(self._share([holding[part] for part in met]) if met else 0.0)
            else:
                shares.append(self.of(text[start:end]))
        return self._share(holding.values()), shares

    def _share(self, held: Iterable[frozenset[str]]) -> float:
        """Share of the words that these stems stand for."""
        stems = frozenset().union(*held)
        return sum(idf for idf, own in self._words if not own.isdisjoint(stems)) / self._whole


def starts_of(stems: Iterable[str]) -> frozenset[str]:
    """The first two letters, or the only one, of all words of ASCII letters that have one of these stems.

    Stemming changes the end of a word: no rule of either stemmer touches the first two letters, but that English ones
    leave a single letter of some ("oing"), and have "die" for "dying".
    """
    starts = set()
    for stem in stems:
        starts |= {stem[:2], stem[:1] + stem[1:2].replace("i", "y")}
        if len(stem) == 1:
            starts |= {stem + letter for letter in ascii_lowercase}
    return frozenset(starts)


@lru_cache(maxsize=PARTS_KEPT)
def _stems_of_part(part: str) -> tuple[str, ...]:
    """Marked stems by each analyser of a part of a text without white space."""
    return tuple([_marked(stem, language) for language in OTHER for stem in terms(part, language)])


def _parted(text: str, at: int) -> bool:
    """Whether no part of the text without white space stands on both sides of a place."""
    return not 0 < at < len(text) or text[at - 1].isspace() or text[at].isspace()


def _marked(stem: str, language: str) -> str:
    return f"{language} {stem}"


def covers(word: Word, stems: Stems) -> bool:
    """Whether a text with these stems holds the word, in either language."""
    return any(not word.stems[language].isdisjoint(stems[language]) for language in stems)


def joined(*groups: Stems) -> dict[str, frozenset[str]]:
    """Union of the stems of several texts."""
    return {language: frozenset().union(*(group[language] for group in groups)) for language in OTHER}
