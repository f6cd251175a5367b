"""Which passages the model is shown: the best that fit its window, the most valuable first."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.retrieval import Candidate
from assistant.writing.prompt import Shown, readable
from index.stored import StoredPassage

MOST_PASSAGES = 8
WORTH = 0.1
CHARACTERS_A_TOKEN = 3.0
"""Fewer than any tokenizer of today needs for English or Spanish, so that an estimate errs on the safe side."""
FRAME_TOKENS = 30


def tokens(text: str) -> int:
    """An estimate of a text's tokens that is rather too high."""
    return int(len(text) / CHARACTERS_A_TOKEN) + 1


def pack(
    candidates: Sequence[Candidate], titles: dict[str, str], budget: int, most: int = MOST_PASSAGES
) -> list[Shown]:
    """Passages for at most `budget` tokens, best first, numbered from 1.

    A passage is worth its score: far worse ones than the best are left out, and one that does not fit gives way to the next
    that does. If not even the best fits, its sentences around the most similar one are shown.
    """
    if not candidates:
        return []
    least = WORTH * candidates[0].score
    shown: list[Shown] = []
    left = budget
    for candidate in candidates[: 2 * most]:
        if len(shown) == most or candidate.score < least:
            break
        text = readable(candidate.stored)
        title = titles.get(candidate.stored.passage.doc_id, "")
        cost = tokens(text + title) + FRAME_TOKENS
        if cost > left and not shown:
            text = _cut(candidate, int((left - FRAME_TOKENS) * CHARACTERS_A_TOKEN) - len(title))
            cost = left
        if cost > left or not text.strip():
            continue
        shown.append(Shown(len(shown) + 1, candidate.stored, title, text))
        left -= cost
    return shown


def _cut(candidate: Candidate, room: int) -> str:
    """The most similar sentence of a passage with as many neighbours as there is room for, in characters."""
    stored: StoredPassage = candidate.stored
    passage = stored.passage
    if not passage.sentences or room <= 0:
        return ""
    first = last = int(candidate.sentence_scores.argmax()) if len(candidate.sentence_scores) else 0
    text = _between(stored, first, last)
    while len(text) <= room:
        wider = [(max(first - 1, 0), last), (first, min(last + 1, len(passage.sentences) - 1))]
        fitting = [(a, b) for a, b in wider if (a, b) != (first, last) and len(_between(stored, a, b)) <= room]
        if not fitting:
            return text
        first, last = fitting[-1]
        text = _between(stored, first, last)
    return text[:room]


def _between(stored: StoredPassage, first: int, last: int) -> str:
    passage = stored.passage
    return passage.text[passage.sentences[first].start - passage.start : passage.sentences[last].end - passage.start]
