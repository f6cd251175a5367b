"""Which headings stand above a place: a passage may hold several short sections, one after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile

from index.types import Passage

_MARKS = re.compile(r"\s{0,3}(#{1,6})\s")


def headings_at(passage: Passage, offset: int) -> tuple[str, ...]:
    """The headings above the character at `offset` of the document, outermost first.

    Those above the passage, and those inside it that come before the place; one of the same rank ends the one before.
    """
    inside = [
        (sentence, " ".join(_text(passage, sentence.start, sentence.end).strip("#*_= \t").split()))
        for sentence in passage.sentences
        if sentence.kind == "heading"
    ]
    titles = {title for _, title in inside}
    stack = [(0, heading) for heading in passage.headings if " ".join(heading.split()) not in titles]
    outer = len(stack)
    for sentence, title in inside:
        if sentence.start > offset:
            break
        rank = _rank(passage, sentence.start)
        while len(stack) > outer and stack[-1][0] >= rank:
            stack.pop()
        stack.append((rank, title))
    return tuple(title for _, title in stack)


def _rank(passage: Passage, start: int) -> int:
    """1 to 6 by the number of signs before a heading, 7 for one without any."""
    line = passage.text.rfind("\n", 0, start - passage.start) + 1
    marks = _MARKS.match(passage.text, line)
    return len(marks[1]) if marks else 7


def _text(passage: Passage, start: int, end: int) -> str:
    return passage.text[start - passage.start : end - passage.start]


def below_title(title: str, headings: Sequence[str]) -> tuple[str, ...]:
    """The headings above a passage, outermost first, without those at the beginning that only repeat the document's title."""
    return tuple(dropwhile(lambda heading: _plain(heading) == _plain(title), headings))


def _plain(words: str) -> str:
    return " ".join(words.split()).strip("#*_=.: ").casefold()
