"""An answer's text cut into statements, each with the markers that stand behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Citation

NEIGHBOURS = 12
"""Characters on one side of a marker that tell whether it stands in a quote."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A stretch of an answer and the markers that stand behind it."""

    text: str
    markers: tuple[int, ...]


def statements(answer_text: str, citations: Sequence[Citation]) -> list[Statement]:
    """The answer cut behind each run of markers; a marker that names no citation stays text.

    A document may itself hold something like "[1]": inside a quoted sentence it is text, not a marker.
    """
    known = {citation.marker for citation in citations}
    result: list[Statement] = []
    begin = 0
    for found in re.finditer(r"\[(\d{1,4})\]", answer_text):
        marker = int(found[1])
        if marker not in known or _quoted(answer_text, found.start(), found.end(), citations):
            continue
        before = answer_text[begin : found.start()]
        if result and not before.strip():
            result[-1] = Statement(result[-1].text, (*result[-1].markers, marker))
        else:
            result.append(Statement(before.rstrip(" "), (marker,)))
        begin = found.end()
    if answer_text[begin:].strip():
        result.append(Statement(answer_text[begin:], ()))
    return result


def _quoted(answer_text: str, start: int, end: int, citations: Sequence[Citation]) -> bool:
    """Whether the characters from `start` to `end` are a document's own, told by those next to them."""
    before, after = answer_text[max(0, start - NEIGHBOURS) : end], answer_text[start : end + NEIGHBOURS]
    return any(
        (start > 0 and before in citation.quote) or (end < len(answer_text) and after in citation.quote)
        for citation in citations
    )
