"""Orders inside passages: text that speaks to whoever answers. It is data like the rest, is never followed, and proves nothing.

A model that obeys such text writes what it was told to; the sentence would then find itself, word for word, in the passage. So
a stretch that gives orders, and what follows it directly, does not count as evidence for written sentences.
"""

from __future__ import annotations

from assistant.orders import is_order
from index.types import Passage

AFTER = 2


def orders(passage: Passage) -> frozenset[int]:
    """Places in `passage.sentences` that hold orders or follow one directly."""
    found: set[int] = set()
    for place, sentence in enumerate(passage.sentences):
        if is_order(passage.text[sentence.start - passage.start : sentence.end - passage.start]):
            found.update(range(place, min(place + AFTER + 1, len(passage.sentences))))
    if not found and is_order(passage.text):
        # The order runs over a boundary of sentences; which of them it takes in cannot be told.
        return frozenset(range(len(passage.sentences)))
    return frozenset(found)
