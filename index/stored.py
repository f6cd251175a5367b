"""Passages as the index keeps them: whole, or read when they are first looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from index.types import Passage, Sentence


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage with its row, the row of its first sentence, and the title and headings put before it."""

    row: int
    passage: Passage
    first_sentence: int
    context: str

    @property
    def context_length(self) -> int:
        """Characters that stand before the passage in the text that was embedded."""
        return len(self.context)

    @property
    def whole(self) -> str:
        """The passage under its title and headings."""
        return self.context + self.passage.text


class UnreadPassage(StoredPassage):
    """A passage of which the rows are known; the rest is read from the corpus when it is first looked at.

    A question finds some two hundred passages and looks into forty of them.
    """

    __slots__ = ("_read",)
    _read: Callable[[int], StoredPassage]

    @classmethod
    def at(cls, row: int, first_sentence: int, read: Callable[[int], StoredPassage]) -> UnreadPassage:
        """The passage in `row`, which `read` gives whole."""
        self = cls.__new__(cls)
        for name, value in (("row", row), ("first_sentence", first_sentence), ("_read", read)):
            object.__setattr__(self, name, value)
        return self

    def __getattr__(self, name: str) -> Any:
        # Called for what is not there yet.
        if name not in ("passage", "context"):
            raise AttributeError(name)
        whole = self._read(self.row)
        object.__setattr__(self, "passage", whole.passage)
        object.__setattr__(self, "context", whole.context)
        return getattr(whole, name)


PASSAGE_COLUMNS = "p.row, d.doc_id, p.start, p.end, p.text, p.headings, p.first_sentence, p.context, p.spans"


def stored_passage(values: tuple) -> StoredPassage:  # type: ignore[type-arg]
    """The passage of a row of `PASSAGE_COLUMNS`."""
    row, doc_id, start, end, text, headings, first_sentence, context, spans = values
    sentences = tuple([Sentence(*span) for span in json.loads(spans)])
    above = tuple(json.loads(headings)) if headings != "[]" else ()
    return StoredPassage(row, Passage(doc_id, start, end, text, above, sentences), first_sentence, context)
