"""Percentile bootstrap over questions (Efron & Tibshirani 1993), and exact tests on pairs.

Questions are drawn with replacement, `RESAMPLES` times from a fixed seed, so that the same outcomes always give
the same interval. A resample is held as the count of each question in it, which makes most statistics a product of
two matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eval.types import Estimate

RESAMPLES = 2000
BATCH = 250
SEED = 20240229
LEVEL = 0.95

Floats = NDArray[np.float64]
Weighted = Callable[[Floats], Floats]
"""A statistic of a batch of resamples: counts `(batch, n)` to values `(batch,)`."""


def interval(n: int, statistic: Weighted) -> Estimate:
    """The statistic of all `n` questions with its interval; NaN where it is not defined.

    Resamples on which the statistic is not defined (one class only, say) are left out of the interval.
    """
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    value = float(statistic(np.ones((1, n)))[0])
    draws = np.concatenate([statistic(counts) for counts in _counts(n)])
    draws = draws[~np.isnan(draws)]
    if math.isnan(value) or draws.size == 0:
        return Estimate(math.nan, math.nan, math.nan, n)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high), n)


def mean_interval(values: ArrayLike, *, share: bool = False) -> Estimate:
    """The mean with its interval.

    Where values in [0, 1], a `share`, are all 0 or all 1, resampling would claim certainty from however few questions:
    there the exact interval of a proportion (Clopper & Pearson 1934) stands in.
    """
    array = np.asarray(values, dtype=np.float64)
    if share and array.size and array[0] in (0, 1) and (array == array[0]).all():
        edge = ((1 - LEVEL) / 2) ** (1 / array.size)
        value = float(array[0])
        return Estimate(value, edge if value else 0.0, 1.0 if value else 1 - edge, array.size)
    return interval(array.size, lambda counts: counts @ array / array.size)


def quantile_interval(values: ArrayLike, q: float) -> Estimate:
    """The `q` quantile, linearly interpolated between the values, with its interval."""
    array = np.sort(np.asarray(values, dtype=np.float64))
    position = q * (array.size - 1)
    lower, share = math.floor(position), position % 1

    def quantile(counts: Floats) -> Floats:
        upto = np.cumsum(counts, axis=1)
        below, above = (np.minimum((upto <= rank).sum(axis=1), array.size - 1) for rank in (lower, lower + 1))
        return np.asarray((1 - share) * array[below] + share * array[above])

    return interval(array.size, quantile)


def difference_of_means(first: ArrayLike, second: ArrayLike) -> Estimate:
    """Mean of `first` minus mean of `second`, two independent groups of questions, with its interval."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size == 0 or b.size == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    draws_a = np.concatenate([counts @ a for counts in _counts(a.size)]) / a.size
    draws_b = np.concatenate([counts @ b for counts in _counts(b.size, SEED + 1)]) / b.size
    low, high = np.quantile(draws_a - draws_b, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(a.mean() - b.mean()), float(low), float(high), int(a.size + b.size))


def sign_test(lost: int, won: int) -> float:
    """Two-sided p of `lost` against `won` flips if either were equally likely: McNemar's exact test."""
    n = lost + won
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(min(lost, won) + 1))
    return float(min(1.0, 2 * tail / 2**n))


def _counts(n: int, seed: int = SEED) -> Iterator[Floats]:
    generator = np.random.default_rng(seed)
    share = np.full(n, 1 / n)
    for start in range(0, RESAMPLES, BATCH):
        yield generator.multinomial(n, share, size=min(BATCH, RESAMPLES - start)).astype(np.float64)
