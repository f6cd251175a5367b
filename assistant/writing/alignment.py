"""The meaning of a sentence against a window: token-level alignment, coverage of words, and what else the fitted model looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assistant.asked import joined, stems_of
from assistant.question import fold
from assistant.writing.conflicts import denied, rivals
from assistant.writing.evidence import Aligned, Claim, Evidence, Floats, Window, inside_of
from assistant.writing.names import institution_of, names
from assistant.writing.polarity import denials, opposite
from assistant.writing.quantities import quantities
from assistant.writing.roles import displaced
from assistant.writing.sources import source_of


def align(claim: Claim, evidence: Evidence, similar: Floats) -> Aligned:
    """The claim against every sentence of the passage."""
    passage = evidence.stored.passage
    texts = [passage.text[s.start - passage.start : s.end - passage.start] for s in passage.sentences]
    held = [quantities(text) for text in texts]
    plain = [source_of(text) for text in texts]
    about = source_of(evidence.about)
    late = np.array(
        [_matches(claim, similar, inside_of(evidence, (sentence,))).mean() for sentence in passage.sentences]
    )
    figures = np.array(
        [[any(one.same(other) for other in there) for there in held] for one in claim.quantities], dtype=bool
    )
    known = np.array(
        [[source.holds(name, (name,)) for source in plain] for name in claim.names if not about.holds(name, (name,))],
        dtype=bool,
    )
    shape = (-1, len(texts))
    beside = rivals(claim, evidence, similar)
    return Aligned(
        similar,
        evidence.sentences @ claim.encoded.vector,
        late,
        figures.reshape(shape),
        known.reshape(shape),
        _others(claim, texts),
        beside.figures,
        beside.names,
        displaced(claim, evidence, similar),
    )


def _others(claim: Claim, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts name what the claim does not."""
    said = {name.plain for name in claim.names}
    return np.array(
        [
            any(name.sure and name.plain not in said and not institution_of(name.plain) for name in names(text))
            for text in texts
        ],
        dtype=bool,
    )


def _matches(claim: Claim, similar: Floats, columns: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Best match of each content word of the claim among some tokens; one zero where there is nothing to match."""
    if not similar.size or not columns.any():
        return np.zeros(1)
    best = similar[:, columns].max(axis=1)
    words = [
        best[list(word.tokens)].mean() for word in claim.asked.words if word.tokens and max(word.tokens) < len(best)
    ]
    return np.array(words) if words else np.zeros(1)


def gap(aligned: Aligned, holding: NDArray[np.bool_], window: Window) -> float:
    """How much better the claim fits a sentence without one of its figures (or names) than one of the window that holds it.

    The greatest over the figures; 0 where the best sentence holds them. A figure that was taken from its own thing and
    given to another stands in a sentence that fits the claim less well than the one that it was meant for.
    """
    inside = np.zeros(len(aligned.late), dtype=bool)
    inside[list(window.places)] = True
    greatest = 0.0
    for holds in holding:
        with_it, without = aligned.late[holds & inside], aligned.late[~holds]
        if len(with_it) and len(without):
            greatest = max(greatest, float(without.max() - with_it.max()))
    return greatest


def replaced(aligned: Aligned, window: Window) -> float:
    """Share of the claim's names that the sentence which fits it best does not hold while it holds others instead."""
    best = max(window.places, key=lambda place: aligned.late[place])
    if not len(aligned.names) or not aligned.others[best]:
        return 0.0
    return float(1 - aligned.names[:, best].mean())


def features_of(claim: Claim, evidence: Evidence, window: Window, text: str, aligned: Aligned) -> dict[str, float]:
    """What the fitted model looks at in one window, whose text is `text`."""
    similar = aligned.similar
    own = inside_of(evidence, window.sentences(evidence))
    inside = own | (evidence.starts < 0)
    best = (
        similar[:, inside].max(axis=1) if similar.size and inside.any() else np.zeros(max(len(similar), 1), np.float32)
    )
    matches = _matches(claim, similar, inside)
    weights = np.array([word.idf for word in claim.asked.words if word.tokens and max(word.tokens) < len(best)])
    weights = weights if len(weights) == len(matches) else np.ones(len(matches))
    low = np.sort(matches)
    stems = joined(stems_of(text), stems_of(evidence.stored.context))
    back = np.sort(similar[:, own].max(axis=0))[::-1] if similar.size and own.any() else np.zeros(1, np.float32)
    cross = float(evidence.language != claim.language)
    late = float(matches @ weights / max(weights.sum(), 1e-9))
    coverage = claim.asked.coverage(stems)
    unlike = denied(claim, evidence, similar, window.places, text)
    contrary = opposite(claim.text, text)
    if contrary and unlike.here % 2 != unlike.there % 2:
        # "Does not allow" of what the window forbids: the denial turns the opposite round.
        contrary, unlike = False, replace(unlike, added=0.0, dropped=0.0)
    here, there = len(denials(claim.text)), len(denials(text))
    return {
        "late": late,
        "late_mean": float(matches.mean()),
        "late_all": float(best.mean()),
        "least": float(low[:2].mean()),
        "quarter": float(low[: max(1, len(low) // 4)].mean()),
        "coverage": coverage,
        "cosine": float(aligned.cosines[list(window.places)].max()),
        "back": float(back[: max(3, int(len(back) * 0.5))].mean()),
        "cross": cross,
        "cross_late": cross * late,
        "cross_coverage": cross * coverage,
        "figures": float(min(len(claim.quantities), 3)),
        "figures_gap": gap(aligned, aligned.figures, window),
        "names_gap": gap(aligned, aligned.names, window),
        "opening": float(_opening_unmatched(claim, stems, evidence.language)),
        "rival_figures": aligned.rival_figures,
        "rival_names": aligned.rival_names,
        "displaced": aligned.displaced,
        "replaced": replaced(aligned, window),
        "added": unlike.added,
        "dropped": unlike.dropped,
        "opposite": float(contrary),
        "only_here": float(unlike.here > 0 and there == 0),
        "only_there": float(unlike.there > 0 and here == 0),
        "even": float(unlike.here % 2 == unlike.there % 2),
        "more_sentences": float(len(window.places) - 1),
        "log_words": float(np.log(max(len(claim.asked.words), 1))),
    }


def _opening_unmatched(claim: Claim, stems: Mapping[str, frozenset[str]], language: str) -> bool:
    """Whether the claim opens with a capital that may be a name, and no form of it stands in the window."""
    first = next((name for name in claim.names if not name.sure), None)
    if first is None:
        return False
    word = next((word for word in claim.asked.words if fold(word.text) == first.plain), None)
    return word is not None and not any(word.stems[tongue] & stems[tongue] for tongue in stems)
