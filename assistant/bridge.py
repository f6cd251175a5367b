"""The bridge between Spanish and English: what a question's words are called in the other language.

An editable glossary of the field's terms comes first, Apertium translates the rest where it is installed. Both feed
the lexical side and the word coverage, which know nothing across languages by themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from assistant.apertium import Apertium
from assistant.question import fold
from index.errors import UsageError
from index.lexical import terms
from index.stopwords import STOPWORDS

PACKAGED_GLOSSARY = Path(__file__).with_name("glossary.tsv")
OTHER = {"en": "es", "es": "en"}
REMEMBERED = 20_000


class Entry(NamedTuple):
    """A glossary entry: plain words as they are met, and its translations, the preferred one first."""

    words: tuple[str, ...]
    translations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """A question in the other language: running text, its analysed words for the lexical side, and word by word.

    `by_word` maps each word of the question, as it stands there, to the stems that may stand for it.
    """

    text: str
    words: tuple[str, ...]
    by_word: Mapping[str, frozenset[str]]


class Bridge:
    """Translates questions; thread-safe."""

    def __init__(self, glossary: Path | None = None, apertium: Apertium | None = None) -> None:
        path = glossary or Path(os.environ.get("QUIPU_GLOSSARY") or PACKAGED_GLOSSARY)
        self._entries = read_glossary(path)
        self._apertium = apertium or Apertium()
        self._words: dict[tuple[str, str], frozenset[str]] = {}

    def translate(self, question: str, language: str) -> Translation:
        """`question`, asked in `language` ("en" or "es"), in the other one; untranslatable words stay as they are."""
        other = OTHER[language]
        tokens = _tokens(question, language)
        met = list(self._glossary_terms(tokens, language))
        text = self._apertium.translate(_exchanged(question, met), language, other) or _exchanged(question, met)
        words = terms(" ".join([text, *(form for term in met for form in term.entry.translations)]), other)
        by_word = {token.text: self._word(token.text, language) for token in tokens}
        for term in met:
            stems = frozenset(stem for form in term.entry.translations for stem in terms(form, other))
            for token in term.tokens:
                by_word[token.text] = stems
        return Translation(text, tuple(dict.fromkeys(words)), by_word)

    def _word(self, word: str, language: str) -> frozenset[str]:
        """Stems of one word's translation, remembered."""
        key = (language, word)
        if key not in self._words:
            if len(self._words) > REMEMBERED:
                self._words.clear()
            # A figure is the same in any language.
            named = any(char.isalpha() for char in word)
            translated = (self._apertium.translate(word, language, OTHER[language]) if named else None) or word
            self._words[key] = frozenset(terms(translated, OTHER[language]))
        return self._words[key]

    def _glossary_terms(self, tokens: Sequence[_Token], language: str) -> Iterator[_Term]:
        """Glossary terms in the question, the longest at each place."""
        position = 0
        while position < len(tokens):
            entry, length = self._longest(tokens, position, language)
            if entry is not None:
                yield _Term(entry, tuple(tokens[position : position + length]))
            position += max(length, 1)

    def _longest(self, tokens: Sequence[_Token], position: int, language: str) -> tuple[Entry | None, int]:
        entries = self._entries[language].get(tokens[position].plain, ())
        for entry in entries:
            length = len(entry.words)
            if tuple(token.plain for token in tokens[position : position + length]) == entry.words:
                return entry, length
        return None, 0

    def close(self) -> None:
        """End Apertium's programs."""
        self._apertium.close()


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    plain: str


class _Term(NamedTuple):
    entry: Entry
    tokens: tuple[_Token, ...]


def _exchanged(question: str, terms_met: Sequence[_Term]) -> str:
    """The question with each glossary term exchanged for its preferred translation."""
    out = []
    at = 0
    for term in terms_met:
        out += [question[at : term.tokens[0].start], term.entry.translations[0]]
        at = term.tokens[-1].end
    return "".join([*out, question[at:]])


def _tokens(text: str, language: str) -> list[_Token]:
    """Words with their places and plain forms; stop words have none and are passed over."""
    return [
        _Token(match.start(), match.end(), match.group(), _plain(match.group()))
        for match in re.finditer(r"\w+", text)
        if fold(match.group()) not in STOPWORDS[language]
    ]


def _plain(word: str) -> str:
    """A word without case, accents and plural ending: a lighter stem, which keeps "tala" and "tal" apart."""
    folded = fold(word)
    singular = folded[:-1] if len(folded) > 3 and folded.endswith("s") else folded
    return singular[:-1] if len(singular) > 4 and singular.endswith("e") else singular


def read_glossary(path: Path) -> dict[str, dict[str, list[Entry]]]:
    """Entries by language and first word, longest first; UsageError names the line that is not as expected."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the glossary {path} cannot be read: {error}") from None
    entries: dict[str, dict[str, list[Entry]]] = {"en": {}, "es": {}}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        sides = line.split("\t")
        if len(sides) != 2 or not all(side.strip() for side in sides):
            raise UsageError(f"{path}, line {number}: expected Spanish, a tab, English; found {line!r}")
        spanish, english = ([form.strip() for form in side.split("|") if form.strip()] for side in sides)
        for language, forms, others in (("es", spanish, english), ("en", english, spanish)):
            for form in forms:
                words = tuple(token.plain for token in _tokens(form, language))
                if words:
                    entries[language].setdefault(words[0], []).append(Entry(words, tuple(others)))
    for table in entries.values():
        for first in table:
            table[first].sort(key=lambda entry: -len(entry.words))
    return entries
