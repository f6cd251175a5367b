"""What words stand for: one concept for the words of both languages, so that sentences can be held beside each other.

`concepts.tsv` holds the words that matter for figures; the glossary of the bridge takes other Spanish words to English; the rest
is stemmed. A word that neither knows stays itself, and then nothing is said to be the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from assistant.bridge import PACKAGED_GLOSSARY, read_glossary
from assistant.question import fold
from index.lexical import terms

TABLE = Path(__file__).with_name("concepts.tsv")
SILENT, ACTIVITY = "~", "!"


@dataclass(frozen=True, slots=True)
class Concepts:
    """The table: whole words, and beginnings of words, to their concepts; `activities` are what organisations do."""

    words: Mapping[str, frozenset[str]]
    beginnings: tuple[tuple[str, frozenset[str]], ...]
    activities: frozenset[str]


@cache
def packaged_concepts() -> Concepts:
    """The table that ships with Quipu."""
    words: dict[str, set[str]] = {}
    beginnings: dict[str, set[str]] = {}
    activities: frozenset[str] = frozenset()
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        concept, _, forms = line.partition("\t")
        if concept == ACTIVITY:
            activities = frozenset(forms.split())
            continue
        for form in forms.split():
            table = beginnings if form.endswith("*") else words
            table.setdefault(form.rstrip("*"), set()).add(concept)
    longest_first = sorted(beginnings.items(), key=lambda item: -len(item[0]))
    return Concepts(
        {word: frozenset(found) for word, found in words.items()},
        tuple((start, frozenset(found)) for start, found in longest_first),
        activities,
    )


@lru_cache(maxsize=65536)
def concepts_of(word: str, language: str) -> frozenset[str]:
    """The concepts of one word of a text in `language` ("en" or "es"); empty for a word that says nothing."""
    folded = fold(word).replace("’", "'").removesuffix("'s").strip("'")
    known = _in_table(folded)
    if known is not None:
        return known
    if language == "es" and not word[:1].isupper():
        english = _english().get(_stem(folded, "es"))
        if english is not None:
            return frozenset().union(*(concepts_of(part, "en") for part in english))
    # A name is stemmed alike in both languages, or it would not be found again.
    stem = _stem(folded, "en" if word[:1].isupper() else language)
    return frozenset({stem}) if stem else frozenset()


def in_table(word: str) -> bool:
    """Whether the table knows the word, so that a capital at a sentence's start does not make a name of it."""
    return _in_table(fold(word)) is not None


def _in_table(folded: str) -> frozenset[str] | None:
    table = packaged_concepts()
    found = set(table.words.get(folded, ()))
    for start, concepts in table.beginnings:
        if folded.startswith(start):
            found |= concepts
    if not found:
        return None
    return frozenset() if SILENT in found else frozenset(found)


def _stem(folded: str, language: str) -> str:
    stems = terms(folded, language)
    return "-".join(stems)


@cache
def _english() -> dict[str, tuple[str, ...]]:
    """Single Spanish words of the glossary, stemmed, to the words of their preferred translation."""
    table: dict[str, tuple[str, ...]] = {}
    for entries in read_glossary(PACKAGED_GLOSSARY)["es"].values():
        for entry in entries:
            if len(entry.words) == 1:
                table.setdefault(_stem(entry.words[0], "es"), tuple(entry.translations[0].split()))
    return table
