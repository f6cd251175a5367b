"""The rules of the check: figures and names must be there, and the sentence must not contradict the window."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.asked import stems_of
from assistant.bridge import OTHER
from assistant.writing.evidence import Aligned, Claim, Evidence, Floats, Window, inside_of
from assistant.writing.names import Name, Source, joined, names
from assistant.writing.polarity import bounded, denials, is_limit, opposite, strict_denials
from assistant.writing.quantities import ORDINAL, quantities

NEAR, SCOPE, BESIDE = 40, 24, 40
SAME_WORD = 0.3
# On the tuning half true sentences reach .011; nearly all with a figure of something else in the passage are above .04.
RIVAL = 0.035
Place = tuple[int, int]


def missing_figures(claim: Claim, text: str) -> tuple[str, ...]:
    """Numbers, shares, ordinals and months of the claim that the text does not hold."""
    held = quantities(text)
    codes = {float(number) for number in re.findall(r"\b[A-Z]{1,4}-?(\d{1,3})\b", text)}
    return tuple(
        claim.text[one.start : one.end]
        for one in claim.quantities
        # "The third objective" of a text that numbers them is the one that it calls "DO-3".
        if not any(one.same(other) for other in held) and not (one.kind == ORDINAL and one.values & codes)
    )


def missing_names(claim: Claim, text: str, context: str, language: str) -> tuple[str, ...]:
    """Names of the claim that neither the text nor the title and headings above it hold."""
    source = Source(f"{context}\n{text}")
    stems = stems_of(" ".join(sorted(source.words)))
    capitals = stems_of(" ".join(sorted(source.capitalised)))
    other = OTHER[claim.language]
    missing: list[str] = []
    used: set[str] = set()
    for name in claim.names:
        spelled = [other for other in claim.names if other.run == name.run]
        held = (capitals if len(spelled) > 1 else stems)[other]
        across = claim.translation.by_word.get(name.text, frozenset()) if language != claim.language else frozenset()
        used |= across & held
        if language != claim.language and source.cognate(name):
            continue
        if source.abbreviates(joined(name, claim.names, claim.text)):
            continue
        if name.sure and not source.holds(name, spelled, translated=bool(across & held)):
            missing.append(name.text)
    if missing and language != claim.language:
        # The sentence as a whole may be translated better than word by word ("Estado": state, been).
        whole = stems_of(" ".join(word for word in claim.translation.text.split() if word[:1].isupper()))[other]
        spare = len((whole & capitals[other]) - used - stems_of(" ".join(name.text for name in claim.names))[other])
        longer = {word.text for word in claim.names if _spelled(claim, word) > 1 and not word.is_place}
        if all(word in longer and not word.isupper() for word in missing) and spare >= len(missing):
            return ()
    return tuple(missing)


def _spelled(claim: Claim, name: Name) -> int:
    """Number of words of the name that a word is part of."""
    return sum(other.run == name.run for other in claim.names)


def conflict_of(claim: Claim, evidence: Evidence, window: Window, text: str, aligned: Aligned) -> str:
    """How the claim contradicts the window; empty if it does not."""
    if aligned.rival > RIVAL:
        return "figure"
    if any(denial_mismatch(claim, evidence, aligned.similar, inside_of(evidence, window.sentences(evidence)), text)):
        return "denial"
    return "opposite" if opposite(claim.text, text) else ""


def rival(claim: Claim, evidence: Evidence, similar: Floats) -> float:
    """How much better what a figure of the claim counts stands beside another figure of the passage than beside its own.

    The greatest over the figures and codes ("DO-1"), by the words next to them; 0 where there is nothing to compare.
    """
    text = evidence.stored.passage.text
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    greatest = 0.0
    if not similar.size:
        return greatest
    for start, end, own, others in _figures_and_rivals(claim, text):
        beside = (spans[:, 0] < end + BESIDE) & (spans[:, 1] > start - BESIDE // 2)
        beside &= ~((spans[:, 0] < end) & (spans[:, 1] > start)) & claim.content
        if own and others and beside.any():
            mine, theirs = (max(_fit(similar[beside], evidence, place) for place in places) for places in (own, others))
            greatest = max(greatest, theirs - mine)
    return greatest


def _fit(similar: Floats, evidence: Evidence, place: tuple[int, int]) -> float:
    """How well some tokens of the claim are matched beside a place of the passage, in the same sentence."""
    starts, passage = evidence.starts, evidence.stored.passage
    offset = passage.start
    own = next((s for s in passage.sentences if s.start - offset <= place[0] < s.end - offset), None)
    first, last = (own.start - offset, own.end - offset) if own is not None else (0, len(passage.text))
    around = (starts >= max(place[0] - BESIDE, first)) & (starts < min(place[1] + BESIDE, last))
    around &= ~((starts >= place[0]) & (starts < place[1]))
    return float(similar[:, around].max(axis=1).mean()) if around.any() else -1.0


def _figures_and_rivals(claim: Claim, text: str) -> Iterator[tuple[int, int, list[Place], list[Place]]]:
    """Start and end of each figure and code of the claim, where it stands in the text, and where others of its kind do."""
    held = quantities(text)
    for one in claim.quantities:
        own = [(other.start, other.end) for other in held if one.same(other)]
        # A figure that the claim gives too has its own place there; a year is no rival of a count.
        rivals = [
            (other.start, other.end)
            for other in held
            if (other.kind, other.is_year) == (one.kind, one.is_year)
            and not any(other.same(said) for said in claim.quantities)
        ]
        yield one.start, one.end, own, rivals
    codes = [name for name in names(text) if re.search(r"\d", name.plain)]
    for name in claim.names:
        if re.search(r"\d", name.plain):
            own = [(other.start, other.end) for other in codes if other.plain == name.plain]
            said = {other.plain for other in claim.names}
            yield name.start, name.end, own, [(other.start, other.end) for other in codes if other.plain not in said]


def denial_mismatch(
    claim: Claim, evidence: Evidence, similar: Floats, own: NDArray[np.bool_], window_text: str
) -> tuple[bool, bool]:
    """Whether the claim denies what the window affirms, and whether it affirms what the window denies.

    A denial counts where it stands: at the words behind it, and where their best matches stand in the other text.
    """
    spans = claim.encoded.tokens.spans if claim.encoded.tokens is not None else np.zeros((0, 2), np.int64)
    if not similar.size or not own.any():
        return False, False
    text = evidence.stored.passage.text
    columns = np.flatnonzero(own)
    starts = evidence.starts[columns]
    inner = similar[:, columns]
    denied_there, denied_here = denials(text), denials(claim.text)
    strict = strict_denials(claim.text)
    implied = len(denied_here) - len(strict)
    content = claim.content
    added = False
    for cue in strict:
        if is_limit(claim.text, cue) and bounded(window_text):
            continue
        rows = _scope(spans[:, 0], cue, claim.text)
        rows = rows & content if (rows & content).any() else rows
        if rows.any():
            places = starts[inner[rows].argmax(axis=1)]
            # What the claim denies by implication ("few") answers the same in the window, and not the denial in question.
            answered = [sum(_near(place, (cue_there,)) for cue_there in denied_there) > implied for place in places]
            added |= sum(answered) * 2 < len(answered)
    dropped = False
    for cue in strict_denials(text):
        behind = _scope(starts, cue, text)
        # A token begins at the blank before its word.
        if behind.any() and own[(evidence.starts >= cue[0] - 1) & (evidence.starts < cue[1])].any():
            matches = inner[:, behind].max(axis=0)
            places = spans[inner[:, behind].argmax(axis=0), 0][matches > SAME_WORD]
            dropped |= len(places) > 0 and not any(_near(place, denied_here) for place in places)
    return added, dropped


def _scope(starts: NDArray[np.int64], cue: tuple[int, int], text: str) -> NDArray[np.bool_]:
    """Which tokens stand in the scope of a denial: the content words that follow it in the same sentence."""
    stop = re.search(r"[.!?;:\n]|$", text[cue[1] :])
    end = min(cue[1] + SCOPE, cue[1] + (stop.start() if stop else SCOPE))
    scope: NDArray[np.bool_] = (starts >= cue[1]) & (starts < end)
    return scope


def _near(place: int, cues: Sequence[tuple[int, int]]) -> bool:
    return any(start - NEAR <= place <= end + NEAR for start, end in cues)
