"""How a sentence may contradict a passage that holds its figures and names: another figure or name fits better, or one denies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from assistant.writing.evidence import Claim, Evidence, Floats, inside_of, sentence_at
from assistant.writing.names import Name, names
from assistant.writing.polarity import bounded, denials, is_limit, strict_denials
from assistant.writing.quantities import quantities

NEAR, SCOPE, BESIDE = 40, 24, 40
SAME_WORD = 0.3
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rivals:
    """How much better what stands beside a figure (or name) of the claim fits beside another one of the passage; 0 if it does not."""

    figures: float
    names: float


def rivals(claim: Claim, evidence: Evidence, similar: Floats) -> Rivals:
    """The greatest over the figures and codes ("DO-1") of the claim, and over its names."""
    text = evidence.stored.passage.text
    there = grouped(names(text))
    return Rivals(
        _greatest(claim, evidence, similar, _figures_and_rivals(claim, text)),
        _greatest(claim, evidence, similar, _names_and_rivals(claim, there)),
    )


def _greatest(
    claim: Claim, evidence: Evidence, similar: Floats, compared: Iterator[tuple[Place, list[Place], list[Place]]]
) -> float:
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    greatest = 0.0
    if not similar.size:
        return greatest
    for (start, end), own, others in compared:
        beside = (spans[:, 0] < end + BESIDE) & (spans[:, 1] > start - BESIDE // 2)
        beside &= ~((spans[:, 0] < end) & (spans[:, 1] > start)) & claim.content
        if own and others and beside.any():
            mine, theirs = (max(_fit(similar[beside], evidence, place) for place in places) for places in (own, others))
            greatest = max(greatest, theirs - mine)
    return greatest


def _fit(similar: Floats, evidence: Evidence, place: Place) -> float:
    """How well some tokens of the claim are matched beside a place of the passage, in the same sentence."""
    starts = evidence.starts
    first, last = sentence_at(evidence, place[0])
    around = (starts >= max(place[0] - BESIDE, first)) & (starts < min(place[1] + BESIDE, last))
    around &= ~((starts >= place[0]) & (starts < place[1]))
    return float(similar[:, around].max(axis=1).mean()) if around.any() else -1.0


def _figures_and_rivals(claim: Claim, text: str) -> Iterator[tuple[Place, list[Place], list[Place]]]:
    """Each figure and code of the claim, where it stands in the text, and where others of its kind do."""
    held = quantities(text)
    for one in claim.quantities:
        own = [(other.start, other.end) for other in held if one.same(other)]
        # A figure that the claim gives too has its own place there; a year is no rival of a count.
        others = [
            (other.start, other.end)
            for other in held
            if (other.kind, other.is_year) == (one.kind, one.is_year)
            and not any(other.same(said) for said in claim.quantities)
        ]
        yield (one.start, one.end), own, others
    codes = [name for name in names(text) if re.search(r"\d", name.plain)]
    for name in claim.names:
        if re.search(r"\d", name.plain):
            own = [(other.start, other.end) for other in codes if other.plain == name.plain]
            said = {other.plain for other in claim.names}
            yield (name.start, name.end), own, [(o.start, o.end) for o in codes if o.plain not in said]


def _names_and_rivals(
    claim: Claim, there: Sequence[Sequence[Name]]
) -> Iterator[tuple[Place, list[Place], list[Place]]]:
    """Each name of the claim, where words of it stand in the passage, and where names do that the claim does not give."""
    said = {name.plain for name in claim.names}
    for run in grouped(claim.names):
        words = {name.plain for name in run}
        own = [(other[0].start, other[-1].end) for other in there if words & {name.plain for name in other}]
        others = [(other[0].start, other[-1].end) for other in there if not said & {name.plain for name in other}]
        yield (run[0].start, run[-1].end), own, others


def grouped(among: Sequence[Name]) -> list[list[Name]]:
    """The names by their words, those left out that may be none."""
    runs = [list(run) for _, run in groupby(among, key=lambda name: name.run)]
    return [run for run in runs if any(name.sure for name in run)]


@dataclass(frozen=True, slots=True)
class Denied:
    """What one of the two denies and the other does not.

    `added` is the share of the words behind a denial of the claim that the window affirms, `dropped` how well the words behind
    a denial of the window are matched in the claim without one; `here` and `there` count denials in so many words.
    """

    added: float
    dropped: float
    here: int
    there: int


def denied(claim: Claim, evidence: Evidence, similar: Floats, places: Sequence[int], window_text: str) -> Denied:
    """Denials of the claim that the sentences at `places` do not answer, and theirs that the claim does not.

    A denial counts where it stands: at the words behind it, and where their best matches stand in the other text.
    """
    sentences = tuple(evidence.stored.passage.sentences[place] for place in places)
    own = inside_of(evidence, sentences)
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    here = strict_denials(claim.text)
    there = strict_denials(window_text)
    if not similar.size or not own.any():
        return Denied(0.0, 0.0, len(here), len(there))
    text = evidence.stored.passage.text
    starts = evidence.starts[np.flatnonzero(own)]
    inner = similar[:, own]
    denied_there, denied_here = denials(text), denials(claim.text)
    content = claim.content
    implied = len(denied_here) - len(here)
    added = dropped = 0.0
    for cue in here:
        if is_limit(claim.text, cue) and bounded(window_text):
            continue
        rows = _scope(spans[:, 0], cue, claim.text)
        rows = rows & content if (rows & content).any() else rows
        if rows.any():
            matched = starts[inner[rows].argmax(axis=1)]
            # What the claim denies by implication ("few") answers the same in the window, and not the denial in question.
            answered = [_near(at, denied_there, sentence_at(evidence, at)) > implied for at in matched]
            added = max(added, 1 - sum(answered) / len(answered))
    for cue in strict_denials(text):
        # A token begins at the blank before its word.
        if not own[(evidence.starts >= cue[0] - 1) & (evidence.starts < cue[1])].any():
            continue
        if is_limit(text, cue) and bounded(claim.text):
            continue
        behind = _scope(starts, cue, text)
        if behind.any():
            matches = inner[:, behind].max(axis=0)
            found = spans[inner[:, behind].argmax(axis=0), 0]
            if not any(_near(at, denied_here) for at in found[matches > SAME_WORD]):
                dropped = max(dropped, float(matches.max()))
    return Denied(added, dropped, len(here), len(there))


def _scope(starts: NDArray[np.int64], cue: Place, text: str) -> NDArray[np.bool_]:
    """Which tokens stand in the scope of a denial: those that follow it closely in the same sentence."""
    stop = re.search(r"[.!?;:\n]|$", text[cue[1] :])
    end = min(cue[1] + SCOPE, cue[1] + (stop.start() if stop else SCOPE))
    scope: NDArray[np.bool_] = (starts >= cue[1]) & (starts < end)
    return scope


def _near(place: int, cues: Sequence[Place], within: Place = (0, 1 << 30)) -> int:
    """Number of cues near a place."""
    return sum(within[0] <= start < within[1] and start - NEAR <= place <= end + NEAR for start, end in cues)
