"""Where a quote that was kept stands now: in its place, elsewhere, in other words, or nowhere."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher

STANDS = "stands"
MOVED = "moved"
CHANGED = "changed"
VANISHED = "vanished"
GONE = "gone"

ALIKE = 0.6
"""Share of a quote's words, in order, that a stretch must have to be called the same sentence changed."""
WINDOWS = 12
"""Stretches that are compared closely, of those that have most of the quote's words."""
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a quote, and the place and text that stand for it now.

    `status` is STANDS, MOVED (the same characters at another place), CHANGED (the nearest text is given), VANISHED (what stands at
    the old place is given) or GONE (there is no such document).
    """

    status: str
    start: int = 0
    end: int = 0
    text: str = ""


def standing(quote: str, start: int, end: int, document_text: str | None) -> Standing:
    """What became of `quote`, which stood from `start` to `end`, in the text that the document has now (None: no document)."""
    if document_text is None:
        return Standing(GONE)
    if quote and 0 <= start < end and document_text[start:end] == quote:
        return Standing(STANDS, start, end, quote)
    if not quote:
        return Standing(VANISHED)
    places = [found.start() for found in re.finditer(re.escape(quote), document_text)]
    if places:
        nearest = min(places, key=lambda place: abs(place - start))
        return Standing(MOVED, nearest, nearest + len(quote), quote)
    if (alike := most_alike(quote, start, document_text)) is not None:
        begin, stop = alike
        return Standing(CHANGED, begin, stop, document_text[begin:stop])
    begin = max(0, min(start, len(document_text)))
    stop = max(begin, min(end, len(document_text)))
    return Standing(VANISHED, begin, stop, document_text[begin:stop])


def most_alike(quote: str, start: int, document_text: str) -> tuple[int, int] | None:
    """The stretch of the text that is most like the quote, of those alike the one nearest to `start`; None if none is alike."""
    wanted = [word.casefold() for word in _WORD.findall(quote)]
    spans = [(found.start(), found.end(), found.group().casefold()) for found in _WORD.finditer(document_text)]
    if not wanted or not spans:
        return None
    best: tuple[float, float, int, int] | None = None
    for first in _candidates(wanted, [word for _, _, word in spans]):
        # Half a quote of room on either side, for words that were put in.
        low = max(0, first - len(wanted) // 2 - 2)
        high = min(len(spans), first + len(wanted) + len(wanted) // 2 + 2)
        window = [word for _, _, word in spans[low:high]]
        blocks = [b for b in SequenceMatcher(None, wanted, window, autojunk=False).get_matching_blocks() if b.size]
        if not blocks:
            continue
        begin, stop = low + blocks[0].b, low + blocks[-1].b + blocks[-1].size - 1
        # Words at either end that were put in the place of others belong to it too.
        begin = max(low, begin - blocks[0].a)
        stop = min(high - 1, stop + len(wanted) - (blocks[-1].a + blocks[-1].size))
        share = 2 * sum(block.size for block in blocks) / (len(wanted) + stop - begin + 1)
        measured = (share, -abs(spans[begin][0] - start), spans[begin][0], spans[stop][1])
        if best is None or measured > best:
            best = measured
    return (best[2], best[3]) if best is not None and best[0] >= ALIKE else None


def _candidates(wanted: list[str], words: list[str]) -> list[int]:
    """Where stretches as long as the quote begin that share most words with it, the best first, apart from each other."""
    size = len(wanted)
    need = Counter(wanted)
    have: Counter[str] = Counter()
    shared = 0
    scores: list[tuple[int, int]] = []
    for position, word in enumerate(words):
        have[word] += 1
        shared += have[word] <= need[word]
        if position >= size:
            leaving = words[position - size]
            shared -= have[leaving] <= need[leaving]
            have[leaving] -= 1
        scores.append((shared, max(0, position - size + 1)))
    chosen: list[int] = []
    for score, first in sorted(scores, key=lambda one: (-one[0], one[1])):
        if score * 2 < size or len(chosen) >= WINDOWS:
            break
        if all(abs(first - other) > size // 2 for other in chosen):
            chosen.append(first)
    return chosen
