"""Whose neighbour a name is: of two names that both stand in a passage, the claim may have taken one for the other."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.writing.conflicts import grouped
from assistant.writing.evidence import Claim, Evidence, Floats
from assistant.writing.names import Name, names

BESIDE, MATCHED = 6, 0.2
FAR, EVEN = 100, 30
UNKNOWN = -1.0
_BREAK = re.compile(r"[.;!?\n]\s")


def displaced(claim: Claim, evidence: Evidence, similar: Floats) -> float:
    """How much nearer what stands beside a name of the claim is, in the passage, to a name that the claim does not give.

    From -1 (or nothing to compare) to 1; the greatest over the claim's names.
    """
    tokens = claim.encoded.tokens
    if tokens is None or not similar.size:
        return UNKNOWN
    text, spans = evidence.stored.passage.text, tokens.spans
    here, there = grouped(claim.names), grouped(names(text))
    said = {name.plain for run in here for name in run}
    named = np.zeros(len(spans), dtype=bool)
    for run in here:
        named |= (spans[:, 0] < run[-1].end) & (spans[:, 1] > run[0].start)
    words = [list(word.tokens) for word in claim.asked.words if word.tokens and not named[list(word.tokens)].any()]
    inside = np.flatnonzero(evidence.starts >= 0)
    greatest = UNKNOWN
    for run in here:
        own = [other for other in there if {name.plain for name in run} & {name.plain for name in other}]
        rivals = [other for other in there if not said & {name.plain for name in other}]
        if not own or not rivals or not len(inside):
            continue
        total = weight = 0.0
        for word in sorted(words, key=lambda rows: _apart(spans[rows[0], 0], spans[rows[-1], 1], run))[:BESIDE]:
            matches = similar[word][:, inside].mean(axis=0)
            match = float(matches.max())
            if match >= MATCHED:
                place = int(evidence.starts[inside[matches.argmax()]])
                mine, theirs = (min(_distance(text, place, other) for other in some) for some in (own, rivals))
                total += match * (mine - theirs) / (mine + theirs + EVEN)
                weight += match
        if weight:
            greatest = max(greatest, total / weight)
    return greatest


def _apart(start: int, end: int, run: Sequence[Name]) -> int:
    return min(abs(int(start) - run[-1].end), abs(int(end) - run[0].start))


def _distance(text: str, place: int, run: Sequence[Name]) -> int:
    """Characters between a place and a name, more where a sentence or clause ends between them."""
    start, end = run[0].start, run[-1].end
    apart = min(abs(place - start), abs(place - end))
    return apart + (FAR if _BREAK.search(text[min(place, start) : max(place, end)]) else 0)
