"""What a figure in a text is: a kind, and the values that its writing allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assistant.question import fold

NUMBER, SHARE, ORDINAL, MONTH, WEEKDAY = "number", "share", "ordinal", "month", "weekday"
IGNORED = ""
"""The kind of figures that say nothing of their own; `quantities` leaves them out."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as it stands in `text[start:end]`; `values` has several where the writing allows several readings."""

    kind: str
    values: frozenset[float]
    start: int
    end: int

    @property
    def is_year(self) -> bool:
        """Whether the value can be a year of the last centuries."""
        return self.kind == NUMBER and any(value.is_integer() and 1500 <= value <= 2100 for value in self.values)

    def same(self, other: Quantity) -> bool:
        """Whether the two can mean the same value."""
        return self.kind == other.kind and any(
            abs(a - b) <= 1e-9 * max(abs(a), abs(b)) for a in self.values for b in other.values
        )


@lru_cache(maxsize=4096)
def in_place(text: str) -> str:
    """Lower case without accents, character for character, so that offsets hold."""
    return "".join((fold(char) or char)[:1] for char in text)
