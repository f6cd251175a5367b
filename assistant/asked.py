"""A question taken apart: the kind of answer it wants, and its content words with what may stand for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assistant.bridge import OTHER, Translation
from assistant.question import expected_kind
from index.bounded import kept_within
from index.embedding import TokenVectors
from index.lexical import LexicalIndex, terms

Stems = Mapping[str, frozenset[str]]


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


def covers(word: Word, stems: Stems) -> bool:
    """Whether a text with these stems holds the word, in either language."""
    return any(word.stems[language] & stems[language] for language in stems)


def joined(*groups: Stems) -> dict[str, frozenset[str]]:
    """Union of the stems of several texts."""
    return {language: frozenset().union(*(group[language] for group in groups)) for language in OTHER}
