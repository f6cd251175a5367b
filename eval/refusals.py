"""Whether confidence tells what the documents answer from what they do not, and whether it is a probability.

Every statistic takes a batch of resamples, counts `(batch, n)` of each question, and gives `(batch,)` values, for
`eval.bootstrap.interval`. Equal confidences are never parted: they are half right for AUROC and one step for the
risk–coverage curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.bootstrap import Floats, Weighted

BINS = 10


def auroc(confidence: ArrayLike, positive: ArrayLike) -> Weighted:
    """Probability that a positive question has more confidence than a negative one, equals counting half."""
    scores = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    scores = scores[order]
    labels = np.asarray(positive, dtype=bool)[order]
    first, last = np.searchsorted(scores, scores, "left"), np.searchsorted(scores, scores, "right")

    def statistic(counts: Floats) -> Floats:
        weights = counts[:, order]
        below = np.cumsum(np.pad(weights * ~labels, ((0, 0), (1, 0))), axis=1)
        positives = weights * labels
        wins = (positives * (below[:, first] + below[:, last]) / 2).sum(axis=1)
        pairs = positives.sum(axis=1) * below[:, -1]
        return np.asarray(np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0))

    return statistic


def auroc_of(confidence: ArrayLike, positive: ArrayLike) -> float:
    """AUROC of the questions as they are, without resampling."""
    return float(auroc(confidence, positive)(np.ones((1, len(np.asarray(confidence)))))[0])


def aurc(confidence: ArrayLike, wrong: ArrayLike) -> Weighted:
    """Area under the risk–coverage curve (Geifman & El-Yaniv 2017): mean risk over the coverages, 0 is best."""
    scores = -np.asarray(confidence, dtype=np.float64)
    order = np.argsort(scores, kind="stable")
    scores = scores[order]
    errors = np.asarray(wrong, dtype=np.float64)[order]
    last = np.searchsorted(scores, scores, "right") - 1

    def statistic(counts: Floats) -> Floats:
        weights = counts[:, order]
        covered = np.cumsum(weights, axis=1)[:, last]
        failed = np.cumsum(weights * errors, axis=1)[:, last]
        risk = np.divide(failed, covered, out=np.zeros_like(failed), where=covered > 0)
        return np.asarray((weights * risk).sum(axis=1) / weights.sum(axis=1))

    return statistic


def calibration_error(confidence: ArrayLike, positive: ArrayLike, bins: int = BINS) -> Weighted:
    """Expected calibration error (Guo et al. 2017): mean distance of confidence and rate over equal-width bins."""
    scores = np.asarray(confidence, dtype=np.float64)
    member = _membership(scores, bins)
    gap = scores - np.asarray(positive, dtype=np.float64)

    def statistic(counts: Floats) -> Floats:
        return np.asarray(np.abs((counts * gap) @ member).sum(axis=1) / counts.sum(axis=1))

    return statistic


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar of the reliability plot: mean confidence, rate of positives, and how many questions it holds."""

    confidence: float
    rate: float
    n: int


def reliability(confidence: Sequence[float], positive: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """The bins that hold a question, from low to high confidence."""
    scores, labels = np.asarray(confidence, dtype=np.float64), np.asarray(positive, dtype=np.float64)
    member = _membership(scores, bins).astype(bool)
    return [
        Bin(float(scores[inside].mean()), float(labels[inside].mean()), int(inside.sum()))
        for inside in member.T
        if inside.any()
    ]


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Risk among the most confident `coverage` of the questions, one point for each distinct confidence."""

    coverage: Floats
    risk: Floats
    confidence: Floats


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> RiskCoverage:
    """The risk–coverage curve."""
    scores = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    failed = np.cumsum(np.asarray(wrong, dtype=np.float64)[order])
    covered = np.arange(1, len(scores) + 1)
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.array([], dtype=np.int64)
    return RiskCoverage(covered[ends] / max(len(scores), 1), failed[ends] / covered[ends], scores[ends])


def _membership(scores: Floats, bins: int) -> NDArray[np.float64]:
    """One-hot `(n, bins)`; a confidence of exactly 1 belongs to the last bin."""
    index = np.clip((scores * bins).astype(np.int64), 0, bins - 1)
    return np.eye(bins)[index]
