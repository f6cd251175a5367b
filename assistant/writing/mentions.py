"""The short forms that a document gives for long names, wherever in it."""

from __future__ import annotations

import re

from assistant.question import fold
from assistant.writing.names import words_of

_SHORT = re.compile(r"\(\s*[\"“«*]*(?=[^()]*[A-Z][^()]*[A-Z])([A-Z][\w-]{1,11})[\"”»*]*\s*[),;]")
_SMALL = frozenset(
    ["of", "and", "for", "the", "on", "in", "de", "del", "la", "las", "los", "el", "y", "e", "para", "contra", "en"]
)


def short_forms(text: str) -> tuple[tuple[str, str], ...]:
    """Long names with the acronyms that stand behind them in brackets: "Bar of Costa Marena (BCM)"."""
    found = []
    for match in _SHORT.finditer(text):
        long = _name_before(text, match.start(), fold(match[1][0]))
        if long:
            found.append((long, match[1]))
    return tuple(dict.fromkeys(found))


def _name_before(text: str, end: int, initial: str) -> str:
    """The capitalised words that end at a place and begin with `initial`, small words between them included; else empty."""
    start = edge = end
    for word in reversed(list(words_of(text[max(0, end - 120) : end]))):
        at = word.start() + max(0, end - 120)
        if re.search(r"[^\s*_\"“«”»]", text[at + len(word.group()) : edge]):
            break
        edge = at
        if word.group()[0].isupper():
            start = at if fold(word.group()[0]) == initial else start
        elif word.group().casefold() not in _SMALL:
            break
    return text[start:end].strip(' *_"“«”»') if start < end else ""


def other_forms(text: str, forms: tuple[tuple[str, str], ...]) -> str:
    """The long names of the acronyms that stand in `text`, and the reverse, a line each."""
    return "\n".join(
        other
        for pair in forms
        for one, other in (pair, pair[::-1])
        if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) and other not in text
    )
