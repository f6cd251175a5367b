"""Printed lines to paragraphs: words that a line end has broken are mended."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BROKEN = re.compile(r"([^\W\d_]+)-$")
_ALWAYS = frozenset(["cross", "half", "high", "long", "low", "non", "self", "short", "vice", "well"])
_PREFIXES = frozenset(
    [
        "anti",
        "co",
        "cross",
        "ex",
        "high",
        "inter",
        "long",
        "low",
        "mid",
        "multi",
        "non",
        "post",
        "pre",
        "self",
        "semi",
        "short",
        "socio",
        "sub",
        "vice",
        "well",
    ]
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def join_lines(lines: Iterable[str], words: frozenset[str] = frozenset()) -> str:
    """The lines as one paragraph; `words` are those of the whole document, in lower case."""
    text = ""
    for line in lines:
        if line := line.strip():
            text, more = mended(text, line, words)
            text += more
    return text


def mended(before: str, line: str, words: frozenset[str]) -> tuple[str, str]:
    """`before` and what goes behind it: a space and the line, or the rest of a word that the line end has broken.

    A hyphen at a line's end goes if a small letter follows, unless the document has the word with its hyphen and not
    without it, or both halves are words of their own.
    """
    if not before:
        return before, line
    if _BROKEN.search(before):
        broken = line[:1].islower() and not keeps_hyphen(before, line, words)
        return (before[:-1] if broken else before), line
    return before, " " + line


def keeps_hyphen(before: str, line: str, words: frozenset[str]) -> bool:
    """Whether the hyphen at the end of `before` belongs to the word."""
    head, tail = _BROKEN.search(before), _WORD.match(line)
    if not head or not tail or "/" in before.rsplit(maxsplit=1)[-1]:
        return True
    first, second = head.group(1).casefold(), tail.group().casefold()
    if first + second in words:
        return False
    return (
        f"{first}-{second}" in words
        or first in _ALWAYS
        or (second in words and (first in _PREFIXES or (len(first) > 3 and first in words)))
    )


def vocabulary(lines: Iterable[str]) -> frozenset[str]:
    """All words of the lines in lower case, of hyphenated ones the whole; not those that a line's end has broken."""
    words: set[str] = set()
    broken = False
    for line in lines:
        found = [word.casefold() for word in _WORD.findall(line)]
        first = 1 if broken else 0
        broken = bool(_BROKEN.search(line))
        words.update(found[first : len(found) - broken])
    return frozenset(words)
